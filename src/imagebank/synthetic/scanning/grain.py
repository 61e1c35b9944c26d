"""Receiver noise: bell-shaped, the same on every machine, from a fixed pool."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

POOL = 1 << 20
PIECE = 1 << 18  # values taken in one go, so that large volumes do not repeat each other's noise in step
STRIDE = 40_503  # odd, so that the pieces begin anywhere
SEED = 20080101
HALF_WIDTH = 10  # of each of the four uniform numbers that are added


def grain(offset: int, count: int) -> NDArray[np.int16]:
    """`count` values with a standard deviation of about 12; the same offset gives the same values."""
    pool = _pool()
    pieces = []
    for index, start in enumerate(range(0, count, PIECE)):
        at = (offset + index * STRIDE) % (POOL - PIECE)
        pieces.append(pool[at : at + min(PIECE, count - start)])
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


@lru_cache(maxsize=1)
def _pool() -> NDArray[np.int16]:
    generator = np.random.Generator(np.random.PCG64(SEED))
    four = generator.integers(-HALF_WIDTH, HALF_WIDTH + 1, size=(4, POOL), dtype=np.int16)
    return np.asarray(four.sum(axis=0, dtype=np.int16), dtype=np.int16)
