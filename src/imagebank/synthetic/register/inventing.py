"""One pretend person from a seed and a number: identity, course, registrations, examinations, objections."""

from __future__ import annotations

from dataclasses import replace

from imagebank.synthetic.model import OptOut, Person, Recorded
from imagebank.synthetic.register.courses import course, frame_of
from imagebank.synthetic.register.examinations import Examined, visits
from imagebank.synthetic.register.identities import Identity, identity
from imagebank.synthetic.register.rates import DEFAULT_RATES, Rates
from imagebank.synthetic.register.registrations import opt_outs, registrations
from imagebank.synthetic.register.slots import FIRST_REGISTERED, IMAGED
from imagebank.synthetic.visits import Visit

REGISTERED = 40_000
"""People on the register at full size, with images or without."""


def register_size(patients: int) -> int:
    """How many people are on the register of a hospital with so many imaged patients; at least one more."""
    return max(patients + 1, round(patients * REGISTERED / IMAGED))


def numbers_of(patients: int) -> tuple[int, ...]:
    """The numbers of everybody on the register: the imaged patients, then the others."""
    others = register_size(patients) - patients
    return (*range(patients), *range(FIRST_REGISTERED, FIRST_REGISTERED + others))


def invent(seed: int, number: int, *, rates: Rates = DEFAULT_RATES) -> Person:
    """Person `number` of a seed: the same in a hospital of any size.

    Numbers below 12,547 have images; numbers from 20,000 on are on the register without. Others are refused.
    """
    if not (0 <= number < IMAGED or number >= FIRST_REGISTERED):
        raise ValueError(f"No person has the number {number}: imaged people end below {IMAGED}.")
    who = identity(seed, number, rates)
    recorded = registrations(seed, who, rates)
    wishes = opt_outs(seed, who, rates)
    seen = visits(Examined(seed, who, recorded, frame_of(seed, who), rates))
    if wishes:
        seen = tuple(replace(each, trap="opted-out") if each.linkable else each for each in seen)
    return person_of(seed, who, rates, recorded, seen, wishes)


def person_of(
    seed: int,
    who: Identity,
    rates: Rates,
    recorded: tuple[Recorded, ...],
    seen: tuple[Visit, ...] = (),
    wishes: tuple[OptOut, ...] = (),
) -> Person:
    """The parts of a person put together, with the course of health."""
    return Person(
        key=str(who.number),
        hospital_number=who.hospital_number,
        nhs_number=who.nhs_number,
        name=who.name,
        birth_date=who.birth_date,
        sex=who.slot.sex,
        ethnic_category=who.ethnic_category,
        homes=who.homes,
        phone=who.phone,
        relatives=who.relatives,
        general_practitioner=who.general_practitioner,
        course=course(seed, who, rates),
        recorded=recorded,
        visits=seen,
        opt_outs=wishes,
        kin=((who.kin.relation, str(who.kin.other)),) if who.kin else (),
    )
