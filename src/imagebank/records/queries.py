"""Queries of a mapping: what tables they read, and the same query in the language of another database. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from imagebank.core.errors import ConfigError
from imagebank.records.mapping import Place

LANGUAGES = {
    "postgresql": "postgres",
    "sqlite": "sqlite",
    "mssql": "tsql",
    "oracle": "oracle",
    "duckdb": "duckdb",
    "mysql": "mysql",
    "mariadb": "mysql",
}
"""The translator's name of each dialect, by the name that database URLs use."""


def tables_of(place: Place, dialect: str) -> tuple[str, ...]:
    """The tables that the query of a place reads, the first one first."""
    from sqlglot import exp

    tree = _parsed(place, dialect)
    inner = {each.alias for each in tree.find_all(exp.CTE)}
    first = tree.find(exp.From)
    names = [each.name for each in (*(first.find_all(exp.Table) if first else ()), *tree.find_all(exp.Table))]
    return tuple(dict.fromkeys(name for name in names if name not in inner))


def query_for(place: Place, dialect: str, present: Collection[str]) -> str:
    """The query of a place for a dialect: a shipped one translated, and in it tables that are not there have no rows.

    One of the site's own is sent as it is: a table that it names and that is not there is a mistake.
    """
    if not place.shipped and not place.dialect:
        return place.query
    tree = _parsed(place, dialect)
    there = {name.casefold() for name in present}
    absent = [name for name in tables_of(place, dialect) if name.casefold() not in there] if place.shipped else []
    for name in absent:
        _empty(tree, name)
    return str(tree.sql(dialect=LANGUAGES.get(dialect, dialect)))


def taken_apart(query: str) -> tuple[str, tuple[tuple[str, tuple[str, ...], str], ...]]:
    """A query of SQL Server without WITH and without a last ORDER BY that limits nothing; and name, columns and query
    of each part of the WITH."""
    import sqlglot

    tree: Any = sqlglot.parse_one(query, read="tsql")
    told = tuple((each.alias, tuple(each.alias_column_names), each.this.sql(dialect="tsql")) for each in tree.ctes)
    order = tree.args.get("order") and not (tree.args.get("limit") or tree.args.get("offset"))
    if not told and not order:
        return query, ()
    tree.set("with_", None)
    if order:
        tree.set("order", None)
    return str(tree.sql(dialect="tsql")), told


def _parsed(place: Place, dialect: str) -> Any:
    import sqlglot

    language = LANGUAGES.get(place.dialect or dialect, place.dialect or dialect)
    try:
        return sqlglot.parse_one(place.query, read=language)
    except sqlglot.errors.SqlglotError as error:
        line = str(error).splitlines()[0]
        raise ConfigError(
            f"The query of [{place.target.name}] is not understood: {line}", "mend it in the mapping"
        ) from None


def _empty(tree: Any, name: str) -> None:
    """Put a query without rows in the place of a table that is not there."""
    from sqlglot import exp

    for table in list(tree.find_all(exp.Table)):
        if table.name != name:
            continue
        alias = table.alias_or_name
        select = table.find_ancestor(exp.Select)
        alone = len(list(select.find_all(exp.Table))) == 1
        columns = {each.name for each in tree.find_all(exp.Column) if each.table == alias or (alone and not each.table)}
        nothing = exp.select(*(exp.alias_(exp.cast(exp.null(), "VARCHAR(10)"), each) for each in sorted(columns)))
        table.replace(nothing.where("1 = 0").subquery(alias))
