"""The values, conditions and rows of a document, each read in the table of whose rows it is asked.

A bare text is a column or a definition, never a value; in a test of a column it is the value. A mapping that begins
with no word of the language tests columns: `{sequence: T1w, dimension: 3D}` is both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.checking import kind_of
from imagebank.cohorts.query.codelists import Codelist, codelist, concept, library, read_codelist
from imagebank.cohorts.query.nodes import Expression, Literal, Rows, Window
from imagebank.cohorts.query.reading_words import WORDS, listed, only, scalar, typed
from imagebank.cohorts.query.schema import Kind, QueryError, Schema, one_row
from imagebank.records.registry import shipped_registry

TEST_WORDS = ("one_of", "codes", "starts", "contains", "is", "not")
ROWS_WORDS = ("table", "where", "within", "of")
WINDOW_WORDS = ("days", "around", "overlapping")
OPERATOR = re.compile(r"(<=|>=|!=|=|<|>)\s*(.+)")


class Reader:
    """Reads parts of one document: its definitions, and whether it may name files, are known."""

    def __init__(self, schema: Schema, definitions: Mapping[str, Any], folder: Path | None) -> None:
        self.schema, self._definitions, self._folder = schema, definitions, folder
        self._open: tuple[str, ...] = ()

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Name the place in errors."""
        try:
            yield
        except QueryError as error:
            raise QueryError(f"{place}: {error.what}", error.advice) from None

    @contextmanager
    def _defined(self, name: str) -> Iterator[Any]:
        """The document of a definition; one that asks for itself is refused."""
        if name in self._open:
            raise QueryError(f"The definition `{name}` uses itself.", "say what it means in other words")
        self._open = (*self._open, name)
        try:
            yield self._definitions[name]
        finally:
            self._open = self._open[:-1]

    def condition(self, document: Any, frame: str) -> Expression:
        """Something that is yes or no."""
        if isinstance(document, str) and document in self._definitions:
            with self._defined(document) as meant:
                return self.condition(meant, frame)
        if isinstance(document, Mapping) and not self._word_of(document):
            if not document:
                raise QueryError("A condition is empty.", "say what must hold")
            tests = [self._test(self._column(str(key), frame), test, frame) for key, test in document.items()]
            return tests[0] if len(tests) == 1 else nodes.AllOf(tuple(tests))
        return self.value(document, frame)

    def _word_of(self, document: Mapping[str, Any]) -> str:
        return next((word for word in WORDS if word in document), "")

    def value(self, document: Any, frame: str) -> Expression:
        """Any expression."""
        if isinstance(document, bool | int | float | date):
            return Literal(scalar(document))
        if isinstance(document, str):
            return self._named(document, frame)
        if not isinstance(document, Mapping):
            raise QueryError("A value is a column, a number or a mapping.", "see docs/cohorts.md")
        word = self._word_of(document)
        if not word:
            return self.condition(document, frame)
        rest = {key: each for key, each in document.items() if key not in TEST_WORDS or key == word}
        made = WORDS[word](self, rest, frame)
        tests = {key: test for key, test in document.items() if key in TEST_WORDS and key != word}
        for key, test in tests.items():
            made = self._test(made, test if key == "is" else {key: test}, frame)
        return made

    def _named(self, name: str, frame: str) -> Expression:
        if name in ("own_date", "gap"):
            return nodes.OwnDate() if name == "own_date" else nodes.Gap()
        if name in self._definitions:
            with self._defined(name) as meant:
                return self.value(meant, frame)
        return self._column(name, frame)

    def _column(self, name: str, frame: str) -> Expression:
        """A column of the frame, else of a table to which the row belongs; or a definition, to be tested."""
        if name in self._definitions:
            return self._named(name, frame)
        table, _, column = name.rpartition(".")
        if table:
            self.schema.column(table, column)
            return nodes.Column(table, column)
        for place in (frame, *(each for each in self.schema.tables if self.schema.path(frame, each))):
            if column in {each.name for each in self.schema.columns(place)}:
                return nodes.Column(place, column)
        self._explain(column, frame)
        raise AssertionError("explained")

    def _explain(self, column: str, frame: str) -> None:
        """Say why a bare name is no column here: it belongs to many rows, is called otherwise now, or is unknown."""
        for place in self.schema.tables:
            if self.schema.link(frame, place) and column in {each.name for each in self.schema.columns(place)}:
                kind_of(nodes.Column(place, column), frame, self.schema)
        if column in self.schema.tables:
            raise QueryError(
                f"`{column}` is a table: each {one_row(frame)} may have many of its rows.",
                f"say `exists: {{table: {column}, where: ...}}`, or `count`, `first`, `last`, `nearest`",
            )
        instrument = shipped_registry().name("assessments", column)
        if instrument:
            rows = f"{{table: assessments, where: {{name: {instrument}}}, within: 180}}"
            raise QueryError(
                f"`{column}` has many values per {one_row(frame)}.",
                f"say `{{value: {{nearest: {rows}, take: score}}, is: ...}}`, or `first`, `last`, `mean`, `exists` "
                "or `count`",
            )
        self.schema.column(frame, column)

    def _test(self, value: Expression, test: Any, frame: str) -> Expression:
        """A test of a value: equal, among, compared, coded, by its letters, known."""
        if isinstance(test, list):
            return self._one_of(value, test, frame)
        if isinstance(test, Mapping):
            return self._mapped_test(value, test, frame)
        if test in ("known", "missing") and isinstance(test, str):
            known = nodes.Known(value)
            return known if test == "known" else nodes.Not(known)
        kind = kind_of(value, frame, self.schema)
        match = OPERATOR.fullmatch(test) if isinstance(test, str) and kind is not Kind.TEXT else None
        if match and match[2][0] in "<>=":
            raise QueryError(f"`{test}` begins with no sign.", "the signs are <=, >=, !=, =, < and >")
        if match:
            return nodes.Compare(match[1], value, Literal(typed(match[2].strip(), kind)))
        return nodes.Compare("=", value, Literal(typed(test, kind)))

    def _mapped_test(self, value: Expression, test: Mapping[str, Any], frame: str) -> Expression:
        if len(test) != 1:
            raise QueryError("A test has one word.", "join several with `all`")
        ((word, what),) = test.items()
        if word == "codes":
            return nodes.Coded(value, self.codes(what))
        if word == "one_of":
            return self._one_of(value, what, frame)
        if word in ("starts", "contains"):
            return nodes.TextTest(word, value, _letters(word, what))
        if word == "not":
            return nodes.Not(self._test(value, what, frame))
        if word == "between" and isinstance(what, list) and len(what) == 2:
            return nodes.Between(value, *(self._bound(each, frame) for each in what))
        if word in nodes.COMPARISONS:
            return nodes.Compare(word, value, self._bound(what, frame))
        if word in ("text", "day"):
            return nodes.Compare("=", value, Literal(scalar(test)))
        words = ("between", *TEST_WORDS, *nodes.COMPARISONS)
        raise QueryError(f"`{word}` is no test.", f"use one of: {', '.join(words)}")

    def _one_of(self, value: Expression, values: Any, frame: str) -> Expression:
        if not isinstance(values, list) or not values:
            raise QueryError("`one_of` takes a list.", "write `one_of: [ ... ]`")
        kind = kind_of(value, frame, self.schema)
        return nodes.OneOf(value, tuple(typed(each, kind) for each in values))

    def _bound(self, document: Any, frame: str) -> Expression:
        """One side of a comparison: a value, or what a name stands for."""
        return self.value(document, frame) if isinstance(document, str | Mapping) else Literal(scalar(document))

    def codes(self, document: Any) -> Codelist:
        """A codelist: a name of the library or a definition, a list of codes, a file, or both sides spelled out."""
        if isinstance(document, str):
            if _is_codelist(self._definitions.get(document)):
                with self._defined(document) as meant:
                    found = self.codes(meant)
                return Codelist(found.include, found.exclude, found.name or document)
            return concept(document) if document in library() or not document[-1:].isdigit() else codelist([document])
        if isinstance(document, list):
            return codelist([str(each) for each in document])
        if isinstance(document, Mapping) and "file" in document:
            if self._folder is None:
                raise QueryError("This document may name no file.", "write the codes into it")
            return read_codelist(self._folder / str(document["file"]))
        if isinstance(document, Mapping) and "include" in document:
            only(document, ("include", "exclude", "name"), "A codelist")
            include, exclude = (map(str, listed(document, side, needed=False)) for side in ("include", "exclude"))
            return codelist(include, exclude, str(document.get("name", "")))
        raise QueryError("A codelist is a name, a list of codes, or `include` and `exclude`.", "for example [F00-F09]")

    def rows(self, document: Any, frame: str) -> Rows:
        """Rows of another table."""
        if isinstance(document, str) and document in self._definitions:
            with self._defined(document) as meant:
                return self.rows(meant, frame)
        if isinstance(document, str):
            document = {"table": document}
        if not isinstance(document, Mapping) or "table" not in document:
            raise QueryError("Rows have a table.", "write `{table: diagnoses, where: ...}`")
        only(document, ROWS_WORDS, "A choice of rows")
        table = str(document["table"])
        self.schema.record(table)
        where = self.condition(document["where"], table) if document.get("where") is not None else None
        within = document.get("within")
        return Rows(
            table, where, None if within is None else self._window(within, frame), str(document.get("of") or "")
        )

    def _window(self, document: Any, frame: str) -> Window:
        if not isinstance(document, Mapping):
            document = {"days": document}
        only(document, WINDOW_WORDS, "A window")
        days = document.get("days", [None, None])
        if isinstance(days, int):
            days = [-days, days]
        if not isinstance(days, list) or len(days) != 2 or any(type(day) not in (int, type(None)) for day in days):
            raise QueryError("The days of a window are two whole numbers, or one for both sides.", "such as [-180, 0]")
        anchor = None if document.get("around") is None else self.value(document["around"], frame)
        overlapping = typed(document.get("overlapping", False), Kind.YES_NO)
        if not isinstance(overlapping, bool):
            raise QueryError(f"`overlapping` is no `{overlapping}`.", "write yes or no")
        return Window(days[0], days[1], anchor, overlapping)


def _letters(word: str, what: Any) -> str:
    """The text of a test of letters; nothing at all would be in every text."""
    if isinstance(what, Mapping | list) or what is None or str(what) == "":
        raise QueryError(f"`{word}` takes a text.", f"write `{word}: TEXT`")
    return str(what)


def _is_codelist(document: Any) -> bool:
    """Whether a definition is a codelist, as far as one can see; rows may have the name of one of the library."""
    return isinstance(document, list) or (isinstance(document, Mapping) and bool({"include", "file"} & set(document)))
