"""The odd examinations: each is there, says why it must not be linked, and stays the same in any hospital."""

from __future__ import annotations

from collections import Counter

import pytest

from imagebank.synthetic.model import Person
from imagebank.synthetic.register import is_nhs_number, traps
from imagebank.synthetic.visits import Visit, compact

NAMES = {
    "not-in-records", "no-birth-date", "contradiction", "birth-date-disagrees", "sex-disagrees",
    "two-patients-in-series", "two-ids-in-study", "before-birth", "after-death", "shared-accession", "opted-out",
    "filed-under-another", "twin-swapped", "placeholder-birth-date", "test-number",
}  # fmt: skip


@pytest.fixture(scope="module")
def people() -> tuple[Person, ...]:
    return traps(1, 3)


def of(people: tuple[Person, ...], trap: str) -> list[tuple[Person, Visit]]:
    return [(person, visit) for person in people for visit in person.visits if visit.trap == trap]


def test_every_trap_is_there_with_one_small_series(people: tuple[Person, ...]) -> None:
    visits = [visit for person in people for visit in person.visits]
    assert {visit.trap for visit in visits} == NAMES
    assert all(visit.linkable == (visit.trap == "opted-out") for visit in visits)
    assert {series.kind for visit in visits for series in visit.series} == {"T2w-2D"}
    assert all(len(visit.series) == 1 and 1 <= len(visit.series[0].slices) <= 3 for visit in visits)
    assert min(int(person.key) for person in people) == 50_000


def test_a_larger_hospital_only_adds_strangers(people: tuple[Person, ...]) -> None:
    larger = traps(1, 200)
    assert set(people) < set(larger)
    assert {visit.trap for person in set(larger) - set(people) for visit in person.visits} == {"not-in-records"}


def test_strangers_are_in_no_record(people: tuple[Person, ...]) -> None:
    for person, visit in of(people, "not-in-records") + of(people, "contradiction"):
        assert person.recorded == ()
        assert not visit.in_records


def test_a_contradiction_names_two_people(people: tuple[Person, ...]) -> None:
    ((person, visit),) = of(people, "contradiction")
    owner = [each for each in people if each.nhs_number == visit.told.patient_id]
    assert len(owner) == 1
    assert owner[0].recorded[0].nhs_number == visit.told.patient_id
    assert owner[0].key != person.key
    assert visit.told.birth_date == compact(person.birth_date) != compact(owner[0].birth_date)


@pytest.mark.parametrize(("trap", "shared_series"), [("two-patients-in-series", True), ("two-ids-in-study", False)])
def test_two_patients_share_a_study_and_perhaps_a_series(
    people: tuple[Person, ...], trap: str, shared_series: bool
) -> None:
    (_, one), (_, other) = of(people, trap)
    assert one.uid == other.uid
    assert one.person != other.person
    assert one.told.patient_id != other.told.patient_id
    assert (one.series[0].uid == other.series[0].uid) == shared_series
    assert not (shared_series and set(one.series[0].slices) & set(other.series[0].slices))


def test_an_accession_is_shared_by_two_studies(people: tuple[Person, ...]) -> None:
    (_, one), (_, other) = of(people, "shared-accession")
    assert one.accession == other.accession
    assert one.uid != other.uid


def test_dates_that_cannot_be_are_before_birth_and_after_death(people: tuple[Person, ...]) -> None:
    ((unborn, before),) = of(people, "before-birth")
    assert before.day < unborn.birth_date
    assert before.anatomy.age_years > 0
    ((dead, after),) = of(people, "after-death")
    assert dead.course.death is not None
    assert after.day > dead.course.death.day


@pytest.mark.parametrize("trap", ["filed-under-another", "twin-swapped"])
def test_a_scan_told_wholly_as_another_registered_person(people: tuple[Person, ...], trap: str) -> None:
    ((person, visit),) = of(people, trap)
    (owner,) = [each for each in people if each.hospital_number == visit.told.patient_id]
    assert owner.key != person.key == visit.person
    assert visit.told.birth_date == compact(owner.birth_date)
    assert owner.recorded[0].hospital_number
    if trap == "twin-swapped":
        assert (owner.birth_date, owner.name.family, owner.homes) == (
            person.birth_date,
            person.name.family,
            person.homes,
        )
        assert owner.name.given != person.name.given
        assert owner.kin == (("twin", person.key),)
        assert person.kin == (("twin", owner.key),)


def test_records_with_a_placeholder_or_a_dummy_number_do_not_suffice(people: tuple[Person, ...]) -> None:
    ((person, visit),) = of(people, "placeholder-birth-date")
    assert person.recorded[0].birth_date != person.birth_date
    assert visit.told.birth_date == compact(person.birth_date)
    ((person, visit),) = of(people, "test-number")
    sharing = [each for each in people if each.recorded and each.recorded[0].nhs_number == visit.told.patient_id]
    assert len(sharing) == 2
    assert person in sharing
    assert not is_nhs_number(visit.told.patient_id)


def test_all_three_kinds_of_objection_are_there(people: tuple[Person, ...]) -> None:
    kinds = Counter(wish.kind for person, _ in of(people, "opted-out") for wish in person.opt_outs)
    assert kinds == {"national": 1, "local": 1, "gp-type-1": 1}


@pytest.mark.parametrize("seed", range(12))
def test_other_seeds_have_the_same_traps(seed: int) -> None:
    made = traps(seed, 3)
    assert Counter(visit.trap for person in made for visit in person.visits) == Counter(
        visit.trap for person in traps(1, 3) for visit in person.visits
    )
