"""What every answer says of its units: sex, age, ethnic group, deprivation, scanner, year, diagnoses.

Each is an expression of the language of cohorts, so every engine can give it and the scope of a project holds. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imagebank.catalogue.tables import ETHNIC_GROUPS, SEXES
from imagebank.cohorts.engines.asking import check_scope
from imagebank.cohorts.engines.result import Scope
from imagebank.cohorts.query.codelists import concept
from imagebank.cohorts.query.nodes import (
    Arithmetic,
    Choose,
    Coded,
    Cohort,
    Column,
    DaysBetween,
    Expression,
    Known,
    Literal,
    Output,
    Pick,
    Reduce,
    Rows,
    Unit,
    YearOf,
    parts_of,
)
from imagebank.cohorts.query.schema import QueryError
from imagebank.cohorts.query.shorthand import AGE, DAYS_A_YEAR, STUDY_DATE

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


class Nature(StrEnum):
    """What a number is, and so how much may be said of it."""

    RECORDED = "recorded"
    AGE = "age"  # as recorded; from 90 on it counts as 90
    MADE = "made"  # made up by the question: quantiles alone
    OF_AGE = "made of an age"  # nothing: 90 and over could not be told from less


AGES = (AGE, Column("patients", "birth_year"))


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
    nature: Nature = Nature.RECORDED


def nature_of(value: Expression) -> Nature:
    """What a number is: an age, a number as somebody recorded it, or one that the question makes up.

    With choices, counts and calculations a question can give few patients a number that nobody else has, and make many
    numbers of one: their mean would count those few.
    """
    if _is_age(value):
        return Nature.AGE
    inside = list(_inside(value))
    if not any(isinstance(each, Arithmetic | Choose | Literal) or _counts(each) for each in inside):
        return Nature.RECORDED
    return Nature.OF_AGE if any(each in AGES for each in inside) else Nature.MADE


def _is_age(value: Expression) -> bool:
    """Whether a value is an age at a scan, or an age on a day that is somewhere recorded."""
    match value:
        case Column():
            return value == AGE
        case Pick(value=inner) | Reduce(value=Column() as inner):
            return inner is not None and _is_age(inner)
        case Arithmetic("+", age, Arithmetic("/", DaysBetween(_, day), Literal(years))):
            return years == DAYS_A_YEAR and _is_age(age) and nature_of(day) is Nature.RECORDED
        case _:
            return False


def _inside(value: Expression) -> Iterator[Expression]:
    """A value and what it is made of, also of the rows it is taken from, but not the conditions on those."""
    yield value
    for part in (*parts_of(value), *([value.value] if isinstance(value, Pick | Reduce) and value.value else [])):
        yield from _inside(part)


def _counts(value: Expression) -> bool:
    return isinstance(value, Reduce) and value.how in ("exists", "count", "different")


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
        Variable("age", "Age at the scan", _of_scan(AGE, unit), "number", "year", nature=Nature.AGE),
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
