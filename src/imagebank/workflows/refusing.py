"""Which rows of the record sources were refused, and why: counted for everybody, listed for a steward.

The list names places and line numbers; what the rows hold stays beside the vault.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebank.core.files import atomic_file
from imagebank.records.reasons import CORRECTED
from imagebank.records.settling import EVENT_NAMES, refused_by_life
from imagebank.records.staging import refused_file, valid_file
from imagebank.records.store import read_pieces
from imagebank.records.stored_people import read_refused_people
from imagebank.workflows.importing import Records
from imagebank.workflows.opening import Work

COLUMNS = ("source", "table", "file", "line", "reason")
SUMMARY = "records"  # the ledger's name for what became of the rows


@dataclass(frozen=True)
class Tally:
    """What became of the rows of one table of one source: offered = valid + refused; repaired ones are valid."""

    source: str
    table: str
    counts: Counter[str] = field(default_factory=Counter)  # offered, valid, repaired
    refused: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    @property
    def offered(self) -> int:
        """All rows."""
        return self.counts["offered"]

    @property
    def valid(self) -> int:
        """Those in the tables, of patients who are in the bank, or waiting for an image."""
        return self.counts["valid"]

    @property
    def repaired(self) -> int:
        """Valid ones in which something was repaired, or is odd."""
        return self.counts["repaired"]

    def shown(self) -> dict[str, Any]:
        """The tally as JSON has it."""
        told = {name: dict(sorted(getattr(self, name).items())) for name in ("counts", "refused", "repairs")}
        return {"source": self.source, "table": self.table, **told}

    def refuse(self, reason: str) -> None:
        """Take a row that was thought to be valid out."""
        self.counts["valid"] -= 1
        self.refused[reason] += 1


def write_refused_rows(work: Work, records: Records, database: Any) -> None:
    """Write quarantine/records.csv anew, and tell the ledger the counts."""
    folder = work.bank.layout.quarantine
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    tallies: dict[tuple[str, str], Tally] = {}
    with atomic_file(folder / "records.csv") as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in _refused(records, database, tallies):
            writer.writerow(row)
        text.detach()
    told = [each.shown() for _, each in sorted(tallies.items())]
    work.ledger.set_meta(SUMMARY, json.dumps(told, sort_keys=True))
    _note(work, tallies.values())


def read_tallies(told: str | None) -> list[Tally]:
    """The counts as the ledger keeps them."""
    return [
        Tally(each["source"], each["table"], *(Counter(each[name]) for name in ("counts", "refused", "repairs")))
        for each in json.loads(told or "[]")
    ]


def _note(work: Work, tallies: Any) -> None:
    wrong: Counter[str] = Counter()
    for each in tallies:
        wrong[each.source] += sum(count for reason, count in each.refused.items() if reason not in CORRECTED)
    for source, count in sorted(wrong.items()):
        if count:
            work.progress.note(f"records `{source}`: {count} rows refused; see quarantine/records.csv")


def _refused(
    records: Records, database: Any, tallies: dict[tuple[str, str], Tally]
) -> Iterator[tuple[str, str, str, int, str]]:
    """Every refused row; fills the tallies on the way."""
    for stored in records.stored:
        yield from _refused_people(stored, tallies)
        for piece in stored.pieces:
            tally = _tally(tallies, stored.source, piece.target)
            tally.counts.update({name: getattr(piece.counted, name) for name in ("offered", "valid", "repaired")})
            tally.refused.update(piece.counted.refused)
            tally.repairs.update(piece.counted.repairs)
            for line, reason in _staged(stored.folder / piece.key):
                yield stored.source, piece.target, piece.what, line, reason
    for target in EVENT_NAMES:
        for source, what, line, reason in refused_by_life(database, target):
            _tally(tallies, source, target).refuse(reason)
            yield source, target, what, line, reason


def _tally(tallies: dict[tuple[str, str], Tally], source: str, table: str) -> Tally:
    return tallies.setdefault((source, table), Tally(source, table))


def _refused_people(stored: Any, tallies: dict[tuple[str, str], Tally]) -> Iterator[tuple[str, str, str, int, str]]:
    refused, repairs, offered = read_refused_people(stored.folder)
    for table, count in offered.items():
        _tally(tallies, stored.source, table).counts.update(offered=count, valid=count)
    if repairs:
        tally = _tally(tallies, stored.source, "patients")
        tally.repairs.update(repairs)
        tally.counts["repaired"] += sum(repairs.values())
    for each in refused:
        _tally(tallies, stored.source, each.table).refuse(each.reason)
        yield stored.source, each.table, each.what, each.line, each.reason


def _staged(path: Any) -> Iterator[tuple[int, str]]:
    from pyarrow import parquet

    if not refused_file(path).is_file():
        return
    for batch in parquet.ParquetFile(refused_file(path)).iter_batches(columns=["number", "reason"]):
        yield from zip(batch["number"].to_pylist(), batch["reason"].to_pylist(), strict=True)


def rows_add_up(work: Work) -> Iterator[str]:
    """Every way in which rows of the records were lost: what breaks the law that offered = valid + refused."""
    told = work.ledger.meta(SUMMARY)
    if told is None:  # nothing was imported yet
        return
    tallies = read_tallies(told)
    for each in tallies:
        if each.offered != each.valid + each.refused.total():
            yield f"records `{each.source}`, {each.table}: {each.offered} rows were offered, others have an outcome"
    refused = sum(each.refused.total() for each in tallies)
    listed = _listed(work.bank.layout.quarantine / "records.csv")
    if listed != refused:
        yield f"{refused} rows of the records were refused, but quarantine/records.csv lists {listed}"
    for folder in sorted(work.bank.layout.vault_records.glob("*/")):
        for piece in read_pieces(folder):
            counted = piece.counted
            there = _rows_of(valid_file(folder / piece.key)), _rows_of(refused_file(folder / piece.key))
            if counted.offered and there != (counted.valid, sum(counted.refused.values())):
                yield f"records `{folder.name}`, {piece.target}: what is staged is not what was read"


def _listed(path: Path) -> int:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    except OSError:
        return 0


def _rows_of(path: Path) -> int:
    """How many rows a Parquet file has, -1 where it is none."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return -1
