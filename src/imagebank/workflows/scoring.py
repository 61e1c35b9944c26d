"""score: de-identify a pretend hospital three times, and hold every element to what its answers say.

Twice with one worker and once with two, since the same bytes must come each time. Originals and outputs are paired by
their pixels and instance number, not by the ids that are under test.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from imagebank.core.private import Private
from imagebank.core.progress import Progress
from imagebank.dicom.policy import load_policy
from imagebank.identities.comparing import normalise_id
from imagebank.proof.actions import Check, Pair, check_elements, check_equal, check_ids, check_intervals, day_of
from imagebank.proof.answers import ExpectedFile, images_of, read_files, read_identifiers
from imagebank.proof.scores import Score, scores_of
from imagebank.workflows.standalone import Request, deidentify_source

SHOWS_TEXT = ("burned-in", "burned in", "secondary capture", "screen", "text in the pixels")
FILES_A_SERIES = 4  # the others of a series have the same header but for their place
STAYS = ("banked", "unlinked")  # without records everybody who has a patient id stays


def score_hospital(hospital: Path, *, policy: str = "default", progress: Progress) -> tuple[tuple[Score, ...], str]:
    """The scores, and the policy that they belong to. Raises SourceError where there is no pretend hospital."""
    source = images_of(hospital)
    with tempfile.TemporaryDirectory(prefix="imagebank-score-") as name:
        root = Path(name)
        first = Request(source, root / "a" / "out", root / "key", new_key=True, policy=policy, workers=1)
        outputs = [_run(first, progress)]
        for folder, workers in (("b", 1), ("c", 2)):
            again = replace(first, output=root / folder / "out", new_key=False, workers=workers)
            outputs.append(_run(again, progress))
        checks = list(_checks(hospital, outputs, progress))
    loaded = load_policy(policy)
    return scores_of(checks), f"{loaded.name} {loaded.version} {loaded.digest}"


def _run(request: Request, progress: Progress) -> Path:
    request.output.parent.mkdir()
    return deidentify_source(request, progress=progress).places.output


def _checks(hospital: Path, outputs: list[Path], progress: Progress) -> Iterator[Check]:
    first, second, spread = (_digests(output) for output in outputs)
    yield from check_equal("stable_over_runs", first, second)
    yield from check_equal("stable_over_workers", first, spread)
    pairs = list(_pairs(hospital, outputs[0], progress))
    for pair in pairs:
        yield from check_elements(pair)
    yield from check_ids(pairs)
    yield from check_intervals(pairs)
    yield from _hidden(hospital, outputs[0])


def _digests(output: Path) -> dict[str, str]:
    paths = (path for path in sorted(output.rglob("*")) if path.is_file())
    return {path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _pairs(hospital: Path, output: Path, progress: Progress) -> Iterator[Pair]:
    """Each original that stayed with its output, the offset of its patient, and the identifiers of that patient."""
    known: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in read_identifiers(hospital):
        known[each.hospital_number].add((each.value, each.place))
    files = list(_sample(each for each in read_files(hospital) if each.expected in STAYS))
    outputs = _by_content(output)
    offsets: dict[str, int] = {}
    with progress.stage("score", len(files), "files") as stage:
        for file in files:
            stage.advance()
            original = pydicom.dcmread(images_of(hospital) / file.path)
            found = outputs.get(_content(original))
            if found is None:
                continue
            patient = normalise_id(Private(str(original.PatientID)))
            offset = offsets.setdefault(patient, _offset(original, found))
            yield Pair(patient, original, found, offset, _of_patient(known, original))


def _sample(files: Iterable[ExpectedFile]) -> Iterator[ExpectedFile]:
    """The first files of each series, in the order of their names."""
    taken: Counter[str] = Counter()
    for file in sorted(files, key=lambda each: each.path):
        if taken[file.series_uid] < FILES_A_SERIES:
            taken[file.series_uid] += 1
            yield file


def _of_patient(known: dict[str, set[tuple[str, str]]], original: Dataset) -> tuple[tuple[str, str], ...]:
    """Identifiers of whoever has the patient id of a header, and of nobody in particular."""
    told = str(original.PatientID)
    return tuple(sorted(known.get(told, set()) or {each for every in known.values() for each in every}))


def _offset(original: Dataset, output: Dataset) -> int:
    """How far the first study of a patient was moved; every other date is held to it."""
    before, after = day_of(original, "StudyDate"), day_of(output, "StudyDate")
    return (after - before).days if before and after else 0


def _content(dataset: Dataset) -> str:
    told = [str(dataset.get(name)) for name in ("SeriesNumber", "InstanceNumber", "SeriesTime", "ImagePositionPatient")]
    return hashlib.sha256(bytes(dataset.get("PixelData") or b"") + "|".join(told).encode()).hexdigest()


def _by_content(output: Path) -> dict[str, Dataset]:
    """Outputs by what both sides have; content that several share is left out, since it pairs nobody."""
    found: dict[str, list[Dataset]] = defaultdict(list)
    for path in sorted(output.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        found[_content(dataset)].append(dataset)
    return {content: several[0] for content, several in found.items() if len(several) == 1}


def _hidden(hospital: Path, output: Path) -> Iterator[Check]:
    """Images that the answers say show text: their pixels must be in no output."""
    pixels = {hashlib.sha256(pydicom.dcmread(path).PixelData).digest() for path in output.rglob("*.dcm")}
    for file in read_files(hospital):
        if any(words in file.reason.lower() for words in SHOWS_TEXT):
            original = pydicom.dcmread(images_of(hospital) / file.path, force=True)
            content = bytes(original.get("PixelData") or b"")
            yield Check("pixels_hidden", file.reason, hashlib.sha256(content).digest() not in pixels)
