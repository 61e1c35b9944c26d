"""Attacks on the numbers of cohorts: each must learn nothing of fewer patients than the threshold.

The game: two banks that differ only in whether a few patients (fewer than the threshold) have something, a code that
nobody else need have. The attacker asks the same questions of both. If every answer is the same, word for word, then
nothing was learned: not who, not how many, not even whether there is anybody.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attacker import ALL, HAS, NAMES, RULE, SECRET, Question, attrition_of, question, whole_answers, with_secret
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebank.cohorts.answers.answer import safe_attrition
from imagebank.cohorts.answers.cells import HIDDEN
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.guard import open_guard
from imagebank.cohorts.query import from_document
from imagebank.core.errors import ConfigError

SETTINGS = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
few = st.lists(st.sampled_from(NAMES), min_size=1, max_size=RULE.minimum - 1, unique=True)


@cache
def without_secret(attack: str) -> list[Any]:
    """What the attacker sees where nobody has the secret."""
    return attrition_of(ALL, ATTACKS[attack])


def not_has(unit: str = "patient") -> Question:
    return question({"not": HAS}, unit=unit)


ATTACKS: dict[str, list[Question]] = {
    "differencing": [question(), not_has(), question({"sex": "female"}), question({"sex": "female"}, {"not": HAS})],
    "differencing, the other way round": [not_has(), question()],
    "differencing in studies": [question(unit="study"), not_has("study")],
    "complement": [question(HAS), not_has(), question()],
    "union": [
        question({"sex": "female"}),
        question({"any": [{"sex": "female"}, HAS]}),
        question({"any": [{"sex": "male"}, HAS]}),
        question({"sex": "male"}),
    ],
    "attrition steps": [question({"sex": "female"}, {"not": HAS}, HAS), question({"not": HAS}, {"sex": "female"})],
    "repetition": [question(HAS)] * 4 + [question(), not_has()] * 4,
    "free-text code": [
        question({"exists": {"table": "diagnoses", "where": {"code": {"starts": SECRET[:length]}}}})
        for length in range(1, len(SECRET) + 1)
    ],
    "slices by year": [
        question(
            HAS,
            {"exists": {"table": "studies", "where": {"study_date": {"between": [date(y, 1, 1), date(y, 12, 31)]}}}},
        )
        for y in range(2008, 2023, 3)
    ],
    "slices by scanner": [
        question(HAS, {"exists": {"table": "studies", "where": {"scanner": f"sc{number}"}}}) for number in range(1, 6)
    ],
}


@pytest.mark.parametrize("attack", ATTACKS)
@SETTINGS
@given(few)
def test_an_attack_sees_the_same_whether_the_few_are_there_or_not(attack: str, patients: list[str]) -> None:
    assert attrition_of(with_secret(patients), ATTACKS[attack]) == without_secret(attack)


@pytest.mark.parametrize("attack", ["complement", "free-text code", "slices by scanner"])
def test_what_an_attack_sees_of_many_is_not_hidden_from_it(attack: str) -> None:
    """The game can be lost: with forty patients the answers are others."""
    assert attrition_of(with_secret(NAMES[:40]), ATTACKS[attack]) != without_secret(attack)


OWN = [
    {"name": "code", "value": {"first": {"table": "diagnoses", "where": {"code": {"starts": "B"}}}, "take": "code"}},
    {"name": "has", "value": HAS},
]
TABLES_ASKED = [
    question(columns=["sex"], groups=["sex"]),
    question(columns=OWN),
    question({"not": HAS}, columns=["sex", *OWN], groups=["sex"]),
    question(columns=OWN, groups=["has"]),
    question(columns=OWN, groups=["code"]),
    question(HAS, columns=OWN, unit="study"),
]
"""What everybody looks like is asked first; then what those look like who lack the secret."""


@pytest.mark.parametrize("patients", [NAMES[:1], NAMES[3:70:9]], ids=["one", "eight"])
def test_no_margin_statistic_or_figure_betrays_the_few(patients: list[str]) -> None:
    tables, rest = whole_answers(with_secret(patients), TABLES_ASKED)
    assert (tables, rest) == whole_answers(ALL, TABLES_ASKED)
    assert SECRET not in tables, "not even the name of a value that few have"


def test_a_cohort_of_nobody_reads_like_one_of_a_few() -> None:
    asked = question(HAS, unit="study")
    nobody, some = ("\n".join(whole_answers(with_secret(NAMES[:count]), [asked])) for count in (0, 9))
    assert nobody == some
    assert HIDDEN in nobody


def test_thin_slices_one_after_the_other_never_show_fewer_than_the_threshold() -> None:
    born = sorted({each.birth_year for each in ALL["patients"] if each.birth_year})
    slices = [question({"birth_year": {"<=": year}}) for year in born]
    told = [seen[-1][1] for seen in attrition_of(ALL, slices)]
    shown = [int(each) for each in told if each != HIDDEN]
    steps = {after - before for before, after in pairwise(shown) if after != before}
    assert len(steps) > 1
    assert min(steps) >= RULE.minimum - RULE.round_to, "two numbers differ by patients enough, but for rounding"


@pytest.mark.parametrize("lowered", [{"minimum": 9}, {"round_to": 4}, {"minimum": 1, "round_to": 1}])
def test_the_floor_of_the_site_cannot_be_lowered(lowered: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        Disclosure(**lowered)


def test_a_steward_may_raise_the_threshold() -> None:
    with TemporaryDirectory() as folder:
        rule = Disclosure(minimum=50, zeros=False)
        result = ask(Plain(ALL), from_document(question({"sex": "female"})))
        with open_guard(Path(folder), "", rule) as guard:
            first, second = safe_attrition(result, rule, guard)
        assert result.attrition[1].patients >= 50 or second.patients == HIDDEN
        assert first.patients != HIDDEN
