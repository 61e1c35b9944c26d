"""Which facts a NIfTI image may carry: in its JSON sidecar and in its header.

Default deny: a key that is not on the keep list is dropped, so that a new version of the converter cannot add a name, a
place, a date or a time. Text that describes a series in people's words is dropped as well. The header's free fields,
where the converter writes the time of day and image comments, are emptied.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import pairwise

KEEP_LIST = "data/sidecar_keep.txt"
DEFACED_KEY = "Defaced"
"""No step removes faces yet: every image says so, and what is defaced one day will be told apart by it."""

FREE_FIELDS = {
    348: ((14, 18), (148, 80), (228, 24), (328, 16)),
    540: ((240, 80), (320, 24), (508, 16)),
}
"""Offset and length of the free-text fields by size of the header: NIfTI-1 and NIfTI-2 (nifti1.h, nifti2.h)."""

DIMENSIONS = {348: (40, "h"), 540: (16, "q")}
"""Offset and type of `dim`, whose fifth value is the number of volumes."""

DATA = {348: (72, 108, "f"), 540: (14, 168, "q")}
"""Offsets of `bitpix` and of `vox_offset`, and the type of the latter."""

UNITS = {"phase": "arbitrary", "hertz": "Hz"}
"""The unit of the voxels by part of a complex image: phases are in whatever the scanner wrote."""

HEADER_BYTES = 540
"""Enough of a file for either header."""


class BadNifti(ValueError):
    """The converter wrote something that is no NIfTI header."""


@cache
def kept_keys() -> frozenset[str]:
    """The keys of the converter's sidecar that are kept."""
    text = resources.files("imagebank.imaging").joinpath(KEEP_LIST).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def clean_sidecar(sidecar: Mapping[str, object]) -> dict[str, object]:
    """The facts on the keep list, by name; slice times that cannot be true of the repetition time are dropped."""
    kept = {key: value for key, value in sorted(sidecar.items()) if key in kept_keys()}
    if not _are_plausible(kept.get("SliceTiming"), kept.get("RepetitionTime")):
        kept.pop("SliceTiming", None)
    return kept


def describe(
    sidecar: Mapping[str, object], *, datatype: str, part: str, facts: Mapping[str, object] | None = None
) -> dict[str, object]:
    """A clean sidecar with what BIDS requires of this kind of image, and whether a face was removed from it.

    `facts` are those that follow from the other images of the session.
    """
    required: dict[str, object] = {DEFACED_KEY: False, **(facts or {})}
    if datatype == "func":
        required["TaskName"] = "unknown"
    if part in UNITS:
        required["Units"] = UNITS[part]
    return dict(sorted({**sidecar, **required}.items()))


def image_words(sidecar: Mapping[str, object]) -> tuple[str, ...]:
    """The words of ImageType, as the header and as the vendor tell them.

    The converter parts words at `_`, so two that follow each other are given as one as well.
    """
    told = (sidecar.get(key) for key in ("ImageType", "ImageTypeText"))
    lists = [[str(word) for word in words] for words in told if isinstance(words, list)]
    pairs = (f"{first}_{second}" for words in lists for first, second in pairwise(words))
    return tuple(dict.fromkeys([word for words in lists for word in words] + list(pairs)))


def is_echo_planar(sidecar: Mapping[str, object]) -> bool:
    """Whether an image was acquired by an echo-planar readout."""
    return "EP" in str(sidecar.get("ScanningSequence", "")) or "TotalReadoutTime" in sidecar


def clock_seconds(found: Mapping[str, object]) -> float | None:
    """The time of day that an uncleaned sidecar tells of its image, in seconds; used only as a difference."""
    told = re.fullmatch(r"(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)", str(found.get("AcquisitionTime", "")))
    return int(told[1]) * 3600 + int(told[2]) * 60 + float(told[3]) if told else None


def sidecar_text(sidecar: Mapping[str, object]) -> str:
    """A sidecar as the bank writes it: always the same text for the same facts."""
    return json.dumps(sidecar, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def clean_header(start: bytes) -> bytes:
    """The first bytes of a NIfTI file with its free-text fields emptied. Raises BadNifti."""
    _, size = byte_order(start)
    cleaned = bytearray(start)
    for offset, length in FREE_FIELDS[size]:
        cleaned[offset : offset + length] = bytes(length)
    return bytes(cleaned)


def image_bytes(start: bytes) -> int:
    """How long a whole NIfTI file with this header is. Raises BadNifti."""
    order, size = byte_order(start)
    bits_at, data_at, data_kind = DATA[size]
    bits = struct.unpack_from(f"{order}h", start, bits_at)[0]
    first = struct.unpack_from(f"{order}{data_kind}", start, data_at)[0]
    return int(first) + math.prod(shape(start)) * int(bits) // 8


def shape(start: bytes) -> tuple[int, ...]:
    """The lengths of an image that a NIfTI header announces. Raises BadNifti."""
    order, size = byte_order(start)
    offset, kind = DIMENSIONS[size]
    dimensions: tuple[int, ...] = struct.unpack_from(f"{order}8{kind}", start, offset)
    return tuple(max(int(length), 1) for length in dimensions[1 : dimensions[0] + 1])


def count_volumes(start: bytes) -> int:
    """How many volumes a NIfTI header announces. Raises BadNifti."""
    return math.prod(shape(start)[3:])


def byte_order(start: bytes) -> tuple[str, int]:
    """The byte order of a NIfTI header, as struct writes it, and its size in bytes. Raises BadNifti."""
    for order in "<>":
        size = struct.unpack_from(f"{order}i", start)[0] if len(start) >= 4 else 0
        if size in FREE_FIELDS and len(start) >= size:
            return order, size
    raise BadNifti("not the header of a NIfTI file")


def _are_plausible(times: object, repetition_time: object) -> bool:
    """Slice times lie within one repetition time; the converter passes on what some scanners write beyond it."""
    if not isinstance(times, list) or not isinstance(repetition_time, int | float):
        return False
    return all(isinstance(time, int | float) and 0 <= time < repetition_time for time in times)
