"""People and claims as rows that can be compared. Pure.

One person gives several rows: one for each name, number and postcode that is theirs. What no one can be recognised by
is left out: placeholder birth dates, numbers that are no NHS numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from imagebank.identities.comparing import (
    normalise_id,
    normalise_names,
    normalise_pair,
    normalise_postcode,
    real_birth_date,
)
from imagebank.identities.model import Claim, Entrant, Person
from imagebank.identities.nhs import is_filler, normalise_nhs_number

NHS_DIGITS = 10
SEXES = {"M": "male", "F": "female", "male": "male", "female": "female"}
WHY = "compare people"


@dataclass(frozen=True)
class Row:
    """One way in which somebody is known; `owner` numbers whose row it is."""

    owner: int
    given: str = field(default="", repr=False)
    family: str = field(default="", repr=False)
    birth: date | None = field(default=None, repr=False)
    sex: str = ""
    postcode: str = field(default="", repr=False)
    hospital_number: str = field(default="", repr=False)
    nhs_number: str = field(default="", repr=False)

    def values(self) -> tuple[str | None, ...]:
        """The columns that are compared, in their order."""
        birth = self.birth.isoformat() if self.birth else ""
        parts = birth.split("-") if birth else ["", "", ""]
        texts = (
            self.given, self.family, birth, *parts, self.sex, self.postcode, self.postcode[:-3],
            self.hospital_number, self.nhs_number,
        )  # fmt: skip
        return tuple(text or None for text in texts)


def rows_of_claims(claims: Sequence[Claim]) -> list[Row]:
    """The rows of what headers claim; each claim is one owner."""
    return [row for owner, claim in enumerate(claims) for row in _rows_of_claim(owner, claim)]


def _rows_of_claim(owner: int, claim: Claim) -> Iterator[Row]:
    numbers = [normalise_id(each) for each in (claim.patient_id, *claim.other_ids) if each]
    nhs = [normalise_nhs_number(number) for number in numbers if looks_like_nhs(number)]
    own = [number for number in numbers if not looks_like_nhs(number)]
    names = normalise_names(claim.name) or [("", "")]
    first = Row(
        owner,
        *names[0],
        birth=real_birth_date(claim.birth_date),
        sex=SEXES.get(claim.sex, ""),
        postcode=normalise_postcode(claim.postcode),
        hospital_number=own[0] if own else "",
        nhs_number=nhs[0] if nhs else "",
    )
    yield first
    yield from (replace(first, given=given, family=family) for given, family in names[1:])
    yield from (replace(first, hospital_number=number) for number in own[1:])


def looks_like_nhs(number: str) -> bool:
    """Whether a text is ten digits, blanks and hyphens allowed; one with a slip in it does, a filler does not."""
    digits = normalise_nhs_number(number)
    return len(digits) == NHS_DIGITS and digits.isdigit() and not is_filler(digits)


def rows_of_people(people: Sequence[Person]) -> list[Row]:
    """The rows of the people of the records; each person is one owner."""
    return [row for owner, person in enumerate(people) for row in dict.fromkeys(_rows_of_person(owner, person))]


def _rows_of_person(owner: int, person: Person) -> Iterator[Row]:
    nhs = normalise_nhs_number(person.nhs_number.reveal(WHY))
    postcodes = [normalise_postcode(each) for each in person.postcodes]
    given, family = normalise_pair(person.given_name, person.family_name)
    first = Row(
        owner,
        given,
        family,
        birth=real_birth_date(person.birth_date),
        sex=SEXES.get(person.sex, ""),
        postcode=postcodes[0] if postcodes else "",
        hospital_number=normalise_id(person.hospital_number),
        nhs_number=nhs if looks_like_nhs(nhs) else "",
    )
    yield first
    for pair in person.other_names:
        given, family = normalise_pair(*pair)
        yield replace(first, given=given or first.given, family=family or first.family)
    yield from (replace(first, hospital_number=normalise_id(number)) for number in person.other_numbers)
    yield from (replace(first, postcode=postcode) for postcode in postcodes[1:])
    yield from (replace(first, birth=day) for day in map(real_birth_date, person.other_birth_dates) if day)


def rows_of_entrants(entrants: Sequence[Entrant]) -> list[Row]:
    """The rows of registrations to be compared with each other: their hospital numbers differ in any case."""
    people = [as_person(each) for each in entrants]
    return list(dict.fromkeys(replace(row, hospital_number="") for row in rows_of_people(people)))


def as_person(entrant: Entrant) -> Person:
    """A registration as a person of its own."""
    return replace(
        entrant.person,
        other_names=entrant.other_names,
        other_numbers=entrant.former_numbers,
        postcodes=tuple(each for each in (entrant.postcode, *entrant.other_postcodes) if each),
        address=entrant.address,
    )


def first_rows(rows: Sequence[Row]) -> list[Row]:
    """The first row of each owner: weights are trained on one row a person, or former names would count as errors."""
    return list({row.owner: row for row in reversed(rows)}.values())
