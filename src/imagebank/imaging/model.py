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
    contrast: bool | str | None
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
    """What became of one series: `bids`, `unsorted` or `failed`, with a reason code unless all is well.

    `notes` are codes of what the converter said about it that a user of the images should know.
    """

    series: str
    conversion: str
    reason: str
    nifti_paths: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacedImage:
    """One image where it lies: path relative to the bank, its series, what it shows, and why it is unsorted, if it is.

    `seconds` count from the first image of the session; None where the header does not say when it was acquired.
    """

    path: str
    series: str
    sequence: str
    reason: str
    seconds: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConvertResult:
    """What became of every series of a study, every image, and each file (path in the bank, SHA-256), sorted."""

    series: tuple[ConvertedSeries, ...]
    files: tuple[tuple[str, str], ...]
    images: tuple[PlacedImage, ...] = ()


@dataclass(frozen=True)
class Image:
    """One NIfTI image that the converter made, as far as its name depends on it.

    `number` counts the images of a series from 1. `label` is what the converter appended to its name, such as `e2_ph`.
    `plane` is that of its own slices where its series has several. `direction` is the way of phase encoding, such as
    `AP`, empty where its sign is not known. `image_type` are the words of ImageType. `b_values` is how many b-values
    came with it. `echo_planar` and `known` (the keys of its sidecar) come from the header. `volume_types` names each
    volume of a labelled-blood series, as `aslcontext.tsv` does; `labelling` is how its blood was labelled (PASL).
    `doubt` is why its geometry or content is not to be trusted, as a reason code.
    """

    series: str
    number: int
    series_number: int | None
    sequence: str
    plane: str
    acquisition: str | None
    contrast: bool | str | None
    label: str = ""
    volumes: int = 1
    b_values: int = 0
    echo_time_ms: float | None = None
    direction: str = ""
    image_type: tuple[str, ...] = ()
    echo_planar: bool = False
    shape: tuple[int, ...] = ()
    known: frozenset[str] = frozenset()
    volume_types: tuple[str, ...] = ()
    labelling: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class Converted:
    """The files that the converter made of one image, its cleaned sidecar, and what its header says of its geometry.

    `plane` and `direction` are as in `Image`; `clock_s` is the time of day of its acquisition in seconds, which is only
    ever used as a difference within the session.
    """

    nifti: Path
    label: str
    volumes: int
    b_values: int
    sidecar: Mapping[str, object] = field(repr=False)
    tables: tuple[Path, ...] = ()
    shape: tuple[int, ...] = ()
    plane: str = "unknown"
    direction: str = ""
    clock_s: float | None = None


@dataclass(frozen=True)
class Conversion:
    """All images of one series, and what the converter said: a `doubt` about all of them, and `notes`."""

    images: tuple[Converted, ...]
    doubt: str = ""
    notes: tuple[str, ...] = ()


UNSORTED = {
    "unknown-kind": "What the series shows is not known, or BIDS was never told of it.",
    "no-bids-name": "BIDS has no name for what the series shows.",
    "localizer": "A localizer: it serves to plan the other series.",
    "derived": "Computed by the scanner from other images, not acquired.",
    "spectroscopy": "Spectra, not images.",
    "not-acquired": "A screen shot or another object that is no acquired image.",
    "several-volumes": "The series holds several volumes where BIDS expects one.",
    "several-echoes": "The series holds several echoes where BIDS expects one.",
    "single-volume": "A time series with a single volume.",
    "no-b-values": "Diffusion images without a b-value and a direction for each volume.",
    "no-repetition-time": "A time series whose repetition time is not known.",
    "no-echo-times": "A phase difference whose two echo times are not known.",
    "no-direction": "A field map whose direction of phase encoding or readout time is not known.",
    "complex-field-map": "A field map as real and imaginary parts, for which BIDS has no name.",
    "asl-facts-missing": "A labelled-blood series without the order of its volumes or a fact that BIDS requires of it.",
    "computed-by-converter": "An image that the converter computed beside the one that was acquired.",
    "uneven-slices": "The slices are not equally far apart, which a NIfTI header cannot say.",
    "missing-slices": "Slices are missing, so that volumes are not whole.",
    "mixed-slices": "Slices of several directions could not be told apart.",
    "partly-converted": "The converter left out some instances of the series.",
    "converter-warned": "The converter ended with an error after it had written the image.",
}
"""Why an image may have no BIDS name; it then lies under `derivatives/unsorted`."""

FAILED = {
    "zip-unreadable": "The banked zip cannot be read.",
    "nifti-unreadable": "The converter wrote an image that cannot be read.",
    "nifti-incomplete": "The converter wrote an image that ends early.",
    "converter-timeout": "The converter took too long.",
    "converter-crashed": "The converter was ended by the system, as when it asks for too much memory.",
    "converter-out-of-memory": "The converter said that the series needs more memory than it may use.",
    "converter-made-nothing": "The converter made no image of the series and did not say why.",
    "unsupported-syntax": "The converter cannot read the transfer syntax of the instances.",
    "unsupported-pixels": "The converter cannot read pixels of this depth.",
    "corrupt-instance": "The converter takes an instance for damaged.",
    "no-geometry": "No instance says where its slice lies.",
}
"""Why a series may have no NIfTI image; its DICOM stays banked."""

NOTES = {
    "gantry-tilt": "The slices are sheared against each other; the image that the converter straightened is unsorted.",
    "duplicates-removed": "Instances that were the same were taken once.",
    "order-not-spatial": "The numbers of the instances do not follow the slices.",
    "instances-missing": "The numbers of the instances have gaps: images may be missing.",
    "slice-times-doubtful": "The times of the slices are not to be trusted.",
    "directions-doubtful": "The directions of the diffusion gradients are to be checked.",
    "no-patient-position": "The header does not say how the patient lay.",
    "orientation-doubtful": "The order of the slices is to be checked: the image may be flipped.",
    "field-map-kind-unclear": "The header does not say which kind of field map it is.",
}
"""What the converter may say about an image that is used all the same."""
