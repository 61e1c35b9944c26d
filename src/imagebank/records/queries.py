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
    """The query of a place for a dialect. Tables that are not there have no rows; names of tables meet any capitals."""
    tree = _parsed(place, dialect)
    there = {name.casefold(): name for name in present}
    absent = [name for name in tables_of(place, dialect) if name.casefold() not in there]
    if not place.dialect and not absent:
        return place.query
    for name in absent:
        _empty(tree, name)
    return str(tree.sql(dialect=LANGUAGES.get(dialect, dialect)))


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
