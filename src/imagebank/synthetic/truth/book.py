"""The folder of answers: one Parquet file a table, a page that explains them, and a manifest with counts.

Answers are added while the hospital is written and leave memory in row groups. Studies and series are kept until the
end, because a study may be offered twice (the first answer counts) and a series' files come one by one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from imagebank.core.errors import SourceError
from imagebank.core.files import write_text
from imagebank.synthetic.declared import Row, Table, batch_of, page_of, table_of
from imagebank.synthetic.folders import ParquetFolder
from imagebank.synthetic.truth.questions import QUESTIONS
from imagebank.synthetic.truth.tables import ANSWER_ROWS, Answer, FileAnswer, LinkAnswer, SeriesAnswer

ROWS_AT_ONCE = 50_000
NAMES = {record: name for name, record in ANSWER_ROWS.items()}
VALUES = {record: attrgetter(*(field.name for field in fields(record))) for record in NAMES}
"""What makes a plain tuple of an answer: what waits as such does not keep the garbage collector busy."""
KEPT = (LinkAnswer, SeriesAnswer)
COUNTED = (*KEPT, FileAnswer)


@cache
def answer_tables() -> tuple[Table, ...]:
    """The declared tables, in order."""
    return tuple(table_of(name, record) for name, record in ANSWER_ROWS.items())


class AnswersWriter:
    """Writes the answers of one hospital to a folder; whole when the block ends."""

    def __init__(self, folder: Path, *, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._folder = ParquetFolder(folder)
        self._tables = {table.name: table for table in answer_tables()}
        self._waiting: dict[type, list[Row]] = {kind: [] for kind in NAMES}
        self._links: dict[str, LinkAnswer] = {}
        self._series: dict[str, SeriesAnswer] = {}
        self._files: Counter[str] = Counter()
        self._rows_at_once = rows_at_once
        self._folder.begin(answer_tables())
        self._manifest: Mapping[str, object] = {}
        self.counts: Counter[str] = Counter()

    def add(self, *answers: Answer) -> None:
        """Add answers of any kind; of two answers for one study or series the first counts."""
        self.add_all(answers)

    def add_all(self, answers: Iterable[Answer]) -> None:
        """`add` for many."""
        for each in answers:
            kind = type(each)
            if kind in COUNTED:
                self._count(each)
            if kind not in KEPT:
                rows = self._waiting[kind]
                rows.append(VALUES[kind](each))
                if len(rows) >= self._rows_at_once:
                    self._flush(kind)

    def describe(self, manifest: Mapping[str, object]) -> None:
        """Say what the hospital was made from, such as seed and size; goes into the manifest beside the counts."""
        self._manifest = manifest

    def __enter__(self) -> AnswersWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._folder.__exit__(kind, error, trace)

    def _count(self, answer: Answer) -> None:
        """Keep a study or a series, or count a file of a series."""
        match answer:
            case LinkAnswer():
                self._links.setdefault(answer.study_uid, answer)
            case SeriesAnswer():
                self._series.setdefault(answer.series_uid, answer)
            case FileAnswer() if answer.series_uid:
                self._files[answer.series_uid] += 1

    def _flush(self, kind: type) -> None:
        name, rows = NAMES[kind], self._waiting[kind]
        self.counts[name] += len(rows)
        self._folder.write(name, batch_of(self._tables[name], rows))
        rows.clear()

    def _finish(self) -> None:
        """Studies and series in the order of their UIDs, then the page and the manifest."""
        links = [self._links[uid] for uid in sorted(self._links)]
        series = [replace(self._series[uid], files=self._files[uid]) for uid in sorted(self._series)]
        self._waiting[LinkAnswer] = list(map(VALUES[LinkAnswer], links))
        self._waiting[SeriesAnswer] = list(map(VALUES[SeriesAnswer], series))
        for kind in NAMES:
            self._flush(kind)
        write_text(self._folder.path / "README.md", readme())
        manifest = {**self._manifest, "rows": dict(self.counts)}
        write_text(self._folder.path / "manifest.json", json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def read_table(folder: Path, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A table of answers with its types, or some columns. Raises SourceError where the folder has no such answers."""
    path = folder / f"{name}.parquet"
    if name not in ANSWER_ROWS:
        raise SourceError(f"There are no answers called `{name}`.", f"ask for one of: {', '.join(ANSWER_ROWS)}")
    if not path.is_file():
        raise SourceError(
            f"The folder holds no {path.name}.",
            "name the folder `answers` of a pretend hospital that was written whole",
        )
    return pyarrow.parquet.read_table(path, columns=None if columns is None else list(columns))


def read_answers(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a table of answers; an empty optional value is an empty text or None, by its type."""
    table = read_table(folder, name)
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row.update({name: "" for name in texts if row[name] is None})
    return rows


def readme() -> str:
    """The page of the folder: the tables and the reference questions, from their declarations."""
    questions = "\n".join(f"### {each.id}\n\n{each.text}\n" for each in QUESTIONS)
    return PAGE.format(tables=page_of(answer_tables()), questions=questions)


PAGE = """\
# Answers of the pretend hospital

Everybody here is invented. The folder says what is true of the hospital, for those who judge what others read from it.
The same people, seed and size give the same bytes.

Each table is a Parquet file with its declared types; the meaning of every column is in its metadata too. Of identical
copies of a file one is banked and the others are excluded as duplicates; which of them is a matter of order. Rows of
kind `date` among the identifiers are true dates: a shifted date of somebody else may equal one by chance.
`manifest.json` has seed, size and the number of rows.

## Tables

{tables}
## Reference questions

Every question counts over the truth, not over what a program finds. A study takes part when it is linkable, its
person is in the records, and that person has no opt-out of any kind. Series of other body parts, phantoms,
screenshots, reports and images with burned-in text do not take part. Patients are people, not registrations: what was
filed under any of a person's numbers is theirs. A diagnosis is an ICD-10 diagnosis that was not withdrawn; wrong ones
count, because nobody who reads records can know them. A dementia diagnosis has a code in F00-F03 or G30, of any role.
A valid MMSE has a score between 0 and its highest score. Ages are completed years, from the birth date of the
registration with the current hospital number; where that is empty, no condition on age holds. Codes are meant as the
book has them: without blanks, daggers, asterisks and filler, in capitals, with their dot.

{questions}"""
