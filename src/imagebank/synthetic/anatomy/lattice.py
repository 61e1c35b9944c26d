"""Where the tissue maps of a pretend head lie, and how shapes are drawn on them.

A lattice is a box of cubes in the space of the MNI template, ordered slice, row, column, running to the patient's
superior, posterior and left. Shapes are given in the template's own millimetres (RAS: right, anterior, superior) as
signed distances, negative inside, so that their edges can be softened to true fractions of a voxel.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Box = tuple[slice, slice, slice]

DATA = Path(__file__).parent / "data"
LOWEST_MM = (-152.0, -119.0, -102.0)  # superior, posterior, left: the corner of the box that holds head and neck
EXTENT_MM = (252, 246, 204)
CENTRE_MM = (18.0, 17.0, 0.0)  # middle of the brain, superior, posterior, left: origin of the patient's own frame
FAR_MM = 60.0


@dataclass(frozen=True)
class Lattice:
    """Cubes of `voxel_mm` over the head; `shape` counts them along superior, posterior, left."""

    voxel_mm: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many voxels along each axis."""
        s, p, left = (extent // self.voxel_mm for extent in EXTENT_MM)
        return s, p, left

    def axis_mm(self, axis: int) -> Field:
        """Middle of each voxel along superior (0), posterior (1) or left (2)."""
        places = LOWEST_MM[axis] + (np.arange(self.shape[axis]) + 0.5) * self.voxel_mm
        return places.astype(np.float32)

    def ras(self, box: Box | None = None) -> tuple[Field, Field, Field]:
        """Right, anterior and superior of the voxels in a box, ready to broadcast."""
        s, p, left = box or whole(self)
        x, y, z = -self.axis_mm(2)[left], -self.axis_mm(1)[p], self.axis_mm(0)[s]
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def box_around(self, low_ras: Iterable[float], high_ras: Iterable[float]) -> Box:
        """The voxels between two corners, at least one along each axis, cut at the edge of the lattice."""
        (x0, y0, z0), (x1, y1, z1) = low_ras, high_ras
        spans = ((z0, z1), (-y1, -y0), (-x1, -x0))
        s, p, left = (self._span(axis, *span) for axis, span in enumerate(spans))
        return s, p, left

    def _span(self, axis: int, low: float, high: float) -> slice:
        first = int(np.floor((low - LOWEST_MM[axis]) / self.voxel_mm))
        last = int(np.ceil((high - LOWEST_MM[axis]) / self.voxel_mm))
        first = min(max(first, 0), self.shape[axis] - 1)
        return slice(first, max(first + 1, min(last, self.shape[axis])))


def whole(lattice: Lattice) -> Box:
    """The box that leaves nothing out."""
    s, p, left = (slice(0, n) for n in lattice.shape)
    return s, p, left


@dataclass(frozen=True)
class Shape:
    """One drawn part: an ellipsoid or block about `first`, or a tapered rod between two points; lengths in mm, RAS."""

    structure: str
    part: str
    kind: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    radii: tuple[float, float, float]
    mirrored: bool
    blend_mm: float
    cut: bool

    def sides(self) -> Iterator[Shape]:
        """The part, and its mirror image where it has one."""
        yield self
        if self.mirrored:
            first, second = ((-x, y, z) for x, y, z in (self.first, self.second))
            yield Shape(self.structure, self.part, self.kind, first, second, self.radii, False, self.blend_mm, self.cut)

    def corners(self, margin_mm: float) -> tuple[list[float], list[float]]:
        """Two corners of a box that holds the part and a margin."""
        reach = [max(self.radii[:2])] * 3 if self.kind == "rod" else [*self.radii]
        low = [min(a, b) - r - margin_mm for a, b, r in zip(self.first, self.second, reach, strict=True)]
        high = [max(a, b) + r + margin_mm for a, b, r in zip(self.first, self.second, reach, strict=True)]
        return low, high


@cache
def shapes(name: str) -> tuple[Shape, ...]:
    """Every part drawn in a file of data/."""
    with open(DATA / f"{name}.csv", encoding="utf-8", newline="") as file:
        return tuple(_shape(row) for row in csv.DictReader(file))


def _shape(row: dict[str, str]) -> Shape:
    def three(*names: str) -> tuple[float, float, float]:
        a, b, c = (float(row[name] or 0) for name in names)
        return a, b, c

    first = three("x", "y", "z")
    second = three("x2", "y2", "z2") if row["kind"] == "rod" else first
    flags = row["mirrored"] == "yes", float(row["blend_mm"] or 0), row["cut"] == "yes"
    return Shape(row["structure"], row["part"], row["kind"], first, second, three("r1", "r2", "r3"), *flags)


def distance_to(shape: Shape, x: Field, y: Field, z: Field) -> Field:
    """Signed distance in mm to the surface of a part, nearly exact close to it."""
    return {"ellipsoid": _to_ellipsoid, "rod": _to_rod, "block": _to_block}[shape.kind](shape, x, y, z)


def _to_block(shape: Shape, x: Field, y: Field, z: Field) -> Field:
    """A box with edges rounded by a third of its smallest half side."""
    round_mm = min(shape.radii) / 3
    over = [np.abs(at - c) - (r - round_mm) for at, c, r in zip((x, y, z), shape.first, shape.radii, strict=True)]
    out = np.sqrt(sum(np.maximum(each, 0) ** 2 for each in over))
    within = np.minimum(np.maximum(np.maximum(over[0], over[1]), over[2]), 0)
    return np.asarray(out + within - round_mm, dtype=np.float32)


def _to_ellipsoid(shape: Shape, x: Field, y: Field, z: Field) -> Field:
    steps = [(at - centre) / radius for at, centre, radius in zip((x, y, z), shape.first, shape.radii, strict=True)]
    near = np.sqrt(steps[0] ** 2 + steps[1] ** 2 + steps[2] ** 2) + np.float32(1e-3)
    slope = np.sqrt(sum((step / radius) ** 2 for step, radius in zip(steps, shape.radii, strict=True)))
    return np.asarray(near * (near - 1) / (slope + np.float32(1e-4)), dtype=np.float32)


def _to_rod(shape: Shape, x: Field, y: Field, z: Field) -> Field:
    along = [b - a for a, b in zip(shape.first, shape.second, strict=True)]
    square = sum(step * step for step in along) or 1.0
    offset = [at - a for at, a in zip((x, y, z), shape.first, strict=True)]
    part = np.clip(sum(o * step for o, step in zip(offset, along, strict=True)) / square, 0, 1)
    away = np.sqrt(sum((o - part * step) ** 2 for o, step in zip(offset, along, strict=True)))
    return np.asarray(away - (shape.radii[0] + (shape.radii[1] - shape.radii[0]) * part), dtype=np.float32)


def draw(field: Field, lattice: Lattice, shape: Shape, margin_mm: float = 0.0) -> None:
    """Join a part to a field of signed distances (or cut it out), with a soft seam of `blend_mm`.

    Distances are right to `margin_mm` from the part.
    """
    for side in shape.sides():
        box = lattice.box_around(*side.corners(margin_mm + 2 * side.blend_mm + 2 * lattice.voxel_mm))
        new = distance_to(side, *lattice.ras(box))
        if side.cut:
            field[box] = -joined(-field[box], new, side.blend_mm)
        else:
            field[box] = joined(field[box], new, side.blend_mm)


def drawn(lattice: Lattice, parts: Iterable[Shape], margin_mm: float = 0.0) -> Field:
    """Signed distances to a union of parts, right to `margin_mm` from them; farther away they are only large."""
    field = np.full(lattice.shape, FAR_MM, dtype=np.float32)
    for part in parts:
        draw(field, lattice, part, margin_mm)
    return field


def joined(a: Field, b: Field, blend_mm: float) -> Field:
    """The smaller of two distances, rounded where they meet."""
    if blend_mm <= 0:
        return np.asarray(np.minimum(a, b), dtype=np.float32)
    mix = np.clip(np.float32(0.5) + (b - a) * np.float32(0.5 / blend_mm), 0, 1)
    return np.asarray(b + (a - b) * mix - np.float32(blend_mm) * mix * (1 - mix), dtype=np.float32)


def inside(distance: Any, voxel_mm: float) -> Field:
    """Fraction of a voxel within a surface, from the signed distance of its middle."""
    return np.asarray(np.clip(np.float32(0.5) - distance * np.float32(1 / voxel_mm), 0, 1), dtype=np.float32)


def blocks(field: Any, factor: int) -> Field:
    """Mean of cubes of `factor` voxels."""
    if factor == 1:
        return np.asarray(field, dtype=np.float32)
    s, p, left = (n // factor for n in field.shape)
    cubes = np.asarray(field, dtype=np.float32).reshape(s, factor, p, factor, left, factor)
    return np.asarray(cubes.mean(axis=(1, 3, 5)), dtype=np.float32)
