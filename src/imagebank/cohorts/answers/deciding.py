"""Which number stands for each count of one answer: its own, made safe with its margins, or one that was told before.

What the guard settles is settled first, so that margins are protected with the numbers that are in fact shown. Where
two counts of the answer are of the same set they are one count, with one number, in whatever totals it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imagebank.cohorts.answers.tallies import PATIENTS, Tally
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.disclosure import Count, Disclosure, Mark, Shown, rounded, show
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Guard, Ruled
from imagebank.cohorts.guard.ruling import DRIFT, Law
from imagebank.cohorts.suppression import Told, protect


@dataclass(frozen=True)
class Settled:
    """Counts of the answer that were judged before; which answers of the guard's memory are theirs, and the reverse."""

    shown: Mapping[Key, Shown] = field(default_factory=dict)
    owners: Mapping[int, Key] = field(default_factory=dict)
    answers: Mapping[Key, frozenset[int]] = field(default_factory=dict)


def decided(
    tallies: Mapping[Key, Tally], groups: Sequence[Group], settled: Settled, rule: Disclosure, guard: Guard
) -> Settled:
    """What is shown of every count, and of those that were settled before; the guard is told."""
    docket = Docket(rule, guard, dict(settled.owners), dict(settled.answers))
    for key, each in tallies.items():
        docket.call(key, each)
    told = {key: Told(each) for key, each in settled.shown.items()}
    parts = {part for group in groups for part in group.parts}
    twins: dict[Key, Key] = {}
    near: dict[Key, Key] = {}
    for key in tallies:
        leader, ruled = docket.first(key)
        if ruled is None:
            told |= docket.opened(key, tallies[key])
            continue
        is_whole = docket.is_of_whole(key, ruled, tallies)
        if leader is None or (leader in settled.shown and (key in parts or is_whole)):
            told[key] = docket.repeated(ruled, loose=is_whole)
        elif ruled.same and not is_whole and (leader in settled.shown or _match(tallies, leader, key)):
            twins[key] = twins.get(leader, leader)
        else:
            near[key] = leader
    merged, apart = merge(groups, twins, {key for key, each in tallies.items() if not each.count.count})
    for key, leader in (near | apart).items():
        own = told.get(leader) or Told(docket.alone(tallies[leader]))
        told[key] = Told(own.shown, own.slack if key in apart else docket.slack(Law.EARLIER) + rule.round_to)
    counts = {key: each.count for key, each in tallies.items() if key not in twins or key in apart}
    units = {key: tallies[key].unit for key in counts}
    shown = _protected(counts, units, merged, told, frozenset(apart.values()), rule)
    for key, leader in {**twins, **near}.items():
        shown[key] = shown[leader]
    docket.settle(shown)
    return Settled(shown, docket.owners, docket.answers)


def _match(tallies: Mapping[Key, Tally], one: Key, other: Key) -> bool:
    """Whether two counts of the same patients are of the same unit, and so the same."""
    return tallies[one].unit == tallies[other].unit and tallies[one].count == tallies[other].count


@dataclass(frozen=True)
class Docket:
    """What the guard says of each count of one answer."""

    rule: Disclosure
    guard: Guard
    owners: dict[int, Key]
    answers: dict[Key, frozenset[int]]
    _rulings: dict[Key, list[tuple[str, Ruled]]] = field(default_factory=dict)

    def call(self, key: Key, each: Tally) -> None:
        """Ask the guard of one count: where it tells a number of patients, as such first."""
        asked = [(PATIENTS, each.people)] if each.people is not None else []
        self._rulings[key] = [
            (unit, self.guard.judge(unit, sketch)) for unit, sketch in (*asked, (each.unit, each.sketch))
        ]
        found = [(ruled.kept if ruled.leader is None else ruled.leader, ruled) for _, ruled in self._rulings[key]]
        self.answers[key] = frozenset(answer for answer, _ in found if answer is not None)
        mine = [answer for answer, ruled in found if answer and (ruled.leader is None or _is_open(ruled))]
        self.owners.update({answer: key for answer in mine if answer not in self.owners})

    def first(self, key: Key) -> tuple[Key | None, Ruled | None]:
        """The first ruling that gives a count another number than its own, and whose of this answer that is."""
        for _, ruled in self._rulings[key]:
            owner = self.owners.get(ruled.leader) if ruled.leader is not None else None
            if ruled.law in (Law.EARLIER, Law.DERIVED) and owner != key:
                return owner, ruled
        return None, None

    def is_of_whole(self, key: Key, ruled: Ruled, tallies: Mapping[Key, Tally]) -> bool:
        """Whether a part has the number of what it is part of: it is shown as nearly all of that, not as a number."""
        place = tallies[key].of
        while place is not None:
            if ruled.leader in self.answers.get(place, ()):
                return True
            place = tallies[place].of if place in tallies else None
        return False

    def opened(self, key: Key, each: Tally) -> dict[Key, Told]:
        """Where patients like these were told to be enough they stay so, even if they are fewer by now."""
        if each.count.patients >= self.rule.minimum or not any(_is_open(ruled) for _, ruled in self._rulings[key]):
            return {}
        return {key: Told(Shown(rounded(self.rule.minimum, self.rule.round_to), Mark.SHOWN), self.slack(Law.EARLIER))}

    def alone(self, each: Tally) -> Shown:
        """What would be shown of a count if there were no other."""
        return show(each.count, self.rule, in_patients=each.unit == PATIENTS)

    def repeated(self, ruled: Ruled, *, loose: bool) -> Told:
        """A number from an earlier answer."""
        hidden = Shown(None, Mark.SMALL, DRIFT * self.rule.minimum)
        shown = Shown(ruled.value, Mark.SHOWN) if ruled.value else hidden
        return Told(shown, 0 if ruled.same and not loose else self.slack(ruled.law))

    def slack(self, law: Law) -> int:
        """How far a number that is not of the same set may lie from the truth, beyond its own rounding."""
        return DRIFT * self.rule.minimum if law is Law.EARLIER else self.rule.minimum + self.rule.round_to

    def settle(self, shown: Mapping[Key, Shown]) -> None:
        """Tell the guard what was shown."""
        values: dict[str, dict[int, int | None]] = {}
        for key, rulings in self._rulings.items():
            for unit, ruled in rulings:
                for answer in (ruled.kept, ruled.leader if self.owners.get(ruled.leader or 0) == key else None):
                    if answer is not None:
                        values.setdefault(unit, {})[answer] = shown[key].value
        for unit, own in values.items():
            self.guard.settle(unit, own)


def _is_open(ruled: Ruled) -> bool:
    """Whether the patients were told to be enough, but not how many they are."""
    return ruled.value is not None and ruled.value < 0


def merge(
    groups: Sequence[Group], twins: Mapping[Key, Key], empty: Collection[Key] = ()
) -> tuple[list[Group], dict[Key, Key]]:
    """The groups with each count in the place of its twins, and the twins that could not be put together.

    Groups of one total that differ in `empty` counts alone are one group. Not put together are those that would no
    longer form trees, such as one whose only part is all of its total.
    """
    found: list[Group] = []
    above: dict[Any, Any] = {}
    apart: dict[Key, Key] = {}
    for group in groups:
        total, parts = _twin(group.total, twins), tuple(_twin(each, twins) for each in group.parts)
        same = next((place for place, each in enumerate(found) if _is_same(each, total, parts, empty)), None)
        if same is not None:
            parts = tuple(dict.fromkeys((*found[same].parts, *parts)))
            found[same] = Group(total, parts, group.overlapping)
        else:
            if len(set(parts)) < len(parts) or any(each in above for each in parts) or _is_below(total, parts, above):
                keys: tuple[Any, ...] = (group.total, *group.parts)
                apart |= {key: twins[key] for key in keys if key in twins}
                total, parts = group.total, group.parts
            found.append(Group(total, parts, group.overlapping))
        above |= dict.fromkeys(parts, total)
    return found, apart


def _twin(key: Any, twins: Mapping[Key, Key]) -> Any:
    return twins.get(key, key)


def _is_same(group: Group, total: object, parts: tuple[Any, ...], empty: Collection[Key]) -> bool:
    """Whether a group has this total and, but for counts of nobody, these parts."""
    mine, others = set(group.parts), set(parts)
    return group.total == total and bool(mine & others) and all(each in empty for each in mine ^ others)


def _is_below(total: Any, parts: Collection[Any], above: Mapping[Any, Any]) -> bool:
    """Whether a total is one of the parts, or part of a part."""
    place = total
    while place is not None:
        if place in parts:
            return True
        place = above.get(place)
    return False


def _protected(
    counts: Mapping[Key, Count],
    units: Mapping[Key, str],
    groups: Sequence[Group],
    told: Mapping[Key, Told],
    fixed: Collection[Key],
    rule: Disclosure,
) -> dict[Key, Shown]:
    """Unit by unit; a total that was settled before has the unit of its parts."""
    shown = {key: each.shown for key, each in told.items()}
    for unit in dict.fromkeys(units.values()):
        own = [group for group in groups if any(units.get(part) == unit for part in group.parts)]  # type: ignore[call-overload]
        totals = [group.total for group in own]
        mine = {key: count for key, count in counts.items() if units[key] == unit}
        mine |= {key: Count(0, 0) for key in totals if key not in mine}  # type: ignore[misc]
        known = {key: each for key, each in told.items() if key in mine}
        shown |= protect(mine, own, rule, in_patients=unit == PATIENTS, told=known, fixed=fixed)
    return shown
