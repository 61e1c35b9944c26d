"""Expressions in ibis: what each is worth in a relation whose columns are named `table__column`. Pure translation."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Mapping
from functools import reduce
from typing import Any

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import ICD10_SYSTEMS, Codelist
from imagebank.cohorts.query.nodes import Expression, Tie

CAPITALS, SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


def name_of(table: str, column: str) -> str:
    """The name of a column in a relation."""
    return f"{table}__{column}"


def worth(value: Expression, relation: Any, known: Mapping[Expression, Any]) -> Any:
    """The ibis expression of a value; `known` has those that were computed already, such as what hangs off the rows."""
    import ibis

    if value in known:
        return known[value]
    match value:
        case nodes.Literal(literal):
            return ibis.literal(literal)
        case nodes.Column(table, name):
            return relation[name_of(table, name)]
        case nodes.Choose(cases, otherwise):
            branches = [(worth(when, relation, known), worth(then, relation, known)) for when, then in cases]
            rest = None if otherwise is None else worth(otherwise, relation, known)
            return ibis.cases(*branches, else_=rest)
        case _:
            return _operation(value, [worth(part, relation, known) for part in nodes.parts_of(value)])


def _operation(value: Expression, parts: list[Any]) -> Any:
    import ibis

    match value:
        case nodes.Compare(sign, _, _):
            return _compared(sign, *parts)
        case nodes.Arithmetic(sign, _, _):
            return _calculated(sign, *parts)
        case nodes.Between():
            return (parts[0] >= parts[1]) & (parts[0] <= parts[2])  # BETWEEN is written without the brackets it needs
        case nodes.OneOf(_, values):
            return _bracketed(parts[0]).isin(list(values))
        case nodes.Coded(_, codes):
            return reduce(
                operator.and_, (part.startswith(ICD10_SYSTEMS) for part in parts[1:]), _coded(parts[0], codes)
            )
        case nodes.TextTest("starts", _, text):
            return parts[0].startswith(text)
        case nodes.TextTest(_, _, text):
            return parts[0].translate(CAPITALS, SMALL).contains(text.translate(str.maketrans(CAPITALS, SMALL)))
        case nodes.Known():
            return _bracketed(parts[0]).notnull()
        case nodes.Not():
            return ~parts[0]
        case nodes.AllOf():
            return reduce(lambda left, right: left & right, parts)
        case nodes.AnyOf():
            return reduce(lambda left, right: left | right, parts)
        case nodes.DaysBetween():
            return days(*parts)
        case nodes.YearOf():
            return parts[0].year().cast("int64")
        case nodes.Earliest():
            return ibis.least(*parts) if len(parts) > 1 else parts[0]
    raise TypeError(f"ibis is not told what {type(value).__name__} means")


def _bracketed(value: Any) -> Any:
    """The value, where IS or IN follows: NOT is written without the brackets it needs before them, `=` with them."""
    import ibis
    from ibis.expr import operations

    negation = value.op()
    return negation.arg.to_expr() == ibis.literal(False) if isinstance(negation, operations.Not) else value


def _compared(sign: str, left: Any, right: Any) -> Any:
    match sign:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _calculated(sign: str, left: Any, right: Any) -> Any:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left.cast("float64") / right.cast("float64").nullif(0.0)


def days(start: Any, end: Any) -> Any:
    """Days from one date to another."""
    return end.delta(start, unit="day").cast("int64")


def _coded(value: Any, codes: Codelist) -> Any:
    found = _begins(value, codes.include)
    return found & ~_begins(value, codes.exclude) if codes.exclude else found


def _begins(value: Any, prefixes: tuple[str, ...]) -> Any:
    """Whether a text begins with one of some: a set for each length, which databases look up at once."""
    lengths: dict[int, list[str]] = defaultdict(list)
    for prefix in prefixes:
        lengths[len(prefix)].append(prefix)
    tests = [value.substr(0, length).isin(some) for length, some in sorted(lengths.items())]
    return reduce(lambda left, right: left | right, tests)


def total(how: str, relation: Any, taken: str | None, held: str | None) -> Any:
    """The aggregate of a reduction, of the column `taken` where `held` holds; dates and numbers keep their kind."""
    where = relation[held] if held else None
    if taken is None:
        counted = relation.count(where=where)
        return counted > 0 if how == "exists" else counted
    value = relation[taken]
    match how:
        case "different":
            return value.nunique(where=where)
        case "sum":
            return value.sum(where=where).cast("int64" if value.type().is_integer() else "float64")
        case "mean":
            return value.cast("float64").mean(where=where)
        case "least":
            return value.min(where=where)
        case _:
            return value.max(where=where)


def ordered(value: Any, descending: bool = False) -> Any:
    """The lowest first, or the highest; missing ones last."""
    import ibis

    return ibis.desc(value, nulls_first=False) if descending else ibis.asc(value, nulls_first=False)


def tie_order(tie: Tie, relation: Any, table: str, gap: Any) -> Any:
    """What decides between rows that are equally near, early or late."""
    match tie.rule:
        case "before":
            return ordered(gap > 0)
        case "after":
            return ordered(gap < 0)
        case "structured":
            return ordered(relation[name_of(table, "origin")] != "structured")
        case "specific":
            return ordered(relation[name_of(table, "code")].replace(".", "").length(), descending=True)
        case _:
            return ordered(relation[name_of(table, tie.column)], descending=tie.rule == "highest")
