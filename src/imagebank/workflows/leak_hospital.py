"""leaks --hospital: de-identify a pretend hospital, and search everything for the identifiers that its answers name."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pydicom

from imagebank.core.progress import Progress
from imagebank.proof.answers import Identifier, images_of, read_identifiers
from imagebank.proof.report import Row, row
from imagebank.proof.search import Needle, Searcher, pixel_span
from imagebank.workflows.standalone import Request, Summary, deidentify_source

RECORDS = "records/"  # places of identifiers that no image holds


def search_hospital(request: Request, progress: Progress, counts: Counter[str]) -> list[Row]:
    """The rows of a hospital, one for each kind of identifier; the source of the request is the hospital's folder."""
    source = images_of(request.source)
    told = deidentify_source(replace(request, source=source), progress=progress)
    counts["hospital files"] += told.counts.offered
    counts["hospital files written"] += told.counts.written
    identifiers = [each for each in read_identifiers(request.source) if not each.place.startswith(RECORDS)]
    searcher = Searcher({_needle(each) for each in identifiers})
    outputs = sorted(told.places.output.rglob("*.dcm"))
    moved = dates_of(path.read_bytes() for path in outputs)
    leaked = frozenset(needle for needle in _search_outputs(searcher, outputs, told) if not is_moved(needle, moved))
    return _rows(identifiers, _search_source(searcher, source), leaked)


def _needle(identifier: Identifier) -> Needle:
    return Needle(identifier.kind, "", identifier.value)


def _search_outputs(searcher: Searcher, outputs: Iterable[Path], told: Summary) -> frozenset[Needle]:
    found: set[Needle] = set()
    for path in outputs:
        content = path.read_bytes()
        name = str(path.relative_to(told.places.output)).encode()
        found |= searcher.search(content, pixels=pixel_span(content)) | searcher.search(name)
    for path in told.places.log.iterdir():
        found |= searcher.search(path.read_bytes())
    return frozenset(found)


def _search_source(searcher: Searcher, source: Path) -> frozenset[Needle]:
    """What the search sees in the hospital's own files and their names."""
    found: set[Needle] = set()
    for path in source.rglob("*"):
        if path.is_file():
            found |= searcher.search(path.read_bytes()) | searcher.search(str(path.relative_to(source)).encode())
    return frozenset(found)


def dates_of(contents: Iterable[bytes]) -> frozenset[str]:
    """All dates of some files, as eight digits."""
    found: set[str] = set()
    for content in contents:
        header = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
        for element in header.iterall():
            if element.VR in ("DA", "DT"):
                many = element.value if element.VM > 1 else [element.value]
                found |= {str(each)[:8] for each in many}
    return frozenset(found)


def is_moved(needle: Needle, moved: frozenset[str]) -> bool:
    """Whether a true date is, by chance, a moved date of somebody: finding it then says nothing."""
    digits = "".join(filter(str.isdigit, str(needle.value)))
    return needle.kind == "date" and bool({digits, digits[4:] + digits[2:4] + digits[:2]} & moved)


def _rows(identifiers: Sequence[Identifier], seen: frozenset[Needle], leaked: frozenset[Needle]) -> list[Row]:
    kinds: dict[str, set[Needle]] = defaultdict(set)
    for each in identifiers:
        kinds[each.kind].add(_needle(each))
    return [
        row(kind, len(needles), len(needles & seen), ["an output"] * len(needles & leaked))
        for kind, needles in sorted(kinds.items())
    ]
