"""The nouns of conversion: what is to be converted, what the converter made, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class SeriesToConvert:
    """One banked series: where its zip lies (relative to the bank) and what it shows."""

    series: str
    zip_path: str
    sequence: str
    plane: str
    acquisition: str | None
    contrast: bool | None
    series_number: int | None = None


@dataclass(frozen=True)
class ConvertTask:
    """One study to convert: all its banked series, so that names can be decided together."""

    root: Path
    patient: str
    session: str
    study_date: date | None
    series: tuple[SeriesToConvert, ...]


@dataclass(frozen=True)
class ConvertedSeries:
    """What became of one series: `bids`, `unsorted` or `failed`, with a reason code unless all is well."""

    series: str
    conversion: str
    reason: str
    nifti_paths: tuple[str, ...]


@dataclass(frozen=True)
class ConvertResult:
    """What became of every series of a study, and each file written (path relative to the bank, SHA-256), sorted."""

    series: tuple[ConvertedSeries, ...]
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Image:
    """One NIfTI image that the converter made, as far as its name depends on it.

    `number` counts the images of a series from 1; `label` is what the converter appended to its name, such as `e2_ph`;
    `b_values` is how many b-values came with it; `repetition_time` says whether the sidecar has one; `complete` is
    False when the converter reported a problem with the series.
    """

    series: str
    number: int
    series_number: int | None
    sequence: str
    plane: str
    acquisition: str | None
    contrast: bool | None
    label: str = ""
    volumes: int = 1
    b_values: int = 0
    echo_time_ms: float | None = None
    repetition_time: bool = False
    complete: bool = True


@dataclass(frozen=True)
class Converted:
    """The files that the converter made of one image, and its cleaned sidecar."""

    nifti: Path
    label: str
    volumes: int
    b_values: int
    sidecar: Mapping[str, object] = field(repr=False)
    tables: tuple[Path, ...] = ()
    complete: bool = True


UNSORTED = {
    "no-bids-name": "BIDS has no certain name for what the series shows.",
    "several-planes": "The series holds slices of several planes.",
    "several-volumes": "The series holds several volumes where BIDS expects one.",
    "single-volume": "A time series with a single volume.",
    "no-b-values": "Diffusion images without a b-value for each volume.",
    "no-repetition-time": "A time series whose repetition time is not known.",
    "computed-by-converter": "An image that the converter computed beside the one that was acquired.",
    "converter-warned": "The converter reported a problem with the series.",
}
"""Why an image may have no BIDS name; it then lies under `derivatives/unsorted`."""

FAILED = {
    "zip-unreadable": "The banked zip cannot be read.",
    "nifti-unreadable": "The converter wrote an image that cannot be read.",
    "nifti-incomplete": "The converter wrote an image that ends early.",
    "converter-timeout": "The converter took too long.",
    "converter-crashed": "The converter was ended by the system.",
    "converter-made-nothing": "The converter made no image of the series.",
}
"""Why a series may have no NIfTI image; its DICOM stays banked."""
