"""Which facts a NIfTI image may carry: in its JSON sidecar and in its header.

Default deny: a key that is not on the keep list is dropped, so that a new version of the converter cannot add a name, a
place, a date or a time. Text that describes a series in people's words is dropped as well. The header's free fields,
where the converter writes the time of day and image comments, are emptied.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

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


def describe(sidecar: Mapping[str, object], *, sequence: str, label: str) -> dict[str, object]:
    """A clean sidecar with what BIDS requires of this kind of image, and whether a face was removed from it."""
    required: dict[str, object] = {DEFACED_KEY: False}
    if sequence == "BOLD":
        required["TaskName"] = "unknown"
    if "ph" in label.split("_"):
        required["Units"] = "arbitrary"
    return dict(sorted({**sidecar, **required}.items()))


def sidecar_text(sidecar: Mapping[str, object]) -> str:
    """A sidecar as the bank writes it: always the same text for the same facts."""
    return json.dumps(sidecar, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def clean_header(start: bytes) -> bytes:
    """The first bytes of a NIfTI file with its free-text fields emptied. Raises BadNifti."""
    _, size = _byte_order(start)
    cleaned = bytearray(start)
    for offset, length in FREE_FIELDS[size]:
        cleaned[offset : offset + length] = bytes(length)
    return bytes(cleaned)


def image_bytes(start: bytes) -> int:
    """How long a whole NIfTI file with this header is. Raises BadNifti."""
    order, size = _byte_order(start)
    (offset, kind), (bits_at, data_at, data_kind) = DIMENSIONS[size], DATA[size]
    dimensions = struct.unpack_from(f"{order}8{kind}", start, offset)
    bits = struct.unpack_from(f"{order}h", start, bits_at)[0]
    voxels = _product(dimensions[1 : dimensions[0] + 1])
    first = struct.unpack_from(f"{order}{data_kind}", start, data_at)[0]
    return int(first) + voxels * int(bits) // 8


def count_volumes(start: bytes) -> int:
    """How many volumes a NIfTI header announces. Raises BadNifti."""
    order, size = _byte_order(start)
    offset, kind = DIMENSIONS[size]
    dimensions: tuple[int, ...] = struct.unpack_from(f"{order}8{kind}", start, offset)
    return _product(dimensions[4 : dimensions[0] + 1])


def _product(lengths: Iterable[int]) -> int:
    return math.prod([max(int(length), 1) for length in lengths])


def _byte_order(start: bytes) -> tuple[str, int]:
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
