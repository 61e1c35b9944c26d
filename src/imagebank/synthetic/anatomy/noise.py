"""Smooth noise in space, made once a lattice and moved about for each person."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from imagebank.synthetic.anatomy.lattice import Field


@lru_cache(maxsize=6)
def _pool(shape: tuple[int, int, int], voxel_mm: int, grain_mm: float) -> Field:
    """Bell-shaped noise of unit spread with grains of `grain_mm`, which continues across the edges."""
    step = max(1, int(grain_mm / (2 * voxel_mm)))
    coarse = tuple(-(-n // step) for n in shape)
    chance = np.random.Generator(np.random.PCG64(int(grain_mm * 1000)))
    white = chance.standard_normal(coarse, dtype=np.float32)
    soft = ndimage.gaussian_filter(white, grain_mm / (step * voxel_mm), mode="wrap")
    for axis in range(3):
        soft = _stretched(soft, step, axis)
    soft = soft[: shape[0], : shape[1], : shape[2]]
    return np.ascontiguousarray(soft / soft.std(dtype=np.float64), dtype=np.float32)


def _stretched(field: Field, step: int, axis: int) -> Field:
    """`step` values for each one, in straight lines between them."""
    following = np.roll(field, -1, axis)
    parts = [field + (following - field) * np.float32(k / step) for k in range(step)]
    stacked = np.stack(parts, axis=axis + 1)
    shape = list(field.shape)
    shape[axis] *= step
    return stacked.reshape(shape)


def personal_noise(shape: tuple[int, int, int], voxel_mm: int, grain_mm: float, seed: tuple[int, int]) -> Field:
    """Noise that belongs to a seed."""
    pool = _pool(shape, voxel_mm, grain_mm)
    chance = np.random.Generator(np.random.PCG64(seed))
    return np.roll(pool, tuple(int(chance.integers(n)) for n in shape), axis=(0, 1, 2))
