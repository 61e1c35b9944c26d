"""The shipped queries mean the same in the language of a server that is not at hand.

What would be sent to SQL Server or Oracle is read back from that language and asked of the pretend hospital. So a wrong
function, a lost cast or condition would show; what the servers themselves make of the text would not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from imagebank.records.mapping import Place, load_mapping
from imagebank.records.queries import LANGUAGES, query_for
from imagebank.synthetic.hospital import Design, build_hospital

PLACES = load_mapping("omop", Path()).places


@pytest.fixture(scope="module")
def omop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The tables of the pretend hospital in the Common Data Model, in a database of the tests' own."""
    root = tmp_path_factory.mktemp("omop") / "h"
    build_hospital(root, design=Design(12, 3, images=False, forms=("omop",)))
    with duckdb.connect() as database:
        for path in sorted((root / "omop").glob("*.parquet")):
            database.read_parquet(str(path)).to_table(path.stem)
        yield database


def rows(database: Any, place: Place, dialect: str) -> list[str]:
    tables = [name for (name,) in database.sql("SELECT table_name FROM duckdb_tables()").fetchall()]
    text = query_for(place, dialect, tables)
    if dialect == "mssql":  # of which the reader does not know whether + joins texts, nor that MAX is no length
        text = text.replace(" + ", " || ").replace("(MAX)", "")
    back = sqlglot.transpile(text, read=LANGUAGES[dialect], write="duckdb")[0]
    return sorted(map(repr, database.sql(back).fetchall()))


@pytest.mark.parametrize("dialect", ["mssql", "oracle", "postgresql", "sqlite"])
@pytest.mark.parametrize("place", PLACES, ids=[f"{place.target.name}-{k}" for k, place in enumerate(PLACES)])
def test_a_shipped_query_gives_the_same_rows_in_every_language(omop: Any, place: Place, dialect: str) -> None:
    assert rows(omop, place, dialect) == rows(omop, place, "duckdb")


def test_the_hospital_has_rows_for_nearly_all_of_them(omop: Any) -> None:
    found = [place.target.name for place in PLACES if rows(omop, place, "duckdb")]
    assert set(found) >= {place.target.name for place in PLACES} - {"findings", "merged_numbers"}
