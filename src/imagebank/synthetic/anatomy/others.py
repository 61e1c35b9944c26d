"""Series that a brain bank must refuse: a lumbar spine, a knee and a phantom, drawn from data/<kind>.csv.

In those files a structure is a tissue, and the one that comes first takes its room first; bone lies around marrow by
itself. Ghosts of anatomy suffice: these volumes only have to look like what they are.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.anatomy.lattice import Field, Lattice, drawn, inside, shapes
from imagebank.synthetic.anatomy.noise import personal_noise
from imagebank.synthetic.anatomy.sampling import sampled
from imagebank.synthetic.anatomy.signals import signals
from imagebank.synthetic.visits import Grid, Physics

Maps = dict[str, NDArray[np.uint8]]

BODIES = ("spine", "knee", "phantom")
COARSE_PIXEL_MM = 4.5  # from this pixel size on, a coarse lattice will do
FINE_MM, COARSE_MM = 2, 6
CORTICAL_MM = 1.6
MARBLING = 0.16


def paint_other(kind: str, physics: Physics, grid: Grid) -> NDArray[np.int32]:
    """A volume of `spine`, `knee` or `phantom`, as `paint` gives of a head.

    Raises KeyError for another kind.
    """
    if kind not in BODIES:
        raise KeyError(kind)
    voxel = COARSE_MM if grid.pixel_mm >= COARSE_PIXEL_MM else FINE_MM
    lattice = Lattice(voxel)
    weights = signals(physics)
    total = np.zeros(lattice.shape, dtype=np.float32)
    for tissue, fractions in _maps(kind, voxel).items():
        total += fractions * np.float32(weights[tissue] / 255.0)
    return np.rint(sampled(total, lattice, (1.0, 1.0, 1.0), grid)).astype(np.int32)


@lru_cache(maxsize=6)
def _maps(kind: str, voxel_mm: int) -> Maps:
    """Fractions of each tissue, 0 to 255."""
    lattice = Lattice(voxel_mm)
    room = np.ones(lattice.shape, dtype=np.float32)
    claims: dict[str, Field] = {}
    for tissue in dict.fromkeys(shape.structure for shape in shapes(kind)):
        distance = drawn(lattice, [shape for shape in shapes(kind) if shape.structure == tissue], CORTICAL_MM)
        room = _claim(claims, tissue, distance, room, voxel_mm)
        if tissue == "marrow":
            room = _claim(claims, "bone", distance - np.float32(CORTICAL_MM), room, voxel_mm)
    if "muscle" in claims:
        fat = claims["muscle"] * np.clip(MARBLING * personal_noise(lattice.shape, voxel_mm, 4.0, (0, 6)), 0, 1)
        claims["muscle"], claims["fat"] = claims["muscle"] - fat, claims["fat"] + fat
    claims.pop("air", None)
    return {name: np.rint(each * np.float32(255)).astype(np.uint8) for name, each in claims.items()}


def _claim(claims: dict[str, Field], tissue: str, distance: Field, room: Field, voxel_mm: int) -> Field:
    """Give a tissue what it asks of the room, and return what is left."""
    claim = inside(distance, voxel_mm) * room
    claims[tissue] = claims.get(tissue, np.float32(0)) + claim
    return room - claim
