"""The counts behind the figures of an answer and behind its sensitivity: which sets, and what they are parts of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from imagebank.cohorts.answers.cells import common_names
from imagebank.cohorts.answers.members import COMPARED, MOST_CATEGORIES, OTHERS, UNKNOWN, Members
from imagebank.cohorts.answers.tallies import PATIENTS, Tally, tally
from imagebank.cohorts.answers.variables import DIAGNOSES
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Guard
from imagebank.cohorts.guard.sketch import Array

DAYS = (-1826, -365, 0, 1, 91, 366, 1827)
"""Where the bands of the days from the scan to the first diagnosis begin, after the first, which is open."""
DAY_LABELS = (
    "over 5 years before",
    "1 to 5 years before",
    "up to 1 year before",
    "same day",
    "up to 3 months after",
    "3 to 12 months after",
    "1 to 5 years after",
    "over 5 years after",
)
UNDATED = "undated"
BANK: Key = ("bank",)
Tallies = dict[Key, Tally]


@dataclass(frozen=True)
class Pictured:
    """Counts to be judged, and which of them add up."""

    tallies: Tallies
    groups: tuple[Group, ...]


def compared(members: Members, bank: Members, people: Key) -> Pictured:
    """Ethnic group and deprivation of the patients of the cohort, and of everybody in the bank."""
    tallies: Tallies = {BANK: tally(bank.marks, bank.everybody, PATIENTS)}
    groups: list[Group] = []
    for whole, whom in ((BANK, bank), (people, members)):
        for variable in (each for each in bank.variables if each.id in COMPARED and members.has(each.id)):
            found = whom.by(variable.id, whom.everybody)
            names = dict.fromkeys((*variable.order, UNKNOWN))
            keys: list[Key] = [(str(whole[0]), variable.id, name) for name in names]
            for key in keys:
                rows = found.get(str(key[2]), whom.everybody[:0])
                tallies[key] = tally(whom.marks, rows, PATIENTS, whole, whom.everybody)
            groups.append(Group(whole, tuple(keys)))
    return Pictured(tallies, tuple(groups))


def scans(members: Members, unit: str, whole: Key, rule: Disclosure, guard: Guard) -> Pictured:
    """Units by scanner and year; both only where they have patients enough."""
    if not (members.has("scanner") and members.has("year")):
        return Pictured({}, ())
    tallies: Tallies = {}
    names = {
        each: common_names(members.by(each, members.everybody), members.marks, MOST_CATEGORIES, rule, guard)
        for each in ("scanner", "year")
    }
    for scanner, there in _split(members, "scanner", members.everybody, names["scanner"]):
        for year, rows in _split(members, "year", there, names["year"]):
            tallies[("scan", scanner, year)] = tally(members.marks, rows, unit, whole, members.everybody)
    return Pictured(tallies, (Group(whole, tuple(tallies)),) if tallies else ())


def _split(members: Members, name: str, rows: Array, kept: list[str]) -> Iterator[tuple[str, Array]]:
    """The categories that may be named, then all others."""
    found = members.by(name, rows)
    for each in kept:
        yield each, found.get(each, rows[:0])
    rest = [where for each, where in found.items() if each not in kept]
    yield OTHERS, np.sort(np.concatenate([rows[:0], *rest]))


def diagnosed(members: Members, unit: str, whole: Key) -> Pictured:
    """For each diagnosis who has it, of whom the age is known, and when it was first made, seen from the scan."""
    tallies: Tallies = {}
    groups: list[Group] = []
    for name in DIAGNOSES:
        if not (members.has(f"has:{name}") and members.has("age")):
            continue
        rows = members.by(f"has:{name}", members.everybody).get("yes", members.everybody[:0])
        total: Key = ("diagnosed", name)
        tallies[total] = tally(members.marks, rows, unit, whole, members.everybody)
        known, _ = members.numbers("age", rows)
        tallies["aged", name] = tally(members.marks, known, unit)
        if members.has(f"days:{name}"):
            parts: Tallies = {
                ("days", name, label): tally(members.marks, where, unit, total, rows)
                for label, where in _bands(members, f"days:{name}", rows)
            }
            tallies |= parts
            groups.append(Group(total, tuple(parts)))
    return Pictured(tallies, tuple(groups))


def _bands(members: Members, name: str, rows: Array) -> Iterator[tuple[str, Array]]:
    known, days = members.numbers(name, rows)
    band = np.searchsorted(np.array(DAYS), days, side="right")
    for place, label in enumerate(DAY_LABELS):
        yield label, known[band == place]
    yield UNDATED, np.setdiff1d(rows, known, assume_unique=True)


def sensitive(members: Members, unit: str, whole: Key, picks: int) -> Pictured:
    """For each nearest row: who has one, who has none, and whose lies after the anchor."""
    tallies: Tallies = {}
    groups: list[Group] = []
    for place in range(picks):
        known, gaps = members.numbers(f"gap:{place}", members.everybody)
        sets = {
            "with": known,
            "without": np.setdiff1d(members.everybody, known, assume_unique=True),
            "after": known[gaps > 0],
        }
        for name, rows in sets.items():
            tallies["nearest", str(place), name] = tally(members.marks, rows, unit, whole, members.everybody)
        groups.append(Group(whole, (("nearest", str(place), "with"), ("nearest", str(place), "without"))))
    return Pictured(tallies, tuple(groups))
