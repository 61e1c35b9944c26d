"""Which numbers people may see: small-number suppression, rounding, and a check that nothing can be worked out.

Counts are safe by default. A count that comes from fewer than `minimum` patients is not shown; every other count is
rounded; 0 is shown as 0 where the categories are ours, and hidden like a small count where the question is somebody's.
Percentages are computed from the rounded numbers.

What could be worked out of several counts together is the business of `suppression`.

The conventions (10, and rounding to 5) are those of the UK's health data services; a site may raise them, never lower.
Pure: no files, no network, no database, no clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from imagebank.core.errors import ConfigError

MINIMUM = 10
ROUND_TO = 5
OLDEST_SHOWN_AGE = 90
AGE_BAND_YEARS = 5
PERCENT_DECIMAL_FROM = 1000  # below this denominator a decimal of a percentage would be rounding noise


@dataclass(frozen=True)
class Disclosure:
    """The rule in force. `exact` is for stewards: it switches every protection off, and the page says so.

    Without `zeros` nobody and a few patients look the same, as in answers to questions that people make up.
    """

    minimum: int = MINIMUM
    round_to: int = ROUND_TO
    exact: bool = False
    zeros: bool = True

    def __post_init__(self) -> None:
        if self.minimum < MINIMUM or self.round_to < ROUND_TO:
            raise ConfigError(
                f"Small numbers are hidden below {MINIMUM} and rounded to {ROUND_TO} at least.",
                "raise the numbers of the disclosure rule, or leave them out",
            )
        if self.round_to > self.minimum:
            raise ConfigError(
                "The disclosure rule rounds more coarsely than it hides: a count could be shown as 0.",
                "make `minimum` at least as large as `round_to`",
            )


@dataclass(frozen=True)
class Count:
    """A true count of some unit, and the number of patients it comes from. Not for people."""

    count: int
    patients: int


class Mark(StrEnum):
    """What was done to a count before it was shown."""

    SHOWN = "shown"
    SMALL = "small"  # from fewer patients than the minimum
    WITHHELD = "withheld"  # would give a small count away
    NEARLY = "nearly all"  # all of its total, or all but fewer patients than the minimum


@dataclass(frozen=True)
class Shown:
    """A count as people may see it; `value` is None when it is hidden, and `most` then the most that it can be."""

    value: int | None
    mark: Mark
    most: float = math.inf

    @property
    def text(self) -> str:
        """The count in words: a number, `<10`, `few` (few patients, when the unit is another) or `withheld`."""
        if self.value is not None:
            return f"{self.value:,}"
        if self.mark in (Mark.WITHHELD, Mark.NEARLY):
            return self.mark.value
        return "few" if math.isinf(self.most) else f"<{int(self.most) + 1}"


def rounded(count: int, to: int) -> int:
    """The nearest multiple of `to`; a count in the middle goes up."""
    return to * ((count + to // 2) // to)


def show(count: Count, rule: Disclosure, *, in_patients: bool = True) -> Shown:
    """One count, judged alone. `in_patients`: the unit is the patient, so that a small count is below the minimum."""
    if count.patients < rule.minimum and (count.patients or not rule.zeros):
        return Shown(None, Mark.SMALL, rule.minimum - 1 if in_patients else math.inf)
    return Shown(rounded(count.count, rule.round_to), Mark.SHOWN)


def percent(part: Shown, total: Shown) -> str:
    """The share as text, from the shown numbers alone; empty when either is hidden or the total is 0."""
    share = share_of(part, total)
    if share is None or total.value is None:
        return ""
    return f"{share:.1f}%" if total.value >= PERCENT_DECIMAL_FROM else f"{share:.0f}%"


def share_of(part: Shown, total: Shown) -> float | None:
    """The share in percent, from the shown numbers alone, to a tenth."""
    if part.value is None or not total.value:
        return None
    return round(min(100.0, 100 * part.value / total.value), 1)


def age_text(age: float, rule: Disclosure) -> str:
    """An age in whole years, "90+" from 90 on."""
    if rule.exact:
        return f"{age:.1f}"
    return f"{OLDEST_SHOWN_AGE}+" if age >= OLDEST_SHOWN_AGE else f"{whole(age)}"


def age_band(age: float, years: int = AGE_BAND_YEARS) -> str:
    """The band of an age, such as 65-69 (with an en dash); the last is 90+."""
    if age >= OLDEST_SHOWN_AGE:
        return f"{OLDEST_SHOWN_AGE}+"
    start = max(0, math.floor(age / years)) * years
    return f"{start}–{start + years - 1}"


def whole(value: float) -> int:
    """The nearest whole number; halves go up."""
    return math.floor(value + 0.5)
