"""Engines on tables that a test made."""

from __future__ import annotations

from typing import Any

import ibis
import pyarrow as pa

from imagebank.catalogue import schema_of
from imagebank.catalogue.tables import TABLES

Tables = dict[str, list[Any]]


def duckdb_of(tables: Tables) -> Any:
    """An ibis connection with the tables of a bank in memory."""
    connection = ibis.duckdb.connect()
    for name, record in TABLES.items():
        rows = [vars(row) for row in tables.get(name, ())]
        connection.create_table(name, pa.Table.from_pylist(rows, schema_of(record)))
    return connection
