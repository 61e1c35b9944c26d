"""Chance without surprise: one stream of random numbers for each person, study and purpose.

A stream is seeded by a text, so that the same seed gives the same numbers on any machine, and adding a person or a
draw in one place moves nothing anywhere else.
"""

from __future__ import annotations

import random


def stream(seed: int, *key: object) -> random.Random:
    """The random numbers that belong to `key`, such as `stream(1, "person", 7)`."""
    return random.Random("/".join(str(part) for part in (seed, *key)))  # noqa: S311 - pretend data, no secret


def weighted(chance: random.Random, weights: dict[str, float]) -> str:
    """One of the keys, each as likely as its weight."""
    return chance.choices(list(weights), weights=list(weights.values()))[0]
