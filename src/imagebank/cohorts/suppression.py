"""Counts that add up, made safe together: none that is hidden can be worked out from those that are shown.

Rounding alone does not always protect: of 9 + 12 + 12 = 33, shown as <10, 10, 10 and 35, the 9 can be worked out. So
`attack` works out what can be known from what is shown. A hidden count is weak where it is left with fewer than three
possible values, and where nobody and a few must look the same, also where it cannot be 0. Then a neighbour is rounded
to its other side (12 to 15: controlled rounding), which is what a reader of 33 = 6 + 13 + 14 sees as well. Whoever
knows this rule still learns no more, because what is shown is always something that other true counts show without any
help. Where no rounding helps, counts of the group are withheld. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from imagebank.cohorts.bounds import Bounds, Forest, Group, check_trees, is_possible, narrowed
from imagebank.cohorts.disclosure import Count, Disclosure, Mark, Shown, rounded, show

POSSIBLE_VALUES = 3  # a hidden count that can only be one or two values is as good as shown

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Told:
    """A count that was shown before and stays; `slack` is how far beyond its rounding it may lie from the truth."""

    shown: Shown
    slack: int = 0


@dataclass(frozen=True)
class Table:
    """The true counts, which of them add up, and what is settled: `told` before, or `fixed` to its nearest multiple."""

    counts: Mapping[Any, Count]
    groups: Sequence[Group]
    rule: Disclosure
    told: Mapping[Any, Told] = field(default_factory=dict)
    fixed: Collection[Hashable] = ()

    def first(self, key: Hashable, shown: Shown) -> Bounds:
        """What one shown count says by itself."""
        return at_first(shown, self.rule, self.told[key].slack if key in self.told else 0)

    def is_weak(self, bounds: Bounds) -> bool:
        """Whether a hidden count with such bounds says too much."""
        return (not self.rule.zeros and bounds.low > 0) or bounds.width < POSSIBLE_VALUES


def protect(
    counts: Mapping[K, Count],
    groups: Sequence[Group],
    rule: Disclosure,
    *,
    in_patients: bool = True,
    told: Mapping[K, Told] | None = None,
    fixed: Collection[K] = (),
) -> dict[K, Shown]:
    """Every count as it may be shown, given that the totals of `groups` are known to be sums of their parts.

    Counts that belong to no group are judged alone. `in_patients` says that the unit of every count is the patient.
    Counts that were `told` before stay as they are; those that are `fixed` are hidden or rounded, never shifted.
    The groups must form trees (no count is part of two totals): there intervals say all that can be known. A table with
    both its row totals and its column totals does not; show one of them.
    """
    check_trees(groups)
    if rule.exact:
        return {key: Shown(each.count, Mark.SHOWN) for key, each in counts.items()}
    before = told or {}
    table = Table(counts, groups, rule, before, fixed)
    shown: dict[Hashable, Shown] = {
        key: before[key].shown if key in before else show(each, rule, in_patients=in_patients)
        for key, each in counts.items()
    }
    while change := _next_change(table, shown):
        shown.update(change)
    return {key: shown[key] for key in counts}


def _next_change(table: Table, shown: Mapping[Hashable, Shown]) -> dict[Hashable, Shown]:
    """What must still be shown otherwise; nothing where no hidden count is weak, or nothing helps."""
    forest = Forest({key: table.first(key, each) for key, each in shown.items()}, table.groups)
    weak = weak_in(table, shown, forest.bounds)
    if not weak:
        return {}
    shifted = shift_slowly(table, shown) if forest.bounds is None else shift(table, shown, forest)
    return shifted or next((change for key in weak if (change := _withheld(key, table, shown))), {})


def small_of(shown: Mapping[Hashable, Shown]) -> list[Hashable]:
    """The counts that are hidden because they come from few patients."""
    return [key for key, each in shown.items() if each.mark is Mark.SMALL]


def weak_in(table: Table, shown: Mapping[Hashable, Shown], bounds: Mapping[Hashable, Bounds] | None) -> list[Hashable]:
    """The small counts that what is shown leaves with too few possible values; all where nothing is possible."""
    small = small_of(shown)
    return small if bounds is None else [key for key in small if table.is_weak(bounds[key])]


def shift(table: Table, shown: Mapping[Hashable, Shown], forest: Forest) -> dict[Hashable, Shown]:
    """Round one count to its other side, so that what is shown is what many other true counts show as well.

    Of those that leave fewer small counts weak, the one nearest to the truth; never as far as a whole rounding step.
    """
    bounds = forest.bounds
    if bounds is None:
        return {}
    small = set(small_of(shown))
    weak = {key for key in small if table.is_weak(bounds[key])}
    best: dict[Hashable, Shown] = {}
    least = (len(weak), 0)
    for key, change in _shifts(table, shown):
        found = forest.tried(key, table.first(key, change))
        left = len(small)
        if found is not None:
            left = len(weak) + sum(table.is_weak(each) - (at in weak) for at, each in found.items() if at in small)
        rank = (left, abs((change.value or 0) - table.counts[key].count))
        if rank[0] < least[0] or (best and rank < least):
            best, least = {key: change}, rank
    return best


def shift_slowly(table: Table, shown: Mapping[Hashable, Shown]) -> dict[Hashable, Shown]:
    """The slow twin of `shift`: it works everything out anew for each count that could be shifted."""

    def left(looks: Mapping[Hashable, Shown]) -> int:
        bounds = narrowed({key: table.first(key, each) for key, each in looks.items()}, table.groups)
        return len(weak_in(table, looks, bounds if is_possible(bounds) else None))

    best: dict[Hashable, Shown] = {}
    least = (left(shown), 0)
    for key, change in _shifts(table, shown):
        rank = (left({**shown, key: change}), abs((change.value or 0) - table.counts[key].count))
        if rank[0] < least[0] or (best and rank < least):
            best, least = {key: change}, rank
    return best


def _shifts(table: Table, shown: Mapping[Hashable, Shown]) -> Iterator[tuple[Hashable, Shown]]:
    """Every count that can be rounded to its other side, with what is then shown."""
    for key, each in shown.items():
        if key not in table.told and key not in table.fixed:
            value = _other_side(each, table.counts[key], table.rule)
            if value is not None:
                yield key, Shown(value, Mark.SHOWN)


def _other_side(shown: Shown, count: Count, rule: Disclosure) -> int | None:
    """The multiple on the other side of a count that is shown at its nearest; None where there is none to show."""
    if not shown.value or shown.value != rounded(count.count, rule.round_to) or shown.value == count.count:
        return None
    value = shown.value + (rule.round_to if count.count > shown.value else -rule.round_to)
    return value if value >= rounded(rule.minimum, rule.round_to) else None


def _withheld(key: Hashable, table: Table, shown: Mapping[Hashable, Shown]) -> dict[Hashable, Shown]:
    """Withhold all parts of a group of the count, then its total: the last resort."""
    for group in (group for group in table.groups if key == group.total or key in group.parts):
        for members in (group.parts, (group.total,)):
            left = [
                each
                for each in shown
                if each in members and each not in table.told and shown[each].mark is not Mark.WITHHELD
            ]
            if left:
                return dict.fromkeys(left, Shown(None, Mark.WITHHELD, math.inf))
    return {}


def attack(shown: Mapping[K, Shown], groups: Sequence[Group], rule: Disclosure) -> dict[K, Bounds]:
    """What can be worked out of every count from what is shown."""
    return narrowed({key: at_first(each, rule) for key, each in shown.items()}, groups)


def at_first(shown: Shown, rule: Disclosure, slack: int = 0) -> Bounds:
    """What one shown count says by itself."""
    if shown.value is None:
        return Bounds(1 if shown.mark is Mark.SMALL and rule.zeros else 0, shown.most)
    if shown.value == 0:
        return Bounds(0, 0)
    low, high = shown.value - rule.round_to // 2 - slack, shown.value + (rule.round_to - 1) // 2 + slack
    return Bounds(max(low, 0 if slack else rule.minimum), high)
