"""The connected pieces of a mask: where each lies, its area, its outline, and how much of that is sharp. Pure.

Pieces are measured by the runs of their rows, which are few where pixels are many. Pixels that meet at a corner belong
to one piece. Sides on the border of the frame are no outline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Pieces:
    """What is known of each piece, by its number; number 0 is what lies between them."""

    area: NDArray[Any]
    edges: NDArray[Any]
    sharp: NDArray[Any]
    runs: _Runs
    owners: NDArray[Any]

    def boxes(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int, int]]:
        """Number, top, left, bottom and right of the pieces that are wanted, in the order of their numbers."""
        mine = np.flatnonzero(wanted[self.owners])
        mine = mine[np.argsort(self.owners[mine], kind="stable")]  # of each piece its runs from the top down
        if not len(mine):
            return
        owners = self.owners[mine]
        first = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
        last = np.concatenate((first[1:], [len(mine)])) - 1
        rows = self.runs.row[mine]
        left = np.minimum.reduceat(self.runs.left[mine], first)
        right = np.maximum.reduceat(self.runs.right[mine], first)
        yield from zip(
            *(each.tolist() for each in (owners[first], rows[first], left, rows[last] + 1, right)), strict=True
        )


@dataclass(frozen=True)
class _Runs:
    """Neighbouring pixels of a mask in one row: the row, the first column and the one behind the last."""

    row: Numbers
    left: Numbers
    right: Numbers


def pieces_of(mask: Mask, steep_down: Mask, steep_across: Mask) -> Pieces:
    """The pieces of a mask. Steps go to the pixel below, or to the right: none from the last row, or column."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=int))
    columns, flat = mask.shape[1], labels.ravel()
    runs = _runs(mask)
    place = runs.row * columns
    owners = flat[place + runs.left]
    sides = (runs.left > 0).astype(np.int8) + (runs.right < columns)
    across = steep_across.ravel()  # the last column has no step, so neither has what is before the first one
    sharp_sides = across[place + runs.left - 1].astype(np.int8) + across[place + runs.right - 1]
    border = np.flatnonzero(mask[:-1] != mask[1:])
    below = flat[border] + flat[border + columns]  # one of the two is no piece, which is 0
    return Pieces(
        _sums(owners, runs.right - runs.left, count),
        _sums(owners, sides, count) + np.bincount(below, minlength=count + 1),
        _sums(owners, sharp_sides, count) + np.bincount(below[steep_down.ravel()[border]], minlength=count + 1),
        runs,
        owners,
    )


def _sums(owners: NDArray[Any], amounts: NDArray[Any], count: int) -> NDArray[Any]:
    return np.bincount(owners, weights=amounts, minlength=count + 1).astype(np.intp)


def _runs(mask: Mask) -> _Runs:
    rows, columns = mask.shape
    width = columns + 1  # with a gap behind each row, so that no run goes on in the next
    flat = np.zeros(rows * width + 1, dtype=bool)
    flat[1:].reshape(rows, width)[:, :columns] = mask
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    start, end = changes[::2], changes[1::2]
    row = start // width
    return _Runs(row, start - row * width, end - row * width)
