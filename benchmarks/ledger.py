"""What each grain of the ledger costs at a million files, and what the vault's file index costs beside it.

    python benchmarks/ledger.py [--files 1000000]

Prints one table. Grains: our lots (the files of a series that share an outcome, digests packed into one value), a row
a file under a random text key, and a row a file under an integer key in order. For each: seconds to write, megabytes
on the disk, seconds for the funnel, and seconds to learn what is done already. Then the vault's index of these files.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imagebank.core.config import open_bank
from imagebank.core.private import Private
from imagebank.engine import Attempt, Entry, Ledger, Lot, Outcome
from imagebank.engine.funnel import funnel
from imagebank.identities.model import Claim
from imagebank.identities.offered import Header, Indexed, Listed
from imagebank.identities.vault import open_vault
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.init import init

FILES_A_SERIES = 167  # 10 million files in 60,000 series
FILES_A_FOLDER = 4 * FILES_A_SERIES
ATTEMPT = Attempt("deidentify", "", "1", 1.0, 100.0, "")


@dataclass
class Line:
    """One row of the table."""

    grain: str
    rows: int = 0
    write: float = 0.0
    megabytes: float = 0.0
    funnel: float = 0.0
    known: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.grain:<34} {self.rows:>11,} {self.write:>9.1f} {self.megabytes:>9.1f} "
            f"{self.funnel:>9.2f} {self.known:>9.2f}"
        )


def timed(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def series_names(files: int) -> list[str]:
    """Random names like those of the bank, one a series."""
    return [os.urandom(13).hex() for _ in range(-(-files // FILES_A_SERIES))]


def lots_grain(folder: Path, files: int) -> Line:
    """Our ledger: an entry, an attempt and a lot a series."""
    ledger = Ledger.open(f"sqlite:///{folder / 'ledger.db'}", "bench")
    facts = {f"fact_{number}": number * 1.5 for number in range(25)}
    names = series_names(files)

    def write() -> None:
        for name in names:
            digests = os.urandom(16 * FILES_A_SERIES)
            lot = Lot(name, "pacs", Outcome.BANKED, "", FILES_A_SERIES, FILES_A_SERIES * 144_000, digests)
            entry = Entry("deidentify", name, name, "", facts, ((f"dicom/p/s/{name}.zip", "0" * 64),))
            ledger.record(entry, replace(ATTEMPT, item=name), [lot])

    line = Line("lots: a row a series and outcome", 3 * len(names), timed(write))
    line.funnel = timed(lambda: funnel(ledger.lots()))
    line.known = timed(lambda: ledger.keys("deidentify"))
    ledger.close()
    line.megabytes = (folder / "ledger.db").stat().st_size / 1e6
    return line


def rows_grain(folder: Path, files: int, *, text_key: bool) -> Line:
    """A row a file, in SQLite as the ledger sets it up, a thousand a transaction."""
    path = folder / f"rows-{text_key}.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    key = "key TEXT PRIMARY KEY" if text_key else "key INTEGER PRIMARY KEY"
    rowid = "WITHOUT ROWID" if text_key else ""
    columns = "series INTEGER, digest BLOB, size INTEGER, outcome INTEGER, reason INTEGER"
    connection.execute(f"CREATE TABLE files ({key}, {columns}) {rowid}")

    def write() -> None:
        for start in range(0, files, 1000):
            numbers = range(start, min(start + 1000, files))
            rows = [_row(number, text_key=text_key) for number in numbers]
            with connection:
                connection.executemany("INSERT INTO files VALUES (?,?,?,?,?,?)", rows)

    name = "a row a file, random text key" if text_key else "a row a file, integer key in order"
    line = Line(name, files, timed(write))
    sums = "SELECT outcome, reason, count(*), sum(size), count(DISTINCT series) FROM files GROUP BY 1, 2"
    line.funnel = timed(lambda: connection.execute(sums).fetchall())
    line.known = timed(lambda: connection.execute("SELECT key FROM files").fetchall())
    connection.close()
    line.megabytes = path.stat().st_size / 1e6
    return line


def _row(number: int, *, text_key: bool) -> tuple[object, ...]:
    key = os.urandom(13).hex() if text_key else number
    return (key, number // FILES_A_SERIES, os.urandom(16), 144_000, 0, 0)


def index_lines(folder: Path, files: int) -> Iterator[str]:
    """The vault's index (SQLCipher): written as the index step writes it, and read as the later steps read it."""
    init(folder / "bank", pretend=True)
    bank = open_bank(folder / "bank")
    with open_vault(bank, "benchmark", environ={}) as vault:
        index = Whereabouts(vault)
        names = series_names(files)
        seconds = timed(lambda: _write_index(index, names, files))
        size = bank.layout.vault_database.stat().st_size / 1e6
        yield f"write {files:,} files                {seconds:8.1f} s   {files / seconds:,.0f} files/s   {size:,.0f} MB"
        yield f"headers of all series            {timed(index.headers_of_series):10.2f} s"
        yield f"hash of all folder listings      {timed(index.listings):10.2f} s"
        yield f"names of all series              {timed(index.series):10.2f} s"
        read = timed(lambda: [index.files_of(name, {"pacs": "/pacs"}) for name in names])
        yield f"files of each series, one by one {read:10.2f} s   {files / read:,.0f} files/s"


def _write_index(index: Whereabouts, names: list[str], files: int) -> None:
    for start in range(0, files, FILES_A_FOLDER):
        numbers = range(start, min(start + FILES_A_FOLDER, files))
        path = f"2015/11/{start:08d}_SURNAME_GIVEN/MR_HEAD".encode()
        index.add("pacs", path, [_indexed(number, names) for number in numbers], listing=f"{start:032x}")


def _indexed(number: int, names: list[str]) -> Indexed:
    series = number // FILES_A_SERIES
    claim = Claim(Private(f"K{series // 4:07d}"), name=Private(f"SURNAME{series // 4}^GIVEN"), sex="F")
    header = Header(f"study-{series // 4}", claim, "scanner", "Siemens", "Skyra", 3.0)
    listed = Listed(f"1.2.826.0.1.3680043.{number}.dcm".encode(), 144_000, 1_400_000_000_000_000_000 + number)
    return Indexed(listed, os.urandom(16), "image", names[series], os.urandom(16), header)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    files = parser.parse_args().files
    print(
        f"{files:,} files; {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, ", end=""
    )
    print(f"SQLite {sqlite3.sqlite_version}\n")
    print(f"{'grain':<34} {'rows':>11} {'write s':>9} {'MB':>9} {'funnel s':>9} {'known s':>9}")
    with tempfile.TemporaryDirectory() as folder:
        print(lots_grain(Path(folder), files))
        print(rows_grain(Path(folder), files, text_key=True))
        print(rows_grain(Path(folder), files, text_key=False))
        print("\nthe vault's index of the same files")
        for line in index_lines(Path(folder), files):
            print(line)


if __name__ == "__main__":
    main()
