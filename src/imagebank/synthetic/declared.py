"""Tables that are declared once: their Arrow schema, their SQL table and their page all derive from the declaration.

A table is declared as a record (a dataclass whose fields are `imagebank.core.columns.column`) or as lines of a CSV file
with the columns table, column, type, need, refers, meaning. `type` is text, text(50), whole, number, date, datetime or
yes-no; `need` is key, required or optional; `refers` names the column that a foreign key points to. A line without a
column says what the table is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from imagebank.core.columns import columns

Row = tuple[Any, ...]

ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "yes-no": pa.bool_(),
}
SQL: dict[str, Any] = {
    "text": sa.Text,
    "whole": sa.Integer,
    "number": sa.Float,
    "date": sa.Date,
    "datetime": sa.DateTime,
    "yes-no": sa.Boolean,
}
PYTHON = {str: "text", int: "whole", float: "number", date: "date", bool: "yes-no"}


@dataclass(frozen=True)
class Column:
    """One column: its type (see above), what it means, whether it names a row, and what it refers to."""

    name: str
    type: str
    need: str
    meaning: str
    refers: str = ""

    @property
    def kind(self) -> str:
        """The type without its length."""
        return self.type.partition("(")[0]

    @property
    def length(self) -> int | None:
        """The most characters of a text, None where there is no limit."""
        found = re.search(r"\((\d+)\)", self.type)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row of it is, its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema; the meaning of the table and of each column is in its metadata."""
        fields = [
            pa.field(each.name, ARROW[each.kind], each.need == "optional", {"meaning": each.meaning})
            for each in self.columns
        ]
        return pa.schema(fields, {"meaning": self.meaning})


def table_of(name: str, record: type) -> Table:
    """The table that a record declares; its docstring says what a row is."""
    found = []
    for each in columns(record):
        need = "key" if each.key else "optional" if each.optional else "required"
        unit = f" In {each.unit}." if each.unit else ""
        values = f" One of: {', '.join(each.values)}." if each.values else ""
        found.append(Column(each.name, PYTHON[each.type], need, f"{each.meaning}{unit}{values}"))
    return Table(name, " ".join((record.__doc__ or "").split()), tuple(found))


def load_tables(package: str, file: str) -> tuple[Table, ...]:
    """The tables that a CSV file below `package`/data declares, in order."""
    with (files(package) / "data" / file).open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    meanings = {row["table"]: row["meaning"] for row in rows if not row["column"]}
    return tuple(
        Table(
            name,
            meaning,
            tuple(
                Column(row["column"], row["type"], row["need"], row["meaning"], row["refers"])
                for row in rows
                if row["table"] == name and row["column"]
            ),
        )
        for name, meaning in meanings.items()
    )


def batch_of(table: Table, rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows, whose values stand in the order of the columns, as one Arrow batch."""
    schema = table.schema
    each = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(values, field.type) for values, field in zip(each, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def sql_metadata(tables: Iterable[Table]) -> sa.MetaData:
    """The tables for a database: primary keys, foreign keys, and an index on each column that refers or is a date."""
    metadata = sa.MetaData()
    for table in tables:
        sa.Table(table.name, metadata, *(_sql_column(each) for each in table.columns), comment=table.meaning or None)
    return metadata


def _sql_column(column: Column) -> sa.Column[Any]:
    kind = sa.String(column.length) if column.length else SQL[column.kind]()
    reference = [sa.ForeignKey(column.refers)] if column.refers else []
    return sa.Column(
        column.name,
        kind,
        *reference,
        primary_key=column.need == "key",
        autoincrement=False,
        nullable=column.need == "optional",
        index=(_is_searched(column)) or None,
        comment=column.meaning or None,
    )


def _is_searched(column: Column) -> bool:
    """Whether people look rows up by it; concepts are few, so an index on them would not help."""
    refers_to_rows = bool(column.refers) and not column.refers.startswith("concept.")
    return column.need != "key" and (refers_to_rows or column.kind == "date")


def page_of(tables: Iterable[Table]) -> str:
    """The tables as Markdown: one section each."""
    return "\n".join(_section(table) for table in tables)


def _section(table: Table) -> str:
    lines = [
        f"### {table.name}",
        "",
        table.meaning,
        "",
        "| column | type | need | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for each in table.columns:
        refers = f" Refers to `{each.refers}`." if each.refers else ""
        lines.append(f"| `{each.name}` | {each.type} | {each.need} | {each.meaning.replace('|', '&#124;')}{refers} |")
    return "\n".join(lines) + "\n"


def by_name(tables: Iterable[Table]) -> Mapping[str, Table]:
    """Tables by their name."""
    return {table.name: table for table in tables}
