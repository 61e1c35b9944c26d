"""What can be known of counts that add up: the least and the greatest value of each, given those of all.

Each count has an interval to start with, and groups say which counts add up to a total. `narrowed` is the slow and
obvious way: every group narrows its total and its parts until nothing changes. `Forest` finds the same in two passes,
from the parts up and from the totals down, which is enough where no count is part of two totals; and it can try another
interval for one count at the cost of what that changes. Tests hold the two together. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)


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

    @property
    def is_possible(self) -> bool:
        """Whether any value is left."""
        return self.low <= self.high


def check_trees(groups: Sequence[Group]) -> None:
    """Raise ValueError when a count is part of two totals."""
    parts = [part for group in groups for part in group.parts]
    if len(set(parts)) != len(parts):
        raise ValueError("a count is part of two totals; show either the row totals or the column totals of a table")


def is_possible(bounds: Mapping[K, Bounds]) -> bool:
    """Whether any true counts at all lie in them: otherwise a reader would see that the numbers were tampered with."""
    return all(each.is_possible for each in bounds.values())


def narrowed(first: Mapping[K, Bounds], groups: Sequence[Group]) -> dict[K, Bounds]:
    """The slow twin: intervals narrowed group by group until stable, or until one of them is empty."""
    bounds: dict[Any, Bounds] = dict(first)
    while True:
        before = dict(bounds)
        for group in groups:
            _narrow(bounds, group)
        if bounds == before or not is_possible(bounds):
            return {key: bounds[key] for key in first}


def _narrow(bounds: dict[Any, Bounds], group: Group) -> None:
    """Narrow the total by its parts, and each part by the total and the other parts."""
    parts = [bounds[part] for part in group.parts]
    sums = _sums(parts)
    bounds[group.total] = total = _meet(bounds[group.total], sums.of_total(group.overlapping))
    for key, own in zip(group.parts, parts, strict=True):
        bounds[key] = sums.of_part(own, total, group.overlapping)


@dataclass(frozen=True)
class _Sums:
    """The parts of a group added up; `endless` of them have no greatest value, and `high` leaves those out."""

    low: int
    high: float
    endless: int
    most: int  # the greatest of the least values

    def of_total(self, overlapping: bool) -> Bounds:
        """What the parts say of their total."""
        return Bounds(self.most if overlapping else self.low, math.inf if self.endless else self.high)

    def of_part(self, own: Bounds, total: Bounds, overlapping: bool) -> Bounds:
        """What the total and the other parts say of one part."""
        is_endless = own.high == math.inf
        others = math.inf if self.endless > is_endless else self.high - (0 if is_endless else own.high)
        highest = total.high - (0 if overlapping else self.low - own.low)
        return Bounds(int(max(own.low, total.low - others)), min(own.high, highest))


def _sums(parts: Sequence[Bounds]) -> _Sums:
    finite = [each.high for each in parts if each.high < math.inf]
    lows = [each.low for each in parts]
    return _Sums(sum(lows), sum(finite), len(parts) - len(finite), max(lows, default=0))


def _meet(one: Bounds, other: Bounds) -> Bounds:
    return Bounds(max(one.low, other.low), min(one.high, other.high))


class Forest:
    """The bounds of counts whose groups form trees; `bounds` is None where nothing is possible."""

    def __init__(self, first: Mapping[K, Bounds], groups: Sequence[Group]) -> None:
        check_trees(groups)
        self._first: dict[Any, Bounds] = dict(first)
        self._above: dict[Hashable, int] = {part: place for place, group in enumerate(groups) for part in group.parts}
        self._below: dict[Hashable, list[int]] = {}
        for place, group in enumerate(groups):
            self._below.setdefault(group.total, []).append(place)
        self._groups = groups
        self._up: dict[Hashable, Bounds] = {}
        self._sums: dict[int, _Sums] = {}
        for root in [key for key in self._first if key not in self._above]:
            self._climb(root)
        self.bounds: dict[Hashable, Bounds] | None = self._settled()

    def _climb(self, key: Hashable) -> None:
        """What is known of a count from itself and from all that lies below it."""
        for place in self._below.get(key, ()):
            for part in self._groups[place].parts:
                self._climb(part)
            self._sums[place] = _sums([self._up[part] for part in self._groups[place].parts])
        self._up[key] = self._risen(key, self._first[key], {})

    def _risen(self, key: Hashable, own: Bounds, others: Mapping[int, _Sums]) -> Bounds:
        for place in self._below.get(key, ()):
            sums = others.get(place) or self._sums[place]
            own = _meet(own, sums.of_total(self._groups[place].overlapping))
        return own

    def _settled(self) -> dict[Hashable, Bounds] | None:
        found = {key: each for key, each in self._up.items() if key not in self._above}
        left = list(found)
        while left:
            total = left.pop()
            for place in self._below.get(total, ()):
                group, sums = self._groups[place], self._sums[place]
                for part in group.parts:
                    found[part] = sums.of_part(self._up[part], found[total], group.overlapping)
                    left.append(part)
        return found if is_possible(found) else None

    def tried(self, key: Hashable, own: Bounds) -> dict[Hashable, Bounds] | None:
        """The bounds that would be others if one count started with `own`; None where nothing would be possible."""
        if self.bounds is None:
            raise ValueError("nothing can be tried where nothing is possible")
        trial = _Trial(self, self.bounds, key, own)
        return trial.found if trial.possible else None


class _Trial:
    """One count with another interval: up to where nothing changes, and down again over what did."""

    def __init__(self, forest: Forest, settled: Mapping[Hashable, Bounds], key: Hashable, own: Bounds) -> None:
        self._forest, self._settled = forest, settled
        self._up: dict[Hashable, Bounds] = {}
        self._sums: dict[int, _Sums] = {}
        self.found: dict[Hashable, Bounds] = {}
        self.possible = True
        top = self._risen(key, own)
        if top in self._up:
            self._see(top, self._up[top])
        self._descend(top)

    def _risen(self, key: Hashable, own: Bounds) -> Hashable:
        """Climb from a count to the first that stays as it was, or to the root."""
        forest = self._forest
        while True:
            risen = forest._risen(key, own, self._sums)
            if risen == forest._up[key]:
                return key
            self._up[key] = risen
            place = forest._above.get(key)
            if place is None:
                return key
            self._sums[place] = _sums([self._up.get(part, forest._up[part]) for part in forest._groups[place].parts])
            key, own = forest._groups[place].total, forest._first[forest._groups[place].total]

    def _see(self, key: Hashable, bounds: Bounds) -> bool:
        """Note what became of a count; whether that is anything new."""
        self.possible = self.possible and bounds.is_possible
        if bounds == self._settled[key]:
            return False
        self.found[key] = bounds
        return True

    def _descend(self, total: Hashable) -> None:
        """Go down wherever a total is another, or the sums of its parts are."""
        forest = self._forest
        known = self.found.get(total, self._settled[total])
        for place in forest._below.get(total, ()):
            if total not in self.found and place not in self._sums:
                continue
            group, sums = forest._groups[place], self._sums.get(place) or forest._sums[place]
            for part in group.parts:
                up = self._up.get(part, forest._up[part])
                if self._see(part, sums.of_part(up, known, group.overlapping)) or part in self._up:
                    self._descend(part)
