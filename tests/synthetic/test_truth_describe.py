"""The description of a pretend hospital: every count with its unit, and what was planted at which rate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sample_book import PEOPLE, write_book

from imagebank.core.errors import SourceError
from imagebank.synthetic.describe import describe
from imagebank.synthetic.truth import QUESTIONS, AnswersWriter, read_answers

UNITS = (
    "patient",
    "registration",
    "study",
    "series",
    "scanner",
    "file",
    "span",
    "identifier",
    "person",
    "diagnosis",
    "year",
    "age in years",
)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("described"))


def sections(text: str) -> dict[str, list[str]]:
    return {part.split("\n")[0]: part.split("\n")[1:] for part in text.strip().split("\n\n")}


def test_every_line_names_its_unit(answers: Path) -> None:
    lines = [
        line for name, part in sections(describe(answers)).items() if not name.startswith("A pre") for line in part
    ]
    assert len(lines) > 60
    assert [line for line in lines if not set(re.split(r"\s{2,}", line.strip())) & set(UNITS)] == []


def test_counts_are_those_of_the_answers(answers: Path) -> None:
    counts = dict(re.split(r"\s{2,}", line.strip())[:2] for line in sections(describe(answers))["Everybody"])
    assert counts["people"] == str(len(PEOPLE))
    assert counts["studies"] == str(sum(len(person.visits) for person in PEOPLE))
    assert counts["registrations"] == str(sum(len(person.recorded) for person in PEOPLE))
    assert counts["machines"] == "3"


def test_what_was_planted_stands_beside_the_rate_that_was_asked_for(answers: Path) -> None:
    planted = sections(describe(answers))["Planted"]
    told = next(line for line in planted if "code in small letters" in line)
    row = next(each for each in read_answers(answers, "rates") if each["kind"] == "code in small letters")
    assert f"{row['planted'] / row['of']:.2%}" in told
    assert "asked 6.25%" in told
    assert any("no rate asked for" in line for line in planted)


def test_every_question_is_answered(answers: Path) -> None:
    text = "\n".join(sections(describe(answers))["Reference questions"])
    assert all(question.id in text for question in QUESTIONS)
    assert "groups together" in text


def test_it_says_what_the_hospital_was_made_from(answers: Path) -> None:
    assert "Made from seed 1." in describe(answers)


def test_an_empty_hospital_can_be_described(tmp_path: Path) -> None:
    with AnswersWriter(tmp_path):
        pass
    assert re.search(r"people +0  patient", describe(tmp_path))


def test_a_folder_without_answers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        describe(tmp_path)
