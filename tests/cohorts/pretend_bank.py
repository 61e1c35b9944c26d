"""The tables of a bank that took every linkable study of pretend people, without a single image; dates are not moved.

What a bank refuses is left out here too: opted-out people, series of other body parts, withdrawn diagnoses, scores
without a number. Ages are as a bank has them, to a tenth of a year.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from made_rows import made

from imagebank.catalogue.tables import TABLES, Assessment, Diagnosis, Episode, Patient, Scanner, Series, Study
from imagebank.core.ages import age_in_years
from imagebank.records.codes import ethnic_group, icd10_block
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth.series import SHOWS
from imagebank.synthetic.truth.subject import Subject, wanted_series
from imagebank.synthetic.visits import Visit


def bank_of(people: Iterable[Person]) -> dict[str, list[Any]]:
    """The tables; a patient's pseudonym is the hospital number, ids are those of DICOM."""
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    scanners = set()
    for subject in map(Subject, people):
        if not subject.studies:
            continue
        tables["patients"].append(_patient(subject))
        for visit in subject.studies:
            scanners.add(visit.scanner)
            tables["studies"].append(_study(subject, visit))
            tables["series"] += _series(subject, visit)
        _add_records(tables, subject)
    tables["scanners"] = [made(Scanner, scanner=each) for each in sorted(scanners)]
    return tables


def age_years(subject: Subject, day: date) -> float | None:
    """Age as a bank has it."""
    return age_in_years(subject.birth_date, day) if subject.birth_date else None


def _patient(subject: Subject) -> Any:
    person = subject.person
    return made(
        Patient,
        patient=subject.number,
        sex=person.sex,
        ethnic_group=ethnic_group(person.ethnic_category[:1] if person.ethnic_category != "99" else "99"),
        death_date=person.course.death.day if person.course.death else None,
        last_contact_date=person.course.last_contact,
    )


def _study(subject: Subject, visit: Visit) -> Any:
    return made(
        Study,
        study=visit.uid,
        patient=subject.number,
        study_date=visit.day,
        age_years=age_years(subject, visit.day),
        scanner=visit.scanner,
    )


def _series(subject: Subject, visit: Visit) -> list[Any]:
    return [
        made(
            Series,
            series=each.uid,
            study=visit.uid,
            patient=subject.number,
            scanner=visit.scanner,
            sequence=SHOWS[each.kind][0],
            dimension=SHOWS[each.kind][1],
            contrast_agent="yes" if each.agent else "no",
        )
        for each in wanted_series(visit)
    ]


def _add_records(tables: dict[str, list[Any]], subject: Subject) -> None:
    patient, course = subject.number, subject.person.course
    tables["diagnoses"] += [
        made(
            Diagnosis,
            patient=patient,
            diagnosis_date=e.day,
            code=e.code,
            code_system=e.code_system,
            block=icd10_block(e.code),
            role=e.role,
        )
        for e in subject.diagnoses
    ]
    tables["assessments"] += [
        made(
            Assessment,
            patient=patient,
            assessment_date=e.day,
            name=e.name,
            score=float(e.score),
            out_of=float(e.out_of),
        )
        for e in course.assessments
        if e.score is not None and e.out_of is not None and 0 <= e.score <= e.out_of
    ]
    tables["episodes"] += [
        made(
            Episode,
            patient=patient,
            start_date=e.start,
            end_date=e.end,
            service="memory" if "memory" in e.team.lower() else "other",
        )
        for e in course.episodes
    ]
