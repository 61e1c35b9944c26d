"""Databases as record sources: what is asked of each in its own language, only what is new, and what goes wrong."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlglot
from extracted import imported, nothing_lost
from sqlalchemy.dialects import mssql, oracle, postgresql, sqlite

from imagebank.core.errors import SourceError
from imagebank.records.databases import Database, open_database
from imagebank.records.mapping import load_mapping, parse_mapping
from imagebank.records.queries import LANGUAGES, query_for, tables_of
from imagebank.records.statements import count_of, rows_of
from imagebank.records.watermarks import as_text, as_value, has_grown
from postgres import Postgres, postgres

__all__ = ["postgres"]  # a fixture

# --- the language of each server -------------------------------------------------------------------------------------

DIALECTS = {each.name: each for each in (mssql.dialect(), oracle.dialect(), postgresql.dialect(), sqlite.dialect())}
LIMITED = {"mssql": "SELECT TOP 5 ", "oracle": "FETCH FIRST 5 ROWS ONLY", "postgresql": "LIMIT 5", "sqlite": "LIMIT 5"}
QUOTED = {"mssql": "[K Number]", "oracle": '"K Number"', "postgresql": '"K Number"', "sqlite": '"K Number"'}
MOMENT = {
    "mssql": "'2020-01-02 10:00:00'",
    "oracle": "TO_DATE('2020-01-02 10:00:00', 'YYYY-MM-DD HH24:MI:SS')",
    "postgresql": "'2020-01-02 10:00:00'",
    "sqlite": "'2020-01-02 10:00:00.000000'",
}
TABLE = """
[diagnoses]
table = "RIO.dx"
watermark = "changed"
[diagnoses.columns]
hospital_number = "K Number"
"""
QUERY = '''
[diagnoses]
watermark = "changed"
query = """
WITH seen(n, changed) AS (SELECT k, t FROM dx WHERE t > '2019-01-01 10:30')
SELECT n, changed FROM seen ORDER BY n"""
'''
TABLES = {"rio.Dx": ("K Number", "date", "code", "changed", "other")}


def written(statement: Any, dialect: str) -> str:
    """A statement as a server of that kind would get it, in one line; another reader of SQL understands it, too."""
    text = str(statement.compile(dialect=DIALECTS[dialect], compile_kwargs={"literal_binds": True}))
    assert sqlglot.parse_one(text, read=LANGUAGES[dialect])
    return " ".join(text.split())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_table_is_asked_in_the_language_of_the_server(dialect: str) -> None:
    place = parse_mapping("test", TABLE).places[0]
    told = written(rows_of(place, dialect, TABLES, since=datetime(2020, 1, 2, 10), limit=5), dialect)
    assert QUOTED[dialect] in told
    assert LIMITED[dialect] in told
    assert told.split(">= ")[1].startswith(MOMENT[dialect])
    assert "rio." in told
    assert "other" not in told
    assert "1 = 0" in written(rows_of(place, dialect, TABLES, limit=0), dialect)
    assert "max(changed)" in written(count_of(place, dialect, TABLES), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_of_the_site_is_sent_as_it_is_and_wrapped_as_the_server_takes_it(dialect: str) -> None:
    place = parse_mapping("test", QUERY).places[0]
    assert written(rows_of(place, dialect, {}), dialect) == " ".join(place.query.split())
    told = written(rows_of(place, dialect, {}, since=7, limit=5), dialect)
    assert LIMITED[dialect] in told
    assert "changed >= 7" in told
    assert "'2019-01-01 10:30'" in told
    inner = told.partition("FROM (")[2]
    assert inner.startswith("SELECT n" if dialect == "mssql" else "WITH seen")
    assert ("ORDER BY" in told) == (dialect != "mssql")
    assert told.startswith("WITH seen(n, changed) AS" if dialect == "mssql" else "SELECT")
    assert "max(changed)" in written(count_of(place, dialect, {}), dialect)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mssql", "oracle", "duckdb"])
def test_the_shipped_queries_speak_every_dialect(dialect: str) -> None:
    for place in load_mapping("omop", Path()).places:
        text = query_for(place, dialect, tables_of(place, dialect))
        assert text.upper().startswith("SELECT")
        assert ("||" not in text) == (dialect == "mssql") or "||" not in place.query
        assert dialect != "oracle" or " AS p" not in text.split("FROM")[-1]


def test_a_table_that_is_not_there_has_no_rows() -> None:
    place = next(each for each in load_mapping("omop", Path()).places if each.target.name == "diagnoses")
    text = query_for(place, "sqlite", ["condition_occurrence"])
    assert "JOIN concept" not in text
    assert "1 = 0" in text


WATERMARKED = """
[patients]
table = "patients"
[assessments]
table = "scores"
watermark = "changed"
columns = { date = "day", id = "number" }
"""


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_a_database_with_a_watermark_gives_only_its_new_rows(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/ehr.db" if server == "sqlite" else request.getfixturevalue("postgres").new_database()
    engine = sa.create_engine(url)

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for each in statements:
                connection.execute(sa.text(each))

    def scores(known: list[str] = []) -> tuple[list[float], int]:  # noqa: B006 - remembers the people
        stored, accepted, refused = imported(
            tmp_path, tmp_path / "out", text=WATERMARKED, url=url, known="".join(known)
        )
        known[:] = [stored.people_key]
        nothing_lost(stored, accepted, refused)
        return sorted(row["score"] for row in accepted["assessments"]), len(stored.pieces)

    run(
        "CREATE TABLE patients (hospital_number TEXT, birth_date DATE)",
        "INSERT INTO patients VALUES ('K1', '1950-03-02')",
        "CREATE TABLE scores (number INTEGER, hospital_number TEXT, day DATE, name TEXT, score NUMERIC, "
        "changed TIMESTAMP)",
        "INSERT INTO scores VALUES (1, 'K1', '2010-01-01', 'MMSE', 25, '2020-01-01 10:00:00')",
        "INSERT INTO scores VALUES (2, 'K1', '2010-01-02', 'MMSE', 26, '2020-01-02 10:00:00')",
    )
    assert scores() == ([25, 26], 1)
    assert scores() == ([25, 26], 1)
    run("INSERT INTO scores VALUES (3, 'K1', '2010-01-03', 'MMSE', 27, '2020-01-03 10:00:00')")
    run("UPDATE scores SET score = 20, changed = '2020-01-04 10:00:00' WHERE number = 1")
    assert scores() == ([20, 26, 27], 2)
    run(
        "DELETE FROM scores WHERE number = 2",
        "INSERT INTO scores VALUES (4, 'K1', '2010-01-04', 'MMSE', 28, '2020-01-05 10:00:00')",
    )
    assert scores() == ([20, 27, 28], 1)  # a row went: only reading all of it tells which
    run("UPDATE scores SET score = 21, changed = '2020-01-01 09:00:00' WHERE number = 1")
    run("UPDATE scores SET changed = '2020-01-04 09:00:00' WHERE number = 4")
    assert scores() == ([21, 27, 28], 1)  # the watermark went back
    engine.dispose()


MARKS = [datetime(2020, 1, 2, 10, 30), date(2020, 1, 2), 7, 2.5, Decimal("7.25"), "b", b"\x00\x07"]


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_a_watermark_reads_back_as_what_it_was(mark: Any) -> None:
    assert as_value(as_text(mark), mark) == mark
    assert has_grown(mark, mark)


def test_a_watermark_that_went_back_or_is_of_another_kind_has_not_grown() -> None:
    assert not has_grown(as_value("10", 9), 9)
    assert has_grown(as_value("9", 10), 10)
    assert not has_grown(as_value("2020-01-01 10:00:00", 7), 7)
    assert not has_grown(as_value("2020-01-01 10:00:00+00:00", datetime(2020, 1, 2)), datetime(2020, 1, 2))
    assert as_text(None) == ""


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_table_of_another_schema_is_found(postgres: Postgres) -> None:
    url = postgres.new_database()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for each in ("CREATE SCHEMA rio", "CREATE TABLE rio.dx (k TEXT, day DATE, code TEXT)"):
            connection.execute(sa.text(each))
        connection.execute(sa.text("INSERT INTO rio.dx VALUES ('K1', '2010-01-01', 'F20')"))
    engine.dispose()
    text = "[diagnoses]\ntable = 'RIO.Dx'\ncolumns = { hospital_number = 'k', date = 'day' }\n"
    place = parse_mapping("test", text).places[0]
    with open_database(url, "ehr") as database:
        assert not database.has(parse_mapping("test", text.replace("Dx", "dy")).places[0])
        assert database.has(place)
        assert [portion.table.num_rows for portion in database.read(place)] == [1]


def test_a_lost_connection_is_told_and_leaves_nothing_half_read(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagebank.records.databases.PORTION_ROWS", 100)
    url = postgres.new_database()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE patients (hospital_number TEXT)"))
        connection.execute(sa.text("CREATE TABLE diagnoses (hospital_number TEXT, date DATE, code TEXT)"))
        connection.execute(sa.text("INSERT INTO patients VALUES ('K1')"))
        rows = "SELECT 'K1', DATE '2010-01-01', 'F20' FROM generate_series(1, 100000)"
        connection.execute(sa.text(f"INSERT INTO diagnoses {rows}"))

    def cut(database: Database, *given: Any, **named: Any) -> Any:
        """The rows of a place; behind the first portion the server ends the connection."""
        for k, portion in enumerate(read(database, *given, **named)):
            yield portion
            if k == 0 and given[0].target.event:
                with engine.begin() as other:
                    other.execute(
                        sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
                    )

    read = Database.read
    monkeypatch.setattr(Database, "read", cut)
    with pytest.raises(SourceError, match="did not read the rows") as error:
        imported(
            tmp_path,
            tmp_path / "out",
            text="[patients]\ntable = 'patients'\n[diagnoses]\ntable = 'diagnoses'\n",
            url=url,
        )
    engine.dispose()
    assert "connection was lost" in error.value.advice
    assert not [path for path in (tmp_path / "out").iterdir() if len(path.name.split(".")[0]) == 32]


def test_a_database_that_does_not_open_says_nothing_of_its_url() -> None:
    url = "postgresql+psycopg://steward:geheim@/nothing?host=/nowhere"
    with pytest.raises(SourceError, match="does not open") as error, open_database(url, "ehr"):
        pass
    assert "geheim" not in f"{error.value.what} {error.value.advice}"
