"""Counts that are to be shown, each with the picture of its set, and what they are parts of. Not for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from imagebank.cohorts.disclosure import Count
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Marks, Sketch
from imagebank.cohorts.guard.sketch import Array

PATIENTS = "patients"
DOMINANT_SHARE = 0.5  # a count of which one patient has more than half says something of that patient


@dataclass(frozen=True)
class Tally:
    """One count to be judged: of which units, and the picture of the set.

    `people` is the picture of the patients where each has one unit: then the count tells their number, and is judged as
    such too. `of` is the key of what it is part of, and `rest` the picture of the patients with something in that whole
    that is not in this part.
    """

    unit: str
    count: Count
    sketch: Sketch = field(repr=False)
    people: Sketch | None = field(default=None, repr=False)
    of: Key | None = None
    rest: Sketch | None = field(default=None, repr=False)


def tally(marks: Marks, rows: Array, unit: str, of: Key | None = None, whole: Array | None = None) -> Tally:
    """The count of some units, or of their patients."""
    patients = marks.patient_count(rows)
    rest = None if whole is None else marks.of_patients(_rest(marks, rows, unit, whole))
    if unit == PATIENTS:
        return Tally(unit, Count(patients, patients), marks.of_patients(rows), None, of, rest)
    counted = 0 if is_dominated(marks.patients[rows]) else patients
    people = marks.of_patients(rows) if len(rows) == patients else None
    return Tally(unit, Count(len(rows), counted), marks.of_units(rows), people, of, rest)


def _rest(marks: Marks, rows: Array, unit: str, whole: Array) -> Array:
    left = marks.rest(whole, rows)
    return left[~np.isin(marks.patients[left], marks.patients[rows])] if unit == PATIENTS else left


def is_dominated(patients: Array, shares: Array | None = None) -> bool:
    """Whether more than half of a count, or of a sum of `shares`, comes from one patient."""
    if not len(patients):
        return False
    each = np.bincount(patients, None if shares is None else np.abs(shares))
    return bool(each.max() > DOMINANT_SHARE * each.sum())
