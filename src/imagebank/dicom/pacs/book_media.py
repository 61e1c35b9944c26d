"""What the book of acquisition tells of the files of archives and media."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MediumRow:
    """A file of a medium: its size and time when read, how many members were, how that ended, and with what."""

    state: str
    done: int
    end: str
    counts: Mapping[str, int]


class MediaBook:
    """The part of an open book that is about media."""

    def __init__(
        self, rows: Callable[..., list[Any]], write: Callable[[], AbstractContextManager[sqlite3.Connection]]
    ) -> None:
        self._rows, self._write = rows, write

    def files(self, source: str) -> dict[bytes, MediumRow]:
        """Every file of a medium that was looked at, by its path."""
        rows = self._rows("SELECT name, state, done, ended, counts FROM archives WHERE source = ?", source)
        return {bytes(name): MediumRow(state, done, end, json.loads(told)) for name, state, done, end, told in rows}

    def counts(self, source: str) -> tuple[Counter[str], Counter[str]]:
        """The files of a medium by how their reading ended, and their members by what became of them."""
        files: Counter[str] = Counter()
        members: Counter[str] = Counter()
        query = "SELECT ended, counts, count(*) FROM archives WHERE source = ? GROUP BY ended, counts"
        for end, told, number in self._rows(query, source):
            files[end] += number
            members.update({what: number * count for what, count in json.loads(told).items()})
        return files, members

    def keep(self, source: str, name: bytes, row: MediumRow) -> None:
        """How far a file of a medium was read, and what came of it."""
        told = json.dumps(dict(sorted(row.counts.items())))
        with self._write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO archives VALUES (?,?,?,?,?,?)",
                (source, name, row.state, row.done, row.end, told),
            )

    def read_again(self, source: str, reason: str = "") -> None:
        """Every file of a medium is to be read once more; with a reason, those of which something was left for it."""
        with self._write() as connection:
            connection.execute(
                "UPDATE archives SET ended = 'again', done = 0 WHERE source = ? AND instr(counts, ?) > 0",
                (source, f'"{reason}"' if reason else "{"),
            )

    def miss(self, source: str, names: Iterable[bytes]) -> None:
        """These files of a medium are wanted, and no longer there."""
        with self._write() as connection:
            connection.executemany(
                "UPDATE archives SET ended = 'gone' WHERE source = ? AND name = ?", [(source, each) for each in names]
            )
