"""Record sources in SQL databases: read only, through a cursor of the server, in portions.

The URL comes from the environment and is never shown: it may hold a password. PostgreSQL and SQLite are tested; SQL
Server and Oracle get the same statements in their own language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.records.mapping import Place
from imagebank.records.queries import tables_of
from imagebank.records.rows import Rows, portions
from imagebank.records.statements import count_of, real_name, rows_of

PORTION_ROWS = 50_000
TELLING = ("column", "table", "relation", "permission", "function")  # of what an error of a query speaks
LOST = ("server closed the connection", "terminating connection", "connection reset", "connection timed out")
DRIVERS = {"postgresql": "imagebank[postgres]", "mssql": "pyodbc", "oracle": "oracledb", "mysql": "pymysql"}


class Database:
    """An open database of a record source. Use `open_database`."""

    def __init__(self, connection: Any, source: str) -> None:
        self._connection, self._source = connection, source
        self._tables: dict[str, tuple[str, ...]] | None = None

    @property
    def dialect(self) -> str:
        """The name of the dialect, as URLs have it."""
        return str(self._connection.dialect.name)

    def tables(self) -> dict[str, tuple[str, ...]]:
        """The columns of each table and view of the user's own schema, and of others that were asked for."""
        if self._tables is None:
            self._tables = self._of_schema("")
        return self._tables

    def _of_schema(self, schema: str) -> dict[str, tuple[str, ...]]:
        import sqlalchemy as sa

        with self._told("list its tables"):
            inspector = sa.inspect(self._connection)
            known = {name.casefold(): name for name in inspector.get_schema_names()} if schema else {}
            if schema and schema.casefold() not in known:
                return {}
            schema = known.get(schema.casefold(), "")
            of = {"schema": schema or None}
            names = sorted({*inspector.get_table_names(**of), *inspector.get_view_names(**of)})
            before = f"{schema}." if schema else ""
            return {f"{before}{n}": tuple(each["name"] for each in inspector.get_columns(n, **of)) for n in names}

    def has(self, place: Place) -> bool:
        """Whether the place is there: its table, or the first table that a shipped query reads."""
        if not (place.table or place.query):
            return False
        if place.query and not place.shipped:
            return True
        wanted = place.table or next(iter(tables_of(place, self.dialect)), "")
        schema = wanted.rpartition(".")[0]
        if schema and real_name(wanted, self.tables()) is None:
            self.tables().update(self._of_schema(schema))
        return real_name(wanted, self.tables()) is not None or not wanted

    def columns(self, place: Place) -> tuple[str, ...]:
        """The columns that a place offers."""
        if place.table:
            return self.tables()[real_name(place.table, self.tables()) or place.table]
        with self._told("run a query of the mapping"):
            return tuple(self._connection.execute(self._rows_of(place, limit=0)).keys())

    def _rows_of(self, place: Place, *, since: Any = None, limit: int | None = None) -> Any:
        return rows_of(place, self.dialect, self.tables(), since=since, limit=limit)

    def read(self, place: Place, *, since: Any = None) -> Iterator[Rows]:
        """The rows of a place in portions."""
        with self._told(f"read the rows of [{place.target.name}]"):
            options = {"stream_results": True, "max_row_buffer": PORTION_ROWS}
            result = self._connection.execution_options(**options).execute(self._rows_of(place, since=since))
            names = list(result.keys())
            yield from portions(_fetched(result), names, PORTION_ROWS)

    def mark(self, place: Place) -> tuple[int, Any]:
        """How many rows a place has, and its highest watermark: what changed when neither did is nothing."""
        with self._told("count rows"):
            count, mark = self._connection.execute(count_of(place, self.dialect, self.tables())).one()
        return int(count), mark

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        import sqlalchemy as sa

        try:
            yield
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise SourceError(
                f"The database of `{self._source}` did not {doing} ({_kind(error)}).", _advice(error)
            ) from None


def _fetched(result: Any) -> Iterator[Sequence[Any]]:
    while rows := result.fetchmany(PORTION_ROWS):
        yield from rows


def _kind(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def _advice(error: Exception) -> str:
    """What the server says of a query that it does not understand names tables and columns; of data it may say more."""
    import sqlalchemy as sa

    if getattr(error, "connection_invalidated", False) or any(word in str(error).lower() for word in LOST):
        return "the connection was lost: see to the network and the time limits of the server, then run it again"
    if isinstance(error, sa.exc.ProgrammingError | sa.exc.OperationalError) and getattr(error, "orig", None):
        first = str(error.orig).strip().splitlines()[:1]
        if first and any(word in first[0].lower() for word in TELLING):
            return f"the server says: {first[0][:160]}"
    return "check the mapping against the tables, and that this user may read them"


@contextmanager
def open_database(url: str, source: str) -> Iterator[Database]:
    """The database of a record source, to read only. Raises SourceError, without the URL, where it does not open."""
    import sqlalchemy as sa

    engine = None
    try:
        engine = sa.create_engine(url)
        connection = engine.connect()
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError, ValueError, TypeError) as error:
        dialect = url.partition(":")[0].partition("+")[0]
        driver = DRIVERS.get(dialect)
        install = f"; its driver is `{driver}`" if driver else ""
        raise SourceError(
            f"The database of `{source}` does not open ({_kind(error)}).",
            f"check the URL in the environment, the server and the rights of the user{install}",
        ) from None
    try:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        yield Database(connection, source)
    finally:
        connection.close()
        engine.dispose()
