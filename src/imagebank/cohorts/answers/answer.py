"""The answer to a cohort as people may see it: attrition, Table 1, figures' numbers, sensitivity and methods.

Here true numbers end. `safe_answer` counts, lets every count be judged in one order, and words what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from imagebank.cohorts.answers.cells import HIDDEN, Safe, judged
from imagebank.cohorts.answers.flow import SafeStage, lost_text
from imagebank.cohorts.answers.members import Members, bank_of, members_of
from imagebank.cohorts.answers.numbers import Spread
from imagebank.cohorts.answers.pictured import compared, diagnosed, scans, sensitive
from imagebank.cohorts.answers.table_one import TableOne, planned, table_one, tallies_of, told_spread, with_share
from imagebank.cohorts.answers.tallies import PATIENTS, Tally, tally
from imagebank.cohorts.answers.variables import DIAGNOSES, Nature, Variable
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.engines.result import Engine, Result
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Guard
from imagebank.cohorts.query.nodes import Gap
from imagebank.cohorts.query.sentences import UNITS


@dataclass(frozen=True)
class Near:
    """How far one choice of a nearest row depends on its window, in texts that may be shown."""

    sentence: str
    without: str
    after: str
    median_gap: str


@dataclass(frozen=True)
class SafeAnswer:
    """Everything that is shown of an answer. `safe` has the counts of the figures, `ages` the ages by diagnosis."""

    name: str
    unit: str
    stages: tuple[SafeStage, ...]
    table: TableOne | None
    nearest: tuple[Near, ...]
    safe: Safe = field(repr=False)
    people: Key
    ages: dict[str, Spread] = field(default_factory=dict)


def safe_attrition(result: Result, rule: Disclosure, guard: Guard) -> tuple[SafeStage, ...]:
    """The attrition alone, for who only wants to count."""
    unit = UNITS[result.cohort.unit]
    tallies = _stages(result, unit, guard)
    return _told_stages(result, unit, judged(tallies, (), rule, guard))


def safe_answer(engine: Engine, result: Result, rule: Disclosure, guard: Guard) -> SafeAnswer:
    """The whole answer. Everything is computed whether the cohort is empty or not."""
    unit = UNITS[result.cohort.unit]
    members, bank = members_of(engine, result, guard.sketcher), bank_of(engine, guard.sketcher)
    stages = judged(_stages(result, unit, guard), (), rule, guard)
    whole, people = ("stage", result.selection.last, unit), ("stage", result.selection.last, PATIENTS)
    plan = planned(members, result.cohort.groups, unit, whole, rule, guard)
    tallies, groups = tallies_of(members, plan)
    for more in (
        sensitive(members, unit, whole, len(result.sensitivity)),
        compared(members, bank, people),
        scans(members, unit, whole, rule, guard),
        diagnosed(members, unit, whole),
    ):
        tallies |= more.tallies
        groups += more.groups
    safe = judged(tallies, groups, rule, guard, stages)
    return SafeAnswer(
        name=result.cohort.name,
        unit=unit,
        stages=_told_stages(result, unit, safe),
        table=table_one(members, plan, safe, guard),
        nearest=tuple(
            _near(members, place, each.sentence, whole, safe, guard) for place, each in enumerate(result.sensitivity)
        ),
        safe=safe,
        people=people,
        ages=_ages(members, safe, guard),
    )


def _stages(result: Result, unit: str, guard: Guard) -> dict[Key, Tally]:
    """The counts of every step, in units and in patients."""
    selection = result.selection
    names, patients = (_list(column) for column in (selection.units, selection.patients))
    passed = np.array(_list(selection.passed), np.int64)
    marks = guard.sketcher.marks(names, patients)
    tallies: dict[Key, Tally] = {}
    for stage in range(selection.last + 1):
        rows = np.flatnonzero(passed >= stage)
        for kind in dict.fromkeys((PATIENTS, unit)):
            tallies["stage", stage, kind] = tally(marks, rows, kind)
    return tallies


def _list(column: object) -> list[str]:
    return column if isinstance(column, list) else column.to_pylist()  # type: ignore[attr-defined]


def _told_stages(result: Result, unit: str, safe: Safe) -> tuple[SafeStage, ...]:
    values = [safe.value(("stage", place, unit)) for place in range(len(result.attrition))]
    return tuple(
        SafeStage(
            stage.name,
            stage.sentence,
            safe.text(("stage", place, unit)),
            safe.text(("stage", place, PATIENTS)),
            lost_text(values[place - 1], values[place], safe.rule.minimum, exact=safe.rule.exact) if place else "",
        )
        for place, stage in enumerate(result.attrition)
    )


def _near(members: Members, place: int, sentence: str, whole: Key, safe: Safe, guard: Guard) -> Near:
    name = str(place)
    gap = Variable(f"distance:{place}", sentence, Gap(), "number", nature=Nature.MADE)
    is_told = safe.value(("nearest", name, "with")) is not None
    spread = told_spread(members, gap, members.everybody, safe.rule, guard) if is_told else Spread()
    middle = spread.at(0.5)
    without, after = (with_share(safe.shown["nearest", name, each], safe.shown[whole]) for each in ("without", "after"))
    return Near(sentence, without, after, HIDDEN if middle is None else f"{middle:g} days")


def _ages(members: Members, safe: Safe, guard: Guard) -> dict[str, Spread]:
    """The ages at the scan of those with each diagnosis."""
    found: dict[str, Spread] = {}
    for name in DIAGNOSES:
        key: Key = ("aged", name)
        if key in safe.shown:
            rows = members.by(f"has:{name}", members.everybody).get("yes", members.everybody[:0])
            age = next(each for each in members.variables if each.id == "age")
            is_told = safe.value(key) is not None
            found[name] = told_spread(members, age, rows, safe.rule, guard) if is_told else Spread()
    return found
