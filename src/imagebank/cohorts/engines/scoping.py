"""The tables of a database as an asker may see them: without the withdrawn, and no further than the project reaches."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from imagebank.cohorts.engines.result import Scope
from imagebank.cohorts.query.nodes import Expression
from imagebank.cohorts.query.schema import Schema

Reached = Callable[[str, Expression], Any]
"""The ids of the rows of a table that a condition holds for, as a column."""


class ScopedTables:
    """Ibis tables by name. While `reached` is being found the project's own conditions are not applied."""

    def __init__(self, connection: Any, scope: Scope, schema: Schema) -> None:
        self._connection, self._scope, self._schema = connection, scope, schema
        self._conditions: dict[str, Any] = {}
        self.table = cache(self._table)

    def hold_to(self, reached: Reached) -> None:
        """Hold every table to the conditions of the project."""
        found = {table: reached(table, condition) for table, condition in self._scope.conditions().items()}
        self._conditions = found
        self.table.cache_clear()

    def _table(self, name: str) -> Any:
        table = self._connection.table(name)
        if self._scope.withdrawn and "patient" in table.columns:
            table = table.filter(~table.patient.isin(sorted(self._scope.withdrawn)))
        for owner, ids in self._conditions.items():
            column = self._schema.id_of(owner)
            if column in table.columns:
                inside = table[column].isin(ids)
                required = next(each for each in self._schema.columns(name) if each.name == column)
                table = table.filter(inside | table[column].isnull() if required.optional else inside)
        return table
