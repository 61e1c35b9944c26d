"""Attacks on the whole of an answer: on its names, words and means, on what one unit tells of another."""

from __future__ import annotations

from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from attacker import ALL, HAS, NAMES, RULE, SECRET, attrition_of, guarded, question, whole_answers, with_secret

from imagebank.cohorts.answers.answer import SafeAnswer, safe_answer
from imagebank.cohorts.answers.cells import HIDDEN
from imagebank.cohorts.answers.deciding import merge
from imagebank.cohorts.answers.numbers import spread_of
from imagebank.cohorts.answers.variables import Nature, nature_of
from imagebank.cohorts.answers.writing import table_rows
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.query import from_document

COUNTED = {"name": "n", "value": {"count": {"table": "diagnoses", "where": {"code": {"starts": SECRET}}}}}
MARKED = {"name": "n", "value": {"choose": [{"when": HAS, "then": 1}], "otherwise": 0}}
HIDDEN_IN_NOISE = {"name": "n", "value": {"calculate": [MARKED["value"], "+", {"calculate": ["birth_year", "/", 1e6]}]}}


def answers_of(tables: dict[str, list[Any]], *asked: dict[str, Any]) -> list[SafeAnswer]:
    found = []
    with TemporaryDirectory() as folder:
        for each in asked:
            engine = Plain(tables)
            result = ask(engine, from_document(each))
            with guarded(folder) as guard:
                found.append(safe_answer(engine, result, RULE, guard))
    return found


def cell(answer: SafeAnswer, variable: str, value: str = "") -> str:
    assert answer.table is not None
    return next(row[2] for row in table_rows(answer.table) if row[:2] == (variable, value))


@pytest.mark.parametrize("column", [COUNTED, MARKED, HIDDEN_IN_NOISE], ids=["count", "choice", "choice in noise"])
def test_the_mean_of_a_number_that_a_question_makes_up_does_not_count_the_few(column: dict[str, Any]) -> None:
    asked = [question(columns=[column])]
    seen = {whole_answers(with_secret(NAMES[:count]), asked) for count in (0, 3, 9)}
    assert len(seen) == 1


def without(name: str) -> dict[str, Any]:
    return {"not": {"patient": name}}


def test_another_name_does_not_give_another_mean() -> None:
    age = {"first": "studies", "take": "age_years"}
    first, second = answers_of(
        ALL,
        question(columns=[{"name": "a", "value": age}]),
        question(without(NAMES[0]), columns=[{"name": "b", "value": age}]),
    )
    told = cell(first, "a: mean (standard deviation)")
    assert told == cell(second, "b: mean (standard deviation)") != HIDDEN


def test_one_of_ten_who_are_left_over_is_not_seen_to_be_taken_out() -> None:
    """The tenth would turn the number of all others into `nearly all`."""
    left, column = NAMES[:10], [{"name": "has", "value": HAS}]
    tables = with_secret(NAMES[10:])
    first, second = answers_of(tables, question(columns=column), question(without(left[0]), columns=column))
    assert cell(first, "has: yes") == cell(second, "has: yes") != "nearly all"


def test_the_tenth_who_has_a_code_is_not_seen_to_be_taken_out() -> None:
    """The name of a code that ten have stands in the table, and stays when one of them goes."""
    column = [
        {"name": "code", "value": {"first": {"table": "diagnoses", "where": {"code": {"starts": "B"}}}, "take": "code"}}
    ]
    asked = [question(columns=column), question(without(NAMES[0]), columns=column)]
    first, second = answers_of(with_secret(NAMES[:10]), *asked)
    assert cell(first, "code", SECRET) == cell(second, "code", SECRET) == "10 (9%)"


def test_what_was_told_before_is_what_margins_are_protected_with() -> None:
    """9 + 12 + 12 = 33 is told as 35, so no part may be told by which the 9 could be worked out."""
    codes = {SECRET: NAMES[:9], "B21": NAMES[9:21], "B22": NAMES[21:33]}
    tables = ALL
    for code, names in codes.items():
        added = with_secret(names)["diagnoses"][len(ALL["diagnoses"]) :]
        tables = {**tables, "diagnoses": [*tables["diagnoses"], *(replace(each, code=code) for each in added)]}
    only = {"exists": {"table": "diagnoses", "where": {"code": {"starts": "B2"}}}}
    column = [
        {
            "name": "code",
            "value": {"first": {"table": "diagnoses", "where": {"code": {"starts": "B2"}}}, "take": "code"},
        }
    ]
    assert attrition_of(tables, [question(only)])[0][-1][1] == "35"
    _, whole = answers_of(tables, question(only), question(only, columns=column, groups=["code"]))
    assert whole.stages[-1].patients == "35"
    assert whole.table is not None
    shown = [int(text) for _, text in whole.table.groups if text.isdigit()]
    least = 33 - sum(each + 2 for each in shown) if len(shown) == 2 else 0
    assert least <= 0, "nobody stays possible"


def test_studies_of_one_a_patient_tell_no_more_than_patients() -> None:
    one = {"compare": [{"count": "studies"}, "=", 1]}
    for name in NAMES[:60:6]:
        first, second = attrition_of(
            ALL, [question(one), question({"patients.patient": {"not": name}}, one_of(), unit="study")]
        )
        assert first[-1][1] == second[-1][0] == second[-1][1]


def one_of() -> dict[str, Any]:
    return {"compare": [{"count": {"table": "studies", "of": "patient"}}, "=", 1]}


def test_a_spread_that_nine_make_is_not_told() -> None:
    values = np.concatenate([np.random.default_rng(1).normal(0, 1, 100), np.full(9, 1e4)])
    assert spread_of(values, np.arange(109), RULE).mean is None
    assert spread_of(values[:100], np.arange(100), RULE).mean is not None
    assert spread_of(np.zeros(100), np.arange(100), RULE) == spread_of(np.eye(100)[0] * 0, np.arange(100), RULE)


def test_quantiles_have_patients_enough_on_both_sides_however_many_values_each_has() -> None:
    values, patients = (
        np.concatenate([np.zeros(400), np.arange(200.0) + 10]),
        np.r_[np.repeat(np.arange(4), 100), np.arange(4, 204)],
    )
    found = spread_of(values, patients, RULE)
    assert found.at(0.05) is None
    assert found.at(0.95) is not None


@pytest.mark.parametrize(
    ("value", "nature"),
    [
        ({"first": "studies", "take": "age_years"}, Nature.AGE),
        ({"age_at": {"first": "diagnoses", "take": "diagnosis_date"}}, Nature.AGE),
        (
            {
                "nearest": {
                    "table": "diagnoses",
                    "within": {"days": 5, "around": {"first": "studies", "take": "study_date"}},
                },
                "take": "gap",
            },
            Nature.RECORDED,
        ),
        ({"calculate": [{"first": "studies", "take": "age_years"}, "*", 2]}, Nature.OF_AGE),
        ({"age_at": {"day": "2020-01-01"}}, Nature.OF_AGE),
        ({"count": "studies"}, Nature.MADE),
        (MARKED["value"], Nature.MADE),
    ],
    ids=["age", "age on a day", "gap", "twice the age", "age on a day of the question", "count", "choice"],
)
def test_numbers_are_told_by_what_they_are(value: Any, nature: Nature) -> None:
    cohort = from_document(question(columns=[{"name": "n", "value": value}]))
    assert nature_of(cohort.columns[0].value) is nature


def test_counts_of_one_set_are_one_count() -> None:
    groups = [Group("n", ("a", "b", "e")), Group("m", ("c", "d")), Group("c", ("x", "y"))]
    merged, apart = merge(groups, {("m",): ("n",), "c": "a", "d": "b"} | {"m": "n"}, {"e"})  # type: ignore[dict-item, arg-type]
    assert merged == [Group("n", ("a", "b", "e")), Group("a", ("x", "y"))]
    assert not apart
    kept, apart = merge([Group("n", ("a",))], {"a": "n"})  # type: ignore[dict-item]
    assert (kept, apart) == ([Group("n", ("a",))], {"a": "n"})


def test_a_scanner_is_called_the_same_whoever_is_in_the_answer() -> None:
    """There are two of one kind; whether somebody was on the first does not show in the name of the second."""
    second = {"exists": {"table": "studies", "where": {"scanner": "sc2"}}}
    groups: dict[str, Any] = {"columns": [{"name": "s", "value": {"first": "studies", "take": "scanner"}}]}
    tables = {**ALL, "scanners": [replace(each, model="Skyra", field_strength_t=3.0) for each in ALL["scanners"]]}
    whole, some = answers_of(tables, question(**groups), question(second, **groups))
    named = [
        {row[1] for row in table_rows(each.table) if row[0] == "Scanner" and "#" in row[1]}
        for each in (whole, some)
        if each.table
    ]
    assert named[1]
    assert named[1] <= named[0]


def test_no_margin_of_studies_says_that_somebody_is_left() -> None:
    """The last scanner has a few patients; what the others leave of all studies must leave nobody possible."""
    found = answers_of(ALL, question(unit="study", columns=["scanner"], groups=["scanner"]))[0]
    assert found.table is not None
    whole = int(found.stages[-1].units)
    shown = [int(text) for _, text in found.table.groups if text.isdigit()]
    assert [text for name, text in found.table.groups if name == "all others"] == [HIDDEN]
    assert shown
    assert whole - 2 <= sum(shown) + 2 * len(shown)
