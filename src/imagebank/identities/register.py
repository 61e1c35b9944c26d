"""The people of the records, found by their numbers, and by name and birth date. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self, TypeVar

from imagebank.core.private import Private
from imagebank.identities.comparing import normalise_id, normalise_pair, real_birth_date, without_zeros
from imagebank.identities.model import Person
from imagebank.identities.nhs import is_nhs_number, normalise_nhs_number

KeyT = TypeVar("KeyT")


@dataclass(frozen=True)
class Register:
    """The people of the records by number and by birth date. A number may belong to several by mistake."""

    by_nhs_number: dict[str, tuple[Person, ...]]
    by_hospital_number: dict[str, tuple[Person, ...]]
    by_name: dict[tuple[str, str], tuple[Person, ...]]
    by_bare_number: dict[str, tuple[Person, ...]]  # without the zeros in front
    accept_test_numbers: bool

    @classmethod
    def of(cls, people: Iterable[Person], *, accept_test_numbers: bool) -> Self:
        """Index people by valid NHS number, hospital number, and (given, family) name."""
        nhs: dict[str, dict[str, Person]] = defaultdict(dict)
        hospital: dict[str, dict[str, Person]] = defaultdict(dict)
        names: dict[tuple[str, str], dict[str, Person]] = defaultdict(dict)
        bare: dict[str, dict[str, Person]] = defaultdict(dict)
        for person in people:
            for number in nhs_numbers_of(person, accept_test_numbers=accept_test_numbers):
                nhs[number][person.person] = person
            for each in (person.hospital_number, *person.other_numbers):
                if each:
                    hospital[normalise_id(each)][person.person] = person
                    bare[without_zeros(normalise_id(each))][person.person] = person
            for pair in names_of(person):
                names[pair][person.person] = person
        return cls(_frozen(nhs), _frozen(hospital), _frozen(names), _frozen(bare), accept_test_numbers)

    def found_by_nhs_number(self, texts: Iterable[Private]) -> list[Person]:
        """Everybody who has one of the valid NHS numbers among some texts."""
        plain = {normalise_nhs_number(each.reveal("find NHS numbers in a header")) for each in texts}
        valid = {each for each in plain if is_nhs_number(each, accept_test_numbers=self.accept_test_numbers)}
        return [person for number in sorted(valid) for person in self.by_nhs_number.get(number, ())]

    def found_by_hospital_number(self, texts: Iterable[Private]) -> list[Person]:
        """Everybody who has one of the texts as hospital number."""
        numbers = {normalise_id(each) for each in texts} - {""}
        return [person for number in sorted(numbers) for person in self.by_hospital_number.get(number, ())]

    def found_without_zeros(self, texts: Iterable[Private], born: date | None) -> list[Person]:
        """Everybody born on a day who has one of the texts as hospital number, but for zeros in front of digits."""
        numbers = {without_zeros(normalise_id(each)) for each in texts} - {""}
        found = (person for number in sorted(numbers) for person in self.by_bare_number.get(number, ()))
        return [person for person in found if born in births_of(person)] if born else []


def _frozen(index: dict[KeyT, dict[str, Person]]) -> dict[KeyT, tuple[Person, ...]]:
    return {key: tuple(people[name] for name in sorted(people)) for key, people in index.items()}


def nhs_numbers_of(person: Person, *, accept_test_numbers: bool) -> list[str]:
    """The valid NHS numbers of a person."""
    texts = [each.reveal("index by NHS number") for each in (person.nhs_number, *person.other_nhs_numbers) if each]
    valid = (each for each in texts if is_nhs_number(each, accept_test_numbers=accept_test_numbers))
    return sorted({normalise_nhs_number(each) for each in valid})


def names_of(person: Person) -> set[tuple[str, str]]:
    """Every (given, family) name of a person, in plain capitals; a part that is missing is taken from the main name."""
    given, family = normalise_pair(person.given_name, person.family_name)
    pairs = [normalise_pair(*pair) for pair in person.other_names]
    return {(given, family), *((one or given, other or family) for one, other in pairs)}


def births_of(person: Person) -> set[date]:
    """Every birth date that the records have of a person, without placeholders."""
    days = (real_birth_date(day) for day in (person.birth_date, *person.other_birth_dates))
    return {day for day in days if day}
