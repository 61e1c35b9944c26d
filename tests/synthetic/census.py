"""A count of the whole pretend register: one small row a person, made by two processes."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context

from life_laws import broken_laws

from imagebank.synthetic.model import Person
from imagebank.synthetic.register import FollowUp, Rates, follow_up, invent, numbers_of
from imagebank.synthetic.visits import SERIES_KINDS

CHUNK = 1_000


@dataclass(frozen=True)
class Counted:
    """What is kept of a person."""

    number: int
    sex: str
    ethnic_category: str
    decile: int | None
    area: str
    condition: str
    subtype: str
    main: str
    current_codes: frozenset[str]
    onset_age: float
    scans: tuple[tuple[date, str, int, int, str], ...]  # day, scanner, age, series, trap
    uids: tuple[str, ...]
    numbers: tuple[str, ...]
    errors: frozenset[str]
    told: tuple[str, ...]
    opted_out: frozenset[str]
    homes: int
    kin: tuple[tuple[str, str], ...]
    present: tuple[bool, ...]
    scores: tuple[tuple[date, float, float], ...]  # MMSE out of 30: day, recorded, true
    revised: bool
    followed: FollowUp | None
    dead: bool
    broken: tuple[str, ...]


def main_by_hand(person: Person) -> str:
    """The last primary diagnosis that stands; a dagger code stands for the asterisk code typed with it."""
    best = None
    for each in person.course.diagnoses:
        if each.role == "primary" and each.status not in ("withdrawn", "wrong", "revised"):
            best = each if best is None or each.day >= best.day else best
    if best is None:
        return ""
    for each in person.course.diagnoses:
        if (
            best.code[0] == "G"
            and each.day == best.day
            and each.code[:3] in ("F00", "F02")
            and each.status == "current"
        ):
            return each.code
    return best.code


def count(person: Person) -> Counted:
    """The row of a person."""
    course, first = person.course, person.course.symptoms[0].day
    home = person.home_on(person.visits[0].day if person.visits else course.first_contact)
    mmse = [each for each in course.assessments if each.name == "MMSE" and each.out_of == 30 and each.score <= 30]
    return Counted(
        number=int(person.key),
        sex=person.sex,
        ethnic_category=person.ethnic_category,
        decile=home.decile,
        area=home.lsoa,
        condition=course.condition,
        subtype=course.subtype,
        main=main_by_hand(person),
        current_codes=frozenset(each.code for each in course.diagnoses if each.status == "current"),
        onset_age=(course.onset - person.birth_date).days / 365.25,
        scans=tuple(
            (v.day, v.scanner, person.age_on(v.day), sum(s.kind in SERIES_KINDS for s in v.series), v.trap)
            for v in person.visits
        ),
        uids=tuple(text for v in person.visits for text in (v.uid, v.accession, v.study_id)),
        numbers=(person.nhs_number, *(each.hospital_number for each in person.recorded)),
        errors=frozenset(person.recorded[0].errors + tuple(each.errors[0] for each in person.recorded[1:])),
        told=tuple(error for v in person.visits for error in v.told.errors),
        opted_out=frozenset(each.kind for each in person.opt_outs),
        homes=len(person.homes),
        kin=person.kin,
        present=tuple(each.state == "present" for each in course.symptoms if each.day == first),
        scores=tuple((each.day, each.score, each.true_score) for each in mmse),
        revised=any(each.status == "revised" for each in course.diagnoses),
        followed=follow_up(person),
        dead=course.death is not None,
        broken=tuple(broken_laws(person)),
    )


def _count_some(seed: int, rates: Rates, numbers: tuple[int, ...]) -> list[Counted]:
    return [count(invent(seed, number, rates=rates)) for number in numbers]


def census(seed: int, rates: Rates, numbers: Iterable[int]) -> list[Counted]:
    """The rows of many people, in order."""
    every = tuple(numbers)
    parts = [every[k : k + CHUNK] for k in range(0, len(every), CHUNK)]
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        jobs = [pool.submit(_count_some, seed, rates, part) for part in parts]
        return [row for job in jobs for row in job.result()]


def full_register(seed: int, rates: Rates, patients: int) -> list[Counted]:
    """Everybody on the register of a hospital with so many patients."""
    return census(seed, rates, numbers_of(patients))
