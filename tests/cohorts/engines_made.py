"""Engines on tables that a test made, and what of their answers must be the same."""

from __future__ import annotations

import math
from typing import Any

import ibis
import pyarrow as pa

from imagebank.catalogue import schema_of
from imagebank.catalogue.tables import TABLES
from imagebank.cohorts.engines.result import Result

Tables = dict[str, list[Any]]


def duckdb_of(tables: Tables) -> Any:
    """An ibis connection with the tables of a bank in memory."""
    connection = ibis.duckdb.connect()
    for name, record in TABLES.items():
        rows = [vars(row) for row in tables.get(name, ())]
        connection.con.register("given", pa.Table.from_pylist(rows, schema_of(record)))
        connection.con.execute(f"CREATE TABLE {name} AS FROM given")  # ibis needs ten times as long for it
    connection.con.unregister("given")
    return connection


def told(result: Result) -> dict[str, Any]:
    """What of a result must be the same whatever the engine; sums of numbers may differ in their last digits."""
    return {
        "attrition": result.attrition,
        "members": [sorted(result.selection.units_at(stage)) for stage in range(result.selection.last + 1)],
        "patients": sorted(result.patients),
        "table": [{name: rounded(value) for name, value in row.items()} for row in result.table.to_pylist()],
        "sensitivity": result.sensitivity,
    }


def rounded(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) and math.isfinite(value) else value
