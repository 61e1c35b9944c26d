"""The events of published patients: staged rows joined with pseudonyms and offsets, sorted, and streamed to the tables.

Only here does a hospital number meet a pseudonym, and only inside the database that does the join.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from imagebank.catalogue.events import EVENT_TABLES
from imagebank.catalogue.streams import Stream
from imagebank.core.columns import Column, columns
from imagebank.workflows.converting import BankedStudy
from imagebank.workflows.linking import Linked
from imagebank.workflows.opening import Work

BATCH_ROWS = 100_000
TOLD = {"origin": "'structured'", "application": "''", "text": "NULL", "study": "a.study"}
"""Columns that no staged file has."""
STUDIES = ("reports", "findings")
"""Tables whose rows can name the study that they are about, by its accession number."""


def offset_of(work: Work, person: str) -> int:
    """The days by which everything about a person moves."""
    earliest, latest = work.bank.config.dates.shift_days
    return work.vault.keys.offset_days(person, earliest=earliest, latest=latest)


def registrations(linked: Linked, people: Mapping[str, str]) -> dict[str, str]:
    """The pseudonym of each registration of the people, who are given by pseudonym: what events are staged by."""
    shown = {person: pseudonym for pseudonym, person in people.items()}
    return {name: shown[person] for name, person in sorted(linked.person_of.items()) if person in shown}


def event_streams(
    work: Work, linked: Linked, database: Any, people: Mapping[str, str], studies: Sequence[BankedStudy]
) -> dict[str, Stream]:
    """A stream for every table of events, with the rows of the people, who are given by pseudonym."""
    offsets = {pseudonym: offset_of(work, person) for pseudonym, person in people.items()}
    rows = [(name, patient, offsets[patient]) for name, patient in registrations(linked, people).items()]
    _load(database, "published", ("person", "patient", "offset_days"), rows)
    _load(database, "accessions", ("patient", "accession", "study"), _accessions(work, linked, studies))
    return {name: Stream(_batches(database, name)) for name in EVENT_TABLES}


def _accessions(work: Work, linked: Linked, studies: Sequence[BankedStudy]) -> list[tuple[str, str, str]]:
    """The keyed hash of the accession number of each banked study; one that two studies have leads to neither."""
    secret = work.vault.keys.derive("accession").hex()
    found: dict[tuple[str, str], set[str]] = {}
    for study in studies:
        headers = {header for entry in study.series for header in linked.headers[entry.item]}
        for accession in {header.claim.accession for header in headers if header.claim.accession}:
            number = accession.reveal("find the study that a report is about").strip()
            hashed = hashlib.sha256((secret + number).encode()).hexdigest()
            found.setdefault((study.patient, hashed), set()).add(study.study)
    return [(patient, hashed, min(named)) for (patient, hashed), named in sorted(found.items()) if len(named) == 1]


def _load(database: Any, name: str, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    import pyarrow as pa

    kinds = [pa.int64() if each == "offset_days" else pa.string() for each in names]
    told = zip(*rows, strict=True) if rows else ([] for _ in names)
    table = pa.table([pa.array(list(c), kind) for c, kind in zip(told, kinds, strict=True)], names=list(names))
    database.register(f"told_{name}", table)
    database.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM told_{name}")  # noqa: S608
    database.unregister(f"told_{name}")


def _batches(database: Any, name: str) -> Callable[[], Iterator[Any]]:
    def batches() -> Iterator[Any]:
        yield from database.sql(events_sql(name)).to_arrow_reader(BATCH_ROWS)

    return batches


def events_sql(name: str) -> str:
    """SQL: the accepted rows of the published patients, in the order of the table."""
    declared = columns(EVENT_TABLES[name])
    order = [each.name for each in declared if each.key] + [each.name for each in declared if not each.key]
    shown = ", ".join(f"{_column(each)} AS {each.name}" for each in declared)
    joined = " LEFT JOIN accessions a ON a.patient = p.patient AND a.accession = e.accession_number"
    return (
        f"SELECT * FROM (SELECT {shown} FROM judged_{name} e JOIN published p ON p.person = e.person"  # noqa: S608
        f"{joined if name in STUDIES else ''} WHERE e.reason = '') "
        f"ORDER BY {', '.join(f'{each} NULLS FIRST' for each in order)}"
    )


def _column(each: Column) -> str:
    if each.name == "patient":
        return "p.patient"
    if each.type is date:
        return f"(e.{each.name} + CAST(p.offset_days AS INTEGER))"
    return TOLD.get(each.name, f"e.{each.name}")
