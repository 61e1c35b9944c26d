"""The facts of a whole series that the classification rules may ask for.

The order of the instances never matters. What no header states is None, empty or False. The facts of `ALWAYS` are
those that every MR image states: where one of them is missing, an answer that hangs on it is not to be trusted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.body_parts import body_part, header_part
from imagebank.dicom.geometry import plane_of

COLOURS = ("RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")

ALWAYS = (
    "modality",
    "image_type",
    "pulse",
    "acquisition",
    "repetition_time_ms",
    "echo_time_ms",
    "last_echo_ms",
    "echo_times",
    "flip_angle_deg",
    "field_strength_t",
    "planes",
    "slices",
    "repeats",
    "in_plane_mm",
    "slice_spacing_mm",
    "slice_thickness_mm",
)
"""Facts of elements of type 1 and 2 of the MR image modules (PS3.3 C.8.3, C.8.13), and those that all makers write."""

_ECHO_PLANAR = re.compile(r"\b(ep|re)_|\bep(se|fid|i)|\bfeepi")
_SPIN_ECHO = re.compile(r"\bepse|\b(tse|se|spc|spcr|tir|h)[23]d|\b(fr|ss)?fse|\bspin|\bcube|\bpropeller|\bfase|\bvista")

FLUID_T1_MS = 4300.0
"""T1 of cerebrospinal fluid, at all fields from 0.2 to 7 T (Rooney et al. 2007, Magn Reson Med 57:308): with one
inversion, fluid is nulled at T1 (ln 2 - ln(1 + exp(-TR/T1)))."""

Facts = Mapping[str, object]

WORD_FIELDS = ("image_type", "scanning_sequence", "sequence_variant", "scan_options")
NUMBER_FIELDS = ("repetition_time_ms", "inversion_time_ms", "flip_angle_deg", "slice_thickness_mm", "field_strength_t")


def series_facts(images: Sequence[Acquisition]) -> dict[str, object]:
    """The facts of a series that rules may ask for; None, empty or zero where no header states them."""
    words = {name: _majority([getattr(each, name) for each in images]) for name in WORD_FIELDS}
    name = most_common(each.sequence_name for each in images) or ""
    return {
        "modality": most_common(each.modality for each in images) or "",
        "sop_class": most_common(each.sop_class_uid for each in images) or "",
        "manufacturer": frozenset(each.manufacturer for each in images),
        "image_type": words["image_type"],
        "variant": words["sequence_variant"],
        "options": words["scan_options"],
        "contrast": frozenset(each.acquisition_contrast for each in images) - {""},
        "component": frozenset(frame.component for each in images for frame in each.slice_frames) - {""},
        "sequence_name": name,
        "text": most_common(each.text for each in images) or "",
        "acquisition": frozenset(filter(None, (each.acquisition_type for each in images))),
        **_pulse_facts(words["scanning_sequence"], name),
        "derived": "DERIVED" in words["image_type"],
        "labelled": "ASL" in words["image_type"] or any(each.spin_labelling for each in images),
        "colour": any(each.photometric_interpretation in COLOURS for each in images),
        "placed": any(each.orientations or each.positions or each.row_spacing_mm for each in images),
        "agent": most_common(each.contrast_agent for each in images),
        "angiography": most_common(each.angiography for each in images),
        "body_part": most_common(header_part(each.body_part).kind for each in images) or "unknown",
        "described_part": most_common(body_part(each.body_part, each.text).kind for each in images) or "unknown",
        **_time_facts(images),
        **_place_facts(images),
    }


def _time_facts(images: Sequence[Acquisition]) -> dict[str, object]:
    echoes = {echo for each in images for echo in each.echo_times_ms}
    shortest = min((each.echo_time_ms for each in images if each.echo_time_ms), default=None)
    numbers = {name: most_common(getattr(each, name) for each in images) for name in NUMBER_FIELDS}
    return {
        "echo_time_ms": shortest,
        "last_echo_ms": max(echoes, default=shortest),
        "echo_times": len(echoes) or None,
        "inversion_times": max((each.inversion_times for each in images), default=0),
        "b_value": max((each.b_value for each in images if each.b_value is not None), default=None),
        "echo_train": most_common(each.echo_train_length for each in images),
        "fluid_nulled": _fluid_nulled(numbers["repetition_time_ms"], numbers["inversion_time_ms"]),
        **numbers,
    }


def _fluid_nulled(repetition_ms: float | None, inversion_ms: float | None) -> float | None:
    """The inversion time by the one that nulls fluid after this repetition time; None where either is not told."""
    if not repetition_ms or not inversion_ms:
        return None
    nulling = FLUID_T1_MS * (math.log(2) - math.log1p(math.exp(-repetition_ms / FLUID_T1_MS)))
    return inversion_ms / nulling


def _place_facts(images: Sequence[Acquisition]) -> dict[str, object]:
    """Of slices and of how often each place was measured; a mosaic is one file of many slices."""
    positions = {place for each in images for place in _places(each)}
    frames = sum(each.frames for each in images)
    tiles = max((each.mosaic_slices or 1 for each in images), default=1)
    kinds = {(f.echo_time_ms, f.component) for each in images for f in each.slice_frames}
    volumes = round(frames / len(positions)) if positions else None
    repetition = most_common(each.repetition_time_ms for each in images)
    repeats = None if volumes is None else max(1, round(volumes / max(1, len(kinds))))
    return {
        "in_plane_mm": most_common(each.row_spacing_mm for each in images),
        "slice_spacing_mm": most_common(each.spacing_between_slices_mm or each.slice_thickness_mm for each in images),
        "planes": len({plane_of(o) for o in {o for each in images for o in each.orientations}}),
        "slices": (len(positions) if tiles == 1 else tiles) or None,
        "mosaic": tiles > 1 or any("MOSAIC" in each.image_type for each in images),
        "volumes": volumes,
        "repeats": repeats,
        "dynamic_s": repeats * repetition / 1000 if repeats and repetition else None,
    }


def _places(image: Acquisition) -> Iterable[tuple[object, object]]:
    """Where the slices of an instance lie; only frames tell which of several orientations each one has."""
    if len(image.orientations) > 1 and image.slice_frames:
        return ((frame.orientation, frame.position) for frame in image.slice_frames if frame.position)
    return ((orientation, place) for orientation in image.orientations or (None,) for place in image.positions)


def _pulse_facts(scanning: frozenset[str], name: str) -> dict[str, object]:
    """SE, GR, EP and IR, corrected by the vendor's name: Siemens XA calls spin-echo EPI a gradient echo."""
    echo_planar = {"EP"} if _ECHO_PLANAR.search(name) else set()
    spin_echo = bool(_SPIN_ECHO.search(name))
    pulse = frozenset((scanning | echo_planar) - ({"GR"} if spin_echo else set()))
    only_inverted = "IR" in scanning and not pulse & {"GR", "EP", "RM"}
    return {
        "pulse": pulse,
        "spin_echo": spin_echo or "SE" in scanning or only_inverted,
        "echo_planar": "EP" in pulse,
    }


def _majority(sets: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """The words that at least half of the instances carry."""
    counts = Counter(word for words in sets for word in set(words))
    return frozenset(word for word, times in counts.items() if 2 * times >= len(sets))


def most_common(values: Iterable[Any]) -> Any:
    """The value that most instances state, the smallest of equals, so that no order of files changes the answer."""
    counts = Counter(value for value in values if value is not None and value != "")
    return min(counts, key=lambda value: (-counts[value], value), default=None)


def is_stated(name: str, value: object) -> bool:
    """Whether a fact was told at all; only those of `ALWAYS` count as missing when they were not."""
    return name not in ALWAYS or not (value is None or value == "" or value == 0 or value == frozenset())
