"""The answers: what is true of the pretend hospital, so that what reads it can be judged.

Answers are gathered while files are written and end as CSV files beside the images and the records.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.synthetic.dicom_files import write
from imagebank.synthetic.records import csv_bytes


@dataclass(frozen=True, order=True)
class Link:
    """Whose study it is, and whether the rules suffice to say so."""

    study_uid: str
    hospital_number: str
    linkable: str
    trap: str


@dataclass(frozen=True, order=True)
class SeriesAnswer:
    """What a series shows and what should become of it."""

    series_uid: str
    study_uid: str
    sequence: str
    files: int
    manufacturer: str
    expected: str


@dataclass(frozen=True, order=True)
class FileAnswer:
    """What should become of one file, and why."""

    path: str
    expected: str
    reason: str
    series_uid: str


@dataclass(frozen=True, order=True)
class Identifier:
    """One identifying text and one place where it stands."""

    value: str
    kind: str
    hospital_number: str
    place: str


@dataclass
class Answers:
    """Everything known so far; the only value in this folder that grows."""

    links: dict[str, Link] = field(default_factory=dict)
    series: dict[str, SeriesAnswer] = field(default_factory=dict)
    files: list[FileAnswer] = field(default_factory=list)
    identifiers: set[Identifier] = field(default_factory=set)

    def add_link(self, link: Link) -> None:
        """Keep the first answer for a study: a trap may offer it twice."""
        self.links.setdefault(link.study_uid, link)

    def add_series(self, series: SeriesAnswer, files: list[FileAnswer]) -> None:
        """Add the files of a series, and the series itself unless it is known."""
        self.series.setdefault(series.series_uid, series)
        self.files.extend(files)


def write_answers(folder: Path, answers: Answers, manifest: dict[str, object]) -> None:
    """Write links, series, files, identifiers, the manifest and a page that explains them."""
    counted = Counter(file.series_uid for file in answers.files)
    series = [dataclasses.replace(each, files=counted[each.series_uid]) for each in answers.series.values()]
    _write_table(folder / "links.csv", Link, sorted(answers.links.values()))
    _write_table(folder / "series.csv", SeriesAnswer, sorted(series))
    _write_table(folder / "files.csv", FileAnswer, sorted(answers.files))
    _write_table(folder / "identifiers.csv", Identifier, sorted(answers.identifiers))
    write(folder / "README.md", PAGE.encode())
    counts = {**manifest, "counts": _counts(answers, series)}
    write(folder / "manifest.json", (json.dumps(counts, indent=2, sort_keys=True) + "\n").encode())


def _write_table(path: Path, record: type, rows: Sequence[Link | SeriesAnswer | FileAnswer | Identifier]) -> None:
    header = [each.name for each in dataclasses.fields(record)]
    write(path, csv_bytes(header, [[str(value) for value in dataclasses.astuple(row)] for row in rows]))


def _counts(answers: Answers, series: list[SeriesAnswer]) -> dict[str, object]:
    return {
        "studies": len(answers.links),
        "studies_linkable": sum(link.linkable == "yes" for link in answers.links.values()),
        "studies_by_trap": dict(sorted(Counter(link.trap for link in answers.links.values() if link.trap).items())),
        "series": len(series),
        "series_by_expected": dict(sorted(Counter(each.expected for each in series).items())),
        "series_by_sequence": dict(sorted(Counter(each.sequence for each in series).items())),
        "files": len(answers.files),
        "files_by_expected": dict(sorted(Counter(file.expected for file in answers.files).items())),
        "files_by_reason": dict(sorted(Counter(file.reason for file in answers.files if file.reason).items())),
        "identifiers": len(answers.identifiers),
    }


PAGE = """\
# Answers of the pretend hospital

Everybody here is invented. NHS numbers are in the 999 test range, telephone numbers in the range kept for drama, and
postcodes end in letters that no real one uses. The same seed and size give the same bytes.

- `links.csv`: one row a study. `hospital_number` is the person who really was scanned; empty when that person is in no
  record. `linkable`: `yes` when "valid NHS number and agreeing birth date or name" or "hospital number and birth date"
  suffices and nothing speaks against it. `trap` names what is wrong with the study, or that the person opted out.
- `series.csv`: one row a series. `sequence` is what it shows; `files` counts the files of `files.csv` that carry its
  UID; `expected` is banked, excluded, unlinked or quarantined.
- `files.csv`: one row a file below the images folder. Of identical copies one is banked and the others are excluded as
  duplicates; which of them is a matter of order. `series_uid` is empty where a reader cannot know it.
- `identifiers.csv`: one row for each identifying text and each place where it stands: an element such as `(0010,0010)`,
  a nested one `(0040,0275)/(0040,1001)`, a private one `(0029,1020) private`, `preamble`, `path`, or a column of the
  records. Places of odd files are not listed for each file. Rows of kind `date` are true dates; a shifted date of
  somebody else may equal one by chance, so judge them apart. UIDs of studies and series are in the other files.
- `manifest.json`: seed, size and counts.
"""
