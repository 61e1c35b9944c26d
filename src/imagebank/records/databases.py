"""Record sources in SQL databases: read only, through a cursor of the server, in portions.

The URL comes from the environment and is never shown: it may hold a password. PostgreSQL and SQLite are tested; SQL
Server and Oracle get the same queries in their own language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.records.mapping import Place
from imagebank.records.queries import query_for, tables_of
from imagebank.records.rows import Rows, portions
from imagebank.records.shaping import matched, quoted

PORTION_ROWS = 50_000
TELLING = ("column", "table", "relation", "permission", "function")  # of what an error of a query speaks
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
        """The columns of each table and view."""
        import sqlalchemy as sa

        if self._tables is None:
            with self._told("list its tables"):
                inspector = sa.inspect(self._connection)
                names = sorted({*inspector.get_table_names(), *inspector.get_view_names()})
                self._tables = {name: tuple(each["name"] for each in inspector.get_columns(name)) for name in names}
        return self._tables

    def has(self, place: Place) -> bool:
        """Whether the place is there: its table, or the first table that its query reads."""
        if not (place.table or place.query):
            return False
        wanted = place.table or next(iter(tables_of(place, self.dialect)), "")
        return self._real(wanted) is not None or not wanted

    def _real(self, table: str) -> str | None:
        return next((name for name in self.tables() if name.casefold() == table.casefold()), None)

    def columns(self, place: Place) -> tuple[str, ...]:
        """The columns that a place offers."""
        if place.table:
            return self.tables()[self._real(place.table) or place.table]
        with self._told("run a query of the mapping"):
            return tuple(self._connection.execute(self.statement(place, limit=0)).keys())

    def statement(self, place: Place, *, since: str = "", limit: int | None = None) -> Any:
        """What is asked of the database: the columns of the mapping, or its query, from a watermark on."""
        import sqlalchemy as sa

        asked: Any
        if place.table:
            table = self._real(place.table) or place.table
            asked = select_columns(place, table, self.tables().get(table, ()))
        else:
            told = sa.text(query_for(place, self.dialect, list(self.tables())))
            if not since and limit is None:
                return told
            asked = sa.select(sa.text("*")).select_from(sa.text(f"({told.text}) asked"))
        return narrowed(asked, place, since, limit)

    def read(self, place: Place, *, since: str = "", limit: int | None = None) -> Iterator[Rows]:
        """The rows of a place in portions."""
        with self._told(f"read the rows of [{place.target.name}]"):
            options = {"stream_results": True, "max_row_buffer": PORTION_ROWS}
            result = self._connection.execution_options(**options).execute(
                self.statement(place, since=since, limit=limit)
            )
            names = list(result.keys())
            yield from portions(_fetched(result), names, PORTION_ROWS)

    def mark(self, place: Place) -> tuple[int, str]:
        """How many rows a place has, and its highest watermark: what changed when neither did is nothing."""
        import sqlalchemy as sa

        inner = self.statement(place).subquery("asked") if place.table else None
        told = sa.text(f"({query_for(place, self.dialect, list(self.tables()))}) asked") if inner is None else inner
        highest = sa.func.max(sa.column(place.watermark)) if place.watermark else sa.null()
        with self._told("count rows"):
            count, mark = self._connection.execute(sa.select(sa.func.count(), highest).select_from(told)).one()
        return int(count), "" if mark is None else str(mark)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        import sqlalchemy as sa

        try:
            yield
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise SourceError(
                f"The database of `{self._source}` did not {doing} ({_kind(error)}).", _advice(error)
            ) from None


def select_columns(place: Place, table: str, present: Sequence[str]) -> Any:
    """The columns of a table that the mapping names."""
    import sqlalchemy as sa

    found = matched(place, present, f"Table {table}")
    names = dict.fromkeys([*found.values(), *([place.watermark] if place.watermark else [])])
    return sa.select(*(sa.column(name) for name in names)).select_from(sa.table(table))


def narrowed(asked: Any, place: Place, since: str, limit: int | None) -> Any:
    """A query from a watermark on, and with at most so many rows; the columns alone where that is none."""
    import sqlalchemy as sa

    if since:
        asked = asked.where(sa.column(place.watermark) >= sa.literal_column(quoted(since)))
    if limit is None:
        return asked
    return asked.limit(limit) if limit else asked.where(sa.text("1 = 0"))


def _fetched(result: Any) -> Iterator[Sequence[Any]]:
    while rows := result.fetchmany(PORTION_ROWS):
        yield from rows


def _kind(error: Exception) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def _advice(error: Exception) -> str:
    """What the server says of a query that it does not understand names tables and columns; of data it may say more."""
    import sqlalchemy as sa

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
