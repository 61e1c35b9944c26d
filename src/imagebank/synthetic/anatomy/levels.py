"""Moving a level until a structure has the volume that was asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imagebank.synthetic.anatomy.lattice import Field

LOWEST_MM, HIGHEST_MM = -14.0, 14.0  # how far any surface can move
CLOSE = 2e-3  # a thousandth part or two of the volume is near enough
MOST_STEPS = 40


def solved(fractions: Callable[[float], Field], wanted: float) -> Field:
    """The fractions whose sum is `wanted` (in voxels), as near as moving one level can bring it.

    `fractions` must grow with its argument. The level is found by false position, with halving where that is slow.
    """
    low, high = LOWEST_MM, HIGHEST_MM
    short, over = total(fractions(low)) - wanted, total(fractions(high)) - wanted
    if short >= 0 or over <= 0:
        return fractions(low if short >= 0 else high)
    found = fractions(0.0)
    at, miss = 0.0, total(found) - wanted
    for step in range(MOST_STEPS):
        if abs(miss) <= CLOSE * wanted:
            break
        low, short, high, over = (at, miss, high, over) if miss < 0 else (low, short, at, miss)
        at = (low + high) / 2 if step % 3 == 2 else low + (high - low) * short / (short - over)
        found = fractions(at)
        miss = total(found) - wanted
    return found


def total(fractions: Field) -> float:
    """The sum, in double precision and in a fixed order."""
    return float(np.sum(fractions, dtype=np.float64))
