"""A cohort as a document of plain values, for YAML and JSON, and the hash by which it is known.

`to_document` spells everything out, so that `reading` gives the same cohort back. The hash is over the canonical form:
sorted keys, no blanks, the parts of `all` and `any` and the values of `one_of` in order, since their order means
nothing. Pure.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import Codelist
from imagebank.cohorts.query.nodes import Cohort, Expression, OnePer, Pick, Reduce, Rows, Scalar, Window

FORMAT = 1
UNORDERED = ("all", "any", "one_of", "earliest")


def to_document(cohort: Cohort) -> dict[str, Any]:
    """The cohort as mappings, lists, texts and numbers."""
    document: dict[str, Any] = {"imagebank_cohort": FORMAT, "name": cohort.name}
    if cohort.question:
        document["question"] = cohort.question
    document["unit"] = cohort.unit.value
    document["steps"] = [{"step": each.name, "keep": value_document(each.keep)} for each in cohort.steps]
    if cohort.one_per:
        document["one_per"] = _one_per(cohort.one_per)
    if cohort.columns:
        document["columns"] = [_column(each) for each in cohort.columns]
    if cohort.groups:
        document["groups"] = list(cohort.groups)
    return document


def _column(each: nodes.Output) -> dict[str, Any]:
    told = {"unit": each.unit, "description": each.description}
    return {"name": each.name, "value": value_document(each.value)} | {key: text for key, text in told.items() if text}


def _one_per(rule: OnePer) -> dict[str, Any]:
    order = [{"by": value_document(each.value), "highest_first": each.descending} for each in rule.order]
    return {"unit": rule.unit.value, "rule": rule.rule, "order": order}


def value_document(value: Expression) -> Any:
    """An expression as plain values."""
    match value:
        case nodes.Literal(literal):
            return scalar_document(literal)
        case nodes.Column(table, name):
            return f"{table}.{name}"
        case nodes.OwnDate():
            return "own_date"
        case nodes.Gap():
            return "gap"
        case nodes.Choose(cases, otherwise):
            told = [{"when": value_document(when), "then": value_document(then)} for when, then in cases]
            return {"choose": told} | ({} if otherwise is None else {"otherwise": value_document(otherwise)})
        case Reduce() | Pick():
            return _aggregate(value)
        case _:
            return _operation(value)


def _operation(value: Expression) -> dict[str, Any]:
    parts = [value_document(part) for part in nodes.parts_of(value)]
    match value:
        case nodes.Compare(operator, _, _):
            return {"compare": [parts[0], operator, parts[1]]}
        case nodes.Arithmetic(operator, _, _):
            return {"calculate": [parts[0], operator, parts[1]]}
        case nodes.Between():
            return {"between": parts}
        case nodes.OneOf(_, values):
            return {"value": parts[0], "one_of": [scalar_document(each) for each in values]}
        case nodes.Coded(_, codes):
            return {"value": parts[0], "codes": codelist_document(codes)}
        case nodes.TextTest(how, _, text):
            return {"value": parts[0], how: text}
        case nodes.AllOf() | nodes.AnyOf() | nodes.Earliest() | nodes.DaysBetween():
            return {_WORDS[type(value)]: parts}
        case _:
            return {_WORDS[type(value)]: parts[0]}


_WORDS: dict[type, str] = {
    nodes.AllOf: "all",
    nodes.AnyOf: "any",
    nodes.Earliest: "earliest",
    nodes.DaysBetween: "days_between",
    nodes.Known: "known",
    nodes.Not: "not",
    nodes.YearOf: "year_of",
}


def _aggregate(value: Reduce | Pick) -> dict[str, Any]:
    document: dict[str, Any] = {value.how: rows_document(value.rows)}
    if value.value is not None:
        document["take"] = value_document(value.value)
    if isinstance(value, Pick) and value.ties:
        document["ties"] = [{each.rule: each.column} if each.column else each.rule for each in value.ties]
    return document


def rows_document(rows: Rows) -> dict[str, Any]:
    """Rows of another table as plain values."""
    document: dict[str, Any] = {"table": rows.table}
    if rows.where is not None:
        document["where"] = value_document(rows.where)
    if rows.window is not None:
        document["within"] = _window(rows.window)
    if rows.of:
        document["of"] = rows.of
    return document


def _window(window: Window) -> dict[str, Any]:
    document: dict[str, Any] = {"days": [window.first, window.last]}
    if window.anchor is not None:
        document["around"] = value_document(window.anchor)
    if window.overlapping:
        document["overlapping"] = True
    return document


def scalar_document(value: Scalar) -> Any:
    """A value of a table; texts and dates say what they are, since a bare text is a column."""
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return {"text": value} if isinstance(value, str) else value


def codelist_document(codes: Codelist) -> dict[str, Any]:
    """A codelist with everything that it holds."""
    document: dict[str, Any] = {"name": codes.name} if codes.name else {}
    document["include"] = list(codes.include)
    return document | ({"exclude": list(codes.exclude)} if codes.exclude else {})


def canonical(cohort: Cohort) -> str:
    """The one text of a cohort: the same for every way to write the same question."""
    return json.dumps(_sorted(to_document(cohort)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sorted(document: Any) -> Any:
    if isinstance(document, list):
        return [_sorted(each) for each in document]
    if not isinstance(document, dict):
        return document
    made = {key: _sorted(each) for key, each in document.items()}
    for key in UNORDERED:
        if isinstance(made.get(key), list):
            made[key] = sorted(made[key], key=lambda each: json.dumps(each, sort_keys=True))
    return made


def digest(cohort: Cohort) -> str:
    """The hash of the canonical form."""
    return hashlib.sha256(canonical(cohort).encode()).hexdigest()


def to_json(cohort: Cohort) -> str:
    """The cohort as JSON, for programs and the portal."""
    return json.dumps(to_document(cohort), indent=2, ensure_ascii=False) + "\n"


def to_yaml(cohort: Cohort) -> str:
    """The cohort as a YAML file with everything spelled out."""
    import yaml

    return str(yaml.safe_dump(to_document(cohort), sort_keys=False, allow_unicode=True, width=110))
