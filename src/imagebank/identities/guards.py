"""What stands against a link, however strong its evidence: the guards, each with a name. Pure.

A guard is about contradictions that a weight cannot see: relatives share names, birth dates and addresses, clerks pick
the wrong line of a list, and machines are told wrong dates. What a guard stops is never linked silently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from imagebank.core.private import Private
from imagebank.identities.comparing import (
    is_near,
    may_be_one_name,
    normalise_id,
    normalise_name,
    normalise_names,
    real_birth_date,
)
from imagebank.identities.model import Claim, Person
from imagebank.identities.register import Register, births_of, names_of
from imagebank.identities.support import only_name_agrees_with

DICOM_SEX = {"M": "male", "F": "female"}

GUARDS = {
    "two-patients": "One study carries the identities of two patients.",
    "shared-accession": "The accession number was used for more than one patient.",
    "shared-number": "The patient id was used with birth dates of different people, and only a like one agrees.",
    "several-people": "The numbers in the header belong to more than one person.",
    "sex-differs": "The sex in the header is not the sex in the records.",
    "before-birth": "The scan is dated before the person's birth.",
    "after-death": "The scan is dated after the person's death.",
    "test-number": "The only number in the header is a test or dummy number.",
    "placeholder-birth-date": "A birth date that stands for an unknown one confirms nobody.",
    "twin": "Family name and birth date agree, but the given name is another's: perhaps a twin.",
    "namesake": "The name agrees, but the birth date is another's: perhaps a parent or child of that name.",
    "name-alone": "Only name and birth date agree, and many bear the name, or the birth date is a slip or 1 January.",
    "no-birth-date": "The hospital number is known, but the header has no birth date to confirm it.",
    "birth-date-differs": "The hospital number is known, but the birth date is another one.",
}
"""Each guard, and what it found."""


@dataclass(frozen=True)
class Rules:
    """The settings of the rules: what a false link weighs in missed ones, and days that a scan may lie after death."""

    false_link_weighs: float = 20
    after_death_days: int = 0


def is_contradictory(claims: Iterable[Claim]) -> bool:
    """Whether claims differ in patient id, birth date, name or sex; a value that is absent contradicts nothing."""
    told = [(normalise_id(c.patient_id), c.birth_date, normalise_name(c.name)[0], c.sex) for c in claims]
    return any(len({value for value in values if value}) > 1 for values in zip(*told, strict=True))


def shared_accessions(claims: Mapping[str, frozenset[Claim]]) -> frozenset[Private]:
    """Accession numbers under which more than one patient id appears in different studies."""
    patients: dict[Private, set[str]] = defaultdict(set)
    for told in claims.values():
        for claim in told:
            if claim.accession:
                patients[claim.accession].add(normalise_id(claim.patient_id))
    return frozenset(accession for accession, ids in patients.items() if len(ids) > 1)


def shared_numbers(claims: Mapping[str, frozenset[Claim]]) -> frozenset[str]:
    """Patient ids under which studies tell birth dates that are no slips of each other, as under a laboratory's id."""
    born: dict[str, set[date]] = defaultdict(set)
    for told in claims.values():
        for claim in told:
            day = real_birth_date(claim.birth_date)
            if claim.patient_id and day:
                born[normalise_id(claim.patient_id)].add(day)
    unlike = (any(not is_near(one, other) for one, other in combinations(days, 2)) for days in born.values())
    return frozenset(number for number, found in zip(born, unlike, strict=True) if found)


def objection(claim: Claim, person: Person, rules: Rules) -> str:
    """The guard that a claim of being this person meets whatever agrees, or nothing."""
    sex = DICOM_SEX.get(claim.sex)
    if sex and person.sex in DICOM_SEX.values() and sex != person.sex:
        return "sex-differs"
    if claim.study_date and births_of(person) and claim.study_date < min(births_of(person)):
        return "before-birth"
    last = person.death_date + timedelta(rules.after_death_days) if person.death_date else date.max
    return "after-death" if claim.study_date and claim.study_date > last else ""


def rival(claim: Claim, person: Person, register: Register) -> str:
    """`twin` or `namesake` where somebody else bears the very name and birth date told, and this person does not."""
    names = {pair for pair in normalise_names(claim.name) if all(pair)}
    born = real_birth_date(claim.birth_date)
    if not (names and born) or (names & names_of(person) and born in births_of(person)):
        return ""
    found = {each.person: each for pair in sorted(names) for each in register.by_name.get(pair, ())}
    if not any(born in births_of(each) for name, each in found.items() if name != person.person):
        return ""
    return "twin" if born in births_of(person) else "namesake"


def doubt(claim: Claim, person: Person, register: Register) -> str:
    """The guard that a link meets which rests on the model alone, or nothing."""
    numbers = (claim.patient_id, *claim.other_ids)
    if person in register.found_by_nhs_number(numbers):
        return ""
    by_number = person in register.found_by_hospital_number(numbers)
    if claim.birth_date is None:
        return "no-birth-date"
    born, known = real_birth_date(claim.birth_date), births_of(person)
    if born is None or not known:
        return "placeholder-birth-date"
    if born not in known and not any(is_near(born, day) for day in known):
        return "birth-date-differs" if by_number else "namesake"
    if not by_number and not _given_agrees(claim, person):
        return "twin"
    return "name-alone" if not by_number and only_name_agrees_with(claim, person, register) else ""


def _given_agrees(claim: Claim, person: Person) -> bool:
    """Whether the given name may be the person's; a header that has none does not tell twins apart."""
    told, known = normalise_names(claim.name), names_of(person)
    return any(may_be_one_name(a[0], b[0]) or a == b[::-1] for a in told for b in known)
