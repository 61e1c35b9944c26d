"""Fields in the head that are not tissues: directions of white-matter fibres, and the magnet's disturbed field.

Both are simple: fibres run across in the corpus callosum, up and down in the pyramidal tracts, along in the lateral
bundles, and towards the cortex elsewhere; the field is disturbed above the sinuses and the ears.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from imagebank.synthetic.anatomy.lattice import Field, Lattice
from imagebank.synthetic.anatomy.template import template

SOURCES = (  # centre in RAS mm, reach in mm, ppm
    ((0.0, 42.0, -34.0), 20.0, 1.6),
    ((0.0, 16.0, -38.0), 16.0, 1.0),
    ((56.0, -24.0, -44.0), 15.0, 1.1),
    ((-56.0, -24.0, -44.0), 15.0, 1.1),
    ((0.0, 70.0, -95.0), 40.0, -0.8),
)
BRAINSTEM_Z_MM = -12.0
CROSSING = 0.4  # agreement of fibres outside the great bundles


def _bump(value: Field, middle: float, width: float) -> Field:
    return np.asarray(np.exp(-(((value - np.float32(middle)) / np.float32(width)) ** 2)), dtype=np.float32)


@lru_cache(maxsize=3)
def fibres(voxel_mm: int) -> tuple[Field, Field, Field]:
    """Directions along left, posterior and superior on the template's box; their sign means nothing.

    The square of a vector's length says how well the fibres agree: 1 in the great bundles, less where bundles cross.
    """
    shared = template(voxel_mm)
    x, y, z = shared.lattice.ras(shared.box)
    up, back, left = np.gradient(shared.skull[shared.box], np.float32(voxel_mm))
    side = np.abs(x)
    across = 2.2 * _bump(x, 0, 22) * _bump(z, 20, 22) * _bump(y, -10, 60)
    stem = np.clip((BRAINSTEM_Z_MM - z) / 8, 0, 1) * _bump(x, 0, 22)
    tract = 1.8 * _bump(side, 22, 9) * _bump(y, -18, 22) + 3.0 * stem
    bundle = 1.8 * _bump(side, 36, 8) * _bump(z, 24, 12) + 1.2 * _bump(side, 32, 8) * _bump(z, -2, 10)
    parts = (left * 0.7 + across, back * 0.7 + bundle, up * 0.7 + tract)
    agreement = np.clip(CROSSING + (1 - CROSSING) / 1.6 * np.maximum(np.maximum(across, tract), bundle), 0, 1)
    norm = (np.sqrt(sum(part * part for part in parts)) + np.float32(1e-3)) / np.sqrt(agreement)
    l_part, p_part, s_part = (np.asarray(part / norm, dtype=np.float32) for part in parts)
    return l_part, p_part, s_part


@lru_cache(maxsize=3)
def field_ppm(voxel_mm: int) -> Field:
    """How far the magnet's field is off, in ppm, on the whole lattice; a gentle slope and a few smooth sources."""
    lattice = Lattice(voxel_mm)
    x, y, z = lattice.ras()
    total = np.zeros(lattice.shape, dtype=np.float32)
    for (cx, cy, cz), reach, ppm in SOURCES:
        total += np.float32(ppm) * (_bump(x, cx, reach) * _bump(y, cy, reach) * _bump(z, cz, reach))
    return np.asarray(total + np.float32(0.0012) * z - np.float32(0.0008) * x, dtype=np.float32)


@lru_cache(maxsize=3)
def field_slope(voxel_mm: int) -> Field:
    """Steepness of the disturbed field in ppm per mm; where it is steep, gradient echoes die sooner."""
    slopes = np.gradient(field_ppm(voxel_mm), np.float32(voxel_mm))
    return np.asarray(np.sqrt(sum(slope * slope for slope in slopes)), dtype=np.float32)
