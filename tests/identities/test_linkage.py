"""Which person a study shows: the rules and the guards, as a table that prints, and what holds for all claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.core.private import Private
from imagebank.identities.linkage import REASONS, link_study
from imagebank.identities.model import Claim, Person
from imagebank.identities.register import Register

ANN = Person(
    person="ehr:K1",
    hospital_number=Private("K1"),
    nhs_number=Private("943 476 5919"),
    given_name=Private("Ann Mary"),
    family_name=Private("O'Neill-Øst"),
    birth_date=date(1950, 3, 2),
    death_date=date(2020, 6, 1),
    sex="female",
)
BOB = Person(
    "ehr:K2", Private("K2"), Private("987 654 4321"), Private("Bob"), Private("Ray"), date(1960, 1, 1), None, "male"
)
NUMBERLESS = Person("ehr:K3", Private("K3"), Private(""), Private("Cy"), Private("Lee"), date(1970, 1, 1), None, "male")
ZEROS = Person("ehr:0047", Private("0047"), birth_date=date(1980, 1, 2))
ALSO = Person("ehr:00047", Private("00047"), birth_date=date(1981, 1, 2))
REGISTER = Register.of([ANN, BOB, NUMBERLESS, ZEROS, ALSO], accept_test_numbers=False)

NHS, HOSPITAL = Private("9434765919"), Private(" k1 ")
SCAN = date(2015, 5, 5)
BORN = date(1950, 3, 2)
NAME = Private("ONEILLOST^Ann")

CASES = [
    # what the header says, the person found, the rule or the reason
    (Claim(NHS, birth_date=BORN, study_date=SCAN), "ehr:K1", "nhs-number+birth-date"),
    (Claim(NHS, name=NAME, study_date=SCAN), "ehr:K1", "nhs-number+name"),
    (Claim(NHS, name=NAME, birth_date=date(1951, 1, 1)), "ehr:K1", "nhs-number+name"),
    (Claim(Private("X"), other_ids=(NHS,), birth_date=BORN), "ehr:K1", "nhs-number+birth-date"),
    (Claim(HOSPITAL, birth_date=BORN, study_date=SCAN), "ehr:K1", "hospital-number+birth-date"),
    (Claim(Private("K3"), birth_date=date(1970, 1, 1)), "ehr:K3", "hospital-number+birth-date"),
    (Claim(Private("47"), birth_date=date(1980, 1, 2)), "ehr:0047", "hospital-number+birth-date"),
    (Claim(Private("00047"), birth_date=date(1980, 1, 2)), None, "birth-date-differs"),
    (Claim(Private("47"), birth_date=date(1980, 2, 1)), None, "nobody-found"),
    (Claim(Private("47")), None, "nobody-found"),
    (Claim(NHS, name=Private("Other^Ann")), None, "nhs-unconfirmed"),
    (Claim(NHS, name=Private("ONEILLOST^Joan")), None, "nhs-unconfirmed"),
    (Claim(NHS), None, "nhs-unconfirmed"),
    (Claim(HOSPITAL, name=NAME), None, "no-birth-date"),
    (Claim(HOSPITAL, name=NAME, birth_date=date(1950, 2, 3)), None, "birth-date-differs"),
    (Claim(Private("9434765918"), birth_date=BORN, name=NAME), None, "nobody-found"),
    (Claim(Private("K9"), birth_date=BORN, name=NAME), None, "nobody-found"),
    (Claim(name=NAME, birth_date=BORN), None, "no-identity"),
    (Claim(Private("K2"), other_ids=(NHS,), birth_date=BORN), None, "several-people"),
    (Claim(NHS, birth_date=BORN, sex="M"), None, "sex-differs"),
    (Claim(NHS, birth_date=BORN, sex="O"), "ehr:K1", "nhs-number+birth-date"),
    (Claim(NHS, birth_date=BORN, study_date=date(1949, 1, 1)), None, "before-birth"),
    (Claim(NHS, birth_date=BORN, study_date=date(2020, 6, 2)), None, "after-death"),
    (Claim(NHS, birth_date=BORN, study_date=date(2020, 6, 1)), "ehr:K1", "nhs-number+birth-date"),
]


@pytest.mark.parametrize(("claim", "person", "why"), CASES, ids=[f"{i}-{case[2]}" for i, case in enumerate(CASES)])
def test_each_claim_is_linked_or_refused_as_the_table_says(claim: Claim, person: str | None, why: str) -> None:
    link = link_study(frozenset([claim]), REGISTER)
    assert (link.person, link.rule or link.reason) == (person, why)
    assert not link.reason or link.reason in REASONS


GOOD = Claim(NHS, birth_date=BORN, name=NAME, sex="F", study_date=SCAN)


@pytest.mark.parametrize(
    "other",
    [
        replace(GOOD, patient_id=Private("K2")),
        replace(GOOD, birth_date=date(1960, 1, 1)),
        replace(GOOD, name=Private("Else^Some")),
        replace(GOOD, sex="M"),
    ],
)
def test_two_identities_in_one_study_are_never_linked(other: Claim) -> None:
    assert link_study(frozenset([GOOD, other]), REGISTER).reason == "two-patients"


def test_what_one_series_leaves_out_another_may_tell() -> None:
    told = frozenset([Claim(HOSPITAL, study_date=SCAN), Claim(HOSPITAL, birth_date=BORN, study_date=SCAN)])
    assert link_study(told, REGISTER).person == "ehr:K1"


def test_a_shared_accession_number_stops_the_link() -> None:
    assert link_study(frozenset([GOOD]), REGISTER, shared_accession=True).reason == "shared-accession"


def test_a_number_that_two_people_share_links_neither() -> None:
    twin = replace(ANN, person="ehr:K7", hospital_number=Private("K7"))
    register = Register.of([ANN, twin], accept_test_numbers=False)
    assert link_study(frozenset([GOOD]), register).reason == "several-people"


TEXTS = st.sampled_from(["", "K1", "K2", "9434765919", "9876544321", "0000000000", "X", "K1 "])
NAMES = st.sampled_from(["", "ONEILLOST^Ann", "Ray^Bob", "^", "Lee^Cy"])
DATES = st.sampled_from([None, BORN, date(1960, 1, 1), date(1970, 1, 1), date(2015, 5, 5), date(2021, 1, 1)])
CLAIMS = st.builds(
    Claim,
    patient_id=TEXTS.map(Private),
    other_ids=st.lists(TEXTS.filter(bool).map(Private), max_size=2).map(tuple),
    name=NAMES.map(Private),
    birth_date=DATES,
    sex=st.sampled_from(["", "M", "F", "O"]),
    study_date=DATES,
)


@given(st.frozensets(CLAIMS, min_size=1, max_size=3))
def test_nobody_is_linked_without_a_number_of_their_own_and_a_second_fact_that_agrees(claims: frozenset[Claim]) -> None:
    link = link_study(claims, REGISTER)
    assert (link.person is None) == bool(link.reason)
    if link.person:
        person = next(each for each in (ANN, BOB, NUMBERLESS) if each.person == link.person)
        numbers = {_plain(n) for claim in claims for n in (claim.patient_id, *claim.other_ids)}
        assert numbers & {_plain(person.hospital_number), _plain(person.nhs_number)}
        births = {claim.birth_date for claim in claims} - {None}
        families = {_plain(claim.name).split("^")[0] for claim in claims} - {""}
        assert births == {person.birth_date} or "ONEILLOST" in families or "RAY" in families
        assert all(claim.sex in ("", "O", {"female": "F", "male": "M"}[person.sex]) for claim in claims)


@given(st.frozensets(CLAIMS, min_size=1, max_size=3))
def test_a_link_does_not_print_whom_it_names(claims: frozenset[Claim]) -> None:
    shown = repr(link_study(claims, REGISTER)) + repr(claims) + str(ANN)
    assert "K1" not in shown
    assert "ONEILL" not in shown
    assert "1950" not in shown


def _plain(text: Private) -> str:
    return text.reveal("test").replace(" ", "").upper()
