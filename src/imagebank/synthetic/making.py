"""One pretend person after another, with documents, files and what identifies them: the part that many processes share.

A person's whole hospital life is made in one place and nothing of it depends on anybody else, so that people can be
made in any order, by any number of processes, and come out the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imagebank.synthetic.anatomy import head_of, measured
from imagebank.synthetic.documents import Note
from imagebank.synthetic.model import Person
from imagebank.synthetic.register import DEFAULT_RATES, Rates, invent
from imagebank.synthetic.scanning import OtherFiles, VisitFiles, write_others, write_visit
from imagebank.synthetic.text import notes_of, report_of
from imagebank.synthetic.visits import SERIES_KINDS, Visit

INDEXED = ("presentation-state", "directory")
"""What the first person's first visit leaves beside its images, so that the smallest hospital has it."""


@dataclass(frozen=True)
class Order:
    """What is to be made of everybody; `images` is where files go, None for records alone."""

    seed: int
    size: str
    images: Path | None
    rates: Rates = DEFAULT_RATES
    trouble: bool = True


@dataclass(frozen=True)
class Made:
    """One person, the documents about them, and the files of their examinations."""

    person: Person
    notes: tuple[Note, ...]
    visits: tuple[VisitFiles, ...] = ()
    others: tuple[OtherFiles, ...] = ()
    painted_ml: tuple[tuple[str, dict[str, float]], ...] = ()  # by Study Instance UID


def make_people(order: Order, numbers: Sequence[int]) -> list[Made]:
    """Invent some people by their numbers and make all that is theirs."""
    return [make_person(order, invent(order.seed, number, rates=order.rates)) for number in numbers]


def make_person(order: Order, person: Person) -> Made:
    """Documents and files of one person."""
    notes = list(notes_of(person, seed=order.seed)) if person.recorded else []
    reported = (visit for visit in person.visits if visit.in_records and person.recorded)
    notes += [report_of(person, visit, seed=order.seed) for visit in reported]
    if order.images is None:
        return Made(person, tuple(notes))
    written = tuple(
        write_visit(order.images, person, _of_brain(visit), seed=order.seed, size=order.size) for visit in person.visits
    )
    others = tuple(_others(order, order.images, person)) if order.trouble else ()
    painted = tuple((visit.uid, measured(head_of(visit.anatomy, order.size))) for visit in person.visits)
    return Made(person, tuple(notes), written, others, painted)


def _of_brain(visit: Visit) -> Visit:
    return replace(visit, series=tuple(each for each in visit.series if each.kind in SERIES_KINDS))


def _others(order: Order, images: Path, person: Person) -> Iterator[OtherFiles]:
    for index, visit in enumerate(person.visits):
        kinds = [each.kind for each in visit.series if each.kind not in SERIES_KINDS]
        with_index = INDEXED if person.key == "0" and not index else ()
        own = (*(kind for kind in kinds if kind != "phantom"), *with_index)
        for whose, some in ((_of_brain(visit), own), (_phantom(visit), ("phantom",) * kinds.count("phantom"))):
            yield from write_others(images, person, whose, some, seed=order.seed, size=order.size)


def _phantom(visit: Visit) -> Visit:
    """The quality check of the same morning: a study of its own, of nobody."""
    told = replace(visit.told, patient_id="QA-PHANTOM", name="PHANTOM^DAILY", birth_date="", sex="O", other_ids=())
    return replace(
        visit,
        key=f"{visit.key}9",
        uid=f"{visit.uid}.99",
        accession="",
        study_id="",
        told=told,
        series=(),
        in_records=False,
        linkable=False,
        trap="not-in-records",
    )
