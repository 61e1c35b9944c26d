"""What the grain of the ledger costs, and how quickly the vault's index of files answers: docs/decisions/0001.

Three ledgers keep the same made-up outcomes, a transaction a series, as a run writes them:
  lots      our own: a row for each series, outcome and reason, with the digests of its files packed
  text      a row a file, under a keyed id of the file
  integer   a row a file, under a number in order, with series and reasons as numbers
Then the index of files in the encrypted vault is filled and asked what a run asks it. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from imagebank.core.config import open_bank
from imagebank.core.private import Private
from imagebank.engine import Attempt, Entry, Ledger, Lot, Outcome
from imagebank.engine.funnel import funnel
from imagebank.identities.model import Claim
from imagebank.identities.offered import Header, Indexed, Listed
from imagebank.identities.vault import open_vault
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.init import init

FILES_PER_SERIES = 167  # 6,000 series a million files, as in routine MRI of the head
FILES_AT_ONCE = 128  # as many as the index reads in one task
FATES = [(Outcome.BANKED, "")] * 80 + [(Outcome.UNLINKED, "nobody")] * 12 + [(Outcome.EXCLUDED, "opted-out")] * 8
STEP = "deidentify"
FACTS = {"study": "s" * 26, "patient": "p" * 11, "sequence": "T1w", "echo_time_ms": 2.98, "rows": 256, "columns": 256}


@dataclass(frozen=True)
class Fate:
    """One series and what became of it."""

    number: int
    item: str
    outcome: Outcome
    reason: str
    digests: list[bytes]


def fates(files: int) -> Iterator[Fate]:
    """The series of so many files, each with its own outcome; deterministic."""
    for number, start in enumerate(range(0, files, FILES_PER_SERIES)):
        count = min(FILES_PER_SERIES, files - start)
        digests = sorted(digest(f"{number}.{place}") for place in range(count))
        yield Fate(number, digest(f"series {number}").hex()[:26], *FATES[number % 100], digests)


def digest(text: str) -> bytes:
    """Sixteen bytes that look like those of a file."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class Lots:
    """The ledger as it is."""

    name = "lots"

    def __init__(self, url: str) -> None:
        self.ledger = Ledger.open(url, "benchmark")

    def write(self, fate: Fate) -> None:
        """One series: its result, its cost and its lot."""
        entry = Entry(STEP, fate.item, digest(fate.item).hex(), fate.reason, FACTS)
        attempt = Attempt(STEP, fate.item, "1", 1.0, 100.0, "")
        size, packed = len(fate.digests) * 144_000, b"".join(fate.digests)
        lot = Lot(fate.item, "pacs", fate.outcome, fate.reason, len(fate.digests), size, packed)
        self.ledger.record(entry, attempt, [lot])

    def funnel(self) -> int:
        """Files and series by outcome; returns how many files."""
        return funnel(self.ledger.lots()).offered.files

    def look_up(self) -> int:
        """The state of every item, as a run asks for it; returns how many."""
        return len(self.ledger.keys(STEP))

    def close(self) -> None:
        """Let go of the database."""
        self.ledger.close()


class RowAFile:
    """A row a file. `numbered` says by what: a number in order, or a text without order."""

    def __init__(self, url: str, *, numbered: bool) -> None:
        self.name = "integer" if numbered else "text"
        self.numbered = numbered
        self.engine = sa.create_engine(url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _as_our_ledger)
        kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite") if numbered else sa.Text()
        small = sa.Integer() if numbered else sa.Text()
        columns = [sa.Column(name, small, nullable=False) for name in ("series", "outcome", "reason")]
        self.table = sa.Table(
            "outcomes",
            sa.MetaData(),
            sa.Column("file", kind, primary_key=True, autoincrement=False),
            *columns,
            sa.Column("size", sa.BigInteger, nullable=False),
            sa.Column("digest", sa.LargeBinary, nullable=False),
        )
        self.table.metadata.create_all(self.engine)

    def write(self, fate: Fate) -> None:
        """The files of one series."""
        with self.engine.begin() as connection:
            connection.execute(sa.insert(self.table), list(self._rows(fate)))

    def _rows(self, fate: Fate) -> Iterator[dict[str, Any]]:
        outcomes = list(Outcome)
        for place, each in enumerate(fate.digests):
            if self.numbered:
                told = (fate.number * 1000 + place, fate.number, outcomes.index(fate.outcome), fate.number % 3)
            else:
                told = (digest(each.hex()).hex()[:26], fate.item, fate.outcome.value, fate.reason)
            names = ("file", "series", "outcome", "reason")
            yield {**dict(zip(names, told, strict=True)), "size": 144_000, "digest": each}

    def funnel(self) -> int:
        """Files and series by outcome; returns how many files."""
        table = self.table.c
        counts = (sa.func.count(), sa.func.count(table.series.distinct()), sa.func.sum(table.size))
        query = sa.select(table.outcome, *counts).group_by(table.outcome)
        with self.engine.connect() as connection:
            return sum(row[1] for row in connection.execute(query))

    def look_up(self) -> int:
        """The state of every item, as a run asks for it; returns how many."""
        query = sa.select(self.table.c.file, self.table.c.reason)
        with self.engine.connect() as connection:
            return len({row[0]: row[1] for row in connection.execute(query)})

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def _as_our_ledger(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def database(postgres: str, folder: Path, name: str) -> Iterator[tuple[str, Callable[[], int]]]:
    """A new database: its URL, and how many bytes it has on the disk."""
    if not postgres:
        path = folder / f"{name}.db"
        yield f"sqlite:///{path}", lambda: sum(each.stat().st_size for each in folder.glob(f"{name}.db*"))
        return
    server = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    new = f"benchmark_{name}_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {new} TEMPLATE template0"))
        try:
            url = sa.make_url(postgres).set(database=new).render_as_string(hide_password=False)
            size = sa.text(f"SELECT pg_database_size('{new}') - pg_database_size('template0')")
            yield url, lambda: int(connection.execute(size).scalar_one())
        finally:
            connection.execute(sa.text(f"DROP DATABASE {new} WITH (FORCE)"))
    server.dispose()


def compare_grains(files: int, postgres: str, folder: Path) -> None:
    """Print a row for each grain."""
    print(f"\n{'grain':<10}{'write s':>10}{'MB':>10}{'B a file':>10}{'funnel s':>10}{'look up all s':>15}")
    makers: dict[str, Callable[[str], Any]] = {
        "lots": Lots,
        "text": lambda url: RowAFile(url, numbered=False),
        "integer": lambda url: RowAFile(url, numbered=True),
    }
    for name, make in makers.items():
        with database(postgres, folder, name) as (url, size):
            grain = make(url)
            seconds = sum(timed(grain.write, fate)[0] for fate in fates(files))
            counting, counted = timed(grain.funnel)
            looking, _ = timed(grain.look_up)
            grain.close()
            stored = size()
            print(f"{name:<10}{seconds:>10.1f}{stored / 1e6:>10.0f}{stored / files:>10.1f}", end="")
            print(f"{counting:>10.2f}{looking:>15.2f}")
            if counted != files:
                raise SystemExit(f"{name} lost files: {counted} of {files}")


def timed(action: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds and result of an action."""
    started = time.perf_counter()
    result = action(*arguments)
    return time.perf_counter() - started, result


def fill_index(index: Whereabouts, files: int) -> None:
    """Offer the files of each series in a folder of its own, as many at once as the index reads in one task."""
    for fate in fates(files):
        path = f"export/2014/JONES ALFRED {fate.number // 7:06}/STUDY{fate.number // 7}/SER{fate.number:05}".encode()
        found = list(_indexed(fate))
        for start in range(0, len(found), FILES_AT_ONCE):
            last = start + FILES_AT_ONCE >= len(found)
            index.add("pacs", path, found[start : start + FILES_AT_ONCE], listing=fate.item if last else "")


def _indexed(fate: Fate) -> Iterator[Indexed]:
    """Every hundredth file belongs to no series, every fiftieth series is no image."""
    number = fate.number // 7
    claim = Claim(Private(f"H{number:07}"), (), Private("JONES^ALFRED"), date(1950, 1, 1), "M", Private(f"A{number}"))
    header = Header(digest(f"study {number}").hex()[:26], claim, "scanner-1", "SIEMENS", "Avanto", 1.5)
    for place, each in enumerate(fate.digests):
        listed = Listed(f"IM{place:06}.dcm".encode(), 144_000, 1_400_000_000_000_000_000 + place)
        if place % 100 == 99:
            yield Indexed(listed, each, "not-dicom")
        else:
            verdict = "secondary-capture" if fate.number % 50 == 49 else "image"
            yield Indexed(listed, each, verdict, fate.item, digest(f"instance {each.hex()}"), header)


def time_index(files: int, folder: Path) -> None:
    """Fill the index of files in an encrypted vault, and ask it what a run asks."""
    made = init(folder / "bank", pretend=True)
    print(f"\n{'index of files':<34}{'s':>10}")
    with open_vault(open_bank(made.root), "benchmark", environ={}) as vault:
        index = Whereabouts(vault)
        tell("write, 128 files a transaction", fill_index, index, files)
        size = sum(each.stat().st_size for each in (made.root / "vault").glob("vault.db*"))
        print(f"{'  megabytes, bytes a file':<34}{size / 1e6:>10.0f}{size / files:>10.1f}")
        known = tell("folders", lambda: index.folders("pacs"))
        tell("known, every folder", lambda: [index.known("pacs", path, ()) for path in known])
        series = tell("series", index.series)
        tell("headers_of_series", index.headers_of_series)
        tell("files_of, one series", index.files_of, series[len(series) // 2], {})
        tell("files_of, every series", lambda: [index.files_of(name, {}) for name in series])
        loose = tell("loose_folders", lambda: list(index.loose_folders()))
        tell("loose_files, every folder", lambda: [index.loose_files(number) for *_, number in loose])
        tell("listings", index.listings)
        tell("count", index.count)
        tell("digests, read through", lambda: sum(1 for _ in index.digests()))
        tell("all_files, read through", lambda: sum(1 for _ in index.all_files({})))


def tell(name: str, action: Callable[..., Any], *arguments: Any) -> Any:
    """Time an action, print it, and return what it gave."""
    seconds, result = timed(action, *arguments)
    print(f"{name:<34}{seconds:>10.3f}", flush=True)
    return result


def main() -> None:
    """Read the command line and run both parts."""
    parser = argparse.ArgumentParser(description="What the grain of the ledger costs.")
    parser.add_argument("--files", type=int, default=1_000_000, help="files offered (default 1,000,000)")
    parser.add_argument(
        "--postgres", default="", metavar="URL", help="compare the grains on this server, not on SQLite"
    )
    parser.add_argument("--folder", type=Path, help="write below this folder instead of the temporary one")
    parser.add_argument("--part", choices=("grains", "index", "all"), default="all", help="what to run")
    chosen = parser.parse_args()
    where = "PostgreSQL" if chosen.postgres else "SQLite"
    print(
        f"{chosen.files:,} files; {where}; {os.cpu_count()} CPUs, "
        f"{platform.machine()}, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        if chosen.part != "index":
            compare_grains(chosen.files, chosen.postgres, Path(folder))
        if chosen.part != "grains":
            time_index(chosen.files, Path(folder))


if __name__ == "__main__":
    main()
