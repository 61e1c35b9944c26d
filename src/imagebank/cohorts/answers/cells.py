"""From sets to numbers that may be shown: suppression and rounding within one answer, then the guard between answers.

Every count of an answer goes through `judged`, the steps of the attrition first. So a number is shown once and the same
ever after, and a count that differs from a shown one by a few patients is that number. Pure but for the guard's memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from imagebank.cohorts.answers.deciding import Settled, decided
from imagebank.cohorts.answers.tallies import PATIENTS, Tally
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.disclosure import Disclosure, Mark, Shown, rounded
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Guard, Marks, Sketch
from imagebank.cohorts.guard.ruling import DRIFT, Law
from imagebank.cohorts.guard.sketch import Array

HIDDEN = "hidden"
"""What stands for every number that is not shown; nobody, a few patients and what would betray them look the same."""
NOT_SHOWN = Shown(None, Mark.SMALL)
"""Every count that is not shown, whatever the reason."""
MOST_NAMES = 50  # of so many values, the most common ones, it is found out whether their names may stand


@dataclass(frozen=True)
class Safe:
    """Every count of an answer as it may be shown."""

    shown: Mapping[Key, Shown]
    rule: Disclosure
    settled: Settled = field(default_factory=Settled, repr=False)

    def text(self, key: Key) -> str:
        """A count in words."""
        return told(self.shown[key])

    def value(self, key: Key) -> int | None:
        """A count; None where it is hidden, the count of its whole where it is nearly all of that."""
        return self.shown[key].value


def told(shown: Shown) -> str:
    """A count in words; every hidden one has the same."""
    if shown.mark is Mark.NEARLY:
        return Mark.NEARLY.value
    return HIDDEN if shown.value is None else f"{shown.value:,}"


def judged(
    tallies: Mapping[Key, Tally], groups: Iterable[Group], rule: Disclosure, guard: Guard, before: Safe | None = None
) -> Safe:
    """Every count as it may be shown, in the order given. Totals may be counts of what was judged `before`."""
    settled = before.settled if before else Settled()
    if rule.exact:
        exact = {key: Shown(each.count.count, Mark.SHOWN) for key, each in tallies.items()}
        return Safe({**settled.shown, **exact}, rule, Settled(exact))
    found = decided(tallies, tuple(groups), settled, rule, guard)
    shown = dict(found.shown)
    for key, each in tallies.items():
        whole = shown[each.of or key]
        if shown[key].value is not None and whole.value is not None and _is_nearly_all(each, rule, guard):
            shown[key] = Shown(whole.value, Mark.NEARLY)
    ordered = ((key, shown[key]) for key in (*settled.shown, *tallies))
    return Safe({key: NOT_SHOWN if each.value is None else each for key, each in ordered}, rule, found)


def _is_nearly_all(each: Tally, rule: Disclosure, guard: Guard) -> bool:
    """Whether a part leaves fewer patients of its whole over than may be told of.

    The guard knows: else one who is taken out of ten that were left over would be seen to have been among them.
    """
    if each.rest is None or each.rest.patients >= DRIFT * rule.minimum:
        return False
    return told_of(each.rest, rule, guard) is None


def told_of(people: Sketch, rule: Disclosure, guard: Guard) -> int | None:
    """About how many patients a set has that stands nowhere as a number; None where it must not be told to be enough.

    It is remembered that it was told to be enough (as less than 0), and not with what number: that is not settled yet.
    """
    ruled = guard.judge(PATIENTS, people)
    if ruled.law is not Law.FRESH:
        return None if ruled.value is None else abs(ruled.value)
    value = rounded(people.patients, rule.round_to)
    guard.settle(PATIENTS, {ruled.kept: -value} if ruled.kept is not None else {})
    return value


def common_names(found: Mapping[str, Array], marks: Marks, most: int, rule: Disclosure, guard: Guard) -> list[str]:
    """The most common of some values that have patients enough to be named, in order.

    Both are decided by the numbers that are told, not by the true ones: else a patient who is taken out would be seen
    to have been the tenth, or the one by whom a value was among the most common.
    """
    numbers = {name: marks.patient_count(rows) for name, rows in found.items()}
    first = sorted(found, key=lambda name: (-numbers[name], name))
    if rule.exact:
        return sorted(name for name in first[:most] if numbers[name] >= rule.minimum)
    told = {name: told_of(marks.of_patients(found[name]), rule, guard) for name in first[:MOST_NAMES]}
    kept = {name: number for name, number in told.items() if number}
    return sorted(sorted(kept, key=lambda name: (-kept[name], name))[:most])
