"""The nouns of a question: frozen values between the ways to write it and the engines that answer it.

An expression is asked of one row of one table (its frame); the unit of a cohort is such a table too. What hangs off a
row in other tables is first chosen (`Rows`) and then brought down to one value: by `Reduce` (exists, count, mean) or by
`Pick` (first, last, nearest). A comparison with a missing value is neither yes nor no, and only a yes keeps a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from imagebank.cohorts.query.codelists import Codelist

Scalar = bool | int | float | str | date


class Unit(StrEnum):
    """What a cohort counts."""

    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"

    @property
    def table(self) -> str:
        """The table with one row for each."""
        return {"patient": "patients", "study": "studies", "series": "series"}[self.value]


class Expression:
    """Anything that has one value in one row."""


@dataclass(frozen=True)
class Literal(Expression):
    """A value that is written in the question."""

    value: Scalar


@dataclass(frozen=True)
class Column(Expression):
    """A column of the row's own table, or of one in which exactly one row belongs to it."""

    table: str
    name: str


@dataclass(frozen=True)
class OwnDate(Expression):
    """The date of the row itself: of the scan, of the diagnosis."""


@dataclass(frozen=True)
class Gap(Expression):
    """Days from the anchor of the window to the row; negative before it. Has a value inside `Pick` alone."""


@dataclass(frozen=True)
class Compare(Expression):
    """`operator` is one of = != < <= > >=."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Between(Expression):
    """From `low` to `high`, both included."""

    value: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True)
class OneOf(Expression):
    """Whether the value is among some."""

    value: Expression
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Coded(Expression):
    """Whether a code belongs to a codelist."""

    value: Expression
    codes: Codelist


@dataclass(frozen=True)
class TextTest(Expression):
    """Whether a text `starts` with another (letters as they are) or `contains` it (capitals or not)."""

    how: str
    value: Expression
    text: str


@dataclass(frozen=True)
class Known(Expression):
    """Whether there is a value."""

    value: Expression


@dataclass(frozen=True)
class Not(Expression):
    """The opposite; of what is neither yes nor no, neither."""

    part: Expression


@dataclass(frozen=True)
class AllOf(Expression):
    """Whether every part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf(Expression):
    """Whether some part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Arithmetic(Expression):
    """`operator` is one of + - * /; dividing by 0 gives no value."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class DaysBetween(Expression):
    """Whole days from `start` to `end`; negative where `end` is earlier."""

    start: Expression
    end: Expression


@dataclass(frozen=True)
class YearOf(Expression):
    """The calendar year of a date."""

    value: Expression


@dataclass(frozen=True)
class Earliest(Expression):
    """The earliest of several dates; those that are missing do not count."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Choose(Expression):
    """The value of the first case whose condition holds, else `otherwise`, else none."""

    cases: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None = None


@dataclass(frozen=True)
class Window:
    """Days around an anchor, a date of the asking row (None: its own): from `first` to `last`, both included.

    None is an open end; -180 is 180 days before. With `overlapping` a row counts when the time from its date to its
    end date (open where it has none) touches the window; otherwise when its date lies in it.
    """

    first: int | None = None
    last: int | None = None
    anchor: Expression | None = None
    overlapping: bool = False


@dataclass(frozen=True)
class Rows:
    """The rows of another table that hang off the asking row, that `where` holds for and that lie in the window.

    `of` says through what they hang together: patient, study or series. Empty is the closest that both tables have.
    """

    table: str
    where: Expression | None = None
    window: Window | None = None
    of: str = ""


@dataclass(frozen=True)
class Reduce(Expression):
    """Rows brought down to one value: exists, count, different (how many values), sum, mean, least or greatest."""

    how: str
    rows: Rows
    value: Expression | None = None


@dataclass(frozen=True)
class Tie:
    """Which of two rows goes first: before, after, structured or specific ones, or the lowest or highest `column`."""

    rule: str
    column: str = ""


@dataclass(frozen=True)
class Pick(Expression):
    """The value of one row: the first, last or nearest to the anchor.

    `ties` decide between rows as early, late or near as each other; then the columns of the table in order, lowest
    first. So the choice never depends on the order in which rows are stored.
    """

    how: str
    rows: Rows
    value: Expression
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True)
class Order:
    """What goes first when one of several is kept: the lowest, or with `descending` the highest; missing goes last."""

    value: Expression
    descending: bool = False


@dataclass(frozen=True)
class OnePer:
    """Keep one unit for each patient (or each study); by `order`, then by the unit's id. `rule` names it in words."""

    unit: Unit
    order: tuple[Order, ...]
    rule: str


@dataclass(frozen=True)
class Step:
    """One step of the attrition: what it is called, and what must hold."""

    name: str
    keep: Expression


@dataclass(frozen=True)
class Output:
    """One column of the answer."""

    name: str
    value: Expression
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class Cohort:
    """A question: which units, step by step; one for each patient or all; which columns, and which are groups."""

    name: str
    unit: Unit
    steps: tuple[Step, ...] = ()
    one_per: OnePer | None = None
    columns: tuple[Output, ...] = ()
    groups: tuple[str, ...] = ()
    question: str = ""


COMPARISONS, ARITHMETIC = ("=", "!=", "<", "<=", ">", ">="), ("+", "-", "*", "/")
REDUCTIONS, WITHOUT_VALUE = ("exists", "count", "different", "sum", "mean", "least", "greatest"), ("exists", "count")
PICKS, TIES = ("first", "last", "nearest"), ("before", "after", "structured", "specific", "lowest", "highest")


def parts_of(node: Expression) -> tuple[Expression, ...]:
    """The expressions that a node asks of the same row."""
    match node:
        case Compare(_, left, right) | Arithmetic(_, left, right) | DaysBetween(left, right):
            return left, right
        case Between(value, low, high):
            return value, low, high
        case Coded(Column("diagnoses", "code") as value, codes) if codes.is_icd10:
            return value, Column("diagnoses", "code_system")
        case OneOf(value, _) | Coded(value, _) | TextTest(_, value, _) | Known(value) | YearOf(value) | Not(value):
            return (value,)
        case AllOf(parts) | AnyOf(parts) | Earliest(parts):
            return parts
        case Choose(cases, otherwise):
            return (*(each for case in cases for each in case), *((otherwise,) if otherwise else ()))
        case Reduce(rows=rows) | Pick(rows=rows):
            return (rows.window.anchor,) if rows.window and rows.window.anchor else ()
        case _:
            return ()
