"""Projects: whom and what each may see, in one file that a steward writes for each, `projects/NAME.yaml` in the bank.

    title: Prognosis of dementia
    patients: {exists: {table: diagnoses, where: {code: {codes: dementia}}}}
    studies: {scanners.field_strength_t: ">= 3"}
    hidden: [notes, patients.deprivation_decile]

`patients`, `studies` and `series` are conditions in the language of cohorts; what they do not hold for is not there for
the project, nor is anything that hangs off it. `hidden` are tables and columns that it may not ask for. A project that
has no file does not exist: else anybody could ask as a new one, who was told nothing yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imagebank.cohorts.engines.result import EVERYTHING, Scope
from imagebank.cohorts.query.checking import check
from imagebank.cohorts.query.nodes import Cohort, Expression, Step, Unit
from imagebank.cohorts.query.reading_values import Reader
from imagebank.cohorts.query.reading_words import listed, mapped, only
from imagebank.cohorts.query.schema import BANK, QueryError, Schema, near
from imagebank.core.layout import Layout

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
CONDITIONS = {unit.table: unit for unit in Unit}
WORDS = ("title", "define", *CONDITIONS, "hidden")


def scope_of(layout: Layout, name: str) -> Scope:
    """What a project may see; everything where no project is named. Raises QueryError for one that does not exist."""
    if not name:
        return EVERYTHING
    known = {path.stem: path for path in sorted(layout.projects.glob("*.yaml")) if NAME.fullmatch(path.stem)}
    if name not in known:
        advice = near(name, known) if known else "a steward makes one by writing projects/NAME.yaml in the bank"
        raise QueryError(f"The bank has no project `{name}`.", advice)
    return read_scope(known[name])


def read_scope(path: Path, schema: Schema = BANK) -> Scope:
    """The scope in the file of a project. Raises QueryError: a project whose file is wrong sees nothing."""
    import yaml

    try:
        document = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise QueryError(f"The project {path.name} cannot be read ({type(error).__name__}).", "correct it") from None
    if not isinstance(document, Mapping):
        raise QueryError(f"The project {path.name} is no mapping.", "write words such as `patients:` and `hidden:`")
    reader = Reader(schema, mapped(document, "define"), path.parent)
    with reader.at(f"The project `{path.stem}`"):
        only(document, WORDS, "A project")
        patients, studies, series = (_condition(document, table, reader, schema) for table in CONDITIONS)
        hidden = _hidden(document, schema)
    return Scope(path.stem, patients=patients, studies=studies, series=series, hidden=hidden)


def _condition(document: Mapping[str, Any], table: str, reader: Reader, schema: Schema) -> Expression | None:
    if document.get(table) is None:
        return None
    condition = reader.condition(document[table], table)
    check(Cohort("", CONDITIONS[table], steps=(Step(table, condition),)), schema)
    return condition


def _hidden(document: Mapping[str, Any], schema: Schema) -> frozenset[str]:
    """Tables and columns that exist: a name that was mistyped would hide nothing."""
    places = frozenset(map(str, listed(document, "hidden", needed=False)))
    for place in sorted(places):
        table, _, column = place.partition(".")
        if table not in schema.tables:
            raise QueryError(f"`hidden` names `{place}`, which is no table.", near(table, dict.fromkeys(schema.tables)))
        if column:
            schema.column(table, column)
    return places
