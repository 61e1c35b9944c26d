"""Whom a PACS is asked for: the people of the vault, a list of numbers, or some days. Never the opted-out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from imagebank.core.config import Config
from imagebank.core.errors import SourceError
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.filters import bare_number, is_opted_out, plain_number
from imagebank.dicom.pacs.model import Request
from imagebank.dicom.pacs.numbers import NEVER_ASKED, keys_of_person
from imagebank.identities.model import Person
from imagebank.identities.vault import Vault
from imagebank.workflows.opting_out import people_held_back

COLUMNS = {"accession_number": "accession", "study_instance_uid": "study", "patient_id": "patient"}
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


def requests_of_list(path: Path) -> list[Request]:
    """The questions of a CSV with a column accession_number, study_instance_uid or patient_id. Raises SourceError."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [each for each in reader.fieldnames or () if each.strip().lower() in COLUMNS]
            if not columns:
                raise _unusable(f"has none of the columns {', '.join(COLUMNS)}")
            return list(_requests(reader, columns))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable(f"cannot be read ({type(error).__name__})") from None


def _requests(rows: Iterable[dict[str, str]], columns: list[str]) -> Iterator[Request]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        for column in columns:
            by, value = COLUMNS[column.strip().lower()], (row.get(column) or "").strip()
            if value and not NEVER_ASKED.search(value) and (by, value) not in seen:
                seen.add((by, value))
                key = Private(value)
                yield Request(by, key, frozenset((key,)) if by == "patient" else frozenset())


def _unusable(why: str) -> SourceError:
    return SourceError(f"The list {why}.", "give a UTF-8 CSV with a header line, as docs/pacs.md shows")
