"""The language in Python: `studies.where(studies.age_years >= 50)` reads as the sentence it means.

Every value is immutable and knows of whose rows it can be asked; what does not fit together is refused where it is
joined. `questions` makes a cohort of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.checking import frames_of, literal
from imagebank.cohorts.query.codelists import Codelist, codelist, concept
from imagebank.cohorts.query.nodes import Expression, Pick, Reduce, Rows, Scalar
from imagebank.cohorts.query.schema import BANK, QueryError


@dataclass(frozen=True, eq=False)
class Value:
    """A value of one row: a column, or what was made of some. Compare it, calculate, join conditions by & | ~."""

    node: Expression

    def __post_init__(self) -> None:
        frames_of(self.node)

    def __eq__(self, other: Any) -> Value:  # type: ignore[override]
        """Whether it is the same as another."""
        return _compared("=", self, other)

    def __ne__(self, other: Any) -> Value:  # type: ignore[override]
        """Whether it is another."""
        return _compared("!=", self, other)

    def __lt__(self, other: Any) -> Value:
        """Whether it is less, or earlier."""
        return _compared("<", self, other)

    def __le__(self, other: Any) -> Value:
        """Whether it is at most, or no later."""
        return _compared("<=", self, other)

    def __gt__(self, other: Any) -> Value:
        """Whether it is more, or later."""
        return _compared(">", self, other)

    def __ge__(self, other: Any) -> Value:
        """Whether it is at least, or no earlier."""
        return _compared(">=", self, other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Value) -> Value:
        """Both conditions."""
        return Value(nodes.AllOf((*_parts(self, nodes.AllOf), *_parts(other, nodes.AllOf))))

    def __or__(self, other: Value) -> Value:
        """Either condition, or both."""
        return Value(nodes.AnyOf((*_parts(self, nodes.AnyOf), *_parts(other, nodes.AnyOf))))

    def __invert__(self) -> Value:
        """The opposite."""
        return Value(nodes.Not(self.node))

    def __bool__(self) -> bool:
        """Refused: Python's own `and`, `or`, `not` and `in` would lose the question."""
        raise QueryError("A condition of a cohort is no truth value of Python.", "join conditions by &, | and ~")

    def __add__(self, other: Any) -> Value:
        """The sum."""
        return _calculated("+", self, other)

    def __sub__(self, other: Any) -> Value:
        """The difference of numbers; of dates, the days from the other one to this one."""
        return _calculated("-", self, other)

    def __mul__(self, other: Any) -> Value:
        """The product."""
        return _calculated("*", self, other)

    def __truediv__(self, other: Any) -> Value:
        """The quotient; of 0, none."""
        return _calculated("/", self, other)

    def between(self, low: Any, high: Any) -> Value:
        """Whether it lies between two others, both included."""
        return Value(nodes.Between(self.node, node_of(low), node_of(high)))

    def is_in(self, *values: Scalar) -> Value:
        """Whether it is one of some."""
        return Value(nodes.OneOf(self.node, tuple(literal(each).value for each in values)))

    def in_codelist(self, codes: Codelist | str | Iterable[str]) -> Value:
        """Whether the code is in a codelist: a name of the library, codes and blocks, or a `Codelist`."""
        return Value(nodes.Coded(self.node, _codes(codes)))

    def starts_with(self, text: str) -> Value:
        """Whether the text begins with another."""
        return Value(nodes.TextTest("starts", self.node, text))

    def contains(self, text: str) -> Value:
        """Whether the text has another in it, in capitals or not."""
        return Value(nodes.TextTest("contains", self.node, text))

    def is_known(self) -> Value:
        """Whether there is a value."""
        return Value(nodes.Known(self.node))

    def year(self) -> Value:
        """The year of a date."""
        return Value(nodes.YearOf(self.node))


def _compared(sign: str, left: Any, right: Any) -> Value:
    return Value(nodes.Compare(sign, node_of(left), node_of(right)))


def _calculated(sign: str, left: Value, right: Any) -> Value:
    if sign == "-" and _is_date(left.node) and _is_date(node_of(right)):
        return Value(nodes.DaysBetween(node_of(right), left.node))
    return Value(nodes.Arithmetic(sign, left.node, node_of(right)))


def _is_date(node: Expression) -> bool:
    """Whether days lie between it and another: asked of the language itself."""
    try:
        frames_of(nodes.YearOf(node))
    except QueryError:
        return False
    return True


def _parts(value: Value, kind: type) -> tuple[Expression, ...]:
    return value.node.parts if isinstance(value.node, kind) else (value.node,)  # type: ignore[attr-defined]


def _codes(codes: Codelist | str | Iterable[str]) -> Codelist:
    if isinstance(codes, Codelist):
        return codes
    return concept(codes) if isinstance(codes, str) else codelist(codes)


@dataclass(frozen=True)
class Hanging:
    """Rows of a table that hang off another row: choose them by `where` and `within`, then bring them to one value."""

    chosen: Rows

    def where(self, *conditions: Value) -> Hanging:
        """Those that all the conditions hold for."""
        old = () if self.chosen.where is None else (self.chosen.where,)
        parts = (*old, *map(node_of, conditions))
        return Hanging(replace(self.chosen, where=parts[0] if len(parts) == 1 else nodes.AllOf(parts)))

    def within(
        self,
        days: int | None = None,
        *,
        first: int | None = None,
        last: int | None = None,
        of: Value | None = None,
        overlapping: bool = False,
    ) -> Hanging:
        """Those within `days` of a date on either side, or from day `first` to day `last` after it (negative: before).

        The date is that of the asking row unless `of` names one. With `overlapping` rows that last count when their
        time touches the window.
        """
        if days is not None:
            first, last = -days, days
        window = nodes.Window(first, last, None if of is None else of.node, overlapping)
        return Hanging(replace(self.chosen, window=window))

    def of_same(self, what: str) -> Hanging:
        """Those of the same `patient`, `study` or `series` as the asking row."""
        return Hanging(replace(self.chosen, of=what))

    def exist(self) -> Value:
        """Whether there is one."""
        return Value(Reduce("exists", self.chosen))

    def count(self) -> Value:
        """How many there are."""
        return Value(Reduce("count", self.chosen))

    def sum(self, what: Value | str) -> Value:
        """The sum of a column."""
        return self._reduced("sum", what)

    def mean(self, what: Value | str) -> Value:
        """The mean of a column."""
        return self._reduced("mean", what)

    def least(self, what: Value | str) -> Value:
        """The lowest value, or earliest date, of a column."""
        return self._reduced("least", what)

    def greatest(self, what: Value | str) -> Value:
        """The highest value, or latest date, of a column."""
        return self._reduced("greatest", what)

    def different(self, what: Value | str) -> Value:
        """How many different values a column has."""
        return self._reduced("different", what)

    def _reduced(self, how: str, what: Value | str) -> Value:
        return Value(Reduce(how, self.chosen, self._value(what)))

    def first(self, what: Value | str, *, ties: Iterable[nodes.Tie] = ()) -> Value:
        """A value of the earliest row; "gap" is the days from the anchor to it."""
        return Value(Pick("first", self.chosen, self._value(what), tuple(ties)))

    def last(self, what: Value | str, *, ties: Iterable[nodes.Tie] = ()) -> Value:
        """A value of the latest row."""
        return Value(Pick("last", self.chosen, self._value(what), tuple(ties)))

    def nearest(self, what: Value | str, *, ties: Iterable[nodes.Tie] = ()) -> Value:
        """A value of the row nearest to the anchor; of two equally near, the one before it unless `ties` say else."""
        return Value(Pick("nearest", self.chosen, self._value(what), tuple(ties)))

    def _value(self, what: Value | str) -> Expression:
        if isinstance(what, Value):
            return what.node
        if what == "gap":
            return nodes.Gap()
        BANK.column(self.chosen.table, what)
        return nodes.Column(self.chosen.table, what)


def node_of(value: Any) -> Expression:
    """The node of a value; other things are values that are written in the question."""
    return value.node if isinstance(value, Value) else literal(value)
