"""Where the tables of a snapshot are asked: in place by DuckDB, or in a database that is named by a URL.

PostgreSQL gets a schema for each version of the tables, filled once and whole; Spark reads the Parquet files itself.
Texts sort by code point everywhere, as DuckDB and Python do, so that every engine breaks ties in the same way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from imagebank.catalogue.snapshots import open_snapshot
from imagebank.catalogue.store import schema_of
from imagebank.catalogue.tables import TABLES
from imagebank.core.errors import BankError, ConfigError
from imagebank.core.layout import Layout

DUCKDB = "duckdb"
BATCH_ROWS = 50_000
KINDS = {
    "string": 'text COLLATE "C"',
    "int64": "bigint",
    "double": "double precision",
    "bool": "boolean",
    "date32[day]": "date",
    "list<item: string>": "text[]",
    "list<element: string>": "text[]",
}


def connect(url: str, layout: Layout, version: str) -> Any:
    """An ibis connection with one table for each table of a version. Raises ConfigError for a URL of another kind."""
    scheme = url.partition(":")[0]
    if scheme == DUCKDB:
        return open_snapshot(layout, version)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return postgres(url, layout.snapshot(version), version)
    if scheme == "spark":
        return spark(url, layout.snapshot(version))
    raise ConfigError(
        "The engine of cohorts is named by a URL that is not understood.",
        "use duckdb, postgresql://USER@HOST/DATABASE, or spark:local[2]",
    )


def postgres(url: str, folder: Path, version: str) -> Any:
    """PostgreSQL, with the tables of a version in a schema of their own; they are loaded where they are missing."""
    try:
        import ibis
        import psycopg
    except ImportError:
        raise ConfigError(
            "PostgreSQL needs a driver that is not installed.", "pip install 'imagebank[postgres]'"
        ) from None
    schema = "imagebank_" + version.replace("-", "_")
    given = _parts(url)
    try:
        with psycopg.connect(**given) as connection:
            _load(connection, schema, folder)
        named = {"database": given.pop("dbname", None), **given}
        return ibis.postgres.connect(schema=schema, **named)
    except psycopg.OperationalError:
        raise BankError(
            "The PostgreSQL server of the cohorts does not answer.", "check the URL, and that the server runs"
        ) from None


def _parts(url: str) -> dict[str, Any]:
    """A URL as the driver takes it; the host may be a folder with a socket, as `?host=/run/postgresql`."""
    parts = urlsplit(url)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    told = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": parts.hostname or asked.get("host", ""),
        "port": parts.port,
        "dbname": parts.path.lstrip("/"),
    }
    return {name: value for name, value in told.items() if value}


def _load(connection: Any, schema: str, folder: Path) -> None:
    """Fill the schema in one transaction, or find it filled; two processes wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (schema,))
        cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (schema,))
        if cursor.fetchone():
            return
        cursor.execute(f'CREATE SCHEMA "{schema}"')
        for name, record in TABLES.items():
            fields = list(schema_of(record))
            columns = ", ".join(f'"{field.name}" {KINDS[str(field.type)]}' for field in fields)
            cursor.execute(f'CREATE TABLE "{schema}"."{name}" ({columns})')
            _copy(cursor, f'"{schema}"."{name}"', folder / f"{name}.parquet")
            if "patient" in {field.name for field in fields}:
                cursor.execute(f'CREATE INDEX ON "{schema}"."{name}" (patient)')
            cursor.execute(f'ANALYZE "{schema}"."{name}"')


def _copy(cursor: Any, table: str, path: Path) -> None:
    import pyarrow.parquet as parquet

    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for batch in parquet.ParquetFile(path).iter_batches(BATCH_ROWS):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)


def spark(url: str, folder: Path) -> Any:
    """Spark, with a view on each Parquet file; `spark:local[2]` runs it here, `spark://HOST:PORT` on a cluster."""
    try:
        import ibis
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError("Spark is not installed.", "pip install 'imagebank[spark]', and install Java") from None
    place = url if url.startswith("spark://") else url.partition(":")[2] or "local[*]"
    builder = SparkSession.builder.master(place).appName("imagebank").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    connection = ibis.pyspark.connect(session)
    for name in TABLES:
        session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    return connection
