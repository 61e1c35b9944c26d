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
from imagebank.synthetic.extracts.forms import Form, Translator
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
        translators = {form.name: (form, form.begin()) for form, _ in targets}
        for some in _batches(people, people_at_once):
            each_record = [records_of([one], seed=seed, habits=habits or Habits()) for one in some]
            _tell(done, some, each_record, watch)
            for form, translator in translators.values():
                batches = _translate(form, translator, each_record)
                done.rows[form.name].update({name: batch.num_rows for name, batch in batches.items()})
                _write(batches, [place for each, place in targets if each.name == form.name])
        for _, place in targets:
            place.finish()
    return done


def _tell(done: Exported, some: list[Documented], rows: list[Records], watch: Watch | None) -> None:
    """Count the habits, and let the watcher see."""
    for (person, notes), records in zip(some, rows, strict=True):
        done.planted.update(records.planted)
        done.possible.update(records.possible)
        if watch:
            watch(person, notes, records)


def _batches(people: Iterable[Documented], size: int) -> Iterator[list[Documented]]:
    rest = iter(people)
    while some := list(islice(rest, size)):
        yield some


def _translate(form: Form, translator: Translator, people: Iterable[Records]) -> dict[str, pa.RecordBatch]:
    """One batch a table. People are translated one by one, so that no number depends on the size of the batches."""
    rows: dict[str, list[Row]] = {table.name: [] for table in form.tables}
    for records in people:
        for name, some in translator(records).items():
            rows[name] += some
    return {table.name: batch_of(table, rows[table.name]) for table in form.tables}


def _write(batches: dict[str, pa.RecordBatch], places: Iterable[Place]) -> None:
    for place in places:
        for name, batch in batches.items():
            place.write(name, batch)
