"""Reads the answers of a pretend hospital: which identifying values stand where, and what should become of each file.

The one place that knows how a hospital writes its answers; everything else here sees the records below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as parquet

from imagebank.core.errors import SourceError

IMAGES, ANSWERS = "pacs", "answers"
DRAWN = "bitmap"


@dataclass(frozen=True, order=True)
class Identifier:
    """One identifying value and one place where it stands: an element, `preamble`, `path`, or a column of records."""

    value: str = field(repr=False)
    kind: str
    hospital_number: str = field(repr=False)
    place: str


@dataclass(frozen=True)
class ExpectedFile:
    """What should become of one file below the images folder."""

    path: str = field(repr=False)
    expected: str
    reason: str
    series_uid: str = field(repr=False)


def images_of(hospital: Path) -> Path:
    """The images of a hospital. Raises SourceError where it is none."""
    if not (hospital / IMAGES).is_dir() or not (hospital / ANSWERS).is_dir():
        raise SourceError(f"{hospital} is no pretend hospital.", "imagebank demo FOLDER makes one in FOLDER/hospital")
    return hospital / IMAGES


def read_identifiers(hospital: Path) -> list[Identifier]:
    """Every identifying value that was planted as text, once for each place.

    What is drawn into pixels, icons and overlays is no text that a search could see: `pixels_hidden` judges it.
    """
    rows = _rows(hospital, "identifiers", ("value", "kind", "hospital_number", "place", "encoding"))
    return [Identifier(*each[:4]) for each in rows if each[4] != DRAWN]


def read_files(hospital: Path) -> list[ExpectedFile]:
    """What should become of each file."""
    return [ExpectedFile(*each) for each in _rows(hospital, "files", ("path", "expected", "reason", "series_uid"))]


def _rows(hospital: Path, table: str, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The rows of a table of answers."""
    rows = parquet.read_table(hospital / ANSWERS / f"{table}.parquet", columns=list(columns)).to_pylist()
    yield from (tuple(str(row[each] or "") for each in columns) for row in rows)


@dataclass(frozen=True)
class TrueLink:
    """Who lay in the scanner, whether the records know them, and what stands against the link."""

    person: str = field(repr=False)
    in_records: bool
    trap: str


def read_true_links(hospital: Path) -> dict[str, list[TrueLink]]:
    """Whom each study truly shows, by Study Instance UID; several people where two were filed in one study."""
    found: dict[str, list[TrueLink]] = {}
    for uid, person, known, trap in _rows(hospital, "links", ("study_uid", "person_key", "in_records", "trap")):
        found.setdefault(uid, []).append(TrueLink(person, known == "yes", trap or ""))
    return found


def read_owners(hospital: Path) -> dict[str, str]:
    """Whose each hospital number is."""
    return {row[0]: row[1] for row in _rows(hospital, "registrations", ("hospital_number", "person_key"))}
