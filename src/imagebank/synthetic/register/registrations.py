"""What the record system holds of a person: one registration, sometimes two, with the errors of typing and of merging.

Errors are planted on the way from the true identity; each has its own rate. The first few imaged people have none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from imagebank.synthetic.model import Name, OptOut, Recorded
from imagebank.synthetic.register.chances import share, whole
from imagebank.synthetic.register.identities import Identity
from imagebank.synthetic.register.names import other_spelling, typo, with_charset
from imagebank.synthetic.register.numbers import SECOND_NUMBERS, dummy_nhs_number, hospital_number, mistyped
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.streams import stream

MOST_SWAPPED_DAY = 12  # days and months above it cannot change places
OPT_OUTS = {  # kind: rate, first and last day of a list that names the person
    "national": ("opted_out_national", date(2018, 5, 25), date(2023, 6, 1)),
    "local": ("opted_out_local", date(2012, 1, 3), date(2023, 6, 1)),
    "gp-type-1": ("opted_out_gp", date(2013, 9, 2), date(2021, 9, 1)),
}
UNKNOWN_CENTURY = date(1900, 1, 1)


def registrations(seed: int, person: Identity, rates: Rates) -> tuple[Recorded, ...]:
    """The current registration, and a second one of people who were registered twice."""
    if not person.may_err:
        rates = Rates.none()
    name, name_errors = _name(seed, person, rates)
    nhs, nhs_errors = _nhs(seed, person, rates)
    birth, birth_errors = _birth_date(seed, person, rates)
    stale = len(person.homes) > 1 and rates.plants("old_address", seed, person.number)
    unknown = rates.plants("unknown_sex", seed, person.number)
    current = Recorded(
        hospital_number=person.hospital_number,
        nhs_number=nhs,
        name=name,
        birth_date=birth,
        sex="unknown" if unknown else person.slot.sex,
        home=person.homes[0] if stale else person.homes[-1],
        phone=person.phone,
        errors=(*name_errors, *nhs_errors, *birth_errors, *["old address"] * stale, *["unknown sex"] * unknown),
    )
    return (current, *_second(seed, person, rates))


def _name(seed: int, person: Identity, rates: Rates) -> tuple[Name, tuple[str, ...]]:
    """At most one thing is wrong with a name."""
    name, number = person.name, person.number
    if name.birth_family and rates.plants("maiden_name", seed, number):
        return with_charset(replace(name, family=name.birth_family, birth_family="")), ("maiden name",)
    other = other_spelling(name.family) or other_spelling(name.given)
    if other and rates.plants("transliterated", seed, number):
        part = "family" if other_spelling(name.family) else "given"
        return with_charset(replace(name, **{part: other})), ("transliterated name",)
    return (mistype_name(seed, name, number), ("name typo",)) if rates.plants("name_typo", seed, number) else (name, ())


def mistype_name(seed: int, name: Name, number: int) -> Name:
    """The name with a slip of the fingers in the given or family part."""
    chance = stream(seed, "typo", number)
    if chance.random() < 0.5:
        return replace(name, family=typo(chance, name.family))
    return replace(name, given=typo(chance, name.given))


def _nhs(seed: int, person: Identity, rates: Rates) -> tuple[str, tuple[str, ...]]:
    if rates.plants("test_nhs", seed, person.number):
        return dummy_nhs_number(), ("test number",)
    if rates.plants("missing_nhs", seed, person.number):
        return "", ("missing nhs number",)
    if rates.plants("mistyped_nhs", seed, person.number):
        return mistyped(person.nhs_number, 3 + person.number % 6), ("mistyped nhs number",)
    return person.nhs_number, ()


def _birth_date(seed: int, person: Identity, rates: Rates) -> tuple[date, tuple[str, ...]]:
    born, number = person.birth_date, person.number
    if rates.plants("placeholder_birth_date", seed, number):
        placeholder = UNKNOWN_CENTURY if share(seed, "which placeholder", number) < 0.5 else date(born.year, 1, 1)
        return placeholder, ("placeholder birth date",)
    if can_be_swapped(born) and rates.plants("day_month_swapped", seed, number):
        return date(born.year, born.day, born.month), ("swapped birth date",)
    return born, ()


def can_be_swapped(day: date) -> bool:
    """Whether day and month can change places and make another day."""
    return day.day <= MOST_SWAPPED_DAY and day.day != day.month


def _second(seed: int, person: Identity, rates: Rates) -> tuple[Recorded, ...]:
    """A registration made when the first was not found: another number, no NHS number, a name typed again."""
    merged = rates.plants("merged", seed, person.number)
    if not merged and not rates.plants("duplicate", seed, person.number):
        return ()
    typed = share(seed, "typed again", person.number) < 0.5
    name = mistype_name(seed, person.name, person.number + SECOND_NUMBERS) if typed else person.name
    return (
        Recorded(
            hospital_number=hospital_number(seed, person.number + SECOND_NUMBERS),
            nhs_number="",
            name=name,
            birth_date=person.birth_date,
            sex=person.slot.sex,
            home=person.homes[0],
            phone="",
            merged_into=person.hospital_number if merged else "",
            errors=("merged" if merged else "duplicate", *["name typo"] * typed),
        ),
    )


def opt_outs(seed: int, person: Identity, rates: Rates) -> tuple[OptOut, ...]:
    """The objections of a person; the first few imaged people have none."""
    found = []
    for kind, (rate, first, last) in OPT_OUTS.items():
        if person.may_err and rates.plants(rate, seed, person.number):
            chance = stream(seed, kind, person.number)
            found.append(OptOut(kind, first + timedelta(whole(chance, 0, (last - first).days))))
    return tuple(found)
