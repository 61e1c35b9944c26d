"""Registrations into persons: the rules, the guards, and that only the set of registrations counts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from claimed import claimed_hospital
from hypothesis import given
from hypothesis import strategies as st

from imagebank.core.private import Private
from imagebank.identities.merging import (
    NAME_ALONE,
    RULES,
    Tie,
    apart,
    merge_registrations,
    persons_of,
    ties_of_numbers,
)
from imagebank.identities.model import Entrant, Person
from imagebank.identities.support import MOST_NAMESAKES, births_by_name, only_name_agrees
from imagebank.synthetic.register import DEFAULT_RATES
from imagebank.workflows.merging import merge_entrants

P = Private


def registration(
    name: str, nhs: str = "", given: str = "Rosalind", family: str = "Quartermaine",
    born: date | None = date(1950, 3, 22), sex: str = "female", **more: object,
) -> Entrant:  # fmt: skip
    source, number = name.split(":")
    entrant = Entrant(Person(name, P(number), P(nhs), P(given), P(family), born, None, sex), source)
    return replace(entrant, **more)  # type: ignore[arg-type]


A, B = registration("ehr:K1", "9434765919"), registration("pas:900", "943 476 5919", given="Rosie")
BARE, FIRST = registration("ehr:K1"), registration("ehr:K1", born=date(1950, 1, 1))
CASES = [
    # two registrations, whether they are one person
    (A, B, False),  # Rosie is no slip of Rosalind, and nobody said that she is called so
    (A, replace(B, other_names=((P("Rosalind"), P("Quartermaine")),)), True),
    (A, registration("pas:900", "9434765919", family="Married"), True),
    (A, registration("pas:900", "9434765919", born=date(1951, 3, 22)), True),  # one digit: by the model
    (A, registration("pas:900", "9434765919", born=date(1961, 8, 4)), False),
    (A, registration("pas:900", "9434765919", born=date(1900, 1, 1)), False),
    (A, registration("pas:900", "9434765919", sex="male"), False),
    (A, registration("pas:900", "9434765919", given="Jonquil"), False),
    (A, registration("ehr:K2", family="Other", born=date(1960, 1, 1), former_numbers=(P(" k1 "),)), True),
    (A, registration("ehr:K2", "9876544322", born=date(1999, 9, 9), former_numbers=(P("K1"),)), False),
    (A, registration("pas:K2", former_numbers=(P("K1"),)), True),  # not by number: of another system; by name it is
    # name and birth date alone
    (BARE, registration("pas:9"), True),  # few bear the name
    (BARE, registration("pas:9", born=date(1950, 3, 23)), False),
    (FIRST, registration("pas:9", born=date(1950, 1, 1)), False),
    (replace(FIRST, phone=P("020 7946")), registration("pas:9", born=date(1950, 1, 1), phone=P("0207946")), True),
    (replace(FIRST, postcode=P("SE5 8AF")), registration("pas:9", born=date(1950, 1, 1), postcode=P("se58af")), True),
    (replace(FIRST, postcode=P("SE5 8AF")), registration("pas:9", born=date(1950, 1, 1), postcode=P("N1 1AA")), False),
    (registration("ehr:K1", given="Rosalind Maud", born=date(1950, 1, 1)),
     registration("pas:9", given="Rosalind Maud", born=date(1950, 1, 1)), True),
    (registration("ehr:K1", "1234567890", born=date(1950, 1, 1)),
     registration("pas:9", "1234567890", born=date(1950, 1, 1)), False),  # a filler is no number
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "same"), CASES)
def test_two_registrations_are_one_person_as_the_table_says(one: Entrant, other: Entrant, same: bool) -> None:
    merged = merge_entrants([one, other], accept_test_numbers=False)
    assert (len(set(merged.person_of.values())) == 1) == same


@pytest.mark.parametrize(("others", "same"), [(MOST_NAMESAKES - 1, True), (MOST_NAMESAKES + 1, False)])
def test_two_of_a_name_that_many_bear_are_not_one_by_name_and_birth_date(others: int, same: bool) -> None:
    days = (date(1930, 5, 2) + timedelta(500 * k) for k in range(others))
    bearers = [registration(f"ehr:B{k}", born=day) for k, day in enumerate(days)]
    two = [BARE, registration("pas:9")]
    births = births_by_name([*two, *bearers])
    assert only_name_agrees(*two, births) == (not same)
    assert only_name_agrees(*two[::-1], births) == (not same)
    merged = merge_registrations([*two, *bearers], [Tie(0, 1, RULES[2], 30)], accept_test_numbers=False)
    assert (merged.person_of["ehr:K1"] == merged.person_of["pas:9"]) == same
    assert merged.guards == ({} if same else {NAME_ALONE: 1})


def test_a_third_registration_may_join_two_that_share_a_name_alone() -> None:
    one = registration("ehr:K1", born=date(1950, 1, 1), postcode=P("SE5 8AF"))
    other = registration("pas:9", born=date(1950, 1, 1), phone=P("020"))
    third = replace(registration("lab:3", born=date(1950, 1, 1), postcode=P("SE5 8AF")), phone=P("020"))
    ties = [Tie(0, 1, RULES[2], 9), Tie(0, 2, RULES[2], 8), Tie(1, 2, RULES[2], 7)]
    merged = merge_registrations([one, other, third], ties, accept_test_numbers=False)
    assert len(set(merged.person_of.values())) == 1


ENTRANTS = st.builds(
    registration,
    name=st.sampled_from([f"{source}:{number}" for source in ("a", "b") for number in range(6)]),
    nhs=st.sampled_from(["", "9434765919", "9876544322"]),
    given=st.sampled_from(["Rosalind", "Rosalid", "Jonquil"]),
    born=st.sampled_from([date(1950, 3, 22), date(1950, 3, 23), date(1900, 1, 1), date(1980, 1, 5)]),
    sex=st.sampled_from(["female", "male", "unknown"]),
    former_numbers=st.sampled_from([(), (P("1"),), (P("2"),)]),
)
SOME = st.lists(ENTRANTS, max_size=7, unique_by=lambda each: each.person.person)


@given(SOME, st.randoms(use_true_random=False))
def test_the_order_of_sources_and_rows_does_not_matter(some: list[Entrant], chance: random.Random) -> None:
    mixed = list(some)
    chance.shuffle(mixed)
    assert _merged(some) == _merged(mixed)
    assert persons_of(some, _merged(some)) == persons_of(mixed, _merged(mixed))


@given(ENTRANTS, ENTRANTS, st.sampled_from(RULES))
def test_what_keeps_two_apart_keeps_them_apart_from_either_side(one: Entrant, other: Entrant, rule: str) -> None:
    assert apart(one, other, rule, accept_test_numbers=False) == apart(other, one, rule, accept_test_numbers=False)


@given(SOME)
def test_a_person_is_named_by_the_registration_that_sorts_first_and_holds_no_two_that_are_kept_apart(
    some: list[Entrant],
) -> None:
    person_of = _merged(some)
    assert all(person_of[person] == person for person in person_of.values())
    assert all(person <= name for name, person in person_of.items())
    for one in some:
        for other in some:
            together = one is not other and person_of[one.person.person] == person_of[other.person.person]
            numbers_said_so = any(each.former_numbers for each in some)
            assert numbers_said_so or not together or not apart(one, other, RULES[1], accept_test_numbers=False)


def _merged(some: list[Entrant]) -> dict[str, str]:
    ties = ties_of_numbers(some, accept_test_numbers=False)
    return dict(merge_registrations(some, ties, accept_test_numbers=False).person_of)


def test_a_chain_does_not_join_two_that_are_kept_apart() -> None:
    one, between, other = A, registration("ehr:K3"), registration("ehr:K4", "9876544322")
    ties = [Tie(0, 1, RULES[2], 30.0), Tie(1, 2, RULES[2], 29.0)]
    merged = merge_registrations([one, between, other], ties, accept_test_numbers=False)
    assert merged.person_of == {"ehr:K1": "ehr:K1", "ehr:K3": "ehr:K1", "ehr:K4": "ehr:K4"}
    assert merged.guards == {"two-nhs-numbers": 1}


def test_a_merged_person_knows_what_each_registration_knew() -> None:
    other = registration(
        "ehr:K2", family="Ottershaw", born=date(1950, 3, 23), former_numbers=(P("K1"),), postcode=P("SE5")
    )
    (person,) = persons_of([A, other], {"ehr:K1": "ehr:K1", "ehr:K2": "ehr:K1"})
    assert person.person == "ehr:K1"
    assert person.hospital_number == P("K2")
    assert person.other_numbers == (P("K1"),)
    assert person.nhs_number == P("9434765919")
    assert (P("Rosalind"), P("Quartermaine")) in person.other_names
    assert person.other_birth_dates == (date(1950, 3, 22),)
    assert person.postcodes == (P("SE5"),)


def test_the_registrations_of_a_hospital_are_merged_and_nobody_is_mixed() -> None:
    claimed = claimed_hospital(400, DEFAULT_RATES.having(duplicate=0.05))
    merged = merge_entrants(claimed.entrants, accept_test_numbers=True)
    whose: dict[str, set[str]] = {}
    for name, person in merged.person_of.items():
        whose.setdefault(person, set()).add(claimed.person_of[name])
    assert all(len(owners) == 1 for owners in whose.values())
    twice = len(claimed.person_of) - len(set(claimed.person_of.values()))
    assert len(claimed.person_of) - len(whose) > 0.95 * twice
