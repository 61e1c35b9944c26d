"""Building a whole pretend hospital: people, images, records in every form, and the answers about them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain, islice
from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.synthetic.documents import Note
from imagebank.synthetic.extracts import (
    CsvFolder,
    Database,
    Form,
    Habits,
    ParquetFolder,
    cris_form,
    export,
    extracts_form,
    omop_form,
)
from imagebank.synthetic.extracts.export import Place
from imagebank.synthetic.making import Made, Order, make_people, make_person
from imagebank.synthetic.model import Person
from imagebank.synthetic.planting import Planting
from imagebank.synthetic.pooling import ordered_map
from imagebank.synthetic.register import DEFAULT_RATES, IMAGED, Rates, follow_up, numbers_of, plain_patient, traps
from imagebank.synthetic.register.survival import log_hazard
from imagebank.synthetic.scanning import oddities
from imagebank.synthetic.scanning.part10 import write
from imagebank.synthetic.truth import (
    AnswersWriter,
    Questionnaire,
    answers_of_person,
    record_identifiers,
    span_answers,
    volume_answers,
)
from imagebank.synthetic.truth.files import (
    oddity_answers,
    other_file_answers,
    planned_series_answers,
    visit_file_answers,
)
from imagebank.synthetic.truth.tables import Answer
from imagebank.synthetic.visits import SIZES, Visit

PEOPLE_A_TASK = {True: 4, False: 250}  # with and without images: a second of work or so
RELEASED = date(2023, 12, 31)  # the last day of the records
FORMS = ("csv", "parquet", "cris", "omop")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Hospital:
    """Where a pretend hospital lies: its images, its records, and the answers that only a judge may read."""

    folder: Path
    images: Path
    records: Path
    answers: Path


@dataclass(frozen=True)
class Design:
    """What a pretend hospital is to be: everything that its bytes depend on, and how many processes make it.

    `forms` are the ways in which the records are written beside the CSV extracts; `database` is the URL of an empty
    database for the CRIS-like form. `workers` 0 means one a processor core.
    """

    patients: int = 50
    seed: int = 1
    size: str = "small"
    images: bool = True
    trouble: bool = True
    rates: Rates = DEFAULT_RATES
    habits: Habits = Habits()
    forms: tuple[str, ...] = ()
    database: str = ""
    workers: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.patients <= IMAGED:
            raise SourceError("A pretend hospital cannot have so many patients.", f"ask for 1 to {IMAGED:,}")
        if self.size not in SIZES:
            raise SourceError(f"There is no size `{self.size}`.", f"use one of: {', '.join(SIZES)}")
        if unknown := sorted(set(self.forms) - set(FORMS)):
            raise SourceError(f"Records have no form `{unknown[0]}`.", f"use one of: {', '.join(FORMS)}")


def hospital_at(folder: Path) -> Hospital:
    """The paths of a pretend hospital."""
    return Hospital(folder, folder / "pacs", folder / "records", folder / "answers")


def build_hospital(
    folder: Path, *, progress: Progress | None = None, design: Design | None = None, **changes: object
) -> Hospital:
    """Write a pretend hospital; `changes` are fields of `Design`, such as `patients=3`.

    `progress` is told how many of how many people are made. Raises SourceError where the folder already holds
    something, or for a design that cannot be.
    """
    wanted = replace(design or Design(), **changes)  # type: ignore[arg-type]
    hospital = hospital_at(folder)
    refuse_used(folder)
    hospital.images.mkdir(parents=True)
    book = AnswersWriter(hospital.answers)
    with book:
        _Writing(hospital, wanted, book, progress or (lambda _done, _of: None)).write()
    return hospital


def refuse_used(folder: Path) -> None:
    """Raise SourceError where a hospital would mix with files that are already there."""
    if folder.is_dir() and any(folder.iterdir()):
        raise SourceError("The folder for the pretend hospital is not empty.", "name a folder that does not exist yet")


class _Writing:
    """One hospital under way: people go by once, and leave records and answers."""

    def __init__(self, hospital: Hospital, design: Design, book: AnswersWriter, progress: Progress) -> None:
        self._hospital, self._design, self._book, self._progress = hospital, design, book, progress
        self._planting, self._questions = Planting(), Questionnaire()

    def write(self) -> None:
        design = self._design
        exported = export(
            ((made.person, made.notes) for made in self._everybody()),
            self._targets(),
            seed=design.seed,
            habits=design.habits,
            watch=self._watch,
        )
        tally = self._planting.tally
        tally.add_counts("row", exported.planted, exported.possible)
        habits = {(kind, "row"): share for kind, share in design.habits.shares.items()}
        self._book.add_all(self._questions.totals())
        self._book.add_all(tally.rates({**self._planting.configured(design.rates), **habits}))
        self._book.describe(_manifest(design, exported.rows["extracts"]))

    def _targets(self) -> list[tuple[Form, Place]]:
        folder, forms = self._hospital.folder, self._design.forms
        targets: list[tuple[Form, Place]] = [(extracts_form(), CsvFolder(self._hospital.records))]
        if "parquet" in forms:
            targets.append((extracts_form(), ParquetFolder(folder / "records-parquet")))
        if "cris" in forms:
            targets.append((cris_form(), Database(f"sqlite:///{folder / 'cris.db'}")))
        if self._design.database:
            targets.append((cris_form(), Database(self._design.database)))
        if "omop" in forms:
            targets.append((omop_form(RELEASED), ParquetFolder(folder / "omop")))
        return targets

    def _everybody(self) -> Iterator[Made]:
        """Everybody once, in the order of their numbers, then the people of the odd examinations."""
        design = self._design
        order = Order(
            design.seed, design.size, self._hospital.images if design.images else None, design.rates, design.trouble
        )
        numbers = numbers_of(design.patients)
        host = plain_patient(design.seed)
        odd = (*traps(design.seed, design.patients, rates=design.rates), host) if design.trouble else ()
        total = len(numbers) + len(odd)
        workers = design.workers or os.cpu_count() or 1
        tasks = _batches(numbers, PEOPLE_A_TASK[design.images])
        people = chain.from_iterable(ordered_map(partial(make_people, order), tasks, workers))
        strange = (make_person(order, person) for person in odd)
        for done, made in enumerate(chain(people, strange), start=1):
            self._answer_files(made)
            if design.images and made.person.key == host.key:
                self._write_oddities(made.person)
            self._progress(done, total)
            yield made

    def _answer_files(self, made: Made) -> None:
        """Whatever follows from files; the rest follows from the records."""
        visits = {visit.uid: visit for visit in made.person.visits}
        for written in made.visits:
            self._book.add_all(visit_file_answers(made.person, written))
        for other in made.others:
            visit = next(each for uid, each in visits.items() if other.study_uid.startswith(uid))
            self._book.add_all(other_file_answers(made.person, visit, other))
        painted = dict(made.painted_ml)
        for uid, visit in visits.items():
            if not self._design.images:
                self._book.add_all(self._planned(made.person, visit))
            self._book.add_all(volume_answers(visit, made.person.key, painted.get(uid)))

    def _planned(self, person: Person, visit: Visit) -> Iterator[Answer]:
        return planned_series_answers(person, visit, seed=self._design.seed, size=self._design.size)

    def _watch(self, person: Person, notes: Sequence[Note], records: object) -> None:
        self._book.add_all(answers_of_person(person, _log_hazard))
        self._book.add_all(span_answers(notes))
        self._book.add_all(record_identifiers(person, records, notes))  # type: ignore[arg-type]
        self._book.add_all(self._questions.members(person))
        self._planting.add(person)

    def _write_oddities(self, host: Person) -> None:
        visit = host.visits[0]
        for odd in oddities(host, visit, seed=self._design.seed, size=self._design.size):
            path = f"oddities/{odd.path}"
            write(self._hospital.images / path, odd.content)
            self._book.add_all(oddity_answers(host, visit, path, odd))


def _batches(numbers: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    rest = iter(numbers)
    while some := tuple(islice(rest, size)):
        yield some


def _log_hazard(person: Person) -> float | None:
    """The true linear predictor of dementia at the first scan, for those at risk."""
    risk = follow_up(person)
    return log_hazard(risk.age_years, risk.brain_percent) if risk else None


def _manifest(design: Design, rows: Counter[str]) -> dict[str, object]:
    told = {name: getattr(design, name) for name in ("patients", "seed", "size", "images", "trouble")}
    return {**told, "records": dict(rows)}
