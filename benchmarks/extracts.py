"""How quickly the records and answers of a pretend hospital are written, and how much memory that takes.

The people are copies of the one of the tests, each with keys and numbers of their own: two registrations, eight
diagnoses, nine scores, eight drugs and five notes of 1,600 characters, and two studies. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from imagebank.synthetic.documents import Note, Span
from imagebank.synthetic.extracts import CsvFolder, Database, ParquetFolder, cris_form, export, extracts_form, omop_form
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth import (
    AnswersWriter,
    Questionnaire,
    answers_of_person,
    record_identifiers,
    span_answers,
    volume_answers,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "synthetic"))
from sample_person import sample_person

RELEASED = date(2023, 6, 1)
TEXT = "Reviewed Mrs O'Shaughnessy at home today with Aoife. " * 30
SPANS = tuple(Span(k * 53 + 13, k * 53 + 26, "family name", "O'Shaughnessy") for k in range(20))


def people(count: int) -> Iterator[tuple[Person, list[Note]]]:
    """Copies of the sample person with numbers of their own."""
    model = sample_person()
    course = replace(
        model.course,
        diagnoses=model.course.diagnoses * 2,
        assessments=model.course.assessments[:3] * 3,
        medications=model.course.medications * 4,
    )
    for k in range(count):
        now, old = f"K{k:07d}", f"L{k:07d}"
        known = (
            replace(model.recorded[0], hospital_number=now),
            replace(model.recorded[1], hospital_number=old, merged_into=now),
        )
        visits = tuple(replace(each, uid=f"{each.uid}.{k}", person=str(k)) for each in model.visits)
        person = replace(model, key=str(k), hospital_number=now, recorded=known, course=course, visits=visits)
        first = date(2015, 1, 1)
        yield (
            person,
            [
                Note(f"{k}/{n}", str(k), now, first + timedelta(n), "progress note", "Dr X", TEXT, SPANS)
                for n in range(5)
            ],
        )


def records(folder: Path, count: int) -> None:
    """CSV and Parquet extracts."""
    places = [CsvFolder(folder / "csv"), ParquetFolder(folder / "parquet")]
    export(people(count), [(extracts_form(), place) for place in places], seed=1)


def cris_sqlite(folder: Path, count: int) -> None:
    """The CRIS-like tables in SQLite."""
    export(people(count), [(cris_form(), Database(f"sqlite:///{folder}/cris.db"))], seed=1)


def omop_parquet(folder: Path, count: int) -> None:
    """OMOP CDM as Parquet."""
    export(people(count), [(omop_form(RELEASED), ParquetFolder(folder / "omop"))], seed=1)


def answers(folder: Path, count: int) -> None:
    """The answers, without those of images."""
    asked = Questionnaire()
    with AnswersWriter(folder / "answers") as book:

        def watch(person: Person, notes: Sequence[Note], rows: Records) -> None:
            book.add_all(answers_of_person(person))
            book.add_all(asked.members(person))
            book.add_all(span_answers(notes))
            book.add_all(record_identifiers(person, rows, notes))
            for visit in person.visits:
                book.add_all(volume_answers(visit, person.key))

        export(people(count), [], seed=1, watch=watch)
        book.add_all(asked.totals())


def main() -> None:
    """Time each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--postgresql", help="URL of an empty database for the CRIS-like tables")
    options = parser.parse_args()
    parts: dict[str, Callable[[Path, int], None]] = {
        "records as CSV and Parquet": records,
        "CRIS-like tables in SQLite": cris_sqlite,
        "OMOP CDM 5.4 as Parquet": omop_parquet,
        "answers": answers,
    }
    if options.postgresql:
        parts["CRIS-like tables in PostgreSQL"] = lambda _, count: (
            export(people(count), [(cris_form(), Database(options.postgresql))], seed=1) and None
        )
    for name, part in parts.items():
        with tempfile.TemporaryDirectory() as folder:
            start, busy = time.perf_counter(), time.process_time()
            part(Path(folder), options.people)
            seconds, busy = time.perf_counter() - start, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{name}: {options.people:,} people in {seconds:.1f} s ({busy:.1f} s of processor), peak so far {peak} MiB"
        )


if __name__ == "__main__":
    main()
