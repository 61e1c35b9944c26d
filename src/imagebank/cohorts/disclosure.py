"""Which numbers people may see: small-number suppression, rounding, and a check that nothing can be worked out.

Counts are safe by default. A count that comes from fewer than `minimum` patients is not shown; every other count is
rounded; 0 is shown as 0 where the categories are ours, and hidden like a small count where the question is somebody's.
Percentages are computed from the rounded numbers.

Rounding alone does not always protect: of 9 + 12 + 12 = 33, shown as <10, 10, 10 and 35, the 9 can be worked out. So
`attack` works out what can be known from what is shown, and where a hidden count is left with fewer than three
possible values a neighbour is rounded to its other side (12 to 15: controlled rounding), which is what a reader of
33 = 6 + 13 + 14 sees as well. Whoever knows this rule still learns no more, because what is shown is always something
that other true counts show without any help. Where no rounding helps, counts of the group are withheld.

The conventions (10, and rounding to 5) are those of the UK's health data services; a site may raise them, never lower.
Pure: no files, no network, no database, no clock.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from imagebank.core.errors import ConfigError

MINIMUM = 10
ROUND_TO = 5
OLDEST_SHOWN_AGE = 90
AGE_BAND_YEARS = 5
POSSIBLE_VALUES = 3  # a hidden count that can only be one or two values is as good as shown
PERCENT_DECIMAL_FROM = 1000  # below this denominator a decimal of a percentage would be rounding noise

K = TypeVar("K", bound=Hashable)


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


@dataclass(frozen=True)
class Group:
    """Counts that add up to a total. Where `overlapping`, parts share members and together cover the total."""

    total: Hashable
    parts: tuple[Hashable, ...]
    overlapping: bool = False


@dataclass(frozen=True)
class Bounds:
    """What an attacker knows of a count: the least and greatest value it can have."""

    low: int
    high: float

    @property
    def width(self) -> float:
        """How many values remain possible."""
        return self.high - self.low + 1


def rounded(count: int, to: int) -> int:
    """The nearest multiple of `to`; a count in the middle goes up."""
    return to * ((count + to // 2) // to)


def protect(
    counts: Mapping[K, Count], groups: Sequence[Group], rule: Disclosure, *, in_patients: bool = True
) -> dict[K, Shown]:
    """Every count as it may be shown, given that the totals of `groups` are known to be sums of their parts.

    Counts that belong to no group are judged alone. `in_patients` says that the unit of every count is the patient.
    The groups must form trees (no count is part of two totals): there intervals say all that can be known. A table with
    both its row totals and its column totals does not; show one of them.
    """
    check_trees(groups)
    if rule.exact:
        return {key: Shown(each.count, Mark.SHOWN) for key, each in counts.items()}
    shown = {key: show(each, rule, in_patients=in_patients) for key, each in counts.items()}
    small = [key for key, each in shown.items() if each.mark is Mark.SMALL]
    while weak := _weak(small, shown, groups, rule):
        change = _shift(small, counts, shown, groups, rule) or _withhold(weak[0], shown, groups)
        if not change:
            break
        shown.update(change)
    return shown


def check_trees(groups: Sequence[Group]) -> None:
    """Raise ValueError when a count is part of two totals."""
    parts = [part for group in groups for part in group.parts]
    if len(set(parts)) != len(parts):
        raise ValueError("a count is part of two totals; show either the row totals or the column totals of a table")


def show(count: Count, rule: Disclosure, *, in_patients: bool = True) -> Shown:
    """One count, judged alone. `in_patients`: the unit is the patient, so that a small count is below the minimum."""
    if count.patients < rule.minimum and (count.patients or not rule.zeros):
        return Shown(None, Mark.SMALL, rule.minimum - 1 if in_patients else math.inf)
    return Shown(rounded(count.count, rule.round_to), Mark.SHOWN)


def _weak(small: Sequence[K], shown: Mapping[K, Shown], groups: Sequence[Group], rule: Disclosure) -> list[K]:
    """The small counts that what is shown leaves with too few possible values."""
    bounds = attack(shown, groups, rule)
    if not is_possible(bounds):
        return list(small)
    return [key for key in small if bounds[key].width < POSSIBLE_VALUES]


def _shift(
    small: Sequence[K], counts: Mapping[K, Count], shown: Mapping[K, Shown], groups: Sequence[Group], rule: Disclosure
) -> dict[K, Shown]:
    """Round one count to its other side, so that what is shown is what many other true counts show as well.

    Of those that leave fewer small counts weak, the one nearest to the truth; never as far as a whole rounding step.
    """
    best: dict[K, Shown] = {}
    least = (len(_weak(small, shown, groups, rule)), 0)
    for key, each in shown.items():
        value = _other_side(each, counts[key], rule)
        if value is None:
            continue
        change = {key: Shown(value, Mark.SHOWN)}
        rank = (len(_weak(small, {**shown, **change}, groups, rule)), abs(value - counts[key].count))
        if rank[0] < least[0] or (best and rank < least):
            best, least = change, rank
    return best


def _other_side(shown: Shown, count: Count, rule: Disclosure) -> int | None:
    """The multiple on the other side of a count that is shown at its nearest; None where there is none to show."""
    if not shown.value or shown.value != rounded(count.count, rule.round_to) or shown.value == count.count:
        return None
    value = shown.value + (rule.round_to if count.count > shown.value else -rule.round_to)
    return value if value >= rounded(rule.minimum, rule.round_to) else None


def is_possible(bounds: Mapping[K, Bounds]) -> bool:
    """Whether any true counts at all show what is shown: otherwise a reader would see that it was tampered with."""
    return all(each.low <= each.high for each in bounds.values())


def _withhold(key: K, shown: Mapping[K, Shown], groups: Sequence[Group]) -> dict[K, Shown]:
    """Withhold all parts of a group of the count, then its total: the last resort."""
    for group in (group for group in groups if key == group.total or key in group.parts):
        for members in (group.parts, (group.total,)):
            left = [each for each in shown if each in members and shown[each].mark is not Mark.WITHHELD]
            if left:
                return dict.fromkeys(left, Shown(None, Mark.WITHHELD, math.inf))
    return {}


def attack(shown: Mapping[K, Shown], groups: Sequence[Group], rule: Disclosure) -> dict[K, Bounds]:
    """What can be worked out of every count from what is shown: intervals, narrowed group by group until stable."""
    bounds: dict[Hashable, Bounds] = {key: _at_first(each, rule) for key, each in shown.items()}
    while True:
        before = dict(bounds)
        for group in groups:
            _narrow(bounds, group)
        if bounds == before or not is_possible(bounds):
            return {key: bounds[key] for key in shown}


def _at_first(shown: Shown, rule: Disclosure) -> Bounds:
    if shown.value is None:
        return Bounds(1 if shown.mark is Mark.SMALL and rule.zeros else 0, shown.most)
    if shown.value == 0:
        return Bounds(0, 0)
    return Bounds(max(shown.value - rule.round_to // 2, rule.minimum), shown.value + (rule.round_to - 1) // 2)


def _narrow(bounds: dict[Hashable, Bounds], group: Group) -> None:
    """Narrow the total by its parts, and each part by the total and the other parts."""
    parts = [bounds[part] for part in group.parts]
    low, high = sum(each.low for each in parts), sum(each.high for each in parts)
    total = bounds[group.total]
    least = max((each.low for each in parts), default=0) if group.overlapping else low
    bounds[group.total] = total = Bounds(max(total.low, least), min(total.high, high))
    finite, endless = sum(each.high for each in parts if each.high < math.inf), sum(map(_is_endless, parts))
    for key, own in zip(group.parts, parts, strict=True):
        most_of_others = math.inf if endless > _is_endless(own) else finite - (0 if _is_endless(own) else own.high)
        highest = total.high - (0 if group.overlapping else low - own.low)
        bounds[key] = Bounds(int(max(own.low, total.low - most_of_others)), min(own.high, highest))


def _is_endless(bounds: Bounds) -> bool:
    return bounds.high == math.inf


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
