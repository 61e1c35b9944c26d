"""Who the pretend people are."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.synthetic.people import (
    check_digit,
    has_valid_nhs_number,
    hospital_number,
    invent_person,
    nhs_number,
    table,
)
from imagebank.synthetic.studies import identity_of, plan_studies

numbers = st.integers(0, 99_999)
seeds = st.integers(0, 10_000)


@pytest.mark.parametrize(("body", "digit"), [("943476591", "9"), ("943476582", ""), ("000000000", "0")])
def test_the_check_digit_is_that_of_the_nhs_data_dictionary(body: str, digit: str) -> None:
    assert check_digit(body) == digit


@given(seeds, numbers)
def test_every_nhs_number_is_valid_and_in_the_test_range(seed: int, number: int) -> None:
    made = nhs_number(seed, number)
    weighted = sum(int(digit) * weight for digit, weight in zip(made, range(10, 0, -1), strict=True))
    assert len(made) == 10
    assert made.startswith("999")
    assert weighted % 11 == 0


@given(seeds, numbers, numbers)
def test_no_two_people_share_a_number(seed: int, one: int, other: int) -> None:
    if one != other:
        assert nhs_number(seed, one) != nhs_number(seed, other)
        assert hospital_number(seed, one) != hospital_number(seed, other)


@given(seeds, numbers)
def test_a_person_lives_in_the_right_order(seed: int, number: int) -> None:
    person = invent_person(seed, number)
    assert person == invent_person(seed, number)
    assert person.birth_date < person.first_contact
    assert person.condition.ages[0] - 1 <= person.age_on(person.first_contact) <= person.condition.ages[1] + 1
    for study in plan_studies(seed, person):
        assert date(2008, 1, 1) <= study.day <= date(2025, 12, 31)
        assert person.death_date is None or study.day < person.death_date


def test_a_few_people_have_no_nhs_number_or_a_wrong_one() -> None:
    people = [invent_person(1, number) for number in range(100)]
    assert 2 <= sum(not person.nhs_number for person in people) <= 6
    assert 2 <= sum(bool(person.nhs_number) and not has_valid_nhs_number(person) for person in people) <= 6


def test_the_header_of_a_clean_study_suffices_to_link() -> None:
    for number in range(200):
        person = invent_person(1, number)
        told = identity_of(person, number)
        ids = {told.patient_id, *(each for each, _ in told.other_ids)}
        by_number = person.hospital_number in ids and told.birth_date == person.birth_date.strftime("%Y%m%d")
        by_nhs = has_valid_nhs_number(person) and person.nhs_number in ids
        agreeing = bool(told.birth_date) or told.name == f"{person.family_name.upper()}^{person.given_name}"
        assert by_number or (by_nhs and agreeing)


def test_names_are_long_enough_to_be_searched_for() -> None:
    parts = [row[part] for row in table("communities") for part in ("female", "male", "family")]
    names = [name for part in parts for name in part.split("|")]
    assert min(map(len, names)) >= 4
    assert not {"may", "brain", "head", "white", "rose", "young", "long", "short", "small"} & {n.lower() for n in names}
