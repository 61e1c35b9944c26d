"""The engines give the same rows, ties included, whatever is asked of whatever bank, in whatever order rows lie."""

from __future__ import annotations

import random
from typing import Any

import pytest
from engines_made import duckdb_of, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_cohorts import banks, cohorts, expressions
from spec_bank import spec_bank

from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.engines.result import Scope
from imagebank.cohorts.query import Cohort, check, from_json, from_yaml, nodes, to_json, to_yaml
from imagebank.cohorts.query.schema import Kind

Tables = dict[str, list[Any]]
SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(banks(), cohorts(), st.randoms(use_true_random=False))
def test_duckdb_and_plain_python_give_the_same_rows(tables: Tables, cohort: Cohort, order: random.Random) -> None:
    shuffled = {name: order.sample(rows, len(rows)) for name, rows in tables.items()}
    assert told(ask(Database(duckdb_of(shuffled)), cohort)) == told(ask(Plain(tables), cohort))


@SETTINGS
@given(banks(), cohorts(), expressions("patients", Kind.YES_NO), expressions("studies", Kind.YES_NO, 1))
def test_the_engines_keep_the_same_scope(tables: Tables, cohort: Cohort, patients: Any, studies: Any) -> None:
    scope = Scope("a project", frozenset({"p0"}), patients, studies)
    result = ask(Plain(tables, scope), cohort)
    assert told(ask(Database(duckdb_of(tables), scope), cohort)) == told(result)
    assert "p0" not in result.selection.patients_at(0)


@pytest.mark.parametrize("value", [nodes.Literal(True), nodes.TextTest("starts", nodes.Column("patients", "sex"), "f")])
def test_whether_a_negation_is_known_is_asked_of_the_negation(value: nodes.Expression) -> None:
    tables = spec_bank()
    known = Cohort("known", nodes.Unit.PATIENT, (nodes.Step("known", nodes.Known(nodes.Not(value))),))
    answer = told(ask(Database(duckdb_of(tables)), known))
    assert answer["members"][-1] == ["a", "b", "c", "d"]
    assert answer == told(ask(Plain(tables), known))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(cohorts())
def test_every_cohort_comes_back_from_yaml_and_json_as_it_was(cohort: Cohort) -> None:
    assert from_yaml(to_yaml(check(cohort))) == cohort
    assert from_json(to_json(cohort)) == cohort
