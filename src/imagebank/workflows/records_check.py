"""Looking at record sources before or after an import: what a mapping makes of a sample, a mapping to begin with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import ConfigError, SourceError
from imagebank.core.record_settings import RecordSource
from imagebank.records.checking import Checked, check_source
from imagebank.records.databases import open_database
from imagebank.records.files import columns_of, matching
from imagebank.records.mapping import load_mapping
from imagebank.records.staging import Room
from imagebank.records.template import Offered, template
from imagebank.workflows.importing import lookups_of, opened, rules_of
from imagebank.workflows.opening import open_ledger
from imagebank.workflows.refusing import SUMMARY, Tally, read_tallies


@dataclass(frozen=True)
class SourceChecked:
    """A record source, and what would become of each of its places."""

    source: str
    tables: tuple[Checked, ...]
    absent: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def check_records(
    root: Path, *, only: str = "", rows: int = 1000, environ: Mapping[str, str]
) -> tuple[SourceChecked, ...]:
    """Judge a sample of every record source of a bank, or of one. Needs no key, and keeps nothing."""
    bank = open_bank(root)
    chosen = [each for each in bank.config.records if not only or each.name == only]
    if not chosen:
        known = ", ".join(each.name for each in bank.config.records) or "none yet: add [[records]] to bank.toml"
        raise ConfigError(f"There is no record source `{only}`." if only else "There is no record source.", known)
    return tuple(_check(bank, each, rows, environ) for each in chosen)


def _check(bank: Bank, source: RecordSource, rows: int, environ: Mapping[str, str]) -> SourceChecked:
    lookups_of(bank, source)
    with _scratch(bank) as room, opened(bank, source, environ, room) as told:
        rules = rules_of(bank, source, told, secret="sample")  # noqa: S106 - kept nowhere
        return SourceChecked(source.name, tuple(check_source(told, room, rules, rows)), told.absent, told.unread)


@contextmanager
def _scratch(bank: Bank) -> Iterator[Room]:
    """A folder beside the vault, gone afterwards."""
    folder = bank.layout.vault / f".check-{os.getpid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield Room(folder, bank.config.reading.memory_mb, bank.workers())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_template(place: str, *, environ: Mapping[str, str]) -> str:
    """A mapping to fill in for a folder, or for a database whose URL an environment variable holds."""
    if Path(place).is_dir():
        mapping = load_mapping("", Path(place))
        files = matching(Path(place), ("**/*",))
        return template(Offered(str(path.relative_to(place)), columns_of(path, mapping), "files") for path in files)
    if place not in environ:
        raise SourceError(
            f"{place} is neither a folder nor a variable of the environment.",
            "name the folder of the extracts, or the variable that holds the URL of the database",
        )
    with open_database(environ[place], place) as database:
        return template(Offered(name, columns, "table") for name, columns in database.tables().items())


def report_records(root: Path, *, environ: Mapping[str, str]) -> list[Tally]:
    """What became of the rows of the last import, from the ledger alone."""
    bank = open_bank(root)
    with open_ledger(bank, environ) as ledger:
        return read_tallies(ledger.meta(SUMMARY))


def refused_rows(root: Path) -> Path:
    """The list of refused rows. Raises SourceError while there is none."""
    path = open_bank(root).layout.quarantine / "records.csv"
    if not path.is_file():
        raise SourceError("Nothing was imported yet.", "run `imagebank update` first")
    return path
