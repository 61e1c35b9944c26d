"""What is shown of an answer is near the truth, hides what it must, says what was asked, and can be read."""

from __future__ import annotations

import csv
import math
import re
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
import random_bank
from engines_made import duckdb_of
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import imagebank
from imagebank.catalogue import publish
from imagebank.cohorts.answers.answer import SafeAnswer, safe_answer, safe_attrition
from imagebank.cohorts.answers.cells import HIDDEN
from imagebank.cohorts.answers.numbers import category_difference, number_difference, read_spread, spread_of
from imagebank.cohorts.answers.table_one import Line
from imagebank.cohorts.answers.variables import Nature
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.engines.result import Result, Scope
from imagebank.cohorts.guard import open_guard
from imagebank.cohorts.query import Cohort, from_document, from_yaml
from imagebank.core.config import open_bank
from imagebank.workflows.init import init

RULE = Disclosure(zeros=False)
TABLES = random_bank.bank(400)
QUESTION = """
name: old-and-scanned
unit: study
define:
  mmse: {table: assessments, where: {name: MMSE}, within: 180}
steps:
  - step: T1w
    keep: {exists: {table: series, where: {sequence: T1w}}}
  - step: aged 50 or over
    keep: {age_years: ">= 50"}
columns:
  - name: mmse
    value: {nearest: mmse, take: score}
  - name: demented
    value: {exists: {table: diagnoses, where: {code: {codes: dementia}}}}
groups: [demented]
"""


def answered(engine: Any, folder: Path, text: str = QUESTION, rule: Disclosure = RULE) -> tuple[Result, SafeAnswer]:
    result = ask(engine, from_yaml(text))
    with open_guard(folder, "", rule) as guard:
        return result, safe_answer(engine, result, rule, guard)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, SafeAnswer]:
    return answered(Database(duckdb_of(TABLES)), tmp_path_factory.mktemp("guard"))


def line(answer: SafeAnswer, label: str) -> Line:
    assert answer.table is not None
    return next(each for each in answer.table.lines if each.label == label)


def kept(condition: dict[str, Any]) -> Cohort:
    return from_document({"name": "kept", "unit": "patient", "steps": [{"step": "s", "keep": condition}]})


def number_in(text: str) -> int:
    return int(re.sub(r" .*|,", "", text))


def test_every_step_is_shown_rounded_with_what_it_lost(both: tuple[Result, SafeAnswer]) -> None:
    result, answer = both
    for true, shown in zip(result.attrition, answer.stages, strict=True):
        assert abs(number_in(shown.units) - true.units) < RULE.round_to
        assert abs(number_in(shown.patients) - true.patients) < RULE.round_to
    left = [number_in(each.units) for each in answer.stages]
    assert [each.lost for each in answer.stages] == ["", *(str(a - b) for a, b in pairwise(left))]


def test_both_engines_give_the_same_answer(both: tuple[Result, SafeAnswer], tmp_path: Path) -> None:
    _, other = answered(Plain(TABLES), tmp_path)
    assert (other.stages, other.table, other.nearest, other.ages) == (
        both[1].stages,
        both[1].table,
        both[1].nearest,
        both[1].ages,
    )


def test_table_1_counts_what_the_rows_hold(both: tuple[Result, SafeAnswer]) -> None:
    result, answer = both
    rows = result.table.to_pylist()
    groups = [[row for row in rows if row["demented"] is wanted] for wanted in (True, False)]
    assert answer.table is not None
    assert [name for name, _ in answer.table.groups] == ["yes", "no"]
    sexes = {each.patient: each.sex for each in TABLES["patients"]}
    for own, cell, (_, total) in zip(groups, line(answer, "female").cells, answer.table.groups, strict=True):
        women = sum(sexes[row["patient"]] == "female" for row in own)
        assert abs(number_in(cell) - women) < 5
        assert abs(number_in(total) - len(own)) < 5
    scores = [[row["mmse"] for row in own if row["mmse"] is not None] for own in groups]
    means = [float(cell.split()[0]) for cell in line(answer, "mmse: mean (standard deviation)").cells]
    assert means == pytest.approx([statistics.mean(each) for each in scores], abs=0.1)


def test_a_nearest_row_says_how_far_it_depends_on_its_window(both: tuple[Result, SafeAnswer]) -> None:
    result, answer = both
    (true,), (shown,) = result.sensitivity, answer.nearest
    assert abs(number_in(shown.without) - true.without) < 5
    assert abs(number_in(shown.after) - true.after) < 5
    assert number_in(shown.median_gap) == pytest.approx(true.median_gap_days, abs=1)


def test_nobody_and_few_look_the_same_in_an_attrition(tmp_path: Path) -> None:
    seen = []
    for number, left in enumerate((0, 7)):
        tables = {**TABLES, "patients": TABLES["patients"][:100]}
        names = [each.patient for each in tables["patients"][:left]] or ["nobody"]
        result = ask(Plain(tables), kept({"patient": {"one_of": names}}))
        assert result.units == left
        with open_guard(tmp_path / str(number), "", RULE) as guard:
            seen.append([(each.units, each.patients, each.lost) for each in safe_attrition(result, RULE, guard)])
    assert seen[0] == seen[1]
    assert seen[0][-1] == (HIDDEN, HIDDEN, HIDDEN)


def test_a_step_that_takes_few_away_shows_what_was_there_before(tmp_path: Path) -> None:
    gone = [each.patient for each in TABLES["patients"][:4]]
    result = ask(Plain(TABLES), kept({"not": {"patient": {"one_of": gone}}}))
    with open_guard(tmp_path, "", RULE) as guard:
        before, after = safe_attrition(result, RULE, guard)
    assert (after.patients, after.lost) == (before.patients, HIDDEN)


def test_what_all_or_nearly_all_have_is_not_told_apart(both: tuple[Result, SafeAnswer]) -> None:
    assert line(both[1], "Dementia: yes").cells == ("nearly all", HIDDEN)


def test_exact_numbers_are_exact_and_nothing_is_remembered(tmp_path: Path) -> None:
    result, answer = answered(Plain(TABLES), tmp_path, rule=Disclosure(exact=True))
    assert [number_in(each.units) for each in answer.stages] == [each.units for each in result.attrition]
    _, safe = answered(Plain(TABLES), tmp_path)
    assert all(number_in(each.units) % 5 == 0 for each in safe.stages)


def test_what_a_project_may_not_see_is_in_no_table_and_no_figure(tmp_path: Path) -> None:
    scope = Scope("p", hidden=frozenset({"patients.ethnic_group", "diagnoses"}))
    _, answer = answered(Plain(TABLES, scope), tmp_path, "unit: patient")
    assert answer.table is not None
    labels = {each.label for each in answer.table.lines}
    assert "Sex" in labels
    assert not {"Ethnic group", "Dementia: yes"} & labels
    assert not any(key[0] in ("diagnosed", "days") or "ethnicity" in key for key in answer.safe.shown)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=400))
def test_a_quantile_needs_patients_on_both_sides(values: list[float]) -> None:
    numbers = np.array(values)
    found = spread_of(numbers, np.arange(len(values)), RULE).quantiles or {}
    assert set(found) <= {
        share for share in (0.05, 0.25, 0.5, 0.75, 0.95) if len(values) * min(share, 1 - share) >= 9.99
    }
    for share, value in found.items():
        spread = max(float(np.std(numbers)), 1e-9)
        assert abs(value - float(np.quantile(numbers, share))) <= max(0.1 * spread, 1.0 if spread < 1e-6 else 0)


def test_ages_from_ninety_count_as_ninety_and_one_patient_may_not_make_the_sum() -> None:
    ages = np.array([95.0] * 300)
    assert spread_of(ages, np.arange(300), RULE, Nature.AGE).at(0.5) == 90
    heavy = np.array([1.0] * 40 + [1000.0])
    assert spread_of(heavy, np.arange(41), RULE).mean is None


def test_a_spread_comes_back_as_it_was_written() -> None:
    spread = spread_of(np.arange(500.0), np.arange(500), RULE)
    assert read_spread(spread.written()) == spread


def test_standardised_differences_are_those_of_the_books() -> None:
    one, other = {"yes": 40, "no": 60}, {"yes": 20, "no": 80}
    by_hand = abs(0.4 - 0.2) / math.sqrt((0.4 * 0.6 + 0.2 * 0.8) / 2)
    assert category_difference(one, other) == pytest.approx(by_hand)
    left, right = (spread_of(np.random.default_rng(s).normal(s, 2, 4000), np.arange(4000), RULE) for s in (0, 1))
    assert number_difference(left, right) == pytest.approx(0.5, abs=0.05)


def test_the_whole_answer_is_written_and_names_what_was_asked(tmp_path: Path) -> None:
    root, out = tmp_path / "bank", tmp_path / "out"
    init(root, images=[], records=[], pretend=True)
    publish(open_bank(root).layout, TABLES, {})
    (tmp_path / "old.yaml").write_text(QUESTION)
    (root / "projects").mkdir()
    (root / "projects" / "first.yaml").write_text("title: The first project\n")
    ran = imagebank("cohort", tmp_path / "old.yaml", "--bank", root, "--output", out, "--project", "first")
    assert ran.code == 0, ran.err
    page = (out / "index.html").read_text()
    for words in ("age is at least 50 years", "dementia (6f21e86bb7d06838)", "DuckDB", "the median distance was"):
        assert words in page
    assert "http" not in page.replace("http-equiv", "")
    assert {path.stem for path in (out / "figures").iterdir()} == {"ages", "scans", "ethnicity", "deprivation", "days"}
    for path in (out / "flow.png", out / "figures" / "ages.png"):
        assert min(Image.open(path).size) > 300
    rows = list(csv.reader((out / "table1.csv").open()))
    assert rows[0] == ["variable", "value", "yes", "no", "standardised difference"]
    assert parquet.read_table(out / "table1.parquet").num_rows == len(rows) - 1
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert imagebank("cohort", tmp_path / "old.yaml", "--bank", root, "--output", out, "--project", "first").code == 0
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before, "the same, every time"
    assert not any("p00" in content.decode("utf-8", "ignore") for content in before.values())
