"""Records for images that already exist: one pretend person for each identity found in a folder of DICOM.

A hospital number belongs to one person: where a PatientID comes with several birth dates or sexes, the first in sorted
order owns it, and the studies of the others are traps. Headers are read defensively; what does not parse is passed
over.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from imagebank.synthetic.extracts import CsvFolder, export, extracts_form
from imagebank.synthetic.hospital import Hospital, refuse_used
from imagebank.synthetic.model import Person
from imagebank.synthetic.register import FIRST_REGISTERED, Rates, invent
from imagebank.synthetic.text import notes_of
from imagebank.synthetic.truth import AnswersWriter, answers_of_person, record_identifiers
from imagebank.synthetic.truth.tables import LinkAnswer

SEXES = {"F": "female", "M": "male"}
UNKNOWN_DAY = date(2000, 1, 1)


@dataclass(frozen=True, order=True)
class Seen:
    """What one header says of patient and study; dates are empty where they are not valid."""

    patient_id: str
    birth_date: str
    sex: str
    name: str
    study_uid: str
    study_date: str


def build_records_for(folder: Path, images: Path, *, seed: int = 1) -> Hospital:
    """Write records and answers for the people in an existing folder of DICOM, which stays as it is.

    Raises SourceError where `folder` already holds something.
    """
    refuse_used(folder)
    hospital = Hospital(folder, images, folder / "records", folder / "answers")
    seen = sorted(set(read_identities(images)))
    people = _people(seed, seen)
    with AnswersWriter(hospital.answers) as book:

        def watch(person: Person, notes: object, records: object) -> None:
            book.add_all(answers_of_person(person))
            book.add_all(record_identifiers(person, records, notes))  # type: ignore[arg-type]

        everybody = ((person, notes_of(person, seed=seed)) for person in people.values())
        export(everybody, [(extracts_form(), CsvFolder(hospital.records))], seed=seed, watch=watch)
        book.add_all(_links(seen, people))
        book.describe({"seed": seed, "patients": len(people)})
    return hospital


def read_identities(images: Path) -> Iterator[Seen]:
    """The identity in every file that is DICOM with a preamble and belongs to a study."""
    import pydicom

    wanted = ["PatientID", "PatientBirthDate", "PatientSex", "PatientName", "StudyInstanceUID", "StudyDate"]
    for path in sorted(each for each in images.rglob("*") if each.is_file()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings repeat values
                seen = _seen(pydicom.dcmread(path, stop_before_pixels=True, specific_tags=wanted))
        except Exception:  # noqa: S112 - whatever a strange file raises, it names nobody we could adopt
            continue
        if seen.study_uid:
            yield seen


def _seen(header: object) -> Seen:
    texts = {
        name: str(getattr(header, name, None) or "").strip()
        for name in ("PatientID", "PatientSex", "PatientName", "StudyInstanceUID")
    }
    return Seen(
        patient_id=texts["PatientID"] if any(map(str.isalnum, texts["PatientID"])) else "",  # `***` is nobody's number
        birth_date=_valid_date(str(getattr(header, "PatientBirthDate", None) or "")),
        sex=texts["PatientSex"].upper(),
        name=texts["PatientName"],
        study_uid=texts["StudyInstanceUID"],
        study_date=_valid_date(str(getattr(header, "StudyDate", None) or "")),
    )


def _valid_date(text: str) -> str:
    """YYYYMMDD when it is a date, else nothing."""
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").strftime("%Y%m%d")
    except ValueError:
        return ""


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _people(seed: int, seen: Iterable[Seen]) -> dict[str, Person]:
    """The owner of each hospital number: the first identity in sorted order, a dated one before one without."""
    first: dict[str, Seen] = {}
    for each in sorted(seen, key=lambda s: (s.patient_id, not s.birth_date, s.birth_date, s.sex, s.study_date)):
        if each.patient_id:
            first.setdefault(each.patient_id, each)
    return {key: _adopted(seed, FIRST_REGISTERED + number, first[key]) for number, key in enumerate(first)}


def _adopted(seed: int, number: int, seen: Seen) -> Person:
    """An invented person who takes over what the header knows; the course of health stays as it was invented."""
    invented = invent(seed, number, rates=Rates.none())
    course = invented.course
    birth = _day(seen.birth_date) if seen.birth_date else invented.birth_date
    sex = SEXES.get(seen.sex, "unknown")
    known = replace(invented.recorded[0], hospital_number=seen.patient_id, birth_date=birth, sex=sex)
    return replace(
        invented,
        hospital_number=seen.patient_id,
        birth_date=birth,
        sex=sex,
        course=replace(course, death=None),
        recorded=(known,),
        visits=(),
    )


def _links(seen: Iterable[Seen], people: dict[str, Person]) -> Iterator[LinkAnswer]:
    """The true link of each study, and the trap in it, if any."""
    studies: dict[str, list[Seen]] = {}
    for each in seen:
        studies.setdefault(each.study_uid, []).append(each)
    for study_uid, headers in sorted(studies.items()):
        numbers = sorted({each.patient_id for each in headers} - {""})
        trap = _trap(headers, people[numbers[0]]) if len(numbers) == 1 else _numbers_trap(numbers)
        nobody = not numbers or trap == "birth-date-of-another"
        yield _link(study_uid, headers, None if nobody else people[numbers[0]], trap)


def _link(study_uid: str, headers: list[Seen], owner: Person | None, trap: str) -> LinkAnswer:
    days = [_day(each.study_date) for each in headers if each.study_date]
    return LinkAnswer(
        study_uid=study_uid,
        person_key=owner.key if owner else "",
        hospital_number=owner.hospital_number if owner else None,
        told_patient_id=headers[0].patient_id or None,
        accession=None,
        date=min(days, default=UNKNOWN_DAY),
        age_years=None,
        scanner="",
        in_records="yes" if owner else "no",
        linkable="no" if trap else "yes",
        trap=trap or None,
    )


def _numbers_trap(numbers: list[str]) -> str:
    return "two-ids-in-study" if numbers else "no-patient-id"


def _trap(headers: list[Seen], owner: Person) -> str:
    """Why the headers of one study do not suffice, or nothing."""
    birth_dates = {each.birth_date for each in headers} - {""}
    days = [_day(each.study_date) for each in headers if each.study_date]
    if not birth_dates:
        return "no-birth-date"
    if birth_dates != {owner.birth_date.strftime("%Y%m%d")}:
        return "birth-date-of-another"
    if any(SEXES.get(each.sex, owner.sex) != owner.sex for each in headers):
        return "sex-disagrees"
    return "before-birth" if any(day < owner.birth_date for day in days) else ""
