"""The words of a document that make a value, and how each is read. Pure.

`WORDS` is in the order in which words go before one another where a mapping has several.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import Codelist
from imagebank.cohorts.query.nodes import Expression, Literal, Pick, Reduce, Rows, Scalar, Tie
from imagebank.cohorts.query.schema import Kind, QueryError, Schema
from imagebank.cohorts.query.shorthand import age_at, quality_of


class Reads(Protocol):
    """What the words need of the reader of a document."""

    schema: Schema

    def value(self, document: Any, frame: str) -> Expression:
        """Any expression."""

    def condition(self, document: Any, frame: str) -> Expression:
        """Something that is yes or no."""

    def rows(self, document: Any, frame: str) -> Rows:
        """Rows of another table."""

    def codes(self, document: Any) -> Codelist:
        """A codelist."""


Mapped = Mapping[str, Any]
Word = Callable[[Reads, Mapped, str], Expression]


def only(document: Mapped, words: tuple[str, ...], what: str) -> None:
    """Raise QueryError for a word that has no meaning."""
    for word in document:
        if word not in words:
            near = difflib.get_close_matches(str(word), words, n=1, cutoff=0.5)
            advice = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(words)}"
            raise QueryError(f"{what} has no `{word}`.", advice)


def scalar(document: Any) -> Scalar:
    """A value that is written in a list or a test."""
    if isinstance(document, Mapping) and len(document) == 1:
        (word, what), *_ = document.items()
        if word == "text":
            return str(what)
        if word == "day":
            return typed(what, Kind.DATE)
    if isinstance(document, datetime):
        raise QueryError("The tables hold days without a time.", f"write {document:%Y-%m-%d}")
    if isinstance(document, bool | int | float | str | date):
        return document
    raise QueryError("A list of values holds texts, numbers and dates.", "leave the rest out")


WRITTEN = {Kind.DATE: "dates are written 2026-01-31", Kind.YES_NO: "write yes or no"}


def typed(value: Any, kind: Kind) -> Scalar:
    """A value as its column needs it: YAML reads yes and no as truth values, and people write numbers as text."""
    if kind is Kind.TEXT:
        return ("yes" if value else "no") if isinstance(value, bool) else scalar(value)
    if not isinstance(value, str):
        return scalar(value)
    try:
        if kind is Kind.DATE:
            return date.fromisoformat(value)
        if kind.is_number:
            return float(value) if kind is Kind.NUMBER and "." in value else int(value)
        return {"true": True, "yes": True, "false": False, "no": False}[value.lower()]
    except (ValueError, KeyError):
        raise QueryError(f"`{value}` is no {kind}.", WRITTEN.get(kind, "write it in digits")) from None


def listed(document: Mapped, word: str, *, exactly: int = 0, needed: bool = True) -> list[Any]:
    """The list behind a word; an empty one, or none, where it is not `needed`. Raises QueryError for anything else."""
    found = document.get(word)
    if not needed and found is None:
        return []
    if not isinstance(found, list) or (needed and not found) or (exactly and len(found) != exactly):
        raise QueryError(f"`{word}` takes a list{f' of {exactly}' if exactly else ''}.", f"write `{word}: [ ... ]`")
    return found


def mapped(document: Mapped, word: str) -> Mapped:
    """The mapping behind a word, empty where there is none. Raises QueryError for anything else."""
    found = document.get(word)
    if found is not None and not isinstance(found, Mapping):
        raise QueryError(f"`{word}` takes names and what they mean.", f"write `{word}: {{NAME: ...}}`")
    return found or {}


def _value(reader: Reads, document: Mapped, frame: str) -> Expression:
    only(document, ("value",), "A value")
    return reader.value(document["value"], frame)


def _text(reader: Reads, document: Mapped, frame: str) -> Expression:
    del reader, frame
    only(document, ("text", "day"), "A value")
    return Literal(scalar(document))


def _binary(word: str, made: Callable[[str, Expression, Expression], Expression], signs: tuple[str, ...]) -> Word:
    def read(reader: Reads, document: Mapped, frame: str) -> Expression:
        only(document, (word,), f"`{word}`")
        left, sign, right = listed(document, word, exactly=3)
        if sign not in signs:
            raise QueryError(f"`{sign}` cannot stand in `{word}`.", f"use one of: {' '.join(signs)}")
        return made(sign, reader.value(left, frame), reader.value(right, frame))

    return read


def _several(word: str, made: Callable[..., Expression], exactly: int = 0, *, conditions: bool = False) -> Word:
    def read(reader: Reads, document: Mapped, frame: str) -> Expression:
        only(document, (word,), f"`{word}`")
        of = reader.condition if conditions else reader.value
        parts = tuple(of(each, frame) for each in listed(document, word, exactly=exactly))
        return made(*parts) if exactly else made(parts)

    return read


def _one(word: str, made: Callable[[Expression], Expression], *, condition: bool = False) -> Word:
    def read(reader: Reads, document: Mapped, frame: str) -> Expression:
        only(document, (word,), f"`{word}`")
        return made((reader.condition if condition else reader.value)(document[word], frame))

    return read


def _choose(reader: Reads, document: Mapped, frame: str) -> Expression:
    only(document, ("choose", "otherwise"), "`choose`")
    cases = []
    for each in listed(document, "choose"):
        if not isinstance(each, Mapping) or set(each) != {"when", "then"}:
            raise QueryError("A case has `when` and `then`.", "write `- when: CONDITION` and below it `then: VALUE`")
        cases.append((reader.condition(each["when"], frame), reader.value(each["then"], frame)))
    rest = document.get("otherwise")
    return nodes.Choose(tuple(cases), None if rest is None else reader.value(rest, frame))


def _reduce(how: str) -> Word:
    def read(reader: Reads, document: Mapped, frame: str) -> Expression:
        only(document, (how, "take"), f"`{how}`")
        rows, take = reader.rows(document[how], frame), document.get("take")
        return Reduce(how, rows, None if take is None else reader.value(take, rows.table))

    return read


def _pick(how: str) -> Word:
    def read(reader: Reads, document: Mapped, frame: str) -> Expression:
        only(document, (how, "take", "ties"), f"`{how}`")
        rows = reader.rows(document[how], frame)
        if "take" not in document:
            raise QueryError(f"The {how} row has many columns.", "say `take: COLUMN`, or `take: gap` for the days")
        ties = tuple(_tie(each) for each in listed(document, "ties", needed=False))
        return Pick(how, rows, reader.value(document["take"], rows.table), ties)

    return read


def _tie(document: Any) -> Tie:
    rule, column = next(iter(document.items())) if isinstance(document, Mapping) and document else (document, "")
    if rule not in nodes.TIES or bool(column) != (rule in ("lowest", "highest")):
        raise QueryError(f"`{rule}` is no rule for ties.", f"use {', '.join(nodes.TIES)}; the last two with a column")
    return Tie(str(rule), str(column))


def _none(reader: Reads, document: Mapped, frame: str) -> Expression:
    only(document, ("none",), "`none`")
    return nodes.Not(Reduce("exists", reader.rows(document["none"], frame)))


def _age_at(reader: Reads, document: Mapped, frame: str) -> Expression:
    only(document, ("age_at",), "`age_at`")
    return age_at(reader.value(document["age_at"], frame), frame, reader.schema)


def _quality(reader: Reads, document: Mapped, frame: str) -> Expression:
    only(document, ("quality_of",), "`quality_of`")
    told = document["quality_of"]
    return quality_of(frame, None if told in (None, "all") else reader.condition(told, "quality"), reader.schema)


WORDS: dict[str, Word] = {
    "value": _value,
    "text": _text,
    "day": _text,
    "compare": _binary("compare", nodes.Compare, nodes.COMPARISONS),
    "calculate": _binary("calculate", nodes.Arithmetic, nodes.ARITHMETIC),
    "between": _several("between", nodes.Between, 3),
    "days_between": _several("days_between", nodes.DaysBetween, 2),
    "earliest": _several("earliest", nodes.Earliest),
    "all": _several("all", nodes.AllOf, conditions=True),
    "any": _several("any", nodes.AnyOf, conditions=True),
    "known": _one("known", nodes.Known),
    "year_of": _one("year_of", nodes.YearOf),
    "choose": _choose,
    "age_at": _age_at,
    "quality_of": _quality,
    "none": _none,
    **{how: _reduce(how) for how in nodes.REDUCTIONS},
    **{how: _pick(how) for how in nodes.PICKS},
    "not": _one("not", nodes.Not, condition=True),
}
"""Every word that makes a value."""

MEANT = {
    "COLUMN": "a column of the row, or of the one patient, study or scanner that belongs to it",
    "own_date": "the date of the row: of the scan, of the event",
    "text, day": "a text or a date that is written in the question",
    "exists": "whether there are such rows",
    "none": "whether there are no such rows",
    "count": "how many such rows there are",
    "sum, mean, least, greatest": "of a value of the rows, which `take` names",
    "different": "how many different values there are",
    "first, last, nearest": "the value `take` of the earliest, the latest, or the row nearest to the anchor",
    "gap": "inside `take`: days from the anchor to the row, negative before it",
    "all, any, not": "conditions joined",
    "compare": "`[VALUE, SIGN, VALUE]`",
    "between": "`[VALUE, LOW, HIGH]`, both ends included",
    "known": "whether there is a value",
    "calculate": "`[VALUE, SIGN, VALUE]` with + - * /; dividing by 0 gives no value",
    "days_between": "`[START, END]`, whole days",
    "year_of": "the year of a date",
    "age_at": "age in years on a day",
    "earliest": "the earliest of several dates; missing ones do not count",
    "choose": "a list of `when` and `then`, and `otherwise`",
    "quality_of": "the mean verdict on the images (1 usable, 0.5 caution, 0 unusable): of `all`, or of some",
}
"""What each word is worth, for the manual."""
