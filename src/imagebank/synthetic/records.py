"""The health record as a hospital exports it: five CSV files, with the usual dirt.

Diagnosis codes come with and without their dot, with daggers, asterisks and lower case; a few scores are impossible;
a few numbers are missing or wrong. Rows are ordered by hospital number and date.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

from imagebank.synthetic.dicom_files import write
from imagebank.synthetic.notes import notes_of
from imagebank.synthetic.people import RECORDS_END, Person
from imagebank.synthetic.streams import stream

DEPRIVATION_RELEASE = "IoD2019"
COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": (
        "hospital_number",
        "nhs_number",
        "given_name",
        "family_name",
        "birth_date",
        "sex",
        "postcode",
        "address",
        "phone",
        "ethnic_category",
        "deprivation_decile",
        "deprivation_release",
        "death_date",
    ),
    "diagnoses": ("hospital_number", "date", "code", "role", "code_system"),
    "assessments": ("hospital_number", "date", "name", "score", "out_of"),
    "notes": ("hospital_number", "date", "kind", "text"),
    "opt_outs": ("hospital_number", "kind", "list_date"),
}
OPT_OUT_LIST_DATE = date(2023, 6, 1)
Row = tuple[str, ...]


def write_records(folder: Path, people: Sequence[Person], *, seed: int) -> dict[str, list[Row]]:
    """Write the five files; returns their rows, by file."""
    ordered = sorted(people, key=lambda person: person.hospital_number)
    rows: dict[str, list[Row]] = {
        "patients": [_patient(person) for person in ordered],
        "diagnoses": [row for person in ordered for row in _diagnoses(seed, person)],
        "assessments": [row for person in ordered for row in _assessments(seed, person)],
        "notes": [row for person in ordered for row in notes_of(seed, person)],
        "opt_outs": [_opt_out(person, kind) for person in ordered for kind in person.opt_outs],
    }
    for name, each in rows.items():
        write(folder / f"{name}.csv", csv_bytes(COLUMNS[name], each))
    return rows


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV file in UTF-8 with Unix line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _patient(person: Person) -> Row:
    return (
        person.hospital_number,
        person.nhs_number,
        person.given_name,
        person.family_name,
        person.birth_date.isoformat(),
        person.sex,
        person.postcode,
        person.address,
        person.phone,
        person.ethnic_category,
        "" if person.deprivation_decile is None else str(person.deprivation_decile),
        "" if person.deprivation_decile is None else DEPRIVATION_RELEASE,
        person.death_date.isoformat() if person.death_date else "",
    )


def _opt_out(person: Person, kind: str) -> Row:
    return (person.hospital_number, kind, OPT_OUT_LIST_DATE.isoformat())


def _diagnoses(seed: int, person: Person) -> list[Row]:
    """The picture's code once or several times around first contact, and what else the person has."""
    chance = stream(seed, "diagnoses", person.key)
    rows: list[tuple[date, str, str]] = []
    if person.condition.codes:
        for _ in range(chance.randint(1, 4)):
            day = _day(chance, person, -250, 900)
            rows.append((day, chance.choice(person.condition.codes), "primary"))
    for code in person.condition.secondary:
        if chance.random() < 0.45:
            rows.append((_day(chance, person, -700, 900), code, "secondary"))
    dirty = [(day, _as_typed(chance, code), role) for day, code, role in rows]
    return [(person.hospital_number, day.isoformat(), code, role, "ICD-10") for day, code, role in sorted(dirty)]


def _as_typed(chance: Random, code: str) -> str:
    """One code in four is not written as the book has it."""
    style = chance.randrange(16)
    if style == 0:
        return code.replace(".", "")
    if style == 1:
        return code.lower()
    if style == 2:
        return f"{code}*" if code.startswith(("F00", "F02")) else f"{code} "
    if style == 3:
        return {"F": f"{code}+", "G": f"{code}†"}.get(code[0], code)
    return code


def _assessments(seed: int, person: Person) -> list[Row]:
    """MMSE scores that fall with the years, at the pace of the picture; other instruments now and then."""
    chance = stream(seed, "assessments", person.key)
    rows: list[tuple[date, str, int, int]] = []
    worried = person.condition.decline_per_year > 0.2
    start = chance.randint(*person.condition.mmse)
    for _ in range(chance.randint(1, 5) if worried else chance.choice((0, 0, 1))):
        day = _day(chance, person, -400, 1300)
        years = (day - person.first_contact).days / 365.25
        score = max(0, min(30, round(start - person.condition.decline_per_year * years + chance.choice((-1, 0, 0, 1)))))
        rows.append((day, "MMSE", *_out_of(chance, score)))
    if chance.random() < 0.3:
        rows.append(
            (_day(chance, person, -100, 600), "ACE-III", max(0, min(100, start * 3 + chance.randint(-8, 8))), 100)
        )
    return [(person.hospital_number, d.isoformat(), name, str(score), str(top)) for d, name, score, top in sorted(rows)]


def _out_of(chance: Random, score: int) -> tuple[int, int]:
    """Some cannot draw or see, and are scored out of less; a few scores are slips of the pen."""
    draw = chance.randrange(40)
    if draw == 0:
        return 31, 30
    if draw in (1, 2, 3):
        top = 29 if draw < 3 else 25
        return min(score, top), top
    return score, 30


def _day(chance: Random, person: Person, earliest: int, latest: int) -> date:
    """A day relative to first contact, within the person's life and the records."""
    day = person.first_contact + timedelta(chance.randint(earliest, latest))
    end = person.death_date or RECORDS_END
    return max(person.birth_date, min(day, end))
