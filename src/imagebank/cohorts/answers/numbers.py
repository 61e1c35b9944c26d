"""Numbers that are no counts: mean, spread and quantiles as they may be shown.

A quantile needs patients enough on both sides of it: the median twice the minimum, quartiles four times, the 5th and
95th percentile, which stand for the least and the greatest value, twenty times. Mean and deviation need numbers as they
were recorded, whose spread is not the work of a few patients: the mean of a number that the question makes up can count
those few. Ages of 90 and over count as 90. Values are rounded to a tenth of their spread or finer, and nothing is said
where one patient makes most of the sum. Pure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from imagebank.cohorts.answers.tallies import is_dominated
from imagebank.cohorts.answers.variables import Nature
from imagebank.cohorts.disclosure import OLDEST_SHOWN_AGE, Disclosure
from imagebank.cohorts.guard.sketch import Array

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SPREAD_LEFT = 5  # where the outermost patients make this many times the spread of the others, it is theirs
STEPS_A_SPREAD = 10  # how finely a value is told, in parts of the spread


@dataclass(frozen=True)
class Spread:
    """A distribution as it may be shown; what may not be shown is missing."""

    mean: float | None = None
    deviation: float | None = None
    quantiles: Mapping[float, float] | None = None

    def at(self, share: float) -> float | None:
        """A quantile; None where it is not shown."""
        return (self.quantiles or {}).get(share)

    def written(self) -> str:
        """The distribution as a text that can be remembered."""
        return json.dumps([self.mean, self.deviation, sorted((self.quantiles or {}).items())])


def read_spread(text: str) -> Spread:
    """A distribution from what was remembered of it."""
    mean, deviation, quantiles = json.loads(text)
    return Spread(mean, deviation, dict(quantiles))


def spread_of(values: Array, patients: Array, rule: Disclosure, nature: Nature = Nature.RECORDED) -> Spread:
    """What may be shown of some values, one or more of each patient."""
    if rule.exact:
        return _spread(values, QUANTILES) if len(values) else Spread()
    if len(np.unique(patients)) < rule.minimum or nature is Nature.OF_AGE or is_dominated(patients, values):
        return Spread()
    told = np.minimum(values, OLDEST_SHOWN_AGE) if nature is Nature.AGE else values
    found = _spread(told, tuple(share for share in QUANTILES if _has_enough(told, patients, share, rule.minimum)))
    is_mean_told = nature is not Nature.MADE and not is_of_few(told, patients, rule.minimum)
    return found if is_mean_told else replace(found, mean=None, deviation=None)


def _spread(values: Array, shares: tuple[float, ...]) -> Spread:
    step = _step(values)
    found = {share: _rounded(float(np.quantile(values, share)), step) for share in shares}
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(_rounded(float(np.mean(values)), step / 10), _rounded(deviation, step / 10), found)


def _has_enough(values: Array, patients: Array, share: float, minimum: int) -> bool:
    """Whether patients enough lie on both sides of a quantile, whatever number of values each of them has."""
    ranked = patients[np.argsort(values, kind="stable")]
    place = share * (len(ranked) - 1)
    sides = ranked[: math.floor(place) + 1], ranked[math.ceil(place) :]
    enough = len(np.unique(patients)) * min(share, 1 - share) >= minimum - 1e-9
    return enough and all(len(np.unique(side)) >= minimum for side in sides)


def is_of_few(values: Array, patients: Array, minimum: int) -> bool:
    """Whether the spread is the work of fewer patients than the minimum: without the outermost little of it is left.

    So a number that is the same for all but a few tells as little as one that is the same for all.
    """
    apart = np.abs(values - np.median(values))
    names, numbers = np.unique(patients, return_inverse=True)
    farthest = np.zeros(len(names))
    np.maximum.at(farthest, numbers, apart)
    outer = np.argsort(farthest, kind="stable")[len(names) - minimum + 1 :]
    rest = values[~np.isin(numbers, outer)]
    return bool(np.std(rest) <= np.std(values) / SPREAD_LEFT)


def _step(values: Array) -> float:
    """A power of ten that is at most a tenth of the spread."""
    spread = float(np.std(values))
    return 10.0 ** math.floor(math.log10(spread / STEPS_A_SPREAD)) if spread > 0 else 1.0


def _rounded(value: float, step: float) -> float:
    return float(f"{round(value / step) * step:.12g}")


def number_difference(one: Spread, other: Spread) -> float | None:
    """The standardised difference of two means: their distance in pooled standard deviations (Austin, 2009)."""
    if one.mean is None or other.mean is None or one.deviation is None or other.deviation is None:
        return None
    pooled = math.sqrt((one.deviation**2 + other.deviation**2) / 2)
    return abs(one.mean - other.mean) / pooled if pooled else (0.0 if one.mean == other.mean else None)


def category_difference(one: Mapping[str, int], other: Mapping[str, int]) -> float | None:
    """The standardised difference of two distributions over categories (Yang and Dalton, 2012), from shown counts.

    Of the categories that are shown of both.
    """
    names = sorted({*one} & {*other})
    totals = [sum(counts[name] for name in names) for counts in (one, other)]
    if not all(totals) or len(names) < 2:
        return None
    left, right = (
        np.array([counts[name] / total for name in names[1:]])
        for counts, total in zip((one, other), totals, strict=True)
    )
    spread = sum(np.diag(each) - np.outer(each, each) for each in (left, right)) / 2
    apart = left - right
    return float(math.sqrt(max(0.0, apart @ np.linalg.pinv(spread) @ apart)))
