"""Many pretend people with notes, varied from the one that was written by hand, for tests of records and answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from sample_person import sample_person, sample_visit

from imagebank.synthetic.documents import Note, Span
from imagebank.synthetic.events import Assessment, Course, Diagnosis, Episode, Medication
from imagebank.synthetic.model import OptOut, Person, Recorded
from imagebank.synthetic.visits import Ordered, Visit

CODES = ("F00.1", "G30.1", "F01.9", "F20.0", "F25.1", "F32.1", "F06.7", "F33.2", "F31", "I10", "F10.2", "F23")
KINDS = ("T1w-3D", "FLAIR-2D", "FLAIR-3D", "T2w-2D", "DWI", "SWI", "T1w-2D")
SCANNERS = ("siemens-15", "ge-30", "philips-15")
TEAMS = ("Southwark Memory Service", "Lambeth Early Onset Team", "Aubrey Ward")
TEXT = 'Seen today: "much better", with\nhis daughter, é and € and a comma.'


def sample_people(count: int, seed: int = 1) -> list[Person]:
    """People with everything that records and questions depend on, in many combinations."""
    return [_person(Random(f"{seed}/{number}"), number) for number in range(count)]


def documented(people: list[Person]) -> Iterator[tuple[Person, list[Note]]]:
    """Each with three notes, one of them a radiology report where there was a scan."""
    for person in people:
        yield person, [*_notes(person)] if person.recorded else []


def _person(chance: Random, number: int) -> Person:
    model = sample_person(str(number))
    born = date(1930 + chance.randrange(70), 1 + chance.randrange(12), 1 + chance.randrange(28))
    sex = chance.choice(("female", "male"))
    person = replace(
        model,
        hospital_number=f"K{number:07d}",
        nhs_number="" if chance.random() < 0.1 else f"999{number:07d}",
        birth_date=born,
        sex=sex,
        ethnic_category=chance.choice("ABCHMNRZ"),
        course=_course(chance),
        opt_outs=(OptOut(chance.choice(("national", "local", "gp-type-1")), date(2021, 6, 1)),)
        if chance.random() < 0.1
        else (),
    )
    recorded = () if chance.random() < 0.1 else _registrations(chance, person, number)
    visits = tuple(_visit(chance, person, each) for each in range(chance.randrange(4)))
    return replace(person, recorded=recorded, visits=visits)


def _registrations(chance: Random, person: Person, number: int) -> tuple[Recorded, ...]:
    first, second = sample_person().recorded
    born = None if chance.random() < 0.1 else person.birth_date
    now = replace(
        first, hospital_number=person.hospital_number, nhs_number=person.nhs_number, birth_date=born, sex=person.sex
    )
    old = replace(second, hospital_number=f"L{number:07d}", merged_into=person.hospital_number)
    return (now, old) if chance.random() < 0.3 else (now,)


def _day(chance: Random) -> date:
    return date(2012, 1, 1) + timedelta(chance.randrange(1500))


def _course(chance: Random) -> Course:
    statuses = ("current",) * 6 + ("revised", "withdrawn", "wrong")
    diagnoses = tuple(
        Diagnosis(_day(chance), code, chance.choice(("primary", "primary", "secondary")), chance.choice(statuses))
        for code in chance.choices(CODES, k=chance.randrange(7))
    )
    start = _day(chance)
    scores = [Assessment(_day(chance), "MMSE", chance.randrange(31), 30) for _ in range(chance.randrange(5))]
    if chance.random() < 0.3:
        scores += [Assessment(_day(chance), "MMSE", None, None), Assessment(_day(chance), "MMSE", 31, 30)]
    model = sample_person().course
    honos = replace(model.assessments[-1], day=_day(chance), name=chance.choice(("HoNOS", "HoNOS65+")))
    return replace(
        model,
        subtype=chance.choice(("amnestic", "visual")),
        dementia_day=_day(chance) if chance.random() < 0.4 else None,
        last_contact=date(2022, 6, 1),
        diagnoses=diagnoses,
        assessments=(*scores, honos),
        episodes=tuple(
            Episode(
                _day(chance), chance.choice((None, date(2022, 12, 1))), "outpatient", chance.choice(TEAMS), "Annexe"
            )
            for _ in range(chance.randrange(3))
        ),
        medications=(*model.medications, Medication(start, start, "lithium", 0.4, "g", "oral", "BD")),
        death=model.death if chance.random() < 0.2 else None,
    )


def _visit(chance: Random, person: Person, number: int) -> Visit:
    key = f"{person.key}-{number + 1}"
    visit = sample_visit(key, _day(chance), chance.choice(SCANNERS))
    kinds = ["localizer", *chance.sample(KINDS, chance.randrange(1, 5))]
    series = tuple(
        Ordered(f"{visit.uid}.{k}", k, kind, agent=chance.random() < 0.2, fault=chance.choice(("", "", "", "motion")))
        for k, kind in enumerate(kinds, start=1)
    )
    linkable = bool(person.nhs_number) or chance.random() < 0.7
    return replace(
        visit, series=series, linkable=linkable, in_records=linkable, trap="" if linkable else "not-in-records"
    )


def _notes(person: Person) -> Iterator[Note]:
    number, day = person.hospital_number, person.course.first_contact
    span = Span(6, 11, "date", "2015-01-01")
    yield Note(f"{person.key}/1", person.key, number, day, "progress note", "Dr Siân Caradoc", TEXT, (span,))
    yield Note(f"{person.key}/2", person.key, number, day, "referral letter", "", TEXT * 3, ())
    for visit in person.visits[:1]:
        author = visit.staff_of("radiologist")
        yield Note(
            f"{person.key}/3", person.key, number, visit.day, "radiology report", author, "Normal.", (), visit.uid
        )
