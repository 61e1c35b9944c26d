"""Mappings: what they may say, and which mistakes are named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from extracted import extract, imported

from imagebank.core.errors import ConfigError
from imagebank.records.mapping import SHIPPED, load_mapping, parse_mapping
from imagebank.records.sources import open_source
from imagebank.records.staging import Room
from imagebank.records.template import Offered, guess


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_mapping_is_understood(name: str) -> None:
    assert load_mapping(name, Path()).of("patients")


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


def test_what_a_mapping_names_and_is_not_there_is_told(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", scores="a\n1\n")
    text = "[patients]\n[notes]\nfiles = 'letters-*.csv'\n[reports]\nquery = 'SELECT * FROM rports'\n"
    room = Room(tmp_path / "room")
    with open_source("ehr", parse_mapping("ours", text), room, folder=folder) as source:
        assert source.absent == ("[notes] no file is called letters-*.csv",
                                 "[reports] the query reads a table of which there is no file")  # fmt: skip
        assert source.unread == ("scores.csv",)
    with open_source("ehr", load_mapping("", folder), room, folder=folder) as source:
        assert not source.absent  # of a shipped mapping only the patients must be there


def test_a_table_of_rows_that_were_taken_back_is_no_guess() -> None:
    columns = ("hospital_number", "date", "code", "code_system", "role")
    assert guess(Offered("diagnoses.csv", columns, "files"))
    assert guess(Offered("withdrawn_diagnoses.csv", columns, "files")) is None
