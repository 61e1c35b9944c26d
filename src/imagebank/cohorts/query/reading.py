"""From a document (a YAML file, JSON of the portal) to a cohort: what a question may say, and how it may shorten it.

The language is told in docs/cohorts.md. Errors name the step or the column, the word, and what would do. Files are
read for codelists alone, and only where `folder` says that the document may name them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imagebank.cohorts.query.checking import check
from imagebank.cohorts.query.nodes import Cohort, OnePer, Order, Output, Step, Unit
from imagebank.cohorts.query.reading_values import Reader
from imagebank.cohorts.query.reading_words import listed, mapped, only
from imagebank.cohorts.query.schema import BANK, QueryError, Schema
from imagebank.cohorts.query.shorthand import one_per, time_to
from imagebank.cohorts.query.writing import FORMAT

WORDS = (
    "imagebank_cohort",
    "name",
    "question",
    "unit",
    "define",
    "steps",
    "one_per",
    "one_per_patient",
    "columns",
    "groups",
)
COLUMN_WORDS = ("name", "value", "time_to", "censor", "unit", "description")


def from_document(document: Any, *, folder: Path | None = None, schema: Schema = BANK) -> Cohort:
    """The cohort that a document describes, checked. Raises QueryError."""
    if not isinstance(document, Mapping):
        raise QueryError("A cohort is a mapping of words to what they mean.", "begin with `unit: study` and `steps:`")
    with _of_finite_depth():
        return check(_cohort(document, folder, schema), schema)


@contextmanager
def _of_finite_depth() -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise QueryError("The cohort is nested too deeply, or within itself.", "say it with fewer levels") from None


def _cohort(document: Mapping[str, Any], folder: Path | None, schema: Schema) -> Cohort:
    only(document, WORDS, "A cohort")
    if document.get("imagebank_cohort", FORMAT) != FORMAT:
        raise QueryError("The cohort is written in another version of the language.", f"this program reads {FORMAT}")
    unit = _unit(document.get("unit", ""))
    reader = Reader(schema, mapped(document, "define"), folder)
    columns = listed(document, "columns", needed=False)
    return Cohort(
        name=str(document.get("name", "")),
        unit=unit,
        steps=tuple(_step(each, unit, reader) for each in listed(document, "steps", needed=False)),
        one_per=_one_per(document, unit, reader),
        columns=tuple(each for column in columns for each in _outputs(column, unit, reader)),
        groups=tuple(map(str, listed(document, "groups", needed=False))),
        question=" ".join(str(document.get("question", "")).split()),
    )


def _unit(word: object) -> Unit:
    try:
        return Unit(str(word))
    except ValueError:
        raise QueryError("A cohort says what it counts.", "write `unit: patient`, `study` or `series`") from None


def _step(document: Any, unit: Unit, reader: Reader) -> Step:
    if not isinstance(document, Mapping) or "keep" not in document or not document.get("step"):
        raise QueryError("A step has a name and a condition.", "write `- step: NAME` and below it `keep: CONDITION`")
    only(document, ("step", "keep"), "A step")
    name = str(document["step"])
    with reader.at(f"Step `{name}`"):
        return Step(name, reader.condition(document["keep"], unit.table))


def _outputs(document: Any, unit: Unit, reader: Reader) -> tuple[Output, ...]:
    if isinstance(document, str):
        document = {"name": document.rpartition(".")[2], "value": document}
    if not isinstance(document, Mapping) or not document.get("name") or not {"value", "time_to"} & set(document):
        raise QueryError("A column has a name and a value.", "write `- name: NAME` and below it `value: VALUE`")
    only(document, COLUMN_WORDS, "A column")
    name, told = str(document["name"]), str(document.get("description", ""))
    with reader.at(f"Column `{name}`"):
        if "time_to" in document:
            return _time_to(name, told, document, unit, reader)
        return (Output(name, reader.value(document["value"], unit.table), str(document.get("unit", "")), told),)


def _time_to(name: str, told: str, document: Mapping[str, Any], unit: Unit, reader: Reader) -> tuple[Output, ...]:
    rows = reader.rows(document["time_to"], unit.table)
    censors = [reader.value(each, unit.table) for each in listed(document, "censor", needed=False)]
    days, seen = time_to(rows, reader.schema, censors=censors) if censors else time_to(rows, reader.schema)
    return (
        Output(f"{name}_days", days, "day", told or f"Days to {name}, or to the end of follow-up."),
        Output(f"{name}_seen", seen, "", f"Whether the time ended with {name}."),
    )


def _one_per(document: Mapping[str, Any], unit: Unit, reader: Reader) -> OnePer | None:
    short = document.get("one_per_patient")
    with reader.at("One for each"):
        if spelled := mapped(document, "one_per"):
            only(spelled, ("unit", "rule", "order"), "`one_per`")
            order = tuple(_order(each, unit, reader) for each in listed(spelled, "order", needed=False))
            return OnePer(_unit(spelled.get("unit")), order, str(spelled.get("rule", "")))
        if isinstance(short, Mapping) and short:
            only(short, ("nearest_to", "best_quality"), "`one_per_patient`")
            if "nearest_to" in short:
                return one_per("nearest", unit.table, of=reader.value(short["nearest_to"], unit.table))
            return one_per("best quality", unit.table, of=reader.condition(short["best_quality"], "quality"))
        return one_per(str(short), unit.table) if short else None


def _order(document: Any, unit: Unit, reader: Reader) -> Order:
    if not isinstance(document, Mapping) or "by" not in document:
        raise QueryError(
            "An order says by what.", "write `- by: VALUE`, and `highest_first: yes` where that goes first"
        )
    only(document, ("by", "highest_first"), "An order")
    return Order(reader.value(document["by"], unit.table), bool(document.get("highest_first")))


def from_json(text: str, *, schema: Schema = BANK) -> Cohort:
    """The cohort of a JSON text. It may name no files. Raises QueryError."""
    try:
        with _of_finite_depth():
            document = json.loads(text)
        return from_document(document, schema=schema)
    except json.JSONDecodeError as error:
        raise QueryError(f"The cohort is not JSON (line {error.lineno}).", "correct that line") from None


def from_yaml(text: str, *, folder: Path | None = None, schema: Schema = BANK) -> Cohort:
    """The cohort of a YAML text. Raises QueryError."""
    import yaml

    try:
        with _of_finite_depth():
            document = yaml.safe_load(text)
        return from_document(document, folder=folder, schema=schema)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise QueryError(f"The cohort is not YAML{where}.", "correct that line; texts with `: ` need quotes") from None


def read_cohort(path: Path, *, schema: Schema = BANK) -> Cohort:
    """The cohort of a .yaml or .json file; codelists that it names lie beside it. Raises QueryError."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{path} cannot be read ({type(error).__name__}).", "check its path") from None
    if path.suffix == ".json":
        return from_json(text, schema=schema)
    return from_yaml(text, folder=path.parent, schema=schema)
