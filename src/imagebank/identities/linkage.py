"""Which person a study shows: the rules, in order, and the guards that stop them. Pure.

1. A valid NHS number, and the birth date or the name agrees.
2. The hospital number, and the birth date agrees.
Everything else stays unlinked with a reason. A contradiction is never linked: two identities in one study, numbers that
belong to different people, another sex, a scan before birth or after death, an accession number of several people.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from imagebank.core.private import Private
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.nhs import is_nhs_number, normalise_nhs_number

VERSION = "1"
DICOM_SEX = {"M": "male", "F": "female"}

REASONS = {
    "no-identity": "The header names no patient id.",
    "nobody-found": "No person in the records has the patient id or NHS number of the header.",
    "no-birth-date": "The hospital number is known, but the header has no birth date to confirm it.",
    "birth-date-differs": "The hospital number is known, but the birth date is another one.",
    "nhs-unconfirmed": "The NHS number is known, but neither birth date nor name agrees.",
    "several-people": "The numbers in the header belong to more than one person.",
    "two-patients": "One study carries the identities of two patients.",
    "shared-accession": "The accession number was used for more than one patient.",
    "sex-differs": "The sex in the header is not the sex in the records.",
    "before-birth": "The scan is dated before the person's birth.",
    "after-death": "The scan is dated after the person's death.",
}
"""Why a study may stay unlinked; every reason that `link_study` gives is in this table."""


@dataclass(frozen=True)
class Register:
    """The people of the records, found by their numbers. A number may belong to several by mistake."""

    by_nhs_number: dict[str, tuple[Person, ...]]
    by_hospital_number: dict[str, tuple[Person, ...]]
    accept_test_numbers: bool

    @classmethod
    def of(cls, people: Iterable[Person], *, accept_test_numbers: bool) -> Self:
        """Index people by valid NHS number and by hospital number."""
        nhs: dict[str, list[Person]] = defaultdict(list)
        hospital: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            number = normalise_nhs_number(person.nhs_number.reveal("index by NHS number"))
            if is_nhs_number(number, accept_test_numbers=accept_test_numbers):
                nhs[number].append(person)
            if person.hospital_number:
                hospital[normalise_id(person.hospital_number)].append(person)
        return cls(_frozen(nhs), _frozen(hospital), accept_test_numbers)


def _frozen(index: dict[str, list[Person]]) -> dict[str, tuple[Person, ...]]:
    return {number: tuple(people) for number, people in index.items()}


def link_study(claims: frozenset[Claim], register: Register, *, shared_accession: bool = False) -> Link:
    """The link of one study from all the identities that its series claim."""
    if is_contradictory(claims):
        return _unlinked("two-patients")
    if shared_accession:
        return _unlinked("shared-accession")
    return _link_claim(merge(claims), register)


def is_contradictory(claims: Iterable[Claim]) -> bool:
    """Whether claims differ in patient id, birth date, name or sex; a value that is absent contradicts nothing."""
    told = [(normalise_id(c.patient_id), c.birth_date, normalise_name(c.name)[0], c.sex) for c in claims]
    return any(len({value for value in values if value}) > 1 for values in zip(*told, strict=True))


def merge(claims: frozenset[Claim]) -> Claim:
    """What claims that do not contradict each other say together. The latest study date stands for all."""
    return Claim(
        patient_id=max(claim.patient_id for claim in claims),
        other_ids=tuple(sorted({number for claim in claims for number in claim.other_ids})),
        name=max(claim.name for claim in claims),
        birth_date=max((c.birth_date for c in claims if c.birth_date), default=None),
        sex=max(claim.sex for claim in claims),
        accession=max(claim.accession for claim in claims),
        study_date=max((c.study_date for c in claims if c.study_date), default=None),
    )


def _link_claim(claim: Claim, register: Register) -> Link:
    by_nhs = _people(register.by_nhs_number, _nhs_numbers(claim, register))
    by_hospital = _people(register.by_hospital_number, {normalise_id(claim.patient_id)})
    if len({person.person for person in by_nhs + by_hospital}) > 1:
        return _unlinked("several-people")
    if by_nhs:
        return _confirmed(claim, by_nhs[0], _nhs_rule(claim, by_nhs[0]), "nhs-unconfirmed")
    if by_hospital:
        missing = "no-birth-date" if claim.birth_date is None else "birth-date-differs"
        return _confirmed(claim, by_hospital[0], _hospital_rule(claim, by_hospital[0]), missing)
    return _unlinked("nobody-found" if claim.patient_id or claim.other_ids else "no-identity")


def _people(index: dict[str, tuple[Person, ...]], numbers: set[str]) -> list[Person]:
    return [person for number in sorted(numbers - {""}) for person in index.get(number, ())]


def _nhs_numbers(claim: Claim, register: Register) -> set[str]:
    texts = [each.reveal("find NHS numbers in a header") for each in (claim.patient_id, *claim.other_ids)]
    return {
        normalise_nhs_number(text)
        for text in texts
        if is_nhs_number(text, accept_test_numbers=register.accept_test_numbers)
    }


def _nhs_rule(claim: Claim, person: Person) -> str | None:
    if _same_birth_date(claim, person):
        return "nhs-number+birth-date"
    return "nhs-number+name" if _same_name(claim, person) else None


def _hospital_rule(claim: Claim, person: Person) -> str | None:
    return "hospital-number+birth-date" if _same_birth_date(claim, person) else None


def _confirmed(claim: Claim, person: Person, rule: str | None, missing: str) -> Link:
    if rule is None:
        return _unlinked(missing)
    objection = _objection(claim, person)
    return _unlinked(objection) if objection else Link(person.person, rule)


def _objection(claim: Claim, person: Person) -> str | None:
    sex = DICOM_SEX.get(claim.sex)
    if sex and person.sex in DICOM_SEX.values() and sex != person.sex:
        return "sex-differs"
    if claim.study_date and person.birth_date and claim.study_date < person.birth_date:
        return "before-birth"
    if claim.study_date and person.death_date and claim.study_date > person.death_date:
        return "after-death"
    return None


def _same_birth_date(claim: Claim, person: Person) -> bool:
    return claim.birth_date is not None and claim.birth_date == person.birth_date


def _same_name(claim: Claim, person: Person) -> bool:
    family, given = normalise_name(claim.name)
    known = (_letters(person.family_name.reveal("compare names")), _first(person.given_name.reveal("compare names")))
    return bool(family and given) and (family, given) == known


def normalise_id(number: Private) -> str:
    """A hospital number or patient id without spaces, in capitals."""
    return "".join(number.reveal("compare patient ids").split()).upper()


def normalise_name(name: Private) -> tuple[str, str]:
    """Family name and first given name of a DICOM person name, in plain capitals."""
    parts = (name.reveal("compare names").split("=")[0] + "^^").split("^")
    return _letters(parts[0]), _first(parts[1])


def _first(given: str) -> str:
    words = given.replace("-", " ").split()
    return _letters(words[0]) if words else ""


def _letters(text: str) -> str:
    """Letters only, without accents, in capitals: O'Neill and ONEILL are one name."""
    plain = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
    return "".join(letter for letter in plain.upper() if letter.isalpha())


_UNDECOMPOSED = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "Æ": "AE", "ı": "i"})


def _unlinked(reason: str) -> Link:
    return Link(None, "", reason)
