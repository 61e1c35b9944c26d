"""A whole book of answers about sample people, for the tests of the book and of what reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sample_people import documented, sample_people

from imagebank.synthetic.documents import Note
from imagebank.synthetic.extracts import Habits, export
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth import (
    AnswersWriter,
    Questionnaire,
    Tally,
    answers_of_person,
    record_identifiers,
    series_answer,
    span_answers,
    volume_answers,
)
from imagebank.synthetic.truth.tables import FileAnswer

PEOPLE = sample_people(100)


def write_book(folder: Path, *, seed: int = 1, habits: Habits | None = None, rows_at_once: int = 50_000) -> Path:
    """A whole book about sample people, in the pass that exports their records."""
    asked_for = {(kind, "diagnosis"): share for kind, share in (habits or Habits()).shares.items()}
    asked, tally = Questionnaire(), Tally()
    with AnswersWriter(folder, rows_at_once=rows_at_once) as book:

        def watch(person: Person, notes: Sequence[Note], records: Records) -> None:
            tally.add(person)
            book.add_all(answers_of_person(person))
            book.add_all((*span_answers(notes), *asked.members(person), *record_identifiers(person, records, notes)))
            for visit in person.visits:
                book.add_all(volume_answers(visit, person.key, {"ventricles_ml": 40.25}))
                for each in visit.series:
                    book.add(series_answer(person, visit, each, manufacturer="SIEMENS", plane="axial"))
                    book.add(
                        *(FileAnswer(f"{each.uid}/{k}", "banked", None, each.uid, None) for k in range(each.number))
                    )

        done = export(documented(PEOPLE), [], seed=seed, habits=habits, watch=watch)
        tally.add_counts("diagnosis", done.planted, done.possible)
        book.add_all(asked.totals())
        book.add_all(tally.rates({("never planted", "person"): 0.25, **asked_for}))
        book.describe({"seed": seed})
    return folder
