"""The engine for databases: a cohort as one query by ibis, on DuckDB, PostgreSQL or Spark."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imagebank.cohorts.engines.expressions import ordered
from imagebank.cohorts.engines.orders import ids_of
from imagebank.cohorts.engines.relations import Asked, Relations
from imagebank.cohorts.engines.result import EVERYTHING, Scope, Selection
from imagebank.cohorts.engines.scoping import ScopedTables
from imagebank.cohorts.query.nodes import Cohort, Expression
from imagebank.cohorts.query.schema import BANK, Schema

NAMES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "pyspark": "Spark"}


class Database:
    """Answers from an ibis connection that has a table for each table of the bank."""

    def __init__(self, connection: Any, scope: Scope = EVERYTHING, schema: Schema = BANK, version: str = "") -> None:
        self.scope, self.version = scope, version
        self.dialect = str(connection.name)
        self.name = NAMES.get(self.dialect, self.dialect)
        self._connection, self._schema = connection, schema
        self._tables = ScopedTables(connection, scope, schema)
        self._tables.hold_to(self._reached)

    def _reached(self, table: str, condition: Expression) -> Any:
        column = self._schema.id_of(table)
        asked = self._relations().asked(table, [condition], [column]).where(condition)
        return asked.relation[f"{table}__{column}"]

    def _relations(self) -> Relations:
        return Relations(self._tables, self._schema)

    def selection_query(self, cohort: Cohort) -> Any:
        """The query of `select`: unit, patient, passed."""
        import ibis

        frame, last = cohort.unit.table, len(cohort.steps)
        order = cohort.one_per.order if cohort.one_per else ()
        owner = cohort.one_per.unit.value if cohort.one_per else "patient"
        values = [*(step.keep for step in cohort.steps), *(each.value for each in order)]
        id_of = self._schema.id_of(frame)
        asked = self._relations().asked(frame, values, {id_of, "patient", owner})
        passed = _passed(cohort, asked)
        named = {"unit": f"{frame}__{id_of}", "patient": f"{frame}__patient", "owner": f"{frame}__{owner}"}
        ranks = {f"o{place}": asked.worth(each.value) for place, each in enumerate(order)}
        found = asked.relation.select(
            **{name: asked.relation[column] for name, column in named.items()}, **ranks, passed=passed
        )
        if cohort.one_per:
            by = [ordered(found[f"o{place}"], each.descending) for place, each in enumerate(order)]
            place = ibis.row_number().over(group_by=[found.owner, found.passed], order_by=[*by, ordered(found.unit)])
            ranked = found.mutate(place=place)
            kept = (ranked.passed == last) & (ranked.place == 0)
            found = ranked.mutate(passed=kept.ifelse(last + 1, ranked.passed))
        return found.select("unit", "patient", found.passed.cast("int64").name("passed")).order_by("unit")

    def select(self, cohort: Cohort) -> Selection:
        """Every unit with the steps that it passed."""
        with quickly_compiled():
            found = self._connection.to_pyarrow(self.selection_query(cohort))
        last = len(cohort.steps) + (cohort.one_per is not None)
        return Selection(found["unit"], found["patient"], found["passed"], last)

    def table_query(self, cohort: Cohort, members: Any, values: tuple[Expression, ...]) -> Any:
        """The query of `describe`; `members` is a relation with the column `unit`, or None for everybody."""
        frame = cohort.unit.table
        ids = ids_of(cohort.unit)
        asked = self._relations().asked(frame, values, ids, members)
        named = {name: asked.relation[f"{frame}__{name}"] for name in ids}
        worth = {f"v{place}": asked.worth(value) for place, value in enumerate(values)}
        return asked.relation.select(**named, **worth).order_by(cohort.unit.value)

    def describe(self, cohort: Cohort, members: Any, values: tuple[Expression, ...]) -> Any:
        """An Arrow table with the ids of the members, and the values `v0`, `v1` ... of each, by the unit's id."""
        import ibis
        import pyarrow

        units = members if hasattr(members, "type") else pyarrow.array(sorted(members), pyarrow.string())
        chosen = ibis.memtable(pyarrow.table({"unit": units}))
        with quickly_compiled():
            return self._connection.to_pyarrow(self.table_query(cohort, chosen, values))


@contextmanager
def quickly_compiled() -> Iterator[None]:
    """Compile queries in half the time: without merging subqueries, which databases do better, nor collecting garbage.

    A query of some steps makes a million small objects in a tenth of a second, and all of them are dropped together.
    """
    import ibis

    collects, fuses = gc.isenabled(), ibis.options.sql.fuse_selects
    gc.disable()
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = fuses
        if collects:
            gc.enable()


def _passed(cohort: Cohort, asked: Asked) -> Any:
    """How many steps a row passed: the place of the first that it failed."""
    import ibis

    if not cohort.steps:
        return ibis.literal(0)
    failed = [~asked.worth(step.keep).fill_null(False) for step in cohort.steps]
    return ibis.cases(*((test, place) for place, test in enumerate(failed)), else_=len(failed))
