"""The worked questions of examples/cohorts, against the answers that the pretend hospital computed on its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engines_made import duckdb_of
from pretend_bank import age_years, bank_of

from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.engines.result import Result
from imagebank.cohorts.query import read_cohort
from imagebank.synthetic.model import Person
from imagebank.synthetic.register import invent, numbers_of
from imagebank.synthetic.truth import QUESTIONS, Questionnaire
from imagebank.synthetic.truth.subject import Subject

EXAMPLES = Path(__file__).parents[2] / "examples" / "cohorts"
PATIENTS = 600
ROUNDING = 0.11  # a bank knows the age at a study to a tenth; on other days it adds the days between
Members = dict[str, set[str]]


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [invent(7, number) for number in numbers_of(PATIENTS) if number < PATIENTS]


@pytest.fixture(scope="module")
def answers(people: list[Person]) -> dict[str, Members]:
    asked, found = Questionnaire(), defaultdict(lambda: defaultdict(set))
    for person in people:
        for answer in asked.members(person):
            found[answer.question][answer.group].add(answer.member)
    return found


@pytest.fixture(scope="module")
def engines(people: list[Person]) -> list[Any]:
    tables = bank_of(people)
    return [Plain(tables), Database(duckdb_of(tables))]


def rows(result: Result) -> Iterator[dict[str, Any]]:
    yield from result.table.to_pylist()


def all_patients(result: Result) -> Iterator[tuple[str, str]]:
    yield from (("all", row["patient"]) for row in rows(result))


def all_studies(result: Result) -> Iterator[tuple[str, str]]:
    yield from (("all", row["study"]) for row in rows(result))


def prognosis(result: Result) -> Iterator[tuple[str, str]]:
    yield from all_patients(result)
    yield from (("converted" if row["converted"] else "not converted", row["patient"]) for row in rows(result))


def converters(result: Result) -> Iterator[tuple[str, str]]:
    yield from all_patients(result)
    yield from (("converted", row["patient"]) for row in rows(result) if row["converted"])


def by_ethnicity(result: Result) -> Iterator[tuple[str, str]]:
    for row in rows(result):
        for disease in ("alzheimers", "vascular"):
            if row[disease]:
                yield f"{disease}/{row['ethnic_group']}", row["patient"]


GROUPS: dict[str, Callable[[Result], Iterator[tuple[str, str]]]] = {
    "dementia-prognosis": prognosis,
    "first-episode-psychosis": all_patients,
    "dementia-flair-by-ethnicity": by_ethnicity,
    "repeat-scans": all_patients,
    "mci-converters": converters,
    "nearest-primary-diagnosis": lambda result: ((row["block"] or "none", row["study"]) for row in rows(result)),
    "contrast-enhanced": all_studies,
    "series-by-scanner-and-year": lambda r: ((f"{row['scanner']}/{row['year']}", row["series"]) for row in rows(r)),
    "late-life-depression": all_patients,
    "t1-and-flair-together": all_studies,
}
"""How the answer to each question is read from the table of its cohort."""

BORDERS: dict[str, Callable[[Subject], list[float]]] = {
    "first-episode-psychosis": lambda s: [abs((age_years(s, day) or 0) - 35) for day in [s.first("F2")] if day],
}
"""How far from the border of age, in years, somebody is whom a question asks for age."""


def test_every_question_is_a_worked_example() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {each.id for each in QUESTIONS} == set(GROUPS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_a_worked_question_has_the_members_that_the_hospital_says(
    question: Any, engines: list[Any], answers: dict[str, Members], people: list[Person]
) -> None:
    cohort = read_cohort(EXAMPLES / f"{question.id}.yaml")
    results = [ask(engine, cohort) for engine in engines]
    assert results[0].table.equals(results[1].table)
    expected, found = answers[question.id], defaultdict(set)
    for group, member in GROUPS[question.id](results[1]):
        found[group].add(member)
    assert expected
    doubtful = at_the_border(question.id, people)
    for group in {*expected, *found}:
        assert found[group] ^ expected[group] <= doubtful, group
    assert len(doubtful) <= PATIENTS / 20


def at_the_border(question: str, people: list[Person]) -> set[str]:
    """Those whose age is so near to a border that a tenth of a year decides."""
    border = BORDERS.get(question, lambda _: [])
    return {s.number for s in map(Subject, people) if any(each <= ROUNDING for each in border(s))}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_a_worked_question_says_what_the_reference_asks(question: Any) -> None:
    assert read_cohort(EXAMPLES / f"{question.id}.yaml").question == question.sentence
