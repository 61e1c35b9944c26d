"""The tables of the vault, and how its nouns become rows of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from imagebank.core.private import Private
from imagebank.identities.model import Entrant, Link, Person

WHY = "store in the vault"

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
    person TEXT PRIMARY KEY, source TEXT NOT NULL, hospital_number TEXT NOT NULL,
    nhs_number TEXT NOT NULL, given_name TEXT NOT NULL, family_name TEXT NOT NULL, birth_date TEXT, death_date TEXT,
    sex TEXT NOT NULL, postcode TEXT NOT NULL, address TEXT NOT NULL, phone TEXT NOT NULL, others TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS persons (registration TEXT PRIMARY KEY, person TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS renames (
    entry INTEGER PRIMARY KEY, pseudonym TEXT NOT NULL, became TEXT NOT NULL, noticed TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS opt_outs (
    person TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, list_date TEXT,
    PRIMARY KEY (person, source, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS national_checks (
    number TEXT PRIMARY KEY, batch TEXT NOT NULL, sent TEXT NOT NULL, listed TEXT, allowed INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
    study TEXT PRIMARY KEY, person TEXT, rule TEXT NOT NULL, reason TEXT NOT NULL, weight REAL, lead REAL,
    model TEXT NOT NULL, candidate TEXT, version TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decisions (
    entry INTEGER PRIMARY KEY, question TEXT NOT NULL, decision TEXT NOT NULL, decided_by TEXT NOT NULL,
    decided TEXT NOT NULL, version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS folders (
    folder INTEGER PRIMARY KEY, source TEXT NOT NULL, path BLOB NOT NULL, listing TEXT NOT NULL, UNIQUE (source, path));
CREATE TABLE IF NOT EXISTS headers (header INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS files (
    folder INTEGER NOT NULL, name BLOB NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    digest BLOB NOT NULL, verdict TEXT NOT NULL, series TEXT NOT NULL, instance BLOB NOT NULL, header INTEGER NOT NULL,
    PRIMARY KEY (folder, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_of_series ON files (series, header);
CREATE TABLE IF NOT EXISTS expired (
    folder INTEGER NOT NULL, name BLOB NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (folder, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wanted_again (series TEXT PRIMARY KEY) WITHOUT ROWID;
"""

FORGET_OLD_PEOPLE = """
DROP TABLE IF EXISTS people;
DROP TABLE IF EXISTS links;
DELETE FROM meta WHERE name LIKE 'people:%';
"""
"""For vaults of the time when every registration was a person: the next update reads the records again."""


def is_outdated(columns: Iterable[str]) -> bool:
    """Whether a table of people with these columns is of that time."""
    return "pseudonym" in columns


def entrant_row(entrant: Entrant) -> tuple[str | None, ...]:
    """A registration as a row of `people`."""
    person = entrant.person
    texts = [person.hospital_number, person.nhs_number, person.given_name, person.family_name]
    hidden = [entrant.postcode, entrant.address, entrant.phone]
    return (
        person.person,
        entrant.source,
        *(text.reveal(WHY) for text in texts),
        iso(person.birth_date),
        iso(person.death_date),
        person.sex,
        *(text.reveal(WHY) for text in hidden),
        _others(entrant),
    )


def _others(entrant: Entrant) -> str:
    names = [[part.reveal(WHY) for part in name] for name in entrant.other_names]
    postcodes, numbers = ([e.reveal(WHY) for e in each] for each in (entrant.other_postcodes, entrant.former_numbers))
    return json.dumps(
        {"names": names, "postcodes": postcodes, "numbers": numbers} if names or postcodes or numbers else {}
    )


def entrant_of(row: tuple[Any, ...]) -> Entrant:
    """The registration that a row of `people` holds."""
    name, source, hospital, nhs, given, family, birth, death, sex, postcode, address, phone, others = row
    person = Person(
        name, Private(hospital), Private(nhs), Private(given), Private(family), day_of(birth), day_of(death), sex
    )
    told = json.loads(others)
    return Entrant(
        person=person,
        source=source,
        postcode=Private(postcode),
        address=Private(address),
        phone=Private(phone),
        other_names=tuple((Private(first), Private(last)) for first, last in told.get("names", ())),
        other_postcodes=tuple(map(Private, told.get("postcodes", ()))),
        former_numbers=tuple(map(Private, told.get("numbers", ()))),
    )


def link_row(study: str, link: Link, version: str) -> tuple[Any, ...]:
    """A link as a row of `links`."""
    told = (link.person, link.rule, link.reason, link.weight, link.lead, link.model, link.candidate)
    return (study, *told, version)


def iso(day: date | None) -> str | None:
    """A day as the vault keeps it."""
    return day.isoformat() if day else None


def day_of(text: str | None) -> date | None:
    """The day that the vault kept."""
    return date.fromisoformat(text) if text else None
