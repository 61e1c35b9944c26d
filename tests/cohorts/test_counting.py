"""The two engines that count the facts agree, and the choices they make are the documented ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import random_bank
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebank.catalogue import open_snapshot, publish
from imagebank.catalogue.tables import Assessment
from imagebank.cohorts.counting import COUNTS, SPREADS, count_facts, nearest_scores
from imagebank.cohorts.facts import scanner_names
from imagebank.cohorts.plain import nearest_score, plain_facts
from imagebank.core.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "bank", tmp_path / "vault")


def both(layout: Layout, tables: dict[str, list[Any]]) -> Iterator[tuple[str, object, object]]:
    publish(layout, tables, {})
    fast, slow = count_facts(open_snapshot(layout)), plain_facts(tables)
    yield from ((topic, fast.counts[topic], slow.counts[topic]) for topic in COUNTS)
    yield from ((topic, fast.spreads[topic], rounded(slow.spreads[topic])) for topic in SPREADS)
    yield "scanners", fast.scanners, slow.scanners
    yield "releases", fast.releases, slow.releases


def rounded(spreads: Any) -> dict[Any, Any]:
    """Spreads that compare equal to ones that differ in the last bits."""
    return {key: Approximately(value) for key, value in spreads.items()}


class Approximately:
    def __init__(self, spread: Any) -> None:
        self.values = vars(spread)

    def __eq__(self, other: object) -> bool:
        return vars(other) == pytest.approx(self.values)

    def __repr__(self) -> str:
        return repr(self.values)


def test_the_engines_agree_on_a_bank_of_three_hundred(layout: Layout) -> None:
    for topic, fast, slow in both(layout, random_bank.bank(300)):
        assert fast == slow, topic


def test_the_engines_agree_on_an_empty_bank(layout: Layout) -> None:
    for topic, fast, slow in both(layout, random_bank.bank(0)):
        assert fast == slow, topic


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patients=st.integers(1, 12), seed=st.integers(0, 10**6))
def test_the_engines_agree_on_small_random_banks(
    tmp_path_factory: pytest.TempPathFactory, patients: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("bank")
    for topic, fast, slow in both(Layout(folder, folder), random_bank.bank(patients, seed)):
        assert fast == slow, topic


@settings(max_examples=12, deadline=None)
@given(
    scores=st.lists(
        st.tuples(st.sampled_from((-181, -180, -7, 0, 7, 180, 181)), st.integers(0, 3), st.sampled_from("ab")),
        max_size=8,
    ),
    order=st.randoms(),
)
def test_ties_between_scores_are_broken_the_same_way_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, scores: list[tuple[int, int, str]], order: Any
) -> None:
    folder = tmp_path_factory.mktemp("bank")
    tables = random_bank.bank(1, 3)
    first = min(study.study_date for study in tables["studies"])
    rows = [
        Assessment(
            "p00000",
            date.fromordinal(first.toordinal() + gap),
            "MMSE",
            float(score),
            30.0,
            "",
            source,
            "structured",
            "",
            "import",
            "",
        )
        for gap, score, source in scores
    ]
    order.shuffle(rows)
    tables["assessments"] = rows
    layout = Layout(folder, folder)
    publish(layout, tables, {})
    fast = nearest_scores(open_snapshot(layout)).to_pyarrow().to_pylist()
    slow = nearest_score(tables, "p00000")
    assert [(row["gap"], row["score"], row["source"]) for row in fast] == (
        [(slow[0], slow[1].score, slow[1].source)] if slow else []
    )


def test_a_score_before_the_scan_beats_one_equally_far_after_it() -> None:
    tables = random_bank.bank(1, 3)
    first = min(study.study_date for study in tables["studies"])
    after = Assessment(
        "p00000", date.fromordinal(first.toordinal() + 7), "MMSE", 10.0, 30.0, "", "a", "structured", "", "import", ""
    )
    before = replace(after, assessment_date=date.fromordinal(first.toordinal() - 7), score=20.0)
    tables["assessments"] = [after, before]
    assert nearest_score(tables, "p00000") == (-7, before)


def test_two_scanners_of_one_model_get_different_names() -> None:
    names = scanner_names([("b", "GE", "Signa", 1.5), ("a", "GE", "Signa", 1.5), ("c", "GE", "Signa", 3.0)])
    assert names == {"a": "GE Signa 1.5 T", "b": "GE Signa 1.5 T #2", "c": "GE Signa 3 T"}
