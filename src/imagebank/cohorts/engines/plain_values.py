"""Values of the tiny engine: what an operation is worth, with None for "not known", and what goes before what. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import date
from functools import total_ordering
from typing import Any

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import ICD10_SYSTEMS, has_code
from imagebank.cohorts.query.nodes import Expression, Tie

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else None,
}
LOWER = {ord(capital): capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """No when one is no; else not known when one is not known; else yes."""
    found = list(answers)
    if False in found:
        return False
    return None if None in found else True


def opposite(answer: bool | None) -> bool | None:
    """The opposite; not known stays not known."""
    return None if answer is None else not answer


def worth(value: Expression, parts: list[Any]) -> Any:
    """What an operation is worth when its parts are; not known as soon as one part is not."""
    if None in parts:
        return None
    match value:
        case nodes.Compare(sign, _, _) | nodes.Arithmetic(sign, _, _):
            return SIGNS[sign](*parts)
        case nodes.OneOf(_, values):
            return parts[0] in values
        case nodes.Coded(_, codes):
            return has_code(codes, parts[0]) and all(system.startswith(ICD10_SYSTEMS) for system in parts[1:])
        case nodes.TextTest("starts", _, text):
            return parts[0].startswith(text)
        case nodes.TextTest(_, _, text):
            return text.translate(LOWER) in parts[0].translate(LOWER)
        case nodes.DaysBetween():
            return days(*parts)
        case nodes.YearOf():
            return parts[0].year
    raise TypeError(f"no worth is known for {type(value).__name__}")


def days(start: date | None, end: date | None) -> int | None:
    """Days from one date to another."""
    return None if start is None or end is None else (end - start).days


@total_ordering
class Reversed:
    """A value that goes before what it would otherwise follow."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reversed) and self.value == other.value

    def __lt__(self, other: Reversed) -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]


def place(value: Any, descending: bool = False) -> tuple[Any, ...]:
    """Where a value goes among others: the lowest first, or the highest; a missing one last."""
    if value is None:
        return (True,)
    return (False, Reversed(value) if descending else value)


def tie_place(tie: Tie, row: Any, gap: int | None) -> tuple[Any, ...]:
    """Where a row goes among those that are equally near, early or late."""
    match tie.rule:
        case "before":
            return place(None if gap is None else gap > 0)
        case "after":
            return place(None if gap is None else gap < 0)
        case "structured":
            return place(row.origin != "structured")
        case "specific":
            return place(len(row.code.replace(".", "")) if row.code is not None else None, descending=True)
        case _:
            return place(getattr(row, tie.column), descending=tie.rule == "highest")
