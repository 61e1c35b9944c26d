"""Chance without surprise: each person has a number between 0 and 1 for each thing that can go wrong.

An error is planted where that number lies below its rate. A higher rate therefore adds errors and takes none away, and
changing one rate leaves every other draw where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")
_SCALE, _COARSE_SCALE = 2.0**-64, 2.0**-32


def share(seed: int, purpose: str, number: int) -> float:
    """A number from 0 up to 1 that belongs to a seed, a purpose and a number."""
    digest = blake2b(f"{seed}/{purpose}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") * _SCALE


def shares(seed: int, purpose: str, number: int, count: int) -> list[float]:
    """Up to sixteen such numbers at once, a little coarser."""
    digest = blake2b(f"{seed}/{purpose}/{number}".encode(), digest_size=4 * count).digest()
    return [int.from_bytes(digest[k : k + 4], "big") * _COARSE_SCALE for k in range(0, 4 * count, 4)]


def pick(chance: Random, choices: Sequence[T]) -> T:
    """One of the choices, all alike."""
    return choices[int(chance.random() * len(choices))]


def whole(chance: Random, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both possible."""
    return low + int(chance.random() * (high - low + 1))


def limited(value: float, low: float, high: float) -> float:
    """The value, or the nearer bound."""
    return min(max(value, low), high)
