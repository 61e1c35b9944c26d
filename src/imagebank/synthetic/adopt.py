"""Records for images that already exist: one pretend person for each identity found in a folder of DICOM.

A hospital number belongs to one person: where a PatientID comes with several birth dates or sexes, the first in sorted
order owns it, and the studies of the others are traps. Headers are read defensively; what does not parse is passed
over.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from imagebank.synthetic.answers import Answers, Link, write_answers
from imagebank.synthetic.hospital import Hospital, refuse_used
from imagebank.synthetic.identifiers import identifiers_of_records
from imagebank.synthetic.people import Person, conditions, invent_person
from imagebank.synthetic.records import write_records
from imagebank.synthetic.streams import stream

FIRST_NUMBER = 80_000  # of adopted people
SEXES = {"F": "female", "M": "male"}


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
    rows = write_records(hospital.records, list(people.values()), seed=seed)
    answers = Answers()
    for link in _links(seen, people):
        answers.add_link(link)
    answers.identifiers.update(identifiers_of_records(people.values(), rows))
    counts = {name: len(each) for name, each in rows.items()}
    write_answers(hospital.answers, answers, {"seed": seed, "patients": len(people), "records": counts})
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
    return {key: _adopted(seed, FIRST_NUMBER + number, first[key]) for number, key in enumerate(first)}


def _adopted(seed: int, number: int, seen: Seen) -> Person:
    """An invented person who takes over what the header knows, with a clinical picture that fits the age."""
    invented = invent_person(seed, number)
    contact = _day(seen.study_date) - timedelta(30) if seen.study_date else invented.first_contact
    birth = _day(seen.birth_date) if seen.birth_date else contact - (invented.first_contact - invented.birth_date)
    age = (contact - birth).days // 365
    fitting = [each for each in conditions() if each.ages[0] <= age <= each.ages[1]]
    chance = stream(seed, "adopted", number)
    return replace(
        invented,
        hospital_number=seen.patient_id,
        birth_date=birth,
        sex=SEXES.get(seen.sex, "unknown"),
        first_contact=max(contact, birth),
        condition=chance.choices(fitting, [each.weight for each in fitting])[0] if fitting else conditions()[-1],
        death_date=None,
    )


def _links(seen: Iterable[Seen], people: dict[str, Person]) -> Iterator[Link]:
    """The true link of each study, and the trap in it, if any."""
    studies: dict[str, list[Seen]] = {}
    for each in seen:
        studies.setdefault(each.study_uid, []).append(each)
    for study_uid, headers in sorted(studies.items()):
        numbers = sorted({each.patient_id for each in headers} - {""})
        trap = _trap(headers, people[numbers[0]]) if len(numbers) == 1 else _numbers_trap(numbers)
        nobody = not numbers or trap == "birth-date-of-another"
        yield Link(study_uid, "" if nobody else numbers[0], "no" if trap else "yes", trap)


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
