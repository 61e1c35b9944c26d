"""A folder of files as it lies there, read for classification: the MR facts of every instance, by series.

Only headers are read, of each file once. A file that is no DICOM or cannot be read is counted with its reason and
stops nothing; links that lead out of the folder are not followed.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pydicom.dataset import FileDataset

from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.elements import Odd
from imagebank.dicom.fields import texts_of
from imagebank.dicom.headers import DIRECTORY_CLASS, read_header, verdict_of_start
from imagebank.dicom.original import Original, read_original
from imagebank.engine.failures import failure_of

STAGES = (1 << 16, 1 << 19, 1 << 24)
"""How many bytes of a file are read until its header is there: the first holds most headers of classic images, the
second most of enhanced ones. Of a longer one pydicom reads as much as it needs."""

ENHANCED_CLASS = b"1.2.840.10008.5.1.4.1.1.4.1\0"
FILE_META_BYTES = 512  # in which the class of an image is named

MET_BEFORE = "instance-met-before"
LEFT_OUT = {MET_BEFORE: "A copy of an instance of the same series: only the first one counts."}
"""Reasons of this module; the others are those of an index."""

IDS = ("SeriesInstanceUID", "StudyInstanceUID", "SOPInstanceUID", "SeriesNumber")


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
    instance_uid: str = field(repr=False)
    number: int
    acquisition: Acquisition


def files_below(folder: Path) -> list[Path]:
    """Every file of a folder in a stable order, or the one file; folders that may not be listed are left out."""
    if folder.is_file():
        return [folder]
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
    if not stat.S_ISREG(path.stat().st_mode):
        return "not-dicom"  # a pipe or a device: reading one may never end
    with open(path, "rb") as file:
        start = file.read(STAGES[0])
        reason = verdict_of_start(start)
        if reason:
            return reason
        prefixed = start[128:132] == b"DICM"
        original = _read_quickly(file, start) if prefixed else None
        if original is not None:
            return _instance(original)
        file.seek(0)
        try:
            found = _instance(read_header(file, force=not prefixed))
        except OSError:
            raise
        except Exception:  # pydicom raises many kinds; whichever it is, the header cannot be read
            return "unreadable-header" if prefixed else "not-dicom"
        return found if prefixed or found != "missing-uid" else "not-dicom"


def _read_quickly(file: IO[bytes], start: bytes) -> Original | None:
    """The header, with no more of the file than it takes; None where it is odd, or very long."""
    size = os.fstat(file.fileno()).st_size
    content = start
    for stage in STAGES[ENHANCED_CLASS in start[:FILE_META_BYTES] :]:
        if len(content) < stage:
            content += file.read(stage - len(content))
        try:
            return read_original(content, cut=size > len(content))
        except (Odd, ValueError):  # odd, or its header ends behind what was read
            if len(content) >= size:
                return None
    return None


def _instance(dataset: FileDataset | Original) -> FoundInstance | str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        acquisition = read_acquisition(dataset)
        series, study, instance, number = (_told(dataset, keyword) for keyword in IDS)
        is_directory = str(dataset.file_meta.get("MediaStorageSOPClassUID", "")) == DIRECTORY_CLASS
    if is_directory:
        return "dicomdir"
    if not series:
        return "missing-uid"
    return FoundInstance(series, study, instance, int(number) if number.isdigit() else 0, acquisition)


def _told(dataset: FileDataset | Original, keyword: str) -> str:
    try:
        return " ".join(texts_of(dataset.get(keyword)))
    except Exception:  # a damaged element raises whatever its decoder chose; here it only means "not said"
        return ""


def group_series(found: Iterable[FoundInstance | str]) -> tuple[list[FoundSeries], Counter[str]]:
    """The series in the order of their UIDs, and how many files were left out for each reason.

    An instance that lies there twice counts once: its copy would look like another volume.
    """
    left_out: Counter[str] = Counter()
    series: dict[str, list[FoundInstance]] = {}
    seen: set[tuple[str, str]] = set()
    for each in found:
        if isinstance(each, str):
            left_out[each] += 1
        elif each.instance_uid and (each.series_uid, each.instance_uid) in seen:
            left_out[MET_BEFORE] += 1
        else:
            seen.add((each.series_uid, each.instance_uid))
            series.setdefault(each.series_uid, []).append(each)
    return [_series(series[uid]) for uid in sorted(series)], left_out


def _series(instances: list[FoundInstance]) -> FoundSeries:
    first = instances[0]
    study, number = min(each.study_uid for each in instances), min(each.number for each in instances)
    return FoundSeries(first.series_uid, study, number, tuple(each.acquisition for each in instances))
