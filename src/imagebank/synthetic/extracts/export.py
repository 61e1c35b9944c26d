"""Writing the records of any number of people in several forms and places at once, batch by batch.

Memory holds one batch, whatever the number of people. Rows come in the order of the people, each person's by day; the
same people, seed and habits give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Protocol

import pyarrow as pa

from imagebank.synthetic.declared import Row, Table, batch_of
from imagebank.synthetic.documents import Note
from imagebank.synthetic.extracts.codes_as_typed import Habits
from imagebank.synthetic.extracts.forms import Form
from imagebank.synthetic.extracts.records import Documented, Records, records_of
from imagebank.synthetic.model import Person

PEOPLE_AT_ONCE = 1_000
Watch = Callable[[Person, Sequence[Note], Records], None]


class Place(Protocol):
    """Where tables go: a folder or a database."""

    def begin(self, tables: Sequence[Table]) -> None:
        """Make room for the tables."""

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Add rows to a table."""

    def finish(self) -> None:
        """Do what is left once all rows are there."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@dataclass(frozen=True)
class Exported:
    """What was written: rows by form and table; how often each habit of typing struck, and could have struck."""

    rows: dict[str, Counter[str]] = field(default_factory=dict)
    planted: Counter[str] = field(default_factory=Counter)
    possible: Counter[str] = field(default_factory=Counter)


def export(
    people: Iterable[Documented],
    targets: Sequence[tuple[Form, Place]],
    *,
    seed: int,
    habits: Habits | None = None,
    people_at_once: int = PEOPLE_AT_ONCE,
    watch: Watch | None = None,
) -> Exported:
    """Write the records of people, each with their notes, to every target.

    `watch` is told each person, their notes and their rows, so that answers can be written in the same pass.
    Raises SourceError where a database cannot be written, ValueError for a note under a number of somebody else.
    """
    done = Exported({form.name: Counter() for form, _ in targets})
    with ExitStack() as stack:
        for form, place in targets:
            stack.enter_context(place)
            place.begin(form.tables)
        translations = {form.name: _Translation(form) for form, _ in targets}
        for some in _batches(people, people_at_once):
            for person, notes in some:
                records = records_of([(person, notes)], seed=seed, habits=habits or Habits())
                _tell(done, records)
                for translation in translations.values():
                    translation.add(records)
                if watch:
                    watch(person, notes, records)
            for name, translation in translations.items():
                batches = translation.take()
                done.rows[name].update({table: batch.num_rows for table, batch in batches.items()})
                _write(batches, [place for form, place in targets if form.name == name])
        for _, place in targets:
            place.finish()
    return done


class _Translation:
    """The rows of one form that wait to be written, as plain tuples.

    Records go at once: thousands of rows with a class of their own would keep the garbage collector busy. People are
    translated one by one, so that no number depends on the size of the batches.
    """

    def __init__(self, form: Form) -> None:
        self._tables = form.tables
        self._translate = form.begin()
        self._waiting: dict[str, list[Row]] = {table.name: [] for table in form.tables}

    def add(self, records: Records) -> None:
        """Translate one person."""
        for name, some in self._translate(records).items():
            self._waiting[name] += some

    def take(self) -> dict[str, pa.RecordBatch]:
        """One batch a table, and nothing waits any more."""
        batches = {table.name: batch_of(table, self._waiting[table.name]) for table in self._tables}
        for rows in self._waiting.values():
            rows.clear()
        return batches


def _tell(done: Exported, records: Records) -> None:
    """Count the habits."""
    done.planted.update(records.planted)
    done.possible.update(records.possible)


def _batches(people: Iterable[Documented], size: int) -> Iterator[list[Documented]]:
    rest = iter(people)
    while some := list(islice(rest, size)):
        yield some


def _write(batches: dict[str, pa.RecordBatch], places: Iterable[Place]) -> None:
    for place in places:
        for name, batch in batches.items():
            place.write(name, batch)
