"""From the head's lattice to the voxels of a scan: means over the box of each voxel, in the patient's own axes.

The lattice is read as straight lines between its values; each axis is integrated exactly over the voxel's width (the
slice thickness across slices), so that thick slices mix tissues as real ones do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from imagebank.synthetic.anatomy.lattice import CENTRE_MM, LOWEST_MM, Field, Lattice
from imagebank.synthetic.visits import Grid

ORDER = {"axial": (0, 1, 2), "sagittal": (2, 0, 1), "coronal": (1, 0, 2)}  # lattice axis of slices, rows, columns
DOWNWARD = {"axial": (1, 1, 1), "sagittal": (1, -1, 1), "coronal": (1, -1, 1)}  # rows run from head to foot
IN_CENTRE = (2, 1, 0)  # which of left, posterior, superior a lattice axis is


def sampled(field: Field, lattice: Lattice, scale: tuple[float, float, float], grid: Grid) -> Field:
    """Means of a field over the voxels of a grid, ordered slice, row, column; outside the lattice is air."""
    order = ORDER[grid.plane]
    result: Any = field.transpose(order)
    for place, axis in enumerate(order):
        result = _along(result, place, _weights(lattice, scale[axis], grid, place))
    return np.asarray(result, dtype=np.float32)


def _along(volume: Any, place: int, weights: Any) -> Any:
    """One axis of a volume replaced by its weighted means."""
    front = np.moveaxis(volume, place, 0)
    flat = np.ascontiguousarray(front, dtype=np.float32).reshape(front.shape[0], -1)
    mixed = weights @ flat
    return np.moveaxis(mixed.reshape(weights.shape[0], *front.shape[1:]), 0, place)


@lru_cache(maxsize=256)
def _weights(lattice: Lattice, scale: float, grid: Grid, place: int) -> Any:
    """A sparse matrix: row k holds the share of each lattice plane in voxel k."""
    axis = ORDER[grid.plane][place]
    middle, width = _extent(grid, place)
    centre = CENTRE_MM[axis] + (middle + grid.centre_mm[IN_CENTRE[axis]]) / scale
    at = (centre - LOWEST_MM[axis]) / lattice.voxel_mm - 0.5
    half = width / (2 * scale * lattice.voxel_mm)
    planes = np.arange(lattice.shape[axis])
    high, low = (_integral((at + side * half)[:, None] - planes[None, :]) for side in (1, -1))
    return sparse.csr_matrix(((high - low) / (2 * half)).astype(np.float32))


def _extent(grid: Grid, place: int) -> tuple[NDArray[np.float64], float]:
    """Middles of the voxels from the middle of the stack, and their width, in mm."""
    count = (grid.slices, grid.rows, grid.columns)[place]
    step = grid.pixel_mm if place else grid.slice_mm
    width = grid.pixel_mm if place else grid.thickness_mm or grid.slice_mm
    middles = (np.arange(count) - (count - 1) / 2) * (step * DOWNWARD[grid.plane][place])
    return middles.astype(np.float64), width


def _integral(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integral of a unit triangle up to `t`."""
    low, high = np.clip(t, -1, 0) + 1, 1 - np.clip(t, 0, 1)
    return np.asarray(0.5 * low * low + 0.5 * (1 - high * high))
