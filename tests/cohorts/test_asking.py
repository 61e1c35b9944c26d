"""A bank is asked on the command line and in Python; numbers are safe, and nobody who left comes back."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import random_bank

from conftest import imagebank
from imagebank.catalogue import publish
from imagebank.cohorts.asking import Bank
from imagebank.cohorts.engines.result import Selection
from imagebank.cohorts.query import QueryError, from_yaml, read_cohort
from imagebank.cohorts.saved import load_cohort, save_cohort, versions
from imagebank.core.config import open_bank
from imagebank.core.errors import BankError
from imagebank.workflows.init import init

EXAMPLES = Path(__file__).parents[2] / "examples" / "cohorts"
OLD = "name: old\nunit: patient\nsteps: [{step: old, keep: {exists: {table: studies, where: {age_years: '>= 50'}}}}]\n"


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """A bank with tables and no image."""
    root = tmp_path / "bank"
    init(root, images=[], records=[], pretend=True)
    publish(open_bank(root).layout, random_bank.bank(120), {})
    return root


def test_a_question_in_a_file_is_answered_in_safe_numbers(asked: Path) -> None:
    ran = imagebank("cohort", EXAMPLES / "t1-and-flair-together.yaml", "--bank", asked)
    assert ran.code == 0, ran.err
    lines = {line[:9].strip(): line.split() for line in ran.out.splitlines()}
    assert lines["all"][2] == "120"
    assert all(int(cell) % 5 == 0 for cell in lines["and FLAIR"] if cell.isdigit())
    assert "p00" not in ran.out


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_worked_question_can_be_asked_of_a_bank_that_was_updated(banked: Path, path: Path) -> None:
    bank = Bank(banked)
    answer = bank.ask(read_cohort(path))
    folder = bank.opened.layout.snapshot(bank.version)
    rows = parquet.read_table(folder / f"{answer.cohort.unit.table}.parquet").num_rows
    assert answer.attrition[0].units == rows > 0
    assert answer.table.num_rows == answer.units


def test_the_rows_of_a_cohort_come_with_a_dictionary(asked: Path, tmp_path: Path) -> None:
    for name in ("rows.parquet", "rows.csv"):
        ran = imagebank(
            "cohort", "ask", EXAMPLES / "contrast-enhanced.yaml", "--bank", asked, "--table", tmp_path / name
        )
        assert ran.code == 0, ran.err
    assert parquet.read_table(tmp_path / "rows.parquet").column_names[:2] == ["patient", "study"]
    told = list(csv.DictReader((tmp_path / "rows.columns.csv").open()))
    assert [row["name"] for row in told] == ["age_years", "manufacturer", "field_strength_t"]
    assert told[0]["unit"] == "year"


def test_explain_shows_sentence_plan_and_sql_that_only_reads(asked: Path) -> None:
    ran = imagebank("cohort", "explain", EXAMPLES / "dementia-prognosis.yaml", "--bank", asked)
    assert ran.code == 0, ran.err
    assert "age is at least 50 years" in ran.out
    assert "  1. take every study in scope" in ran.out
    sql = ran.out.partition("SQL\n")[2].upper()
    assert sql.startswith(("SELECT", "WITH"))
    assert not {"INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "COPY"} & set(sql.split())


def test_a_question_without_sense_ends_with_a_message_and_no_traceback(asked: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("unit: study\nsteps: [{step: s, keep: {score: 3}}]")
    ran = imagebank("cohort", tmp_path / "bad.yaml", "--bank", asked)
    assert ran.code == 1
    assert "many values per study" in ran.err
    assert "try: say `nearest`" in ran.err


def test_a_saved_cohort_has_versions_that_never_change(asked: Path, tmp_path: Path) -> None:
    layout = open_bank(asked).layout
    first = from_yaml(OLD)
    assert save_cohort(layout, first) == save_cohort(layout, first)
    second = replace(first, question="Who is old?")
    assert save_cohort(layout, second).number == 2
    assert load_cohort(layout, "old") == second
    assert load_cohort(layout, "old", "v0001") == first
    assert imagebank("cohort", "old@v0001", "--bank", asked).code == 0
    path = versions(layout, "old")[1].path
    path.write_text(path.read_text().replace("50", "60"))
    with pytest.raises(BankError, match="has changed"):
        load_cohort(layout, "old")
    with pytest.raises(QueryError, match="no saved cohort `young`"):
        load_cohort(layout, "young")


def test_who_left_the_bank_is_in_no_answer_on_an_old_version(asked: Path) -> None:
    layout = open_bank(asked).layout
    before = Bank(asked)
    tables = {name: kept(rows) for name, rows in random_bank.bank(120).items()}
    publish(layout, tables, {})
    gone = Bank(asked, version=before.version).ask(from_yaml("unit: patient"))
    assert gone.version == before.version != Bank(asked).version
    assert gone.patients == before.ask(from_yaml("unit: patient")).patients - {"p00003"}
    shown = Bank(asked, version=before.version).explain(from_yaml("unit: patient")).sql
    assert "who has left" in shown
    assert "p00003" not in shown


def kept(rows: list[Any]) -> list[Any]:
    return [row for row in rows if getattr(row, "patient", "") != "p00003"]


def test_a_selection_counts_units_and_their_patients_by_stage() -> None:
    selection = Selection(["a", "b", "c"], ["p", "p", "q"], [2, 1, 0], 2)
    assert [selection.count(stage) for stage in range(3)] == [(3, 2), (2, 1), (1, 1)]
    assert selection.patients_at(2) == {"p"}
