"""Where the voxels of a NIfTI image lie: the plane of its slices and the anatomical direction of its phase encoding.

Pure: read from the bytes of the header. World axes are those of NIfTI: right, anterior, superior.
"""

from __future__ import annotations

import struct

from imagebank.imaging.sidecar import byte_order

SFORM = {348: (280, "f"), 540: (400, "d")}
"""Offset and type of the three rows of the affine by size of the header (nifti1.h, nifti2.h)."""

AXES = ("sagittal", "coronal", "axial")
OBLIQUE_BELOW = 0.8
"""A slice normal whose largest component is smaller is oblique, as for the classification of series."""

WAYS = (("L", "R"), ("P", "A"), ("I", "S"))
Affine = tuple[tuple[float, ...], ...]


def affine(start: bytes) -> Affine:
    """The three rows of the affine. Raises BadNifti."""
    order, size = byte_order(start)
    offset, kind = SFORM[size]
    numbers = struct.unpack_from(f"{order}12{kind}", start, offset)
    return tuple(numbers[row : row + 4] for row in (0, 4, 8))


def slice_plane(rows: Affine) -> str:
    """The plane of the slices; `unknown` where the header has no affine."""
    first, second = ([row[axis] for row in rows] for axis in (0, 1))
    normal = [
        first[1] * second[2] - first[2] * second[1],
        first[2] * second[0] - first[0] * second[2],
        first[0] * second[1] - first[1] * second[0],
    ]
    length = sum(each * each for each in normal) ** 0.5
    if not length:
        return "unknown"
    largest = max(range(3), key=lambda axis: abs(normal[axis]))
    return AXES[largest] if abs(normal[largest]) / length >= OBLIQUE_BELOW else "oblique"


def phase_way(rows: Affine, encoding: object) -> str:
    """From where to where the phase is encoded, such as `AP` for `j-` of an axial image; empty when it is not known."""
    if not isinstance(encoding, str) or encoding.rstrip("-") not in ("i", "j", "k"):
        return ""
    column = [row["ijk".index(encoding[0])] for row in rows]
    axis = max(range(3), key=lambda each: abs(column[each]))
    if not column[axis]:
        return ""
    start, end = WAYS[axis]
    forward = (column[axis] > 0) != encoding.endswith("-")
    return f"{start}{end}" if forward else f"{end}{start}"
