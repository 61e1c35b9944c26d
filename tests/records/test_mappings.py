"""Mappings and queries: what they may say, and the same query in the language of each database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from extracted import extract, imported
from sqlalchemy.dialects import mssql, oracle, postgresql, sqlite

from imagebank.core.errors import ConfigError, SourceError
from imagebank.records.databases import narrowed, open_database, select_columns
from imagebank.records.mapping import SHIPPED, load_mapping, parse_mapping
from imagebank.records.queries import query_for, tables_of


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_mapping_is_understood(name: str) -> None:
    assert load_mapping(name, Path()).of("patients")


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mssql", "oracle", "duckdb"])
def test_the_shipped_queries_speak_every_dialect(dialect: str) -> None:
    for place in load_mapping("omop", Path()).places:
        text = query_for(place, dialect, tables_of(place, dialect))
        assert text.upper().startswith("SELECT")
        assert ("||" not in text) == (dialect == "mssql") or "||" not in place.query
        assert dialect != "oracle" or " AS p" not in text.split("FROM")[-1]


@pytest.mark.parametrize(
    ("dialect", "says"),
    [
        (mssql.dialect(), "[K Number]"),
        (oracle.dialect(), '"K Number"'),
        (postgresql.dialect(), '"K Number"'),
        (sqlite.dialect(), '"K Number"'),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_column_mapping_speaks_every_dialect(dialect: sa.Dialect, says: str) -> None:
    text = "[diagnoses]\ntable = 'Dx'\nwatermark = 'changed'\n[diagnoses.columns]\nhospital_number = 'K Number'\n"
    place = parse_mapping("test", text).places[0]
    asked = narrowed(
        select_columns(place, "Dx", ("K Number", "date", "code", "changed", "other")), place, "2020-01-01", 5
    )
    told = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert says in told
    assert "other" not in told
    assert ">= '2020-01-01'" in told


def test_a_table_that_is_not_there_has_no_rows() -> None:
    place = next(each for each in load_mapping("omop", Path()).places if each.target.name == "diagnoses")
    text = query_for(place, "sqlite", ["condition_occurrence"])
    assert "JOIN concept" not in text
    assert "1 = 0" in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[diagnosis]\nfiles = 'x.csv'\n", "no table `diagnosis`.*did you mean `diagnoses`"),
        ("[diagnoses]\nfile = 'x.csv'\n", "unexpected"),
        ("[diagnoses.columns]\ncod = 'x'\n", "no column `cod`.*did you mean `code`"),
        ("[diagnoses]\nfiles = 'x'\ntable = 'y'\n", "several places"),
        ("[source]\nlike = 'omopp'\n", "no mapping `omopp`"),
        ("diagnoses =\n", "no TOML"),
        ("[notes]\nknown_as = 'songs'\n", "cannot ask for `songs`"),
        ("[source]\ndates = ['dd/mm/yyyy']\n[notes]\n", "no form of dates.*%d/%m/%Y"),
        ("[notes]\ndates = ['%d/%Y']\n", "no form of dates"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){says}") as error:
        raise parse_error(text)
    assert error.value.advice


def parse_error(text: str) -> ConfigError:
    try:
        parse_mapping("ours.toml", text)
    except ConfigError as error:
        return ConfigError(f"{error.what} {error.advice}", error.advice)
    raise AssertionError("it was understood")


def test_a_mapping_may_begin_with_a_shipped_one_and_translate_local_codes(tmp_path: Path) -> None:
    text = """
[source]
like = "extracts"
dates = ["%d/%m/%Y"]
[assessments]
files = "scores.csv"
columns = { name = "test", score = "points" }
constants = { out_of = 30 }
values = { name = { "1" = "MMSE", "2" = "MoCA" } }
"""
    folder = extract(tmp_path / "in")
    (folder / "scores.csv").write_text("hospital_number,date,test,points\nK1,02/03/2015,1,25\nK2,03/03/2015,2,26\n")
    _, accepted, _ = imported(folder, tmp_path / "out", text=text)
    found = sorted((row["name"], row["score"], row["assessment_date"]) for row in accepted["assessments"])
    assert found == [("MMSE", 25, date(2015, 3, 2)), ("MoCA", 26, date(2015, 3, 3))]


def test_a_database_that_does_not_open_says_nothing_of_its_url() -> None:
    url = "postgresql+psycopg://steward:geheim@/nothing?host=/nowhere"
    with pytest.raises(SourceError, match="does not open") as error, open_database(url, "ehr"):
        pass
    assert "geheim" not in f"{error.value.what} {error.value.advice}"
