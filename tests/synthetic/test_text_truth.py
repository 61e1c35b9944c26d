"""Meanings of the notes: what they say agrees with the course, and a reader who knows nothing else agrees."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sample_person import sample_person

from imagebank.synthetic.documents import Note, Span
from imagebank.synthetic.model import Person
from imagebank.synthetic.text import notes_of, report_of
from imagebank.synthetic.text.radiology import medial_temporal_score, read_head
from imagebank.synthetic.text.samples import sample_people
from imagebank.synthetic.text.vocabulary import diagnosis, symptom

AHEAD = timedelta(days=150)
SEEDS = range(60)
Meant = tuple[Person, Note, Span]


@pytest.fixture(scope="module")
def meant() -> list[Meant]:
    people = [sample_person(), *sample_people()]
    notes = [(person, note) for person in people for seed in SEEDS for note in notes_of(person, seed=seed)]
    return [(person, note, span) for person, note in notes for span in note.spans]


def of(meant: list[Meant], kind: str, status: str) -> list[Meant]:
    found = [each for each in meant if (each[2].kind, each[2].status) == (kind, status)]
    assert len(found) > 5, (kind, status)
    return found


def last_state(person: Person, note: Note, name: str) -> str | None:
    records = sorted((each.day, each.state) for each in person.course.symptoms if each.name == name)
    before = [state for day, state in records if day <= note.day]
    soon = [state for day, state in records if note.day < day <= note.day + AHEAD]
    return (before[-1:] or soon[:1] or [None])[0]


def test_an_affirmed_symptom_is_present_in_the_course_on_that_day(meant: list[Meant]) -> None:
    for person, note, span in of(meant, "symptom", "affirmed"):
        assert last_state(person, note, span.value) == "present"


def test_a_past_symptom_is_past_in_the_course(meant: list[Meant]) -> None:
    for person, note, span in of(meant, "symptom", "historical"):
        records = [each for each in person.course.symptoms if each.name == span.value and each.day <= note.day + AHEAD]
        assert records
        assert last_state(person, note, span.value) != "present"
        assert {each.state for each in records} & {"past", "present"}


def test_a_denied_symptom_is_absent_or_nothing_of_its_group_was_ever_recorded(meant: list[Meant]) -> None:
    for person, note, span in of(meant, "symptom", "negated"):
        recorded = {each.name for each in person.course.symptoms}
        groups = {symptom(name).group for name in recorded}
        if span.value in recorded:
            assert last_state(person, note, span.value) == "absent"
        else:
            assert symptom(span.value).group not in groups


def test_nobody_denies_what_a_diagnosis_implies(meant: list[Meant]) -> None:
    for person, _, span in of(meant, "symptom", "negated"):
        named = [diagnosis(each.code) for each in person.course.diagnoses]
        implied = {group for term in named if term for group in term.implies}
        recorded = {each.name for each in person.course.symptoms}
        assert span.value in recorded or symptom(span.value).group not in implied


def test_an_affirmed_diagnosis_is_in_the_course_by_that_day_and_was_not_wrong(meant: list[Meant]) -> None:
    for person, note, span in of(meant, "diagnosis", "affirmed"):
        known = [each for each in person.course.diagnoses if each.day <= note.day]
        names = {term.name for each in known if each.status in ("current", "revised") if (term := diagnosis(each.code))}
        assert span.value in names


def test_a_wrong_diagnosis_is_only_ever_denied(meant: list[Meant]) -> None:
    wrong = [each for each in meant if each[2].kind == "diagnosis" and each[2].status == "negated"]
    assert wrong
    for person, _, span in wrong:
        named = {
            each.status
            for each in person.course.diagnoses
            if (term := diagnosis(each.code)) and term.name == span.value
        }
        assert named <= {"wrong", "withdrawn"}


@pytest.mark.parametrize("status", ["affirmed", "historical"])
def test_a_score_is_one_of_the_course_and_today_is_not_history(status: str, meant: list[Meant]) -> None:
    for person, note, span in of(meant, "score", status):
        scored = [each for each in person.course.assessments if each.day <= note.day and each.score is not None]
        values = {f"{each.name} {each.score:g}/{each.out_of:g}": each for each in scored}
        assert span.value in values
        assert f"{values[span.value].score:g}" in note.text[span.start : span.end]
        recent = values[span.value].day >= note.day - timedelta(days=100)
        later = [each for each in scored if each.name == values[span.value].name and each.day > values[span.value].day]
        assert recent or status == "historical"
        assert status == "affirmed" or not recent or later


@pytest.mark.parametrize("status", ["affirmed", "historical", "planned"])
def test_a_drug_is_current_stopped_or_coming_as_the_course_says(status: str, meant: list[Meant]) -> None:
    for person, note, span in of(meant, "medication", status):
        doses = [each for each in person.course.medications if span.value.startswith(each.drug)]
        current = [each for each in doses if each.start <= note.day and (each.end is None or each.end > note.day)]
        stopped = [each for each in doses if each.end and each.end <= note.day]
        assert {"affirmed": current, "historical": stopped, "planned": [d for d in doses if d.start > note.day]}[status]


def test_a_family_illness_belongs_to_a_relative_and_stays_the_same(meant: list[Meant]) -> None:
    for _, _, span in of(meant, "diagnosis", "family"):
        assert span.owner == "relative"
    for person in sample_people():
        spans = [span for note in notes_of(person, seed=5) for span in note.spans if span.status == "family"]
        assert len({span.value for span in spans}) <= 1


BEFORE = {
    "negated": re.compile(
        r"(?:\b(?:nil|denies|denied|without|denied any|no evidence of|free of|neither)|(?<!change in )\bno) $"
    ),
    "uncertain": re.compile(r"(?:\?|\bquery |\bpossible |\bsuspected )$"),
    "planned": re.compile(r"\b(?:(?<!clear )(?<!wonder )if|watch for|monitor for|look out for) $"),
    "historical": re.compile(
        r"\b(?:previously|(?<!no )h/o|in the past|past h/o|avoid|do not re-prescribe|not to restart) $"
    ),
    "affirmed": re.compile(r"\b(?:c/o|still|not only|no change in|known|remains on|continues on|improvement in) $"),
}
AFTER = {
    "negated": re.compile(
        r"(?:: (?:nil|none|absent|denied|not present|no\b)| (?:was |were )(?:denied|not present|absent)\b| -ve)"
    )
}


@pytest.mark.parametrize("status", sorted(BEFORE))
def test_a_reader_of_simple_cues_agrees_with_the_status(status: str, meant: list[Meant]) -> None:
    cue, after = BEFORE[status], AFTER.get(status)
    read = 0
    for _, note, span in meant:
        if span.kind not in ("symptom", "diagnosis", "medication") or span.status == "family":
            continue
        before = " ".join(note.text[max(0, span.start - 30) : span.start].casefold().split(" ")).replace("\r", "")
        before = before.replace("\n", " ")
        behind = note.text[span.end : span.end + 16].casefold()
        cued = cue.search(before) or (after and after.match(behind))
        if cued:
            read += 1
            assert span.status == status, (before, note.text[span.start : span.end], behind)
    assert read > 15


def test_a_smaller_hippocampus_never_has_a_lower_score() -> None:
    scores = [medial_temporal_score(volume / 10, 1400.0) for volume in range(5, 60)]
    assert scores == sorted(scores, reverse=True)
    assert set(scores) == {0, 1, 2, 3, 4}


def test_a_report_grades_the_head_that_was_scanned() -> None:
    person = sample_person()
    visit = person.visits[1]
    for hippocampus, lesions, share in ((3.9, 0.2, 0.80), (2.0, 30.0, 0.62)):
        anatomy = replace(
            visit.anatomy,
            hippocampus_left_ml=hippocampus,
            hippocampus_right_ml=hippocampus,
            lesion_ml=lesions,
            brain_ml=visit.anatomy.intracranial_ml * share,
        )
        changed = replace(visit, anatomy=anatomy)
        reading = read_head(changed, None)
        for seed in range(40):
            report = report_of(person, changed, seed=seed)
            assert report.study_uid == visit.uid
            for span in report.spans:
                check_finding(span, reading.atrophy, reading.fazekas, reading.mta_right)


def check_finding(span: Span, atrophy: int, fazekas: int, mta: int) -> None:
    if span.value.startswith("global atrophy"):
        assert (span.status == "negated") == (atrophy == 0)
    if span.value.startswith("Fazekas"):
        assert span.value == f"Fazekas {fazekas}"
    if span.value.startswith("MTA"):
        assert set(re.findall(r"\d", span.value)) == {str(mta)}
    if span.value.startswith("white matter"):
        assert (span.status == "negated") == (fazekas == 0)


def test_a_report_compares_only_with_an_earlier_scan_of_the_same_head() -> None:
    person = sample_person()
    stranger = replace(person.visits[0], person="another")
    apart = replace(person, visits=(stranger, person.visits[1]))
    assert not read_head(person.visits[1], None).compared
    assert any(
        "atrophy progression" in {s.value for s in report_of(person, person.visits[1], seed=n).spans} for n in range(40)
    )
    for seed in range(40):
        values = {span.value for span in report_of(apart, apart.visits[1], seed=seed).spans}
        assert "atrophy progression" not in values
        assert "2014-11-05" not in values
