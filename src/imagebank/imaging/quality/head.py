"""Where the head is in a volume and where there is air, on a grid of about 4 mm: coarse, and quick. Pure.

Otsu's threshold on block means separates head from air; the largest piece is kept, closed and filled. Air is what is
left beyond a margin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy  # its parts are imported at their first use: they are slow to import
from numpy.typing import NDArray

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]

BLOCK_MM = 4.0
MARGIN_BLOCKS = 2
CORE_MM = 24.0  # from the skin: scalp, skull and most of the fluid around the brain are outside
SMALLEST_SHARE = 0.01  # of the volume; anything smaller is no head
BINS = 256
BACKGROUND_SHARE = 0.5  # of Otsu's threshold, which lies high where fat is bright; ghosts are fainter than this


@dataclass(frozen=True)
class Head:
    """Masks on the coarse grid, whose blocks are `factors` voxels long; `means` are the means of the blocks."""

    factors: tuple[int, int, int]
    shape: tuple[int, int, int]
    means: NDArray[np.float32] = field(repr=False)
    head: Mask = field(repr=False)
    air: Mask = field(repr=False)
    core: Mask = field(repr=False)

    @property
    def found(self) -> bool:
        """Whether there is a head at all."""
        return bool(self.head.mean() > SMALLEST_SHARE)

    def whole(self, mask: Mask) -> Mask:
        """A coarse mask on the grid of the volume, but for the cut-off rest of a block at the end of each axis."""
        for axis, factor in enumerate(self.factors):
            mask = np.repeat(mask, factor, axis=axis) if factor > 1 else mask
        return mask

    def cropped(self, volume: Volume) -> Volume:
        """The part of a volume that whole blocks cover: what `whole` masks fit."""
        slices = tuple(slice(0, count * factor) for count, factor in zip(self.head.shape, self.factors, strict=True))
        return volume[slices]


def find_head(volume: Volume, spacing_mm: tuple[float, float, float]) -> Head:
    """Find the head in one volume (slices, rows, columns)."""
    factors = tuple(
        max(1, min(round(BLOCK_MM / max(step, 1e-3)), count))
        for step, count in zip(spacing_mm, volume.shape, strict=True)
    )
    means = block_means(volume, factors)
    head = _largest(means > threshold(means))
    steps = [factor * step for factor, step in zip(factors, spacing_mm, strict=True)]
    head = _solid(head)
    near = scipy.ndimage.binary_dilation(head, iterations=MARGIN_BLOCKS)
    return Head(factors, volume.shape, means, head, ~near, _core(head, steps))


def block_means(volume: Volume, factors: tuple[int, int, int]) -> NDArray[np.float32]:
    """The mean of each block; what is left at the end of an axis is cut off."""
    counts = [count // factor for count, factor in zip(volume.shape, factors, strict=True)]
    cut = volume[tuple(slice(0, count * factor) for count, factor in zip(counts, factors, strict=True))]
    parts = [part for count, factor in zip(counts, factors, strict=True) for part in (count, factor)]
    return np.asarray(cut.reshape(parts).mean(axis=(1, 3, 5)), dtype=np.float32)


def threshold(means: NDArray[np.float32]) -> float:
    """A value between air and head: below Otsu's, above the noise."""
    top = float(np.percentile(means, 99))
    clipped = np.minimum(means, top)
    between = otsu(clipped)
    air = clipped[clipped < between]
    if not air.size:
        return between
    floor = float(np.percentile(air, 25))
    return min(between, floor + BACKGROUND_SHARE * (between - floor))


def otsu(values: NDArray[np.float32]) -> float:
    """The threshold with the greatest variance between the classes it makes (Otsu 1979)."""
    if not values.size or values.min() == values.max():
        return float(values.max(initial=0.0))  # one value throughout: nothing lies above it
    counts, edges = np.histogram(values, bins=BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    mass = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = below * above * (mass / below - (mass[-1] - mass) / above) ** 2
    return float(middles[int(np.argmax(np.nan_to_num(spread)))])


def _largest(mask: Mask) -> Mask:
    labels, count = scipy.ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(np.argmax(sizes)))


def _solid(mask: Mask) -> Mask:
    """Closed, and filled slice by slice along each axis: air passages and dark bone belong to the head."""
    padded = np.pad(mask, 2)
    closed = scipy.ndimage.binary_closing(padded, iterations=2)[2:-2, 2:-2, 2:-2] | mask
    for axis in range(3):
        filled = [scipy.ndimage.binary_fill_holes(each) for each in np.moveaxis(closed, axis, 0)]
        closed = np.moveaxis(np.stack(filled), 0, axis)
    return np.asarray(closed)


def _core(head: Mask, steps_mm: list[float]) -> Mask:
    """What lies deep in the head; the faces of the field of view do not count as skin."""
    padded = np.pad(head, 1, mode="edge")
    depth = scipy.ndimage.distance_transform_edt(padded, sampling=steps_mm)[1:-1, 1:-1, 1:-1]
    return np.asarray(depth > CORE_MM)
