"""What is asked of a database: columns of a table or a query of the mapping, whole, from a watermark on, or counted.

Pure: SQLAlchemy writes each statement in the language of the server, which is where they differ: quotation marks, TOP
and FETCH FIRST for a limit, literals of moments. A query is wrapped as a table of its own; for SQL Server its WITH then
stands before the whole, and a last ORDER BY goes, because it takes neither inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagebank.records.mapping import Place
from imagebank.records.queries import query_for, taken_apart
from imagebank.records.shaping import matched

Tables = Mapping[str, Sequence[str]]  # the columns of each table, by the name under which it was found


def real_name(wanted: str, tables: Tables) -> str | None:
    """The name of a table in the database, whatever its capitals."""
    return next((name for name in tables if name.casefold() == wanted.casefold()), None)


def rows_of(place: Place, dialect: str, tables: Tables, *, since: Any = None, limit: int | None = None) -> Any:
    """The rows of a place, from a watermark on where one is given, and at most so many; the columns alone for 0."""
    import sqlalchemy as sa

    if place.query and since is None and limit is None:
        return plain_text(query_for(place, dialect, list(tables)))
    asked = _columns_of(place, tables) if place.table else _wrapped(place, dialect, tables, sa.text("*"))
    if since is not None:
        asked = asked.where(sa.column(place.watermark) >= sa.literal(since))
    if limit is None:
        return asked
    return asked.limit(limit) if limit else asked.where(sa.text("1 = 0"))


def count_of(place: Place, dialect: str, tables: Tables) -> Any:
    """How many rows a place has, and its highest watermark."""
    import sqlalchemy as sa

    highest = sa.func.max(sa.column(place.watermark)) if place.watermark else sa.null()
    if place.table:
        return sa.select(sa.func.count(), highest).select_from(_columns_of(place, tables).subquery("asked"))
    return _wrapped(place, dialect, tables, sa.func.count(), highest)


def _columns_of(place: Place, tables: Tables) -> Any:
    """The columns of a table that the mapping names."""
    import sqlalchemy as sa

    name = real_name(place.table, tables) or place.table
    found = matched(place, tables.get(name, ()), f"Table {name}")
    wanted = dict.fromkeys([*found.values(), *([place.watermark] if place.watermark else [])])
    schema, _, alone = name.rpartition(".")
    return sa.select(*(sa.column(each) for each in wanted)).select_from(sa.table(alone, schema=schema or None))


def _wrapped(place: Place, dialect: str, tables: Tables, *columns: Any) -> Any:
    """The query of a place as a table of which something is asked."""
    import sqlalchemy as sa

    query = query_for(place, dialect, list(tables))
    query, ctes = taken_apart(query) if dialect == "mssql" else (query, ())
    asked = sa.select(*columns).select_from(plain_text(f"({query}) asked"))
    for name, names, inner in ctes:
        told = plain_text(inner).columns(*map(sa.column, names))
        asked = asked.add_cte(told.cte(name, recursive=bool(names)))  # which writes the names of its columns
    return asked


def plain_text(sql: str) -> Any:
    """SQL as it is: a colon in it names no parameter."""
    import sqlalchemy as sa

    return sa.text(sql.replace(":", r"\:"))
