"""The answers that follow from people: who they are, whose study it is, how long until dementia, what is planted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sample_people import documented, sample_people
from sample_person import sample_person

from imagebank.synthetic.events import Diagnosis
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth import (
    Tally,
    answers_of_person,
    expected_of,
    series_answer,
    span_answers,
    survival_answers,
    volume_answers,
)
from imagebank.synthetic.truth.people import planted_in
from imagebank.synthetic.truth.series import SHOWS
from imagebank.synthetic.truth.tables import (
    SEQUENCES,
    LinkAnswer,
    PersonAnswer,
    RegistrationAnswer,
    SubtypeAnswer,
    SurvivalAnswer,
)
from imagebank.synthetic.visits import OTHER_KINDS, SERIES_KINDS, Ordered

MODEL = replace(sample_person(), opt_outs=())
VISIT = MODEL.visits[0]  # on 2014-11-05, before dementia began on 2015-02-10


def only(kind: type, person: Person) -> list[Any]:
    return [each for each in answers_of_person(person) if isinstance(each, kind)]


def survived(**course: Any) -> list[SurvivalAnswer]:
    person = replace(MODEL, course=replace(MODEL.course, **course))
    return list(survival_answers(person, 0.5))


def test_a_person_is_told_as_they_truly_are() -> None:
    (told,) = only(PersonAnswer, sample_person())
    assert (told.given_name, told.main_diagnosis, told.opt_outs) == ("Siobhán", "F00.1", "gp-type-1")
    assert (told.dementia_day, told.death_date, told.studies) == (date(2015, 2, 10), date(2019, 11, 20), 2)
    assert told.in_records == "yes"
    assert only(SubtypeAnswer, MODEL) == [SubtypeAnswer("7", "alzheimers", "amnestic")]


def test_the_main_diagnosis_is_the_last_primary_one_that_stayed() -> None:
    later = (Diagnosis(date(2018, 1, 1), "F03", "secondary"), Diagnosis(date(2018, 1, 1), "F20.0", "primary", "wrong"))
    person = replace(MODEL, course=replace(MODEL.course, diagnoses=(*MODEL.course.diagnoses, *later)))
    assert only(PersonAnswer, person)[0].main_diagnosis == "F00.1"
    nobody = replace(MODEL, course=replace(MODEL.course, diagnoses=later))
    assert only(PersonAnswer, nobody)[0].main_diagnosis is None


def test_a_dagger_code_typed_as_primary_stands_for_its_asterisk_code() -> None:
    day = date(2015, 2, 10)
    pair = (Diagnosis(day, "G30.1", "primary"), Diagnosis(day, "F00.1", "secondary"))
    person = replace(MODEL, course=replace(MODEL.course, diagnoses=pair))
    assert only(PersonAnswer, person)[0].main_diagnosis == "F00.1"


def test_each_registration_says_what_is_wrong_with_it() -> None:
    assert [each.errors for each in only(RegistrationAnswer, MODEL)] == [None, "name typo|duplicate"]


def test_a_link_names_who_lay_in_the_scanner_and_nobody_who_is_in_no_record() -> None:
    first, second = only(LinkAnswer, MODEL)
    assert (first.person_key, first.hospital_number, first.linkable, first.trap) == ("7", "K1234567", "yes", None)
    assert first.date < second.date
    unknown = replace(VISIT, in_records=False, linkable=False, trap="not-in-records")
    (told,) = only(LinkAnswer, replace(MODEL, visits=(unknown,)))
    assert (told.hospital_number, told.in_records, told.linkable, told.trap) == (None, "no", "no", "not-in-records")


def test_the_link_of_somebody_who_opted_out_says_so() -> None:
    assert {each.trap for each in only(LinkAnswer, sample_person())} == {"opted-out"}


def test_time_runs_until_dementia_or_else_until_the_end_of_follow_up() -> None:
    (told,) = survived()
    assert (told.time_days, told.event, told.linear_predictor) == (97, "yes", 0.5)
    head = VISIT.anatomy
    assert (told.age_years, told.brain_ml, told.intracranial_ml) == (
        head.age_years,
        head.brain_ml,
        head.intracranial_ml,
    )
    (censored,) = survived(dementia_day=None)
    assert (censored.time_days, censored.event) == ((date(2019, 11, 2) - VISIT.day).days, "no")
    (later,) = survived(dementia_day=date(2030, 1, 1))
    assert later.event == "no"


def test_who_has_dementia_on_the_day_or_is_out_of_follow_up_is_not_at_risk() -> None:
    assert survived(dementia_day=VISIT.day) == []
    assert survived(dementia_day=None, last_contact=VISIT.day) == []
    assert only(SurvivalAnswer, replace(MODEL, visits=())) == []


def test_who_is_not_at_risk_by_the_law_of_the_hospital_is_not_followed() -> None:
    def followed(log_hazard: float | None) -> list[Any]:
        return [each for each in answers_of_person(MODEL, lambda _: log_hazard) if isinstance(each, SurvivalAnswer)]

    assert followed(None) == []
    assert [each.linear_predictor for each in followed(0.0)] == [0.0]
    assert [each.study_uid for each in only(SurvivalAnswer, MODEL)] == [VISIT.uid]


def test_what_is_planted_counts_once_for_a_person_and_tells_registrations_apart() -> None:
    told = [(each.kind, each.unit) for each in planted_in(sample_person())]
    assert told == [
        ("name typo in another registration", "person"),
        ("duplicate", "person"),
        ("opt-out gp-type-1", "person"),
        ("wrong diagnosis", "person"),
    ]
    assert list(planted_in(replace(sample_person(), recorded=()))) == []
    odd = replace(VISIT, trap="contradiction", told=replace(VISIT.told, errors=("wrong sex", "contradiction")))
    told = [(each.kind, each.unit, each.member) for each in planted_in(replace(MODEL, recorded=(), visits=(odd,)))]
    assert told == [("wrong sex", "study", odd.uid), ("contradiction", "study", odd.uid)]


def test_volumes_are_as_specified_and_painted_where_there_are_images() -> None:
    told = {each.structure: each for each in volume_answers(VISIT, "7", {"ventricles_ml": 44.0})}
    assert told["ventricles"].specified_ml == 45.0
    assert told["ventricles"].painted_ml == 44.0
    assert told["brain"].painted_ml is None
    assert len(told) == 6


def test_spans_are_told_with_their_document() -> None:
    person, notes = next(each for each in documented(sample_people(3)) if each[1])
    (told,) = span_answers(notes)
    assert (told.note_key, told.person_key, told.start, told.end) == (f"{person.key}/1", person.key, 6, 11)


def test_every_kind_of_series_shows_something_that_is_declared() -> None:
    assert set(SHOWS) == {*SERIES_KINDS, *OTHER_KINDS}
    assert {sequence for sequence, _ in SHOWS.values()} <= set(SEQUENCES)


@pytest.mark.parametrize(
    ("visit", "ordered", "expected"),
    [
        ({}, {}, ("banked", "")),
        ({}, {"kind": "knee"}, ("excluded", "knee")),
        ({}, {"burned_in": True}, ("excluded", "burned-in")),
        ({"linkable": False, "trap": "contradiction"}, {}, ("unlinked", "contradiction")),
        (
            {"linkable": False, "trap": "two-patients-in-series"},
            {"kind": "knee"},
            ("quarantined", "two-patients-in-series"),
        ),
    ],
)
def test_the_right_outcome_follows_from_person_study_and_series(
    visit: dict[str, Any], ordered: dict[str, Any], expected: tuple[str, str]
) -> None:
    series = replace(Ordered("1.2", 1, "T1w-3D"), **ordered)
    told = replace(VISIT, **visit)
    assert expected_of(MODEL, told, series) == expected
    assert series_answer(MODEL, told, series, manufacturer="GE", plane="axial").expected == expected[0]
    if told.linkable:
        assert expected_of(sample_person(), told, series) == ("excluded", "opted-out")


def test_what_is_broken_on_purpose_can_be_expected_elsewhere() -> None:
    told = series_answer(MODEL, VISIT, VISIT.series[0], manufacturer="GE", plane="", expected="quarantined")
    assert (told.expected, told.plane, told.sequence) == ("quarantined", None, "localizer")


def test_a_tally_counts_what_is_planted_against_what_could_have_it() -> None:
    people, tally = sample_people(80), Tally()
    for person in people:
        tally.add(person)
    rates = {
        (each.kind, each.unit): each for each in tally.rates({("motion", "series"): 0.25, ("name typo", "study"): 0.5})
    }
    series = [each for person in people for visit in person.visits for each in visit.series]
    motion = rates["motion", "series"]
    assert (motion.planted, motion.of) == (sum(each.fault == "motion" for each in series), len(series))
    assert motion.configured == 0.25
    assert (rates["name typo", "study"].planted, rates["name typo", "study"].configured) == (0, 0.5)
    opted_out = Counter(wish.kind for person in people for wish in person.opt_outs)
    assert {kind: rates[f"opt-out {kind}", "person"].planted for kind in opted_out} == opted_out
    assert rates["not-in-records", "study"].configured is None


def test_a_tally_can_be_told_how_many_could_have_something() -> None:
    tally = Tally()
    tally.add(sample_person())
    tally.narrow("duplicate", "person", 7)
    tally.add_counts("diagnosis", {"code without its dot": 2}, {"code without its dot": 9})
    rates = {each.kind: (each.planted, each.of) for each in tally.rates({})}
    assert rates["duplicate"] == (1, 7)
    assert rates["code without its dot"] == (2, 9)
    assert rates["wrong diagnosis"] == (1, 1)
