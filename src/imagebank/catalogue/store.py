"""Records to Parquet and back: what a table file may hold, and in which order.

A row is stored only when every value is what its column declares: the type, the allowed values, nothing missing that is
required. The same rows in any order give the same bytes: sorted by the key columns and then all others, no wall clock,
fixed compression and row groups. Errors name the table and the column, never the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from imagebank.core.columns import Column, columns
from imagebank.core.errors import BankError, ImagebankError
from imagebank.core.files import atomic_file

ROW_GROUP_ROWS = 100_000
COMPRESSION = "zstd"
LARGEST_INTEGER = 2**63 - 1
TEXTS = tuple[str, ...]

R = TypeVar("R")


class BadRow(ImagebankError):
    """A row does not hold what its table declares."""

    title = "table"


def write_table(path: Path, record_type: type, rows: Iterable[object]) -> None:
    """Write rows as one Parquet file, whole or not at all; the file's stem is the table's name in errors.

    Raises BadRow for a value that its column does not allow.
    """
    import pyarrow
    import pyarrow.parquet as parquet

    checked = sorted_rows(path.stem, record_type, rows)
    schema = schema_of(record_type)
    arrays = [
        pyarrow.array([getattr(row, field.name) for row in checked], type=field.type, from_pandas=False)
        for field in schema
    ]
    with atomic_file(path) as file:
        parquet.write_table(
            pyarrow.Table.from_arrays(arrays, schema=schema),
            file,
            compression=COMPRESSION,
            row_group_size=ROW_GROUP_ROWS,
            write_statistics=True,
        )


def read_table(path: Path, record_type: type[R]) -> list[R]:
    """The rows of a Parquet file as records. Raises BankError when the file was written from another declaration."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    if not table.schema.equals(schema_of(record_type)):
        raise BankError(
            f"Table {path.stem} was written by a version of imagebank that declares it differently.",
            "run `imagebank update` to publish the tables anew",
        )
    lists = {each.name for each in columns(record_type) if each.type == TEXTS}
    return [record_type(**_tuples(row, lists)) for row in table.to_pylist()]


def rows_of_patients(path: Path, patients: Iterable[str]) -> int:
    """How many rows of a table file belong to some pseudonyms; a table without patients has none."""
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    if "patient" not in parquet.read_schema(path).names:
        return 0
    column = parquet.read_table(path, columns=["patient"]).column("patient")
    return int(compute.sum(compute.is_in(column, value_set=_texts(patients))).as_py() or 0)


def _texts(values: Iterable[str]) -> Any:
    import pyarrow

    return pyarrow.array(sorted(values), pyarrow.string())


def _tuples(row: dict[str, Any], lists: set[str]) -> dict[str, Any]:
    return {name: tuple(value) if name in lists else value for name, value in row.items()}


def schema_of(record_type: type) -> Any:
    """The Arrow schema of a record; each field's metadata says meaning, unit, values and disclosure risk."""
    import pyarrow

    return pyarrow.schema([_field(each) for each in columns(record_type)])


def _field(each: Column) -> Any:
    import pyarrow

    kinds = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        bool: pyarrow.bool_(),
        date: pyarrow.date32(),
        TEXTS: pyarrow.list_(pyarrow.string()),
    }
    described = {"meaning": each.meaning, "unit": each.unit, "values": "|".join(each.values), "risk": each.risk.value}
    metadata = {name: text for name, text in described.items() if text}
    return pyarrow.field(each.name, kinds[each.type], nullable=each.optional, metadata=metadata)


def sorted_rows(table: str, record_type: type, rows: Iterable[object]) -> list[object]:
    """The rows, checked, in the one order in which they are stored."""
    declared = columns(record_type)
    kept = list(rows)
    for row in kept:
        check_row(table, record_type, declared, row)
    order = [each.name for each in declared if each.key] + [each.name for each in declared if not each.key]
    kept.sort(key=lambda row: _sort_key(row, order))
    check_unique(table, declared, kept)
    return kept


def _sort_key(row: object, order: Sequence[str]) -> tuple[Any, ...]:
    values = (getattr(row, name) for name in order)
    return tuple((value is not None, value) if value is not None else (False,) for value in values)


def check_unique(table: str, declared: Sequence[Column], rows: Sequence[object]) -> None:
    """Raise BadRow when two rows have the same id; only tables with a single key column have ids."""
    keys = [each.name for each in declared if each.key]
    if len(keys) != 1:
        return
    if len({getattr(row, keys[0]) for row in rows}) != len(rows):
        raise BadRow(f"Table {table} has two rows with the same {keys[0]}.", "each row of this table must be unique")


def check_row(table: str, record_type: type, declared: Sequence[Column], row: object) -> None:
    """Raise BadRow, naming table and column, when a row is not what its record declares."""
    if type(row) is not record_type:
        raise BadRow(f"Table {table} was offered a row of another kind.", f"offer rows of {record_type.__name__}")
    for each in declared:
        objection = objection_to(getattr(row, each.name), each)
        if objection:
            raise BadRow(f"Table {table}, column {each.name}: {objection}.", f"the column is: {each.meaning}")


def objection_to(value: object, each: Column) -> str | None:
    """What is wrong with a value for its column, without saying the value; None when nothing is."""
    if value is None:
        return None if each.optional else "a value is missing"
    if not has_type(value, each.type):
        return f"a value is no {getattr(each.type, '__name__', each.type)}"
    if each.values and value not in each.values:
        return f"a value is none of {', '.join(each.values)}"
    return None


def has_type(value: object, wanted: Any) -> bool:
    """Whether a value can be stored as `wanted` without loss: a date is no moment, a truth value no number."""
    if wanted == TEXTS:
        return isinstance(value, tuple) and all(has_type(each, str) for each in value)
    if isinstance(value, bool) or wanted is bool:
        return isinstance(value, bool) and wanted is bool
    if isinstance(value, str):
        return wanted is str and is_unicode(value)
    if isinstance(value, int):
        return wanted in (int, float) and abs(value) <= LARGEST_INTEGER
    if isinstance(value, float):
        return wanted is float and math.isfinite(value)
    return wanted is date and isinstance(value, date) and not isinstance(value, datetime)


def is_unicode(text: str) -> bool:
    """Whether a text can be stored as UTF-8: lone surrogates, from undecodable bytes, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
