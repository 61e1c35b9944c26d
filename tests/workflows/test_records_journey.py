"""From an extract to the tables, as a user does it: template, check, update, report."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from conftest import imagebank
from imagebank.catalogue import current_version
from imagebank.catalogue.events import EVENT_TABLES
from imagebank.core.config import open_bank
from imagebank.core.progress import Silent
from imagebank.identities.vault import open_vault
from imagebank.synthetic import Hospital
from imagebank.workflows.init import init
from imagebank.workflows.update import update


def table(bank: Path, name: str) -> list[dict[str, Any]]:
    layout = open_bank(bank).layout
    return parquet.read_table(layout.snapshot(str(current_version(layout))) / f"{name}.parquet").to_pylist()


def test_every_table_of_events_arrives(banked: Path) -> None:
    patients = {row["patient"] for row in table(banked, "patients")}
    for name in set(EVENT_TABLES) - {"findings"}:
        rows = table(banked, name)
        assert rows, name
        assert {row["patient"] for row in rows} <= patients
        assert {row["origin"] for row in rows} == {"structured"}
        assert all(row["imported"] for row in rows)
    assert not [row for name in ("notes", "reports") for row in table(banked, name) if row["text"]]


def test_a_report_leads_to_its_study(banked: Path) -> None:
    studies = {row["study"]: row for row in table(banked, "studies")}
    found = [row for row in table(banked, "reports") if row["study"]]
    assert found
    for row in found:
        assert studies[row["study"]]["patient"] == row["patient"]
        assert row["report_date"] - studies[row["study"]]["study_date"] < timedelta(days=60)


def test_nobody_had_contact_after_the_death_or_before_the_last_event(banked: Path) -> None:
    last = {row["patient"]: row["last_contact_date"] for row in table(banked, "patients")}
    deaths = {row["patient"]: row["death_date"] for row in table(banked, "patients")}
    for row in table(banked, "assessments"):
        assert row["assessment_date"] <= last[row["patient"]]
    assert all(death is None or last[patient] <= death for patient, death in deaths.items() if last[patient])


def test_the_report_counts_every_row_and_names_every_reason(banked: Path) -> None:
    told = json.loads(imagebank("records", "report", "--json", banked).out)
    assert {each["table"] for each in told} >= {"patients", "diagnoses", "assessments", "episodes"}
    for each in told:
        assert each["counts"]["offered"] == each["counts"]["valid"] + sum(each["refused"].values())
    shown = imagebank("records", "report", banked)
    assert shown.code == 0
    assert "offered" in shown.out
    listed = imagebank("records", "report", "--rows", "--limit", "3", banked)
    assert listed.out.split()[:5] == ["source", "table", "file", "line", "reason"]


@pytest.fixture
def odd(hospital: Hospital, tmp_path: Path) -> Path:
    """A bank whose scores stand in a file of another form."""
    folder = tmp_path / "extracts"
    folder.mkdir()
    (folder / "patients.csv").write_bytes((hospital.records / "patients.csv").read_bytes())
    first = (hospital.records / "patients.csv").read_text().splitlines()[1].split(",")[0].strip('"')
    rows = "".join(f"{first},{day:02d}/03/2010,MMSEX,25,30\n" for day in (2, 3, 15))
    (folder / "scores.csv").write_text(f"hospital_number,date,instrument,total,total_out_of\n{rows}")
    root = tmp_path / "bank"
    init(root, records=[folder], pretend=True)
    return root


def test_template_check_and_report_lead_from_an_unknown_extract_to_the_tables(odd: Path, tmp_path: Path) -> None:
    mapping = odd / "ours.toml"
    made = imagebank("records", "template", tmp_path / "extracts", "--out", mapping)
    assert made.code == 0, made.err
    assert 'score = "total"' in mapping.read_text()
    assert imagebank("records", "template", tmp_path / "extracts", "--out", mapping).code == 4
    config = odd / "bank.toml"
    config.write_text(config.read_text().replace('mapping = ""', 'mapping = "ours.toml"'))
    told = imagebank("records", "check", odd)
    assert told.code == 0, told.err
    assert "3 not-a-date" in told.out
    assert "write dates = ['%d/%m/%Y']" in told.out
    text = mapping.read_text().replace("dates = []", 'dates = ["%d/%m/%Y"]')
    mapping.write_text(text.replace("# name", "# name"))
    told = imagebank("records", "check", odd)
    assert "3 not-in-registry" in told.out
    (odd / "names.toml").write_text("[assessments.MMSEX]\nout_of = 30\n")
    config.write_text(config.read_text().replace('registry = ""', 'registry = "names.toml"'))
    assert "3 rows: 3 valid" in imagebank("records", "check", odd).out
    assert not list((odd / "vault").rglob("*.parquet"))


def test_a_check_names_the_missing_column_and_ends_with_4(odd: Path, tmp_path: Path) -> None:
    (tmp_path / "extracts" / "diagnoses.csv").write_text("hospital_number,date,cod\nK1,2010-01-01,F20\n")
    told = imagebank("records", "check", odd)
    assert told.code == 4
    assert "diagnoses.csv has no column `code`. Try: rename `cod`" in told.out
    assert "cod (perhaps code)" in told.out


def test_update_with_another_ethnic_grouping_names_it(own_bank: Path) -> None:
    config = own_bank / "bank.toml"
    config.write_text(config.read_text().replace('"nhs-2001"', '"census-2021"'))
    update(own_bank, environ={}, progress=Silent())
    assert {row["ethnic_grouping"] for row in table(own_bank, "patients")} == {"census-2021"}


def test_the_decile_comes_from_the_postcode_where_the_site_has_look_ups(own_bank: Path, hospital: Hospital) -> None:
    config = own_bank / "bank.toml"
    bank = open_bank(own_bank)
    with open_vault(bank, "test", environ={}) as vault:
        codes = [row[0] for row in vault.connection.execute("SELECT DISTINCT postcode FROM people") if row[0]]
    lines = "".join(f'"{code.lower().replace(" ", "  ")}",E01000001\n' for code in codes)
    (own_bank / "onspd.csv").write_text(f"pcds,lsoa21\n{lines}")
    decile = "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)"
    (own_bank / "iod.csv").write_text(f'LSOA code (2021),LSOA name (2021),"{decile}"\nE01000001,Somewhere,7\n')
    text = config.read_text().replace('postcodes = ""', 'postcodes = "onspd.csv"')
    config.write_text(text.replace('deprivation = ""', 'deprivation = "iod.csv"'))
    update(own_bank, environ={}, progress=Silent())
    told = {(row["deprivation_decile"], row["deprivation_release"]) for row in table(own_bank, "patients")}
    assert (7, "IoD2025") in told
    assert not [code for code in codes if code in repr(table(own_bank, "patients"))]


def test_check_finds_rows_that_were_lost(own_bank: Path) -> None:
    law = "every row of the records is valid or refused, and none is lost"
    assert f"holds   {law}" in imagebank("check", own_bank).out
    staged = sorted((own_bank / "vault" / "records").rglob("*.refused.parquet"))[0]
    staged.unlink()
    told = imagebank("check", own_bank)
    assert told.code == 7
    assert f"broken  {law}" in told.out
    assert "what is staged is not what was read" in told.out
