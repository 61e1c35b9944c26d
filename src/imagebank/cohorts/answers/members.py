"""Who is in an answer and what is known of each: the true rows behind everything that is shown of it.

They come from the engine that gave the answer, in one further question, and never leave the research zone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imagebank.cohorts.answers.variables import YES_NO, Variable, nature_of, standard
from imagebank.cohorts.engines.result import Engine, Result
from imagebank.cohorts.facts import scanner_names
from imagebank.cohorts.guard.sketch import Array, Marks, Sketcher
from imagebank.cohorts.query.nodes import Cohort, Column, Expression, Reduce, Unit
from imagebank.cohorts.query.schema import BANK
from imagebank.cohorts.query.walking import nearest_of

SCANNER_COLUMNS = ("scanner.manufacturer", "scanner.model", "scanner.field_strength_t")
COMPARED = ("sex", "ethnicity", "deprivation")
"""What a cohort is compared with the whole bank by."""
OTHERS = "all others"
MOST_GROUPS = 8
MOST_CATEGORIES = 15
UNKNOWN = "not known"
KINDS = {"number": "number", "whole number": "number", "text": "category", "yes or no": "category"}


@dataclass(frozen=True)
class Members:
    """Some units, where they fall in pictures of sets, and the values of their variables, one list each."""

    marks: Marks = field(repr=False)
    values: Mapping[str, Sequence[Any]] = field(repr=False)
    variables: tuple[Variable, ...]
    units: Sequence[str] = field(default=(), repr=False)
    sketcher: Sketcher | None = field(default=None, repr=False)
    _valued: dict[str, Marks] = field(default_factory=dict, repr=False)
    _codes: dict[str, tuple[list[str], Array]] = field(default_factory=dict, repr=False)
    _numbers: dict[str, Array] = field(default_factory=dict, repr=False)

    @property
    def everybody(self) -> Array:
        """The places of all units."""
        return np.arange(len(self.marks.values))

    def has(self, name: str) -> bool:
        """Whether a variable may be seen."""
        return name in self.values

    def by(self, name: str, rows: Array) -> dict[str, Array]:
        """Some units by the category of a variable, as texts."""
        names, codes = self._coded(name)
        own = codes[rows]
        return {names[code]: rows[own == code] for code in np.unique(own).tolist()}

    def with_values(self, name: str) -> Marks:
        """Where the units fall together with their values of a variable."""
        if name not in self._valued and self.sketcher is not None:
            self._valued[name] = self.sketcher.with_values(self.marks, self.units, self.values[name])
        return self._valued[name]

    def _coded(self, name: str) -> tuple[list[str], Array]:
        """The categories of a variable, and the place of each unit's among them."""
        if name not in self._codes:
            numbers: dict[str, int] = {}
            codes = [numbers.setdefault(text_of(value), len(numbers)) for value in self.values[name]]
            self._codes[name] = list(numbers), np.array(codes, np.int64)
        return self._codes[name]

    def numbers(self, name: str, rows: Array) -> tuple[Array, Array]:
        """The units that have a number, and the numbers."""
        if name not in self._numbers:
            told = [math.nan if value is None else float(value) for value in self.values[name]]
            self._numbers[name] = np.array(told, np.float64)
        known = rows[~np.isnan(self._numbers[name][rows])]
        return known, self._numbers[name][known]


def text_of(value: Any) -> str:
    """A value as a category."""
    if value is None:
        return UNKNOWN
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def members_of(engine: Engine, result: Result, sketcher: Sketcher) -> Members:
    """The units of an answer with the standard variables, its own columns and the days to each nearest row."""
    cohort = result.cohort
    variables = standard(cohort.unit, result.scope)
    nearest = nearest_of(cohort)
    asked: tuple[Expression, ...] = (*(each.value for each in variables), *nearest)
    units = result.selection.units_at(result.selection.last)
    found = engine.describe(cohort, units, asked)
    rows = found if isinstance(found, list) else found.to_pylist()
    values = {each.id: [row[f"v{place}"] for row in rows] for place, each in enumerate(variables)}
    for place in range(len(nearest)):
        values[f"gap:{place}"] = gaps = [row[f"v{place + len(variables)}"] for row in rows]
        values[f"distance:{place}"] = [None if gap is None else abs(gap) for gap in gaps]
    own = own_columns(result, {each.value for each in variables})
    values |= {each.id: result.table[each.id.removeprefix("column:")].to_pylist() for each in own}
    _name_scanners(values, engine, cohort.unit)
    ids = [row[cohort.unit.value] for row in rows]
    return Members(sketcher.marks(ids, [row["patient"] for row in rows]), values, (*own, *variables), ids, sketcher)


def own_columns(result: Result, known: set[Expression]) -> tuple[Variable, ...]:
    """The columns that were asked for, but dates, and those that every answer has anyway."""
    return tuple(
        Variable(
            f"column:{told.name}",
            told.name,
            asked.value,
            KINDS[told.kind],
            told.unit,
            *_order(told.kind, asked.value),
            nature=nature_of(asked.value),
        )
        for told, asked in zip(result.columns, result.cohort.columns, strict=True)
        if told.kind in KINDS and (asked.value not in known or told.name in result.cohort.groups)
    )


def _order(kind: str, value: Expression) -> tuple[tuple[str, ...], bool]:
    """The declared categories of a column, and whether it always has one; none where anything may stand."""
    if isinstance(value, Column):
        declared = BANK.column(value.table, value.name)
        return declared.values, bool(declared.values) and not declared.optional
    if kind == "yes or no":
        return YES_NO, isinstance(value, Reduce) and value.how == "exists"
    return (), False


def _name_scanners(values: dict[str, list[Any]], engine: Engine, unit: Unit) -> None:
    """Give scanners readable names instead of their ids."""
    if "scanner" in values and all(name in values for name in SCANNER_COLUMNS):
        names = scanner_names(_machines(engine, Unit.STUDY if unit is Unit.PATIENT else unit))
        values["scanner"] = [names.get(each) for each in values["scanner"]]


def _machines(engine: Engine, unit: Unit) -> list[Any]:
    """Every scanner in scope: the second of a kind is called so whether or not the first occurs in an answer."""
    cohort = Cohort("scanners", unit)
    columns = (Column(unit.table, "scanner"), *(Column("scanners", name.partition(".")[2]) for name in SCANNER_COLUMNS))
    found = engine.describe(cohort, engine.select(cohort).units_at(0), columns)
    names = [f"v{place}" for place in range(len(columns))]
    rows = found if isinstance(found, list) else found.group_by(names).aggregate([]).to_pylist()
    machines = {tuple(row[name] for name in names) for row in rows}
    return [each for each in machines if each[0] is not None]


def bank_of(engine: Engine, sketcher: Sketcher) -> Members:
    """Every patient in scope, to compare a cohort with."""
    cohort = Cohort("bank", Unit.PATIENT)
    variables = tuple(each for each in standard(Unit.PATIENT, engine.scope) if each.id in COMPARED)
    everybody = engine.select(cohort).units_at(0)
    found = engine.describe(cohort, everybody, tuple(each.value for each in variables))
    rows = found if isinstance(found, list) else found.to_pylist()
    values = {each.id: [row[f"v{place}"] for row in rows] for place, each in enumerate(variables)}
    names = [row["patient"] for row in rows]
    return Members(sketcher.marks(names, names), values, variables)
