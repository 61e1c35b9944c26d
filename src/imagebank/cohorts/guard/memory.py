"""Where the answers of each project are remembered: one SQLite file in the research zone, keyed pictures and no ids.

The key is made with the file and lies beside it, readable by its owner alone. It is none of the bank's keys: those open
the vault, and must not lie where questions are answered. One answer is given at a time: two processes that ask at once
are put one behind the other, or each would miss what the other was told.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.guard.ruling import Earlier, Law, Past
from imagebank.cohorts.guard.sketch import Sketch, Sketcher
from imagebank.core.errors import BankError, ImagebankError
from imagebank.core.files import disk_errors

MOST_ANSWERS = 10_000  # sets a project and unit; 2 kB each
KEY_BYTES = 32
VALUES = "values"
"""The unit of pictures of units with their values, to which means and quantiles belong."""
WAIT_SECONDS = 60
SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, unit TEXT NOT NULL, patients INTEGER NOT NULL,
    value INTEGER, fresh INTEGER NOT NULL, origin INTEGER, sketch BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS answers_of ON answers (project, unit);
CREATE TABLE IF NOT EXISTS statistics (
    answer INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (answer, name)) WITHOUT ROWID;
"""


class GuardFull(ImagebankError):
    """A project has been given as many answers as are remembered."""

    title = "disclosure"


@dataclass(frozen=True)
class Ruled:
    """What may be said of one set: the law, and the number that it gives; None where hidden, or where it is its own.

    `kept` is where the set itself is remembered, `leader` whose answer it repeats, with `same` where that is the same
    set to the patient.
    """

    law: Law
    value: int | None = None
    kept: int | None = None
    leader: int | None = None
    same: bool = False


@dataclass(frozen=True)
class Guard:
    """The memory of one project, open for one answer; nothing is kept when the answer fails."""

    sketcher: Sketcher
    threshold: int
    project: str
    _connection: sqlite3.Connection = field(repr=False)
    _past: dict[str, list[tuple[int, Earlier]]] = field(default_factory=dict, repr=False)
    _before: dict[str, Past] = field(default_factory=dict, repr=False)
    _kept: dict[str, int] = field(default_factory=dict, repr=False)
    _origins: dict[int, int] = field(default_factory=dict, repr=False)
    _places: dict[int, int] = field(default_factory=dict, repr=False)

    def judge(self, unit: str, sketch: Sketch) -> Ruled:
        """What may be said of a set. It is remembered as hidden until `settle` says with what number it was shown.

        Within one answer, sets are compared with each other one by one; pairs are looked for among earlier answers.
        """
        told = self._told(unit)
        before, since = self._before[unit], Past([each for _, each in told[self._kept[unit] :]], self.threshold)
        near = [
            (found[0], found[1] + shift)
            for past, shift in ((before, 0), (since, self._kept[unit]))
            if (found := past.near(sketch)) is not None
        ]
        if not near:
            ruling = before.apart(sketch)
            kept = self._remember(unit, Earlier(sketch, ruling.value, ruling.law is Law.FRESH), None)
            return Ruled(ruling.law, ruling.value, kept)
        apart, place = min(near)
        answer, earlier = told[place]
        leader = self._origins.get(answer, answer)
        kept = self._remember(unit, Earlier(sketch, earlier.value, False, earlier.source), leader) if apart else None
        is_same = not apart and leader == answer
        return Ruled(Law.EARLIER, earlier.value, kept, leader, is_same)

    def settle(self, unit: str, values: Mapping[int, int | None]) -> None:
        """Remember the numbers with which sets were shown."""
        told = self._told(unit)
        for kept, value in values.items():
            place = self._places[kept]
            told[place] = (kept, replace(told[place][1], value=value))
        rows = [(value, kept) for kept, value in values.items()]
        self._connection.executemany("UPDATE answers SET value = ? WHERE id = ?", rows)

    def statistic(self, sketch: Sketch, text: str) -> str:
        """A text on some values, as it was first told of them; `sketch` pictures each unit with its value.

        So neither few patients more or less, nor few values that are others, nor another name change it.
        """
        ruled = self.judge(VALUES, sketch)
        answer = ruled.kept if ruled.leader is None else ruled.leader
        self._connection.execute("INSERT OR IGNORE INTO statistics VALUES (?, ?, ?)", (answer, VALUES, text))
        query = "SELECT text FROM statistics WHERE answer = ? AND name = ?"
        return str(self._connection.execute(query, (answer, VALUES)).fetchone()[0])

    def _told(self, unit: str) -> list[tuple[int, Earlier]]:
        if unit not in self._past:
            query = "SELECT id, patients, value, fresh, sketch, origin FROM answers WHERE project = ? AND unit = ?"
            found = self._connection.execute(f"{query} ORDER BY id", (self.project, unit)).fetchall()
            if len(found) >= MOST_ANSWERS:
                raise GuardFull(
                    "This project has been given as many answers as the bank remembers.",
                    "ask the steward: only with a new project can more be asked",
                )
            pictures = {row[0]: Sketch(row[1], np.frombuffer(row[4], np.uint8)) for row in found}
            self._origins.update({row[0]: row[5] for row in found if row[5] is not None})
            self._places.update({row[0]: place for place, row in enumerate(found)})
            self._past[unit] = [
                (row[0], Earlier(pictures[row[0]], row[2], bool(row[3]), pictures.get(row[5]))) for row in found
            ]
            self._before[unit] = Past([each for _, each in self._past[unit]], self.threshold)
            self._kept[unit] = len(found)
        return self._past[unit]

    def _remember(self, unit: str, earlier: Earlier, origin: int | None) -> int | None:
        """Keep an answer. The empty set is not kept: it looks like every other that is hidden."""
        if not earlier.sketch.patients:
            return None
        row = (self.project, unit, earlier.sketch.patients, earlier.value, earlier.fresh, origin)
        command = (
            "INSERT INTO answers (project, unit, patients, value, fresh, origin, sketch) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        kept = int(self._connection.execute(command, (*row, earlier.sketch.folded.tobytes())).lastrowid or 0)
        self._places[kept] = len(self._past[unit])
        self._past[unit].append((kept, earlier))
        if origin is not None:
            self._origins[kept] = origin
        return kept


@contextmanager
def open_guard(folder: Path, project: str, rule: Disclosure) -> Iterator[Guard]:
    """The memory of a project, kept below `folder`, for the time of one answer.

    Raises BankError when its key is gone: without it nothing that was told could be compared.
    """
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        path = folder / "answers.db"
        key = _key(folder / "answers.key", path)
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            path.chmod(0o600)
            connection.executescript(SCHEMA)
            connection.execute("BEGIN IMMEDIATE")
            yield Guard(Sketcher(key), rule.minimum, project, connection)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise BankError("Another question of this bank is being answered.", "ask again in a minute") from None
        finally:
            connection.close()


def _key(path: Path, database: Path) -> bytes:
    """The key of the memory, made when there is none yet."""
    if not path.exists():
        if database.exists():
            raise BankError(
                f"The key of the answers, {path.name}, is gone.",
                "restore it from a backup; nothing is answered without it, because nothing could be compared",
            )
        try:
            with open(path, "xb") as file:
                path.chmod(0o600)
                file.write(secrets.token_bytes(KEY_BYTES))
        except FileExistsError:
            pass  # another process made it at this moment
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise BankError(f"The key of the answers, {path.name}, is damaged.", "restore it from a backup")
    return key
