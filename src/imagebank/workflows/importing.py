"""records: people and opt-outs go into the vault, events are staged beside it; only what changed is read."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from imagebank.core.clock import now
from imagebank.core.config import Bank
from imagebank.core.errors import SourceError
from imagebank.core.progress import Silent
from imagebank.core.record_settings import RecordSource
from imagebank.records import settling
from imagebank.records.judging import Rules
from imagebank.records.mapping import load_mapping
from imagebank.records.model import Characteristics
from imagebank.records.registry import load_registry
from imagebank.records.sources import Source, open_source
from imagebank.records.staging import Room
from imagebank.records.store import Lookups, Stored, bring_up_to_date, waiting
from imagebank.records.stored_people import PEOPLE, read_characteristics
from imagebank.workflows.opening import Work, source_folder

IMPORT_LETTERS = 12


@dataclass(frozen=True)
class Records:
    """Everything that the record sources bring, as it is staged now."""

    stored: tuple[Stored, ...]
    labels: dict[str, str] = field(repr=False)  # of each staged part: what the tables call its import

    @property
    def digest(self) -> str:
        """The hash of it all: equal as long as nothing changed."""
        return hashlib.sha256(repr([(each.source, each.digest) for each in self.stored]).encode()).hexdigest()

    def parts(self) -> list[settling.StagedPart]:
        """The staged files of all sources."""
        return [
            settling.StagedPart(
                piece.target, stored.source, piece.what, piece.place, stored.folder / piece.key, self.labels[piece.key]
            )
            for stored in self.stored
            for piece in stored.pieces
        ]

    def characteristics(self) -> dict[str, list[Characteristics]]:
        """What is said of people beyond identity, by source."""
        return {each.source: read_characteristics(each.folder / PEOPLE) for each in self.stored}


def import_records(work: Work) -> Records:
    """Bring every record source up to date; the vault then knows exactly the people that the sources name."""
    work.bank.layout.vault_records.mkdir(mode=0o700, parents=True, exist_ok=True)
    stored = tuple(_import_source(work, source) for source in work.bank.config.records)
    work.vault.drop_people_except(each.source for each in stored)
    _drop_folders_except(work.bank, {each.source for each in stored})
    content = {piece.key: piece.key + piece.counted.fingerprint for each in stored for piece in each.pieces}
    labels = {key: work.vault.keys.label("import", text, IMPORT_LETTERS) for key, text in content.items()}
    return Records(stored, labels)


def _import_source(work: Work, source: RecordSource) -> Stored:
    known = work.vault.meta(f"people:{source.name}") or ""
    room = room_of(work.bank, source)
    with opened(work.bank, source, work.environ, room) as told:
        refuse_absent(told)
        rules = rules_of(work.bank, source, told, secret=work.vault.keys.derive("accession").hex())
        lookups = lookups_of(work.bank, source)
        total = waiting(told, room, rules)
        seen = work.progress.stage("records", total, "kB") if total else nullcontext(Silent())
        with seen as stage:
            stored = bring_up_to_date(told, room, rules, lookups, people_known=known, advance=stage.advance)
    if stored.people is not None:
        work.vault.replace_people(source.name, stored.people.entrants, stored.people.opt_outs, stored.people_key)
    return stored


def refuse_absent(source: Source) -> None:
    """Raise SourceError where the mapping of a site names what is not there: its rows would be gone without a word."""
    if source.absent:
        more = f" and {len(source.absent) - 1} more" if len(source.absent) > 1 else ""
        raise SourceError(
            f"Record source `{source.name}`: {source.absent[0]}{more}.",
            "export it, or take its section out of the mapping; imagebank records check tells of every table",
        )


def _drop_folders_except(bank: Bank, names: set[str]) -> None:
    """Forget what was staged of sources that the settings no longer name."""
    for folder in bank.layout.vault_records.iterdir():
        if folder.name not in names:
            shutil.rmtree(folder)
    for left in bank.layout.vault.glob(".check-*"):  # of a check that was killed
        shutil.rmtree(left)


@contextmanager
def opened(bank: Bank, source: RecordSource, environ: Any, room: Room) -> Iterator[Source]:
    """A record source by its settings. Raises SourceError where it, or the URL of its database, is not there."""
    mapping = load_mapping(source.mapping, bank.layout.root)
    if not source.database:
        folder = source_folder(bank, source)
        with open_source(source.name, mapping, room, folder=folder) as told:
            yield told
        return
    url = environ.get(source.database, "")
    if not url:
        raise SourceError(
            f"The record source `{source.name}` has no URL: {source.database} is not in the environment.",
            f"set it, for example: export {source.database}=postgresql+psycopg://user@host/database",
        )
    with open_source(source.name, mapping, room, url=url) as told:
        yield told


def room_of(bank: Bank, source: RecordSource) -> Room:
    """Where a source is staged, and what may be used for it."""
    folder = bank.layout.vault_records / source.name
    return Room(folder, bank.config.reading.memory_mb, min(bank.workers(), os.cpu_count() or 1))


def rules_of(bank: Bank, source: RecordSource, told: Source, *, secret: str, today: date | None = None) -> Rules:
    """By what the rows of a source are judged."""
    sites = [bank.layout.root / source.registry] if source.registry else []
    return Rules(told.mapping, load_registry(*sites), today or now().date(), secret)


def lookups_of(bank: Bank, source: RecordSource) -> Lookups:
    """The look-ups of a source. Raises SourceError where a file is not there."""
    paths = {name: getattr(source, name) for name in ("deprivation", "postcodes")}
    found: dict[str, Path | None] = {n: (bank.layout.root / p).resolve() if p else None for n, p in paths.items()}
    for name, path in found.items():
        if path and not path.is_file():
            raise SourceError(f"The file of `{name}` of record source `{source.name}` is not there.", "check its path")
    if found["postcodes"] and not found["deprivation"]:
        raise SourceError(
            f"Record source `{source.name}` names postcodes, but no index of deprivation.", "set `deprivation` as well"
        )
    return Lookups(found["deprivation"], found["postcodes"])


@contextmanager
def settled(bank: Bank, records: Records) -> Iterator[Any]:
    """A DuckDB with every staged event and whose it is, or why it is refused."""
    room = Room(bank.layout.vault_records, bank.config.reading.memory_mb, bank.workers())
    lives = [
        settling.Life(source, each.person, each.keys, each.birth_date, each.death_date)
        for source, told in records.characteristics().items()
        for each in told
    ]
    with room.database() as database:
        settling.settle(database, records.parts(), lives)
        yield database
