"""Plane, dimension and coverage of a series, from where its slices lie; the stated slice thickness is not believed.

Slices are sorted along their own normal, so that gaps, overlaps and the order of files do not matter. Lengths are in
millimetres, axes those of the patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.frames import Orientation, Position

PLANES = ("axial", "sagittal", "coronal", "oblique", "several", "unknown")
DIMENSIONS = ("2D", "3D", "unknown")
COVERAGES = ("whole-brain", "partial", "not-brain", "unknown")

OBLIQUE_BELOW = 0.8
"""A slice normal whose largest component is smaller (more than 37 degrees from every axis) is oblique: brain slices
tilted along the AC-PC line or the temporal lobe are still called by their nearest plane."""

AXES = ("sagittal", "coronal", "axial")

WHOLE_BRAIN_MM = (110.0, 140.0, 105.0)
"""What a whole brain needs from right to left, front to back, and foot to head. Adult brains measure about 135, 170
and 125 mm; the outermost slices of routine protocols leave a little of the vertex and the temporal lobes out."""

WIDEST_HEAD_MM = 320.0
"""Slices that are wider, from right to left, may show a trunk: they are no whole brain unless a head is named."""

FLATTEST_VOLUME = 5.0
"""Slices of a 3D acquisition lie closer together than this many pixels."""

FEWEST_VOLUME_SLICES = 3
ISOTROPIC_BELOW = 1.6
THINNEST_SLICES_MM = 1.6
"""Where the header does not say 2D or 3D: slices as thin as this, or nearly cubic voxels, are a volume."""

MANY_SLICES = 90
"""A stack of this many nearly cubic voxels is a volume, also where the header calls it 2D."""


@dataclass(frozen=True)
class Stack:
    """The parallel slices of a series: how many, how far apart, and how large each is. None where not told."""

    slices: int
    spacing_mm: float | None
    height_mm: float | None
    width_mm: float | None
    pixel_mm: float | None
    orientation: Orientation

    @property
    def extents_mm(self) -> tuple[float, float, float] | None:
        """Lengths along the patient's axes: right to left, front to back, foot to head."""
        if self.spacing_mm is None or self.height_mm is None or self.width_mm is None:
            return None
        row, column = self.orientation[:3], self.orientation[3:]
        lengths = (self.width_mm, self.height_mm, self.spacing_mm * self.slices)
        directions = (row, column, normal_of(self.orientation))
        spans = [
            max(length * abs(each[axis]) for length, each in zip(lengths, directions, strict=True)) for axis in range(3)
        ]
        return spans[0], spans[1], spans[2]


def normal_of(orientation: Orientation) -> tuple[float, float, float]:
    """The direction in which slices of this orientation are stacked."""
    row, column = orientation[:3], orientation[3:]
    return (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )


def plane_of(orientation: Orientation) -> str:
    """The plane nearest to slices with these direction cosines."""
    normal = normal_of(orientation)
    largest = max(range(3), key=lambda axis: abs(normal[axis]))
    return AXES[largest] if abs(normal[largest]) >= OBLIQUE_BELOW else "oblique"


def plane(orientations: Iterable[Orientation]) -> str:
    """The plane of slices with these direction cosines; `several` when they lie in more than one."""
    planes = {plane_of(orientation) for orientation in set(orientations)}
    return planes.pop() if len(planes) == 1 else "several" if planes else "unknown"


def stack_of(images: Sequence[Acquisition]) -> Stack | None:
    """The parallel slices that most frames of a series belong to; None where no frame says where it lies."""
    places: dict[Orientation, set[Position]] = {}
    for each in images:
        for frame in each.slice_frames:
            if frame.orientation:
                places.setdefault(frame.orientation, set()).update(filter(None, [frame.position]))
    if not places:
        return None
    orientation = min(places, key=lambda each: (-len(places[each]), each))
    one = min((i for i in images if orientation in i.orientations), key=lambda each: each.rows or 0)
    tiles = one.mosaic_slices or 1
    spacing = _spacing(orientation, places[orientation]) or one.spacing_between_slices_mm or one.slice_thickness_mm
    return Stack(
        slices=max(len(places[orientation]), 1) if tiles == 1 else tiles,
        spacing_mm=spacing,
        height_mm=_length(one.rows, one.row_spacing_mm, tiles),
        width_mm=_length(one.columns, one.column_spacing_mm, tiles),
        pixel_mm=one.row_spacing_mm,
        orientation=orientation,
    )


def _length(pixels: int | None, spacing_mm: float | None, tiles: int) -> float | None:
    """The side of one slice; a mosaic is a square of slices."""
    return pixels * spacing_mm / math.ceil(math.sqrt(tiles)) if pixels and spacing_mm else None


def _spacing(orientation: Orientation, positions: set[Position]) -> float | None:
    """The usual distance of neighbouring slices along their normal."""
    normal = normal_of(orientation)
    along = sorted({round(sum(a * b for a, b in zip(normal, each, strict=True)), 1) for each in positions})
    steps = [after - before for before, after in pairwise(along)]
    return median(steps) if steps else None


def dimension(stack: Stack | None, told: str | None) -> str:
    """2D or 3D: what the header says unless the slices cannot be that, else what they look like."""
    if stack is None or stack.spacing_mm is None or not stack.pixel_mm:
        return told or "unknown"
    flatness = stack.spacing_mm / stack.pixel_mm
    if told == "3D":
        return "3D" if flatness <= FLATTEST_VOLUME and stack.slices >= FEWEST_VOLUME_SLICES else "2D"
    is_cubic = flatness <= ISOTROPIC_BELOW and stack.slices >= MANY_SLICES
    if told == "2D":
        return "3D" if is_cubic else "2D"
    if stack.slices < FEWEST_VOLUME_SLICES:
        return "unknown"
    return "3D" if is_cubic or stack.spacing_mm <= THINNEST_SLICES_MM else "2D"


def coverage(stack: Stack | None, planes: int, kind: str) -> str:
    """How much of the brain the slices hold, given in how many planes they lie and what kind of body part is named."""
    if kind in ("other", "phantom"):
        return "not-brain"
    extents = stack.extents_mm if stack else None
    if kind == "part" or planes > 1:
        return "partial"
    if extents is None or (kind == "unknown" and extents[0] > WIDEST_HEAD_MM):
        return "unknown"
    return "whole-brain" if all(a >= b for a, b in zip(extents, WHOLE_BRAIN_MM, strict=True)) else "partial"
