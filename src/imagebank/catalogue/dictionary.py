"""The data dictionary: every table and column, straight from the declarations, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from imagebank.catalogue.tables import TABLES
from imagebank.core.columns import Column, columns

TYPE_NAMES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "yes or no",
    date: "date",
    tuple[str, ...]: "list of texts",
}


@dataclass(frozen=True)
class Entry:
    """One column of one table, in words."""

    table: str
    column: str
    type: str
    unit: str
    required: bool
    key: bool
    meaning: str
    values: str
    disclosure_risk: str


def entries(tables: Mapping[str, type] = TABLES) -> tuple[Entry, ...]:
    """Every column of every table, in the order in which they are declared."""
    return tuple(_entry(name, each) for name, record in tables.items() for each in columns(record))


def _entry(table: str, each: Column) -> Entry:
    return Entry(
        table=table,
        column=each.name,
        type=TYPE_NAMES[each.type],
        unit=each.unit or "",
        required=not each.optional,
        key=each.key,
        meaning=each.meaning,
        values=", ".join(each.values),
        disclosure_risk=each.risk.value,
    )


def dictionary_csv(tables: Mapping[str, type] = TABLES) -> str:
    """The dictionary as CSV with a header line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [each.name for each in fields(Entry)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(entry) for entry in entries(tables))
    return text.getvalue()


def dictionary_json(tables: Mapping[str, type] = TABLES) -> str:
    """The dictionary as a JSON list of objects."""
    return json.dumps([asdict(entry) for entry in entries(tables)], indent=2, ensure_ascii=False) + "\n"


def dictionary_markdown(tables: Mapping[str, type] = TABLES) -> str:
    """The dictionary as a Markdown page: one section a table, one line a column."""
    parts = ["# Tables", "", _INTRODUCTION, ""]
    for name, record in tables.items():
        parts += [f"## {name}", "", (record.__doc__ or "").strip().splitlines()[0], ""]
        parts += ["| column | type | unit | meaning | values | risk |", "|---|---|---|---|---|---|"]
        parts += [_line(entry) for entry in entries({name: record})]
        parts.append("")
    return "\n".join(parts)


_INTRODUCTION = (
    "Every snapshot holds these tables, one Parquet file each. Columns in **bold** together name a row; a type that "
    'ends in "?" may be empty. The last column says what a value could tell about a person, from `none` (about a '
    "machine or a file) through `attribute` and `quasi-identifier` (with others it may single a person out) to "
    "`linkable` (the bank's own keyed id)."
)


def _line(entry: Entry) -> str:
    name = f"**{entry.column}**" if entry.key else entry.column
    kind = entry.type if entry.required else f"{entry.type}?"
    cells = (name, kind, entry.unit, entry.meaning, entry.values, entry.disclosure_risk)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
