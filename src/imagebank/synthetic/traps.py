"""Examinations that must not be linked silently, and people who opted out: one small series each.

These people come on top of the ordinary patients and have numbers of their own, so that the traps are the same in a
hospital of any size.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from imagebank.synthetic.people import Person, invent_person, nhs_number
from imagebank.synthetic.scanners import scanners
from imagebank.synthetic.studies import StudyPlan, compact, plan_study

FIRST_NUMBER = 50_000  # of the people in this file
FIRST_STRANGER = 50_100
PATIENTS_A_STRANGER = 25  # one more scan of somebody unknown for so many patients
SLICES = (9, 10, 11)


def plan_traps(seed: int, patients: int) -> tuple[list[Person], list[StudyPlan]]:
    """The people who belong in the records, and every odd examination."""
    plans = [
        *(_stranger(seed, FIRST_STRANGER + k) for k in range(1 + patients // PATIENTS_A_STRANGER)),
        _without_birth_date(seed, FIRST_NUMBER),
        *_contradiction(seed, FIRST_NUMBER + 1),
        _other_birth_date(seed, FIRST_NUMBER + 3),
        _other_sex(seed, FIRST_NUMBER + 4),
        *_two_patients_in_series(seed, FIRST_NUMBER + 5),
        *_two_ids_in_study(seed, FIRST_NUMBER + 9),
        _before_birth(seed, FIRST_NUMBER + 11),
        _after_death(seed, FIRST_NUMBER + 12),
        *_shared_accession(seed, FIRST_NUMBER + 14),
        _opted_out(seed, FIRST_NUMBER + 16, "national"),
        _opted_out(seed, FIRST_NUMBER + 17, "local"),
    ]
    people = {plan.person.key: plan.person for plan in plans if plan.in_records}
    victim = _victim(seed, FIRST_NUMBER + 1)
    return [victim, *people.values()], plans


def small_study(seed: int, person: Person, *, days: int = 60, slices: tuple[int, ...] = SLICES) -> StudyPlan:
    """One T2w series of a few slices, some days after first contact."""
    scanner = scanners()[int(person.key) % 5]
    day = person.first_contact + timedelta(days)
    return plan_study(seed, person, f"{person.key}-1", day, scanner, sequences=("T2w",), keep=slices)


def _trap(plan: StudyPlan, name: str) -> StudyPlan:
    return replace(plan, linkable=False, trap=name)


def _stranger(seed: int, number: int) -> StudyPlan:
    plan = small_study(seed, invent_person(seed, number))
    return replace(_trap(plan, "not-in-records"), in_records=False)


def _without_birth_date(seed: int, number: int) -> StudyPlan:
    plan = small_study(seed, invent_person(seed, number))
    return _trap(replace(plan, identity=replace(plan.identity, birth_date="")), "no-birth-date")


def _victim(seed: int, number: int) -> Person:
    """Somebody in the records whose NHS number was typed for somebody else's scan."""
    return replace(invent_person(seed, number), nhs_number=nhs_number(seed, number))


def _contradiction(seed: int, number: int) -> list[StudyPlan]:
    """The NHS number is one person's, name and birth date are another's."""
    plan = small_study(seed, invent_person(seed, number + 1))
    told = replace(plan.identity, patient_id=_victim(seed, number).nhs_number)
    return [replace(_trap(plan, "contradiction"), identity=told, in_records=False)]


def _other_birth_date(seed: int, number: int) -> StudyPlan:
    plan = small_study(seed, invent_person(seed, number))
    wrong = compact(plan.person.birth_date + timedelta(1147))
    return _trap(replace(plan, identity=replace(plan.identity, birth_date=wrong)), "birth-date-disagrees")


def _other_sex(seed: int, number: int) -> StudyPlan:
    plan = small_study(seed, invent_person(seed, number))
    sex = {"F": "M", "M": "F"}.get(plan.identity.sex, "M")
    return _trap(replace(plan, identity=replace(plan.identity, sex=sex)), "sex-disagrees")


def _two_patients_in_series(seed: int, number: int) -> list[StudyPlan]:
    """The technician went on to the next patient without closing the first: one series UID, two people."""
    first = small_study(seed, invent_person(seed, number), slices=SLICES[:2])
    second = small_study(seed, invent_person(seed, number + 1))
    series = tuple(replace(each, keep=SLICES[2:]) for each in first.series)
    mixed = replace(first, key=second.key, person=second.person, identity=second.identity, series=series)
    return [_trap(each, "two-patients-in-series") for each in (first, mixed)]


def _two_ids_in_study(seed: int, number: int) -> list[StudyPlan]:
    """Two series of one study carry different PatientIDs."""
    first = small_study(seed, invent_person(seed, number))
    second = small_study(seed, invent_person(seed, number + 1))
    series = tuple(replace(each, uid=f"{first.uid}.2", number=2) for each in first.series)
    mixed = replace(first, key=second.key, person=second.person, identity=second.identity, series=series)
    return [_trap(each, "two-ids-in-study") for each in (first, mixed)]


def _before_birth(seed: int, number: int) -> StudyPlan:
    person = invent_person(seed, number)
    days = (person.birth_date - person.first_contact).days - 400
    return _trap(small_study(seed, person, days=days), "before-birth")


def _after_death(seed: int, number: int) -> StudyPlan:
    person = invent_person(seed, number)
    dead = replace(person, death_date=person.first_contact + timedelta(30))
    return _trap(small_study(seed, dead, days=200), "after-death")


def _shared_accession(seed: int, number: int) -> list[StudyPlan]:
    """One accession number on the studies of two people."""
    first, second = (small_study(seed, invent_person(seed, number + k)) for k in (0, 1))
    return [_trap(each, "shared-accession") for each in (first, replace(second, accession=first.accession))]


def _opted_out(seed: int, number: int, kind: str) -> StudyPlan:
    person = replace(invent_person(seed, number), opt_outs=(kind,))
    return replace(small_study(seed, person), trap="opted-out")
