"""A folder of files as it lies there, read for classification: the MR facts of every instance, by series.

Only headers are read, of each file once. A file that is no DICOM or cannot be read is counted with its reason and
stops nothing; links that lead out of the folder are not followed.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import FileDataset

from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.elements import Odd
from imagebank.dicom.fields import Fields
from imagebank.dicom.headers import DIRECTORY_CLASS, HEADLESS_GROUPS, read_header
from imagebank.dicom.original import Original, read_original
from imagebank.engine.failures import failure_of

FIRST_BYTES = 1 << 16
"""Holds the header of most files; of a longer one all is read."""

IDS = ("SeriesInstanceUID", "StudyInstanceUID", "SeriesNumber")


@dataclass(frozen=True)
class FoundSeries:
    """One series of a folder: its UIDs, its number and the facts of its instances."""

    series_uid: str = field(repr=False)
    study_uid: str = field(repr=False)
    number: int
    instances: tuple[Acquisition, ...]


@dataclass(frozen=True)
class FoundInstance:
    """One readable file."""

    series_uid: str = field(repr=False)
    study_uid: str = field(repr=False)
    number: int
    acquisition: Acquisition


def files_below(folder: Path) -> list[Path]:
    """Every file of a folder, in a stable order. Folders that may not be listed are left out."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(place, name) for name in sorted(names)]
    return found


def read_folder(paths: Iterable[Path]) -> Iterator[FoundInstance | str]:
    """What each file is: an instance, or the reason why it is none."""
    for path in paths:
        try:
            yield read_instance(path)
        except OSError as error:
            yield failure_of(error).reason


def read_instance(path: Path) -> FoundInstance | str:
    """The instance in a file, or the reason why there is none. Raises OSError."""
    with open(path, "rb") as file:
        start = file.read(FIRST_BYTES)
        reason = _refusal(start)
        if reason:
            return reason
        try:
            return _instance(read_original(start))
        except (Odd, ValueError):  # odd, or its header ends behind what was read
            file.seek(0)
        prefixed = start[128:132] == b"DICM"
        try:
            found = _instance(read_header(file, force=not prefixed))
        except OSError:
            raise
        except Exception:  # pydicom raises many kinds; whichever it is, the header cannot be read
            return "unreadable-header" if prefixed else "not-dicom"
        return found if prefixed or found != "missing-uid" else "not-dicom"


def _refusal(start: bytes) -> str:
    if not start:
        return "empty-file"
    if start[:2] == b"\x1f\x8b" or start[:4] == b"PK\x03\x04":
        return "compressed-file"
    return "" if start[128:132] == b"DICM" or start[:2] in HEADLESS_GROUPS else "not-dicom"


def _instance(dataset: FileDataset | Original) -> FoundInstance | str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        acquisition = read_acquisition(dataset)
        series, study, number = (" ".join(Fields(dataset).values(keyword)) for keyword in IDS)
        is_directory = str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) == DIRECTORY_CLASS
    if is_directory:
        return "dicomdir"
    if not series:
        return "missing-uid"
    return FoundInstance(series, study, int(number) if number.isdigit() else 0, acquisition)


def group_series(found: Iterable[FoundInstance | str]) -> tuple[list[FoundSeries], Counter[str]]:
    """The series in the order of their UIDs, and how many files were left out for each reason."""
    left_out: Counter[str] = Counter()
    series: dict[str, list[FoundInstance]] = {}
    for each in found:
        if isinstance(each, str):
            left_out[each] += 1
        else:
            series.setdefault(each.series_uid, []).append(each)
    return [_series(series[uid]) for uid in sorted(series)], left_out


def _series(instances: list[FoundInstance]) -> FoundSeries:
    first = instances[0]
    study, number = min(each.study_uid for each in instances), min(each.number for each in instances)
    return FoundSeries(first.series_uid, study, number, tuple(each.acquisition for each in instances))
