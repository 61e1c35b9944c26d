"""Where each slice lies: orientation and position, as DICOM states them in patient coordinates (LPS, mm).

The pixels are sampled along the patient's own axes; how the head lies in the magnet is told here. A patient entered the
wrong way round keeps the same pixels, and every coordinate that the machine writes is turned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from imagebank.synthetic.visits import Grid

Vector = tuple[float, float, float]
ISOCENTRE_MM: Vector = (1.5, -4.0, 12.0)  # the head is never quite in the middle of the magnet


@dataclass(frozen=True)
class Pose:
    """The directions of the patient's own axes, left, posterior and superior, and where the middle of the head lies."""

    left: Vector
    posterior: Vector
    superior: Vector
    centre: Vector = ISOCENTRE_MM


@dataclass(frozen=True)
class Placement:
    """One slice: direction of a row, direction of a column, first voxel, position along the stack."""

    row: Vector
    column: Vector
    origin: Vector
    location: float

    @property
    def normal(self) -> Vector:
        """Row times column."""
        return crossed(self.row, self.column)


@lru_cache(maxsize=64)
def pose_of(angles_deg: tuple[float, float, float]) -> Pose:
    """A head turned a little about x (nod), y (tilt) and z (turn)."""
    nod, tilt, turn = (math.radians(angle) for angle in angles_deg)
    columns = [_turned(axis, nod, tilt, turn) for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
    return Pose(*columns)


def feet_first(pose: Pose) -> Pose:
    """What a machine writes that was told the patient lies feet first while the head is in the coil."""
    turned = [(-x, y, -z) for x, y, z in (pose.left, pose.posterior, pose.superior, pose.centre)]
    return Pose(*turned)


def _turned(v: Vector, nod: float, tilt: float, turn: float) -> Vector:
    x, y, z = v
    y, z = y * math.cos(nod) - z * math.sin(nod), y * math.sin(nod) + z * math.cos(nod)
    x, z = x * math.cos(tilt) + z * math.sin(tilt), -x * math.sin(tilt) + z * math.cos(tilt)
    x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    return (x, y, z)


def place(pose: Pose, grid: Grid, index: int) -> Placement:
    """Where slice `index` of a stack lies; the order agrees with how the pixels are sampled."""
    down = scaled(pose.superior, -1.0)
    row, column, along = {
        "axial": (pose.left, pose.posterior, pose.superior),
        "sagittal": (pose.posterior, down, pose.left),
        "coronal": (pose.left, down, pose.posterior),
    }[grid.plane]
    location = (index - (grid.slices - 1) / 2) * grid.slice_mm
    x, y, z = grid.centre_mm
    origin = added(
        pose.centre,
        scaled(pose.left, x),
        scaled(pose.posterior, y),
        scaled(pose.superior, z),
        scaled(along, location),
        scaled(row, -(grid.columns - 1) / 2 * grid.pixel_mm),
        scaled(column, -(grid.rows - 1) / 2 * grid.pixel_mm),
    )
    return Placement(row, column, origin, location)


def scaled(v: Vector, factor: float) -> Vector:
    """A vector times a number."""
    return (v[0] * factor, v[1] * factor, v[2] * factor)


def added(*vectors: Vector) -> Vector:
    """The sum of vectors."""
    return (sum(v[0] for v in vectors), sum(v[1] for v in vectors), sum(v[2] for v in vectors))


def crossed(a: Vector, b: Vector) -> Vector:
    """The cross product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def dotted(a: Vector, b: Vector) -> float:
    """The dot product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def decimals(values: tuple[float, ...]) -> str:
    """Numbers as one DICOM decimal string: six decimals, no minus zero."""
    return "\\".join(f"{round(value, 6) + 0.0:.6f}" for value in values)
