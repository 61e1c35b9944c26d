"""What every answer says of its units: sex, age, ethnic group, deprivation, scanner, year, diagnoses.

Each is an expression of the language of cohorts, so every engine can give it and the scope of a project holds. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.catalogue.tables import ETHNIC_GROUPS, SEXES
from imagebank.cohorts.engines.asking import check_scope
from imagebank.cohorts.engines.result import Scope
from imagebank.cohorts.query.codelists import concept
from imagebank.cohorts.query.nodes import (
    Coded,
    Cohort,
    Column,
    DaysBetween,
    Expression,
    Known,
    Output,
    Pick,
    Reduce,
    Rows,
    Unit,
    YearOf,
)
from imagebank.cohorts.query.schema import QueryError
from imagebank.cohorts.query.shorthand import AGE, STUDY_DATE

DIAGNOSES = {
    "dementia": "Dementia",
    "mild-cognitive-disorder": "Mild cognitive disorder",
    "psychosis": "Psychosis",
    "bipolar-disorder": "Bipolar disorder",
    "depression": "Depression",
    "anxiety-and-stress-disorders": "Anxiety and stress disorders",
}
"""Concepts of the library that answers are broken down by, as they are written."""
YES_NO = ("yes", "no")
DECILES = tuple(str(each) for each in range(1, 11))


@dataclass(frozen=True)
class Variable:
    """Something known of a unit: a category with its `order`, a number with its `unit`, or `given` for figures alone.

    `complete`: every unit has one of the categories in `order`.
    """

    id: str
    label: str
    value: Expression
    kind: str = "category"
    unit: str = ""
    order: tuple[str, ...] = ()
    complete: bool = False


def standard(unit: Unit, scope: Scope) -> tuple[Variable, ...]:
    """The variables that a project may see."""
    return tuple(each for each in _every(unit) if is_allowed(each, unit, scope))


def is_allowed(variable: Variable, unit: Unit, scope: Scope) -> bool:
    """Whether the scope of a project hides nothing of it."""
    try:
        check_scope(Cohort(variable.id, unit, columns=(Output(variable.id, variable.value),)), scope)
    except QueryError:
        return False
    return True


def _every(unit: Unit) -> tuple[Variable, ...]:
    return (
        Variable("sex", "Sex", Column("patients", "sex"), order=SEXES, complete=True),
        Variable("age", "Age at the scan", _of_scan(AGE, unit), "number", "year"),
        Variable("ethnicity", "Ethnic group", Column("patients", "ethnic_group"), order=ETHNIC_GROUPS, complete=True),
        Variable(
            "deprivation",
            "Deprivation, 1 the most deprived tenth",
            Column("patients", "deprivation_decile"),
            order=DECILES,
        ),
        Variable("scanner", "Scanner", _of_scan(_scanner(unit), unit)),
        *(
            Variable(f"scanner.{name}", name, _of_scan(Column("scanners", name), unit), "given")
            for name in ("manufacturer", "model", "field_strength_t")
        ),
        Variable("year", "Year of the scan (shifted dates)", _of_scan(YearOf(STUDY_DATE), unit), "given"),
        *(
            Variable(f"has:{name}", title, _diagnosed(name), order=YES_NO, complete=True)
            for name, title in DIAGNOSES.items()
        ),
        *(Variable(f"days:{name}", title, _days_to(name, unit), "given", "day") for name, title in DIAGNOSES.items()),
    )


def _scanner(unit: Unit) -> Column:
    return Column("series" if unit is Unit.SERIES else "studies", "scanner")


def _of_scan(value: Expression, unit: Unit) -> Expression:
    """Of the unit's own scan; of a patient's first one that has it."""
    return Pick("first", Rows("studies", where=Known(value)), value) if unit is Unit.PATIENT else value


def _coded(name: str) -> Rows:
    return Rows("diagnoses", where=Coded(Column("diagnoses", "code"), concept(name)))


def _diagnosed(name: str) -> Expression:
    return Reduce("exists", _coded(name))


def _days_to(name: str, unit: Unit) -> Expression:
    first = Reduce("least", _coded(name), Column("diagnoses", "diagnosis_date"))
    return DaysBetween(_of_scan(STUDY_DATE, unit), first)
