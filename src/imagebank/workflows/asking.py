"""Whom a PACS is asked for: the people of the vault, or all of some days. Never the opted-out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from imagebank.core.config import Config
from imagebank.core.errors import SourceError
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.filters import bare_number, is_opted_out, plain_number
from imagebank.dicom.pacs.model import Request
from imagebank.dicom.pacs.numbers import keys_of_person
from imagebank.identities.model import Person
from imagebank.identities.vault import Vault
from imagebank.workflows.opting_out import people_held_back

MOST_DAYS = 3660


@dataclass(frozen=True)
class People:
    """The people who may be asked for, and those who may not."""

    wanted: tuple[Person, ...] = field(repr=False)
    opted_out: tuple[Person, ...] = field(repr=False)


def people_of(vault: Vault, settings: Config) -> People:
    """Everybody in the vault, by whether they are held back: an opt-out of one registration counts for the person."""
    everybody = vault.people()
    out = people_held_back(vault, settings, everybody)
    return People(
        tuple(each for each in everybody if each.person not in out),
        tuple(each for each in everybody if each.person in out),
    )


def numbers_of(person: Person, source: PacsSource) -> tuple[Private, ...]:
    """The keys by which a source knows a person."""
    hospital, nhs = numbers_known(person)
    return keys_of_person(hospital, nhs, source.hospital_numbers, source.nhs_numbers)


def numbers_known(person: Person) -> tuple[tuple[Private, ...], tuple[Private, ...]]:
    """Hospital numbers and NHS numbers of all registrations of a person, those that were merged among them."""
    hospital = (person.hospital_number, *person.other_numbers)
    return hospital, (person.nhs_number, *person.other_nhs_numbers)


def opted_out_numbers(people: People, source: PacsSource) -> frozenset[Private]:
    """Every number of the opted-out, as a site writes it and as the records do, without its habits."""
    found: set[Private] = set()
    for person in people.opted_out:
        hospital, nhs = numbers_known(person)
        numbers = {plain_number(each) for each in (*numbers_of(person, source), *hospital, *nhs) if each}
        found |= numbers | {bare_number(each) for each in numbers}
    return frozenset(found - {NOBODY})


def requests_of_people(people: People, source: PacsSource) -> list[Request]:
    """One question for each number of each person."""
    out = opted_out_numbers(people, source)
    asked: dict[Private, Request] = {}
    for person in people.wanted:
        for key in numbers_of(person, source):
            if not is_opted_out(key, out):
                asked[key] = Request("patient", key, frozenset((key,)))
    return list(asked.values())


def requests_of_days(first: date, last: date) -> list[Request]:
    """One question for each day. Raises SourceError for a window that is empty or longer than ten years."""
    count = (last - first).days + 1
    if not 0 < count <= MOST_DAYS:
        raise SourceError("The window of days is empty or too long.", "give --from and --to, at most ten years apart")
    days = (first + timedelta(days=each) for each in range(count))
    return [Request("day", Private(day.strftime("%Y%m%d"))) for day in days]
