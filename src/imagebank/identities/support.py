"""What agrees of two people beyond name, birth date and sex, and when these are enough by themselves. Pure.

The model takes names and birth dates for independent, and birth dates for even. They are neither: whole communities
share a few names, and where a birth date is not known, clerks type 1 January. So where nothing else agrees, the birth
dates must be equal and no 1 January, and few other people may bear the name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from imagebank.core.private import Private
from imagebank.identities.comparing import (
    FIRST_DAY,
    is_slip,
    letters_of,
    normalise_id,
    normalise_names,
    normalise_postcode,
    real_birth_date,
)
from imagebank.identities.matching.rows import as_person
from imagebank.identities.model import Claim, Entrant, Person
from imagebank.identities.register import Register, births_of, names_of

WHY = "see what agrees beside name and birth date"
MOST_NAMESAKES = 20
"""Other people of the records who may bear the name. Twenty of them, each born on one of the 25,000 days of a lifetime,
hold one of this birth date in 1 of 1,250 cases: by a wide margin less than the 1 in 20 people registered twice."""
LEAST_SLIP = 5  # letters of a number in which one slip still tells something

Births = Mapping[tuple[str, str], set[date]]


def births_by_name(entrants: Iterable[Entrant]) -> Births:
    """The birth dates under each (given, family) name."""
    found: dict[tuple[str, str], set[date]] = defaultdict(set)
    for each in entrants:
        if born := real_birth_date(each.person.birth_date):
            for pair in names_of(as_person(each)):
                found[pair].add(born)
    return found


def only_name_agrees(one: Entrant, other: Entrant, births: Births) -> bool:
    """Whether two registrations have nothing in common that tells them from two people of one name."""
    first, second = as_person(one), as_person(other)
    phones = {normalise_id(each.phone) for each in (one, other)}
    places = {normalise_id(each.address) for each in (one, other)}
    if (len(phones) == 1 and "" not in phones) or (len(places) == 1 and "" not in places):
        return False
    if _postcodes(first) & _postcodes(second) or _full_names(first) & _full_names(second):
        return False
    shared = names_of(first) & names_of(second)
    if len(shared) > 1:  # a birth name as well
        return False
    born, also = (real_birth_date(each.person.birth_date) for each in (one, other))
    bearers = max((len(births.get(pair, ())) for pair in names_of(first) | names_of(second)), default=0)
    return not _tells(born, also, bearers - 1)


def only_name_agrees_with(claim: Claim, person: Person, register: Register) -> bool:
    """Whether a header has nothing in common with a person that tells them from another of that name."""
    told = {normalise_id(each) for each in (claim.patient_id, *claim.other_ids)} - {""}
    known = {normalise_id(each) for each in _numbers(person)} - {""}
    if any(len(a) >= LEAST_SLIP and is_slip(a, b) for a in told for b in known) or told & known:
        return False
    if claim.postcode and normalise_postcode(claim.postcode) in _postcodes(person):
        return False
    if _full_name(claim.name.reveal(WHY).split("=")[0]) & _full_names(person):
        return False
    names = set(normalise_names(claim.name)) | names_of(person)
    others = max((sum(each != person for each in register.by_name.get(pair, ())) for pair in names), default=0)
    born = real_birth_date(claim.birth_date)
    return not _tells(born, born if born in births_of(person) else None, others)


def _tells(born: date | None, also: date | None, others: int) -> bool:
    """Whether name and birth date are enough where nothing else agrees."""
    return born is not None and born == also and (born.month, born.day) != FIRST_DAY and others <= MOST_NAMESAKES


def _postcodes(person: Person) -> set[str]:
    return {normalise_postcode(each) for each in person.postcodes} - {""}


def _numbers(person: Person) -> tuple[Private, ...]:
    return (person.hospital_number, *person.other_numbers, person.nhs_number, *person.other_nhs_numbers)


def _full_names(person: Person) -> set[tuple[str, ...]]:
    pairs = ((person.given_name, person.family_name), *person.other_names)
    return {full for given, family in pairs for full in _full_name(f"{family.reveal(WHY)}^{given.reveal(WHY)}")}


def _full_name(name: str) -> set[tuple[str, ...]]:
    """A name with a middle name, in plain capitals; of a name without one nothing."""
    family, _, given = name.partition("^")
    words = [letters_of(word) for word in given.replace("^", " ").split()]
    words = [word for word in words if word]
    return {(letters_of(family), *words)} if len(words) > 1 else set()
