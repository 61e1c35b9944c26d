"""Tables that do not fit into memory: Arrow batches in the order of the table, checked and written as they come.

The same rows as a list and as a stream give the same bytes; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebank.catalogue.store import COMPRESSION, ROW_GROUP_ROWS, BadRow, schema_of
from imagebank.core.columns import Column, columns
from imagebank.core.files import atomic_file


@dataclass(frozen=True)
class Stream:
    """Batches of rows, sorted as `store.sorted_rows` sorts: by the key columns, then all others, nothing first."""

    batches: Callable[[], Iterator[Any]] = field(repr=False)


def write_stream(path: Path, record_type: type, stream: Stream, known: Mapping[str, set[Any]]) -> int:
    """Write a stream as one Parquet file, whole or not at all, and return its number of rows.

    Raises BadRow for a value that its column does not allow, or an id that is not among the `known` ones of its column.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = schema_of(record_type)
    written = 0
    with atomic_file(path) as file:
        groups = _groups(stream, schema)
        first = next(groups, schema.empty_table())
        if first.num_rows < ROW_GROUP_ROWS:  # as `write_table` writes it
            _check(path.stem, record_type, first, known)
            parquet.write_table(first.cast(schema), file, compression=COMPRESSION, row_group_size=ROW_GROUP_ROWS)
            return int(first.num_rows)
        with parquet.ParquetWriter(file, schema, compression=COMPRESSION) as writer:
            group: pa.Table | None = first
            while group is not None:
                _check(path.stem, record_type, group, known)
                writer.write_table(group.cast(schema), row_group_size=ROW_GROUP_ROWS)
                written += group.num_rows
                group = next(groups, None)
    return written


def _groups(stream: Stream, schema: Any) -> Iterator[Any]:
    """The rows in groups of exactly the stored size, the last one smaller."""
    import pyarrow as pa

    waiting: list[Any] = []
    rows = 0
    open_schema = pa.schema([field.with_nullable(True) for field in schema])  # what is missing is told by `_check`
    for batch in stream.batches():
        if not batch.num_rows:
            continue
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        waiting.append(table.select(schema.names).cast(open_schema))
        rows += table.num_rows
        while rows >= ROW_GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROW_GROUP_ROWS).combine_chunks()
            rest = whole.slice(ROW_GROUP_ROWS)
            waiting, rows = [rest], rest.num_rows
    if rows:
        yield pa.concat_tables(waiting).combine_chunks()


def _check(table: str, record_type: type, rows: Any, known: Mapping[str, set[Any]]) -> None:
    for each in columns(record_type):
        objection = _objection(rows[each.name], each, known.get(each.name))
        if objection:
            raise BadRow(f"Table {table}, column {each.name}: {objection}.", f"the column is: {each.meaning}")


def _objection(column: Any, each: Column, known: set[Any] | None) -> str | None:
    """What is wrong with the values of a column, without saying one; None when nothing is."""
    from pyarrow import compute

    if not each.optional and column.null_count:
        return "a value is missing"
    if each.type is float and compute.any(compute.invert(compute.is_finite(column))).as_py():
        return "a value is no float"
    if not each.values and known is None:
        return None
    told = {value for value in compute.unique(column).to_pylist() if value is not None}
    if each.values and not told <= set(each.values):
        return f"a value is none of {', '.join(each.values)}"
    return f"a row names a {each.name} that its own table does not have" if known is not None and told - known else None
