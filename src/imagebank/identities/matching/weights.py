"""The weights of the model: how often each level of agreement is seen in one person and in two. Pure.

Weights are trained on the data at hand, or shipped where there is too little of it. They are rounded, so that the last
bits of a sum, which depend on the machine, decide nothing; the hash of the rounded weights names the model.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, Self

from imagebank.identities.matching.comparisons import CANDIDATES, COMPARISONS, EXACT, SWAPPED, Comparison

DIGITS = 4  # significant digits of a probability
LEAST, MOST = 1e-9, 1 - 1e-4
NUMBERS = ("hospital_number", "nhs_number")
CHANCE_OF_A_NUMBER = 1e-6
"""How often two people share a number by mistake. A sample of random pairs cannot tell: the few it holds are mostly the
same person, so what it says would be the chance of having met them again."""


PRIOR_PEOPLE = 500  # how many people the shipped weights count for where others are trained


@dataclass(frozen=True)
class Chance:
    """How often a level is seen: `same` in two rows of one person, `other` in rows of two people."""

    same: float
    other: float

    @property
    def bits(self) -> float:
        """The weight of evidence of the level."""
        return math.log2(self.same / self.other)


@dataclass(frozen=True)
class Weights:
    """The chances of each level of each comparison, and whether they were trained here or shipped."""

    chances: Mapping[str, Mapping[str, Chance]]
    trained: bool = False

    @classmethod
    def shipped(cls) -> Self:
        """The weights that come with imagebank (`data/weights.json`)."""
        text = resources.files("imagebank.identities.matching").joinpath("data/weights.json").read_text("utf-8")
        return cls(_chances(json.loads(text)))

    @classmethod
    def read(cls, plain: Mapping[str, Mapping[str, Any]], *, trained: bool) -> Self:
        """Weights from what `as_json` gave."""
        return cls(_chances(plain), trained)

    @property
    def digest(self) -> str:
        """Names the model: comparisons, rules for candidates and weights."""
        told = json.dumps([self.as_json(), repr(COMPARISONS), CANDIDATES, SWAPPED], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, dict[str, list[float]]]:
        """The chances, as `weights.json` has them: [same, other] by comparison and level."""
        return {
            name: {label: [each.same, each.other] for label, each in levels.items()}
            for name, levels in self.chances.items()
        }

    def laid_over(self, other: Weights) -> Weights:
        """These weights; where a level was never seen, the chance that `other` has."""
        chances = {
            comparison.name: {
                label: self.chances.get(comparison.name, {}).get(label) or other.chances[comparison.name][label]
                for label in comparison.labels
            }
            for comparison in COMPARISONS
        }
        return replace(self, chances=chances)


def blend(trained: Weights, shipped: Weights, people: int) -> Weights:
    """Trained weights as if the shipped ones had been seen in `PRIOR_PEOPLE` more people.

    An error that happens to be rare here is not impossible: without this the first one would weigh more than a name.
    """
    part = PRIOR_PEOPLE / (people + PRIOR_PEOPLE)
    return replace(
        trained,
        chances={
            name: {
                label: Chance(_rounded((1 - part) * each.same + part * shipped.chances[name][label].same), each.other)
                for label, each in levels.items()
            }
            for name, levels in trained.chances.items()
        },
    )


def _chances(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Chance]]:
    return {name: {label: Chance(*pair) for label, pair in levels.items()} for name, levels in plain.items()}


def settled(name: str, label: str, same: float, other: float) -> Chance:
    """A chance as it is used: within bounds, rounded; a shared number weighs what it does anywhere."""
    if name in NUMBERS and label == EXACT:
        other = CHANCE_OF_A_NUMBER
    return Chance(_rounded(same), _rounded(other))


def _rounded(value: float) -> float:
    bounded = min(max(value, LEAST), MOST)
    return float(f"{bounded:.{DIGITS}g}")


def chart_rows(weights: Weights) -> list[tuple[str, str, float]]:
    """Comparison, level and weight in bits, in the order of the model."""
    return [(each.name, label, _bits(weights, each, label)) for each in COMPARISONS for label in each.labels]


def _bits(weights: Weights, comparison: Comparison, label: str) -> float:
    return round(weights.chances[comparison.name][label].bits, 2)
