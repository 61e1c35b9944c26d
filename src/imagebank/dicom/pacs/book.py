"""The book of acquisition: what was asked for, what is expected, what came. It lies in the landing zone.

Identifiable. One SQLite file, because the node and a fetching command write it at once. Files are the truth: an
instance is written down after it lies safely on the disk, and what a crash kept from the book is found again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imagebank.core.files import disk_errors
from imagebank.dicom.pacs.book_media import MediaBook, MediumRow
from imagebank.dicom.pacs.book_rows import (
    SERIES,
    STUDIES,
    InstanceRow,
    Place,
    SeriesRow,
    StudyRow,
    read_series,
    read_study,
)
from imagebank.dicom.pacs.book_schema import prepare
from imagebank.dicom.pacs.completeness import LEFT, WANTED

__all__ = ["Book", "InstanceRow", "MediumRow", "Place", "SeriesRow", "StudyRow"]

BUSY_SECONDS = 60.0


class Book:
    """An open book. May be used by several threads; each call is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        with self._lock, disk_errors():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            prepare(self._connection)
        self.media = MediaBook(self._rows, self._write)

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self._connection.close()

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all that this thread writes in the block."""
        with self._write():
            yield

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, disk_errors():
            if self._connection.in_transaction:  # that of `together`: the lock is held by one thread alone
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    # studies and series

    def keep_study(self, source: str, row: StudyRow, series: Iterable[SeriesRow], now: float) -> None:
        """Write down what a PACS told of a study. What it no longer tells of stays: it was told once."""
        reason = "store in the landing zone's book"
        study = (source, row.study, row.uid.reveal(reason), row.state, row.reason, row.agreed_at, now, row.patient)
        rows = [
            (source, each.series, each.study, each.uid.reveal(reason), each.expected, each.reason) for each in series
        ]
        with self._write() as connection:
            connection.execute("INSERT OR REPLACE INTO studies VALUES (?,?,?,?,?,?,?,?)", study)
            connection.executemany(
                """INSERT INTO series VALUES (?,?,?,?,?,?,0) ON CONFLICT (source, series) DO UPDATE
                   SET study = excluded.study, expected = excluded.expected, reason = excluded.reason""",
                rows,
            )

    def study(self, source: str, study: str) -> StudyRow | None:
        """A study, if a PACS told of it."""
        rows = self._rows(f"{STUDIES} WHERE source = ? AND study = ?", source, study)
        return read_study(rows[0]) if rows else None

    def studies(self, source: str) -> list[StudyRow]:
        """Every study of a source, in the order of their ids."""
        return [read_study(row) for row in self._rows(f"{STUDIES} WHERE source = ? ORDER BY study", source)]

    def series_of(self, source: str, study: str) -> list[SeriesRow]:
        """The series of a study."""
        query = f"{SERIES} WHERE source = ? AND study = ? ORDER BY series"
        return [read_series(row) for row in self._rows(query, source, study)]

    def all_series(self, source: str) -> list[SeriesRow]:
        """The series of a source."""
        return [read_series(row) for row in self._rows(f"{SERIES} WHERE source = ? ORDER BY series", source)]

    def forget_studies(self, source: str, studies: Iterable[str]) -> None:
        """As if nobody had ever told of these studies."""
        with self._write() as connection:
            connection.executemany(
                "DELETE FROM studies WHERE source = ? AND study = ?", [(source, each) for each in studies]
            )

    def set_expected(self, source: str, series: str, expected: int) -> None:
        """A better count of a series: the PACS listed its instances one by one."""
        with self._write() as connection:
            connection.execute(
                "UPDATE series SET expected = ? WHERE source = ? AND series = ?", (expected, source, series)
            )

    def set_state(self, source: str, row: StudyRow, now: float) -> None:
        """The state of a study, after a count."""
        with self._write() as connection:
            connection.execute(
                "UPDATE studies SET state=?, reason=?, agreed_at=?, counted_at=? WHERE source=? AND study=?",
                (row.state, row.reason, row.agreed_at, now, source, row.study),
            )

    def want_again(self, series: Iterable[str], *, again: bool) -> None:
        """The files of these series are wanted once more, or were found again."""
        with self._write() as connection:
            connection.executemany(
                "UPDATE series SET again = ? WHERE series = ?", [(int(again), each) for each in series]
            )
            if again:
                connection.execute(
                    """UPDATE studies SET state = ?, reason = ?, agreed_at = NULL WHERE state <> ?
                       AND study IN (SELECT study FROM series WHERE again = 1)""",
                    (WANTED, "deleted", LEFT),
                )

    # instances

    def instance(self, source: str, instance: str, series: str = "") -> InstanceRow | None:
        """An instance that came from a source, if it did; of a series, where one is named: copies share them."""
        query = """SELECT series, digest, size, kept FROM instances
                   WHERE source = ? AND instance = ? AND ? IN ('', series) ORDER BY kept DESC"""
        rows = self._rows(query, source, instance, series)
        return InstanceRow(str(rows[0][0]), bytes(rows[0][1]), int(rows[0][2]), bool(rows[0][3])) if rows else None

    def add_instance(self, source: str, instance: str, row: InstanceRow) -> None:
        """An instance lies on the disk."""
        with self._lock, disk_errors():  # one statement is a transaction of its own
            self._connection.execute(
                """INSERT INTO instances VALUES (?,?,?,?,?,1,1) ON CONFLICT (source, instance, series)
                   DO UPDATE SET kept = 1, copies = copies + 1, digest = excluded.digest""",
                (source, instance, row.series, row.digest, row.size),
            )

    def add_instances(self, source: str, rows: Iterable[tuple[str, InstanceRow]]) -> None:
        """Several instances lie on the disk."""
        with self._write() as connection:
            connection.executemany(
                """INSERT INTO instances VALUES (?,?,?,?,?,1,1) ON CONFLICT (source, instance, series)
                   DO UPDATE SET kept = 1, copies = copies + 1, digest = excluded.digest""",
                [(source, instance, row.series, row.digest, row.size) for instance, row in rows],
            )

    def add_copy(self, source: str, instance: str, series: str) -> None:
        """The same instance came once more."""
        with self._write() as connection:
            connection.execute(
                "UPDATE instances SET copies = copies + 1 WHERE source = ? AND instance = ? AND series = ?",
                (source, instance, series),
            )

    def add_aside(self, source: str, instance: str, digest: bytes, size: int) -> bool:
        """Another content came under the UID of an instance; returns whether it is the first time that it did."""
        with self._write() as connection:
            done = connection.execute("INSERT OR IGNORE INTO aside VALUES (?,?,?,?)", (source, instance, digest, size))
            return bool(done.rowcount)

    def let_go(self, source: str, instances: Iterable[Place]) -> None:
        """The files of these instances are deleted; that they came stays known."""
        with self._write() as connection:
            connection.executemany(
                "UPDATE instances SET kept = 0 WHERE source = ? AND series = ? AND instance = ?",
                [(source, *each) for each in instances],
            )

    def kept(self, source: str) -> set[Place]:
        """The instances of a source whose files are here."""
        query = "SELECT series, instance FROM instances WHERE source = ? AND kept"
        return {(str(series), str(instance)) for series, instance in self._rows(query, source)}

    def forget(self, source: str, instances: Iterable[Place]) -> None:
        """The files of these instances are lost: as if they had never come. Those that were let go of stay known."""
        with self._write() as connection:
            connection.executemany(
                "DELETE FROM instances WHERE source = ? AND series = ? AND instance = ? AND kept",
                [(source, *each) for each in instances],
            )
        self.media.read_again(source)  # where it is a medium: nobody else knows which file of it held them

    def received(self, source: str, series: str, *, kept: bool = False) -> set[str]:
        """The instances of a series that came; with `kept`, those whose files are here still."""
        query = "SELECT instance FROM instances WHERE source = ? AND series = ? AND kept >= ?"
        return {str(row[0]) for row in self._rows(query, source, series, int(kept))}

    def counts(self, source: str) -> dict[str, tuple[int, int]]:
        """How many instances came of each series, and how many of them are kept."""
        query = "SELECT series, count(*), sum(kept) FROM instances WHERE source = ? GROUP BY series"
        return {str(s): (int(n), int(k)) for s, n, k in self._rows(query, source)}

    def bytes_kept(self) -> int:
        """What the landing zone holds, in bytes."""
        query = (
            "SELECT (SELECT coalesce(sum(size * kept), 0) FROM instances) + (SELECT coalesce(sum(size), 0) FROM aside)"
        )
        return int(self._rows(query)[0][0])

    # tallies

    def tally(self, source: str, counted: Counter[str]) -> None:
        """Add to what is counted of a source: refused, unrequested, set aside."""
        with self._write() as connection:
            connection.executemany(
                """INSERT INTO tallies VALUES (?,?,?) ON CONFLICT (source, what)
                   DO UPDATE SET count = count + excluded.count""",
                [(source, what, count) for what, count in sorted(counted.items()) if count],
            )

    def tallies(self, source: str) -> dict[str, int]:
        """What is counted of a source; copies and contents set aside among it."""
        found = {
            "duplicates": "SELECT coalesce(sum(copies - 1), 0) FROM instances WHERE source = ?",
            "set-aside": "SELECT count(*) FROM aside WHERE source = ?",
        }
        counted = {what: int(self._rows(query, source)[0][0]) for what, query in found.items()}
        rows = self._rows("SELECT what, count FROM tallies WHERE source = ? ORDER BY what", source)
        return counted | {str(what): int(count) for what, count in rows}

    def sources(self) -> list[str]:
        """Every source that anything is written of."""
        query = """SELECT source FROM studies UNION SELECT source FROM instances UNION SELECT source FROM tallies
                   UNION SELECT source FROM archives"""
        return sorted(str(row[0]) for row in self._rows(query))

    def deleted(self, source: str) -> dict[str, int]:
        """The series of a source whose files are not all here any more, and the bytes of those that are not."""
        query = "SELECT series, sum(size) FROM instances WHERE source = ? AND kept = 0 GROUP BY series"
        return {str(series): int(size) for series, size in self._rows(query, source)}

    def let_go_of(self, source: str, series: Iterable[str]) -> set[str]:
        """Of these series, those that a source brought and whose files are not all here any more."""
        query = "SELECT DISTINCT series FROM instances WHERE source = ? AND kept = 0"
        return {str(row[0]) for row in self._rows(query, source)} & set(series)
