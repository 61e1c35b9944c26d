"""Rows under way from a source: an Arrow table of texts, the number of each row, and what was refused on reading."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

NUMBER_COLUMN = "#row"


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector of garbage away while many small objects are made: it would look at all of them, often."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class Rows:
    """A portion of a source: texts by the source's own column names, and the number of each row in its place."""

    table: Any  # pyarrow.Table: texts, and whole numbers in NUMBER_COLUMN
    refused: tuple[tuple[int, str], ...] = ()  # number and reason of rows that have no place in the table

    @classmethod
    def of(cls, columns: Mapping[str, Any], numbers: Sequence[int], refused: tuple[tuple[int, str], ...] = ()) -> Rows:
        """From columns of texts. A column without a name is left behind."""
        import pyarrow as pa

        arrays = {name: pa.array(values, pa.string()) for name, values in columns.items() if name}
        return cls(pa.table({**arrays, NUMBER_COLUMN: pa.array(numbers, pa.int64())}), refused)

    def refused_as(self, reason: str) -> Rows:
        """The same rows, all refused."""
        told = [(number, reason) for number in self.table[NUMBER_COLUMN].to_pylist()]
        return Rows(self.table.slice(0, 0), (*self.refused, *told))

    @property
    def offered(self) -> int:
        """How many rows the portion stands for."""
        return int(self.table.num_rows) + len(self.refused)


def as_texts(table: Any, first: int) -> Rows:
    """A table of any types as texts: dates as ISO, truth values as true and false, whole numbers without a point."""
    import pyarrow as pa
    from pyarrow import compute

    columns = {}
    for name, column in zip(table.schema.names, table.columns, strict=True):
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        if pa.types.is_nested(kind):
            column = pa.nulls(len(column), pa.string())
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            column = _of_bytes(column)
        elif pa.types.is_decimal(kind):
            column = compute.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
        elif pa.types.is_floating(kind):
            column = _numbers(column)
        columns[name] = compute.fill_null(column.cast(pa.string()), "")
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    return Rows(pa.table({**columns, NUMBER_COLUMN: numbers}))


def _of_bytes(column: Any) -> Any:
    """Texts that a program wrote without saying that they are texts; nothing where they are none."""
    import pyarrow as pa

    try:
        return column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.nulls(len(column), pa.string())


def _numbers(column: Any) -> Any:
    """Numbers as texts; whole ones without a point, whatever their size, as ids must stay as they are."""
    import pyarrow as pa
    from pyarrow import compute

    whole = compute.and_(compute.equal(compute.floor(column), column), compute.less(compute.abs(column), 2.0**53))
    texts = compute.if_else(whole, column, None).cast(pa.int64()).cast(pa.string())
    return compute.coalesce(texts, column.cast(pa.string()))


def portions(rows: Iterator[Sequence[Any]], names: Sequence[str], size: int) -> Iterator[Rows]:
    """Rows of a database as portions of texts."""
    first = 1
    while True:
        with uncollected():
            kept = list(islice(rows, size))
            made = _of_rows(kept, names, first)
        if not kept and first > 1:
            return
        yield made
        first += len(kept)
        if not kept:
            return


def _of_rows(kept: Sequence[Sequence[Any]], names: Sequence[str], first: int) -> Rows:
    columns: Any = zip(*kept, strict=True) if kept else ([] for _ in names)
    told = {name: [_text(value) for value in column] for name, column in zip(names, columns, strict=True)}
    return Rows.of(told, range(first, first + len(kept)))


def _text(value: Any) -> str:
    if value is None or isinstance(value, bytes | memoryview):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return f"{value:.0f}"
    return str(value)
