"""A database that receives the tables of one form: SQLite or PostgreSQL, by URL.

Rows go in without checks, in bulk; primary and foreign keys and indices are there when the block ends, and either
everything is in the database or nothing. PostgreSQL takes rows through COPY.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, SetColumnComment, SetTableComment

from imagebank.core.errors import SourceError
from imagebank.synthetic.declared import Table, sql_metadata

ROWS_ALONE = pyarrow.csv.WriteOptions(include_header=False)


class Database:
    """One empty database. Raises SourceError where it cannot be reached, is of another kind, or has such tables."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = sa.create_engine(url)
            self._connection = self._engine.connect()
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError, ValueError) as error:
            raise _unreachable(error) from None
        self._dialect = self._engine.dialect.name
        self._metadata = sa.MetaData()
        if self._dialect not in ("sqlite", "postgresql"):
            self._engine.dispose()
            raise SourceError(f"Records cannot be written to {self._dialect}.", "use a URL of sqlite or postgresql")

    def begin(self, tables: Sequence[Table]) -> None:
        """Create the tables, on PostgreSQL without the foreign keys, which wait for the rows."""
        self._metadata = sql_metadata(tables)
        present = set(sa.inspect(self._connection).get_table_names())
        if present & set(self._metadata.tables):
            raise SourceError("The database already has tables of this form.", "name an empty database")
        if self._dialect == "sqlite":
            self._connection.exec_driver_sql("PRAGMA synchronous = OFF")
        later: list[Any] | None = [] if self._dialect == "postgresql" else None
        for table in self._metadata.sorted_tables:
            self._connection.execute(CreateTable(table, include_foreign_key_constraints=later))

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Add rows to a table."""
        if batch.num_rows:
            (self._copy if self._dialect == "postgresql" else self._insert)(table, batch)

    def finish(self) -> None:
        """Add foreign keys, indices and, on PostgreSQL, what each table and column means; commit."""
        for table in self._metadata.sorted_tables:
            if self._dialect == "postgresql":
                self._finish_on_postgresql(table)
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                self._connection.execute(CreateIndex(index))
        self._connection.commit()

    def _finish_on_postgresql(self, table: sa.Table) -> None:
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: list(each.column_keys)):
            self._connection.execute(AddConstraint(constraint))
        if table.comment:
            self._connection.execute(SetTableComment(table))
        for column in table.columns:
            if column.comment:
                self._connection.execute(SetColumnComment(column))

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._connection.close()  # takes back what was not committed
        self._engine.dispose()

    def _copy(self, table: str, batch: pa.RecordBatch) -> None:
        """Rows as CSV, in which an empty text is in quotes and no value is not."""
        rows = io.BytesIO()
        pyarrow.csv.write_csv(batch, rows, ROWS_ALONE)
        connection: Any = self._connection.connection.driver_connection
        columns = ", ".join(f'"{name}"' for name in batch.schema.names)
        with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as copy:
            copy.write(rows.getbuffer())

    def _insert(self, table: str, batch: pa.RecordBatch) -> None:
        columns = ", ".join(f'"{name}"' for name in batch.schema.names)
        marks = ", ".join("?" * batch.num_columns)
        rows = list(zip(*(_plain(column) for column in batch.columns), strict=True))
        self._connection.exec_driver_sql(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', rows)  # noqa: S608


def _plain(column: pa.Array) -> list[Any]:
    """Values as SQLite keeps them: dates as ISO texts."""
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()  # type: ignore[no-any-return]


def _unreachable(error: Exception) -> SourceError:
    """What to say of a database that does not open; never the URL, which may hold a password."""
    return SourceError(
        f"The database for the records does not open ({type(error).__name__}).",
        "check the URL and the server; PostgreSQL needs the extra: install imagebank[postgres]",
    )
