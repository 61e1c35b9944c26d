"""Reads from the banked zip of a series what the converter hides: where each slice lies, and how the patient lay.

Only headers are read, and of them only geometry, the acquired matrix, the patient's position and the software.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebank.imaging.quality.stacking import Slice

UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError)
TAGS = [
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PatientPosition",
    "SoftwareVersions",
    "AcquisitionMatrix",
    "ImageType",
    "Rows",
    "Columns",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
MOSAIC = "MOSAIC"  # Siemens' word in ImageType for all slices of a volume on one square


@dataclass(frozen=True)
class SeriesHeaders:
    """What the headers of a series say. `slices` is empty for mosaics; `acquired_pixels` is of one slice, or 0."""

    slices: tuple[Slice, ...] = ()
    mosaic: bool = False
    patient_position: str = ""
    software: str = ""
    acquired_pixels: int = 0
    stored_pixels: int = 0


def read_headers(path: Path) -> SeriesHeaders:
    """The headers of a zip of one series. Raises one of `UNREADABLE` when the zip is damaged or gone."""
    with zipfile.ZipFile(path) as archive:
        datasets = [_dataset(archive, name) for name in sorted(archive.namelist())]
    if not datasets:
        return SeriesHeaders()
    first = datasets[0]
    mosaic = MOSAIC in _texts(first, "ImageType")
    return SeriesHeaders(
        slices=() if mosaic else tuple(each for dataset in datasets for each in _slices(dataset)),
        mosaic=mosaic,
        patient_position=str(first.get("PatientPosition") or ""),
        software=" ".join(_texts(first, "SoftwareVersions")),
        acquired_pixels=_acquired(first),
        stored_pixels=int(first.get("Rows") or 0) * int(first.get("Columns") or 0),
    )


def _dataset(archive: zipfile.ZipFile, name: str) -> Any:
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        with archive.open(name) as file:
            return pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(TAGS))
    except InvalidDicomError:
        raise zipfile.BadZipFile("an entry is no DICOM") from None


def _texts(dataset: Any, keyword: str) -> list[str]:
    value = dataset.get(keyword)
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(each) for each in value]


def _slices(dataset: Any) -> Iterator[Slice]:
    """The slices of one instance: one, or one a frame."""
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    shared = _first(dataset.get("SharedFunctionalGroupsSequence"))
    places = frames or [dataset]
    for place in places:
        position = _numbers(_macro(place, shared, "PlanePositionSequence"), "ImagePositionPatient", 3)
        orientation = _numbers(_macro(place, shared, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
        if position and orientation:
            yield Slice(position, orientation)


def _macro(place: Any, shared: Any, sequence: str) -> Any:
    """The functional group of a frame, or of all frames; a classic header is its own."""
    return _first(place.get(sequence)) or (_first(shared.get(sequence)) if shared else None) or place


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence else None


def _numbers(place: Any, keyword: str, count: int) -> tuple[float, ...]:
    try:
        found = tuple(float(each) for each in place.get(keyword) or ())
    except (TypeError, ValueError):  # a damaged number says nothing
        return ()
    return found if len(found) == count else ()


def _acquired(dataset: Any) -> int:
    matrix = [int(each) for each in dataset.get("AcquisitionMatrix") or () if each]
    if len(matrix) == 2:
        return matrix[0] * matrix[1]
    geometry = _first(_macro_of_first(dataset, "MRFOVGeometrySequence"))
    if geometry is None:
        return 0
    return _product(geometry, ("MRAcquisitionFrequencyEncodingSteps", "MRAcquisitionPhaseEncodingStepsInPlane"))


def _macro_of_first(dataset: Any, sequence: str) -> Any:
    groups = [dataset.get("SharedFunctionalGroupsSequence"), dataset.get("PerFrameFunctionalGroupsSequence")]
    return next((group[0].get(sequence) for group in groups if group and group[0].get(sequence)), None)


def _product(place: Any, keywords: Iterable[str]) -> int:
    product = 1
    for keyword in keywords:
        product *= int(place.get(keyword) or 0)
    return product
