"""Which BIDS name each image of a session gets, decided for the whole session at once.

Pure: the same images give the same names in any order, no two images share a name, and every image gets exactly one,
either in BIDS 1.10 or under `unsorted` with a reason. A name is given only where BIDS has one that is certain: a
perfusion series without its volume list, a field map without its pair or a map computed from others is unsorted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from imagebank.imaging.model import Image

SUFFIXES = {
    "T1w": ("anat", "T1w"),
    "T2w": ("anat", "T2w"),
    "FLAIR": ("anat", "FLAIR"),
    "PDw": ("anat", "PDw"),
    "T2starw": ("anat", "T2starw"),
    "MRA": ("anat", "angio"),
    "DWI": ("dwi", "dwi"),
    "BOLD": ("func", "bold"),
}
"""BIDS datatype and suffix of each sequence that BIDS 1.10 names with certainty; it has none for SWI."""

TASK = "unknown"
"""A hospital's headers do not say what the patient was asked to do."""

PARTS = {"ph": "phase", "real": "real", "imaginary": "imag"}
"""The converter's labels of complex images, and the BIDS part they are; magnitude carries no label."""

PROTON_DENSITY_BELOW_MS = 45.0
"""Of the two echoes of a dual-echo spin echo, one below this is proton-density weighted, the other T2-weighted."""

ECHO_LABEL = re.compile(r"e\d+")
STACK_LABEL = re.compile(r"i\d+|[a-z]?|t\d+")


@dataclass(frozen=True)
class Named:
    """The name of one image: its folder and stem within the session, or a reason why BIDS has none."""

    image: Image
    datatype: str
    stem: str
    reason: str

    @property
    def in_bids(self) -> bool:
        """Whether the image has a BIDS name."""
        return not self.reason


@dataclass(frozen=True)
class _Wish:
    image: Image
    datatype: str
    suffix: str
    entities: tuple[tuple[str, str], ...]


def name_images(patient: str, session: str, images: Iterable[Image]) -> tuple[Named, ...]:
    """Name all images of a session, in the stable order of series number, series id and image number."""
    ordered = weight_echoes(sorted(images, key=_order))
    several = _series_with_several_echoes(ordered)
    wishes = [_wish(image, image.series in several) for image in ordered if not objection(image)]
    named = {(n.image.series, n.image.number): n for n in _settle(f"sub-{patient}_ses-{session}", wishes)}
    return tuple(named.get((image.series, image.number)) or _unsorted(image) for image in ordered)


def objection(image: Image) -> str:
    """Why BIDS has no certain name for an image, as a reason code; empty when it has one."""
    if image.sequence not in SUFFIXES:
        return "no-bids-name"
    if not image.complete:
        return "converter-warned"
    datatype, _ = SUFFIXES[image.sequence]
    labels = _labels(image)
    if any(not _is_known(label) for label in labels):
        return "computed-by-converter"
    if datatype == "anat":
        return _anatomical_objection(image, labels)
    return _diffusion_objection(image) if datatype == "dwi" else _functional_objection(image)


def weight_echoes(images: Iterable[Image]) -> list[Image]:
    """Tell the echoes of a dual-echo spin echo apart: the short one is PDw, the long one T2w."""
    images = list(images)
    dual = {i.series for i in images if i.sequence in ("PDw", "T2w", "PD+T2")} & _series_with_several_echoes(images)
    return [_weight_echo(image) if image.series in dual else image for image in images]


def _weight_echo(image: Image) -> Image:
    if image.echo_time_ms is None:
        return image
    return replace(image, sequence="PDw" if image.echo_time_ms < PROTON_DENSITY_BELOW_MS else "T2w")


def _series_with_several_echoes(images: Iterable[Image]) -> set[str]:
    times = {(image.series, image.echo_time_ms) for image in images if image.echo_time_ms is not None}
    return {series for series, count in Counter(series for series, _ in times).items() if count > 1}


def _anatomical_objection(image: Image, labels: list[str]) -> str:
    if image.plane == "several":
        return "several-planes"
    if image.volumes != 1:
        return "several-volumes"
    if image.sequence != "T2starw" and any(label in PARTS for label in labels):
        return "no-bids-name"
    return ""


def _diffusion_objection(image: Image) -> str:
    return "" if image.b_values and image.b_values == image.volumes else "no-b-values"


def _functional_objection(image: Image) -> str:
    if image.volumes < 2:
        return "single-volume"
    return "" if image.repetition_time else "no-repetition-time"


def _labels(image: Image) -> list[str]:
    return [label for label in image.label.split("_") if label]


def _is_known(label: str) -> bool:
    return label in PARTS or bool(ECHO_LABEL.fullmatch(label) or STACK_LABEL.fullmatch(label))


def _wish(image: Image, several_echoes: bool) -> _Wish:
    """The name an image would have if it were alone in its session."""
    datatype, suffix = SUFFIXES[image.sequence]
    echo = next((label[1:] for label in _labels(image) if ECHO_LABEL.fullmatch(label)), "")
    part = next((PARTS[label] for label in _labels(image) if label in PARTS), "")
    dual = suffix in ("PDw", "T2w")
    entities = (
        ("task", TASK if datatype == "func" else ""),
        ("acq", _acquisition(image) if datatype == "anat" else ""),
        ("ce", "contrast" if image.contrast else ""),
        ("echo", echo if several_echoes and not dual and datatype != "dwi" else ""),
        ("part", part),
    )
    return _Wish(image, datatype, suffix, entities)


def _acquisition(image: Image) -> str:
    """A label of plane and acquisition, such as `sagittal3D`: part of the name whatever else the session holds."""
    plane = image.plane if image.plane not in ("unknown", "several") else ""
    return f"{plane}{image.acquisition or ''}"


def _settle(prefix: str, wishes: list[_Wish]) -> list[Named]:
    """Turn wishes into names: where two agree, each gets a run number in the stable order."""
    counts = Counter((wish.suffix, wish.entities) for wish in wishes)
    seen: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    named = []
    for wish in wishes:
        key = (wish.suffix, wish.entities)
        seen[key] += 1
        stem = _stem(prefix, wish, run=seen[key] if counts[key] > 1 else None)
        named.append(Named(wish.image, wish.datatype, stem, ""))
    return named


def _stem(prefix: str, wish: _Wish, run: int | None) -> str:
    entities = dict(wish.entities) | {"run": f"{run:02d}" if run else ""}
    order = ("task", "acq", "ce", "run", "echo", "part")
    return "_".join([prefix, *(f"{key}-{entities[key]}" for key in order if entities[key]), wish.suffix])


def _unsorted(image: Image) -> Named:
    return Named(image, "", f"{image.series}_{image.number}", objection(image))


def _order(image: Image) -> tuple[bool, int, str, int]:
    return (image.series_number is None, image.series_number or 0, image.series, image.number)
