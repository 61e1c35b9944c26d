"""From sets to numbers that may be shown: suppression and rounding within one answer, then the guard between answers.

Every count of an answer goes through `judged`, the steps of the attrition first. So a number is shown once and the same
ever after, and a count that differs from a shown one by a few patients is that number. Pure but for the guard's memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from imagebank.cohorts.disclosure import Count, Disclosure, Group, Mark, Shown, protect
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Guard, Marks, Sketch
from imagebank.cohorts.guard.ruling import Law
from imagebank.cohorts.guard.sketch import Array

HIDDEN = "hidden"
"""What stands for every number that is not shown; nobody, a few patients and what would betray them look the same."""
PATIENTS = "patients"
DOMINANT_SHARE = 0.5  # a count of which one patient has more than half says something of that patient


@dataclass(frozen=True)
class Tally:
    """One count to be judged: of which units, and the picture of the set. `of` is the key of what it is part of."""

    unit: str
    count: Count
    sketch: Sketch = field(repr=False)
    of: Key | None = None
    rest: int = 0
    """How many patients have something in the whole that is not in this part."""


def tally(marks: Marks, rows: Array, unit: str, of: Key | None = None, whole: Array | None = None) -> Tally:
    """The count of some units, or of their patients."""
    patients = marks.patient_count(rows)
    rest = 0 if whole is None else marks.rest_count(whole, rows)
    if unit == PATIENTS:
        if whole is not None:
            rest = marks.patient_count(whole) - patients
        return Tally(unit, Count(patients, patients), marks.of_patients(rows), of, rest)
    counted = 0 if is_dominated(marks.patients[rows]) else patients
    return Tally(unit, Count(len(rows), counted), marks.of_units(rows), of, rest)


def is_dominated(patients: Array, shares: Array | None = None) -> bool:
    """Whether more than half of a count, or of a sum of `shares`, comes from one patient."""
    if not len(patients):
        return False
    each = np.bincount(patients, None if shares is None else np.abs(shares))
    return bool(each.max() > DOMINANT_SHARE * each.sum())


@dataclass(frozen=True)
class Safe:
    """Every count of an answer as it may be shown, and which remembered answer it follows."""

    shown: Mapping[Key, Shown]
    follows: Mapping[Key, int | None]
    rule: Disclosure

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


def judged(tallies: Mapping[Key, Tally], groups: Iterable[Group], rule: Disclosure, guard: Guard) -> Safe:
    """Every count as it may be shown, in the order given."""
    groups = tuple(groups)
    shown: dict[Key, Shown] = {}
    follows: dict[Key, int | None] = {}
    for unit in dict.fromkeys(each.unit for each in tallies.values()):
        counts = {key: each.count for key, each in tallies.items() if each.unit == unit}
        own = [group for group in groups if group.total in counts]
        shown |= protect(counts, own, rule, in_patients=unit == PATIENTS)
    if rule.exact:
        return Safe(shown, dict.fromkeys(shown), rule)
    for key, each in tallies.items():
        ruling, follows[key] = guard.judge(each.unit, each.sketch, shown[key].value)
        if ruling.law is not Law.FRESH:
            shown[key] = _shown(ruling.value)
        nearly = each.of is not None and each.rest < rule.minimum and shown[key].value is not None
        if nearly and each.of is not None and shown[each.of].value is not None:
            shown[key] = Shown(shown[each.of].value, Mark.NEARLY)
    return Safe({key: shown[key] for key in tallies}, follows, rule)


def _shown(value: int | None) -> Shown:
    return Shown(None, Mark.SMALL) if not value else Shown(value, Mark.SHOWN)
