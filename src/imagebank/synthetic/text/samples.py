"""The invented people of the page of sample notes, and the page itself, with every mark shown."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from typing import Any

from imagebank.synthetic.documents import Note
from imagebank.synthetic.events import (
    Assessment,
    BloodResult,
    Course,
    Diagnosis,
    Episode,
    Medication,
    Referral,
    Symptom,
)
from imagebank.synthetic.model import Home, Name, Person, Recorded, Relative
from imagebank.synthetic.text.vocabulary import read, staff
from imagebank.synthetic.text.writing import notes_of, report_of
from imagebank.synthetic.visits import Anatomy, Ordered, Told, Visit

MEANINGS = frozenset({"symptom", "finding", "diagnosis", "score", "medication"})
ROWS: dict[str, Any] = {
    "referrals": Referral,
    "episodes": Episode,
    "diagnoses": Diagnosis,
    "assessments": Assessment,
    "symptoms": Symptom,
    "medications": Medication,
    "bloods": BloodResult,
}


@cache
def sample_people() -> tuple[Person, ...]:
    """Four people who have nothing in common."""
    return tuple(_person(row) for row in tomllib.loads(read("sample_people.toml"))["person"])


def _person(row: dict[str, Any]) -> Person:
    name = Name(**row["name"])
    homes = tuple(Home(**home, lsoa="", decile=None) for home in row["homes"])
    number, nhs, born, sex = row["hospital_number"], row["nhs_number"], row["birth_date"], row["sex"]
    return Person(
        key=row["key"],
        hospital_number=number,
        nhs_number=nhs,
        name=name,
        birth_date=born,
        sex=sex,
        ethnic_category="Z",
        homes=homes,
        phone=row["phone"],
        relatives=tuple(Relative(**relative) for relative in row["relatives"]),
        general_practitioner=row["general_practitioner"],
        course=_course(row),
        recorded=(Recorded(number, nhs, name, born, sex, homes[-1], row["phone"]),),
        visits=(_visit(row["key"], row["visit"], sex, born),),
    )


def _course(row: dict[str, Any]) -> Course:
    lists: dict[str, Any] = {
        name: tuple(_event(kind, each) for each in row.get(name, ())) for name, kind in ROWS.items()
    }
    return Course(
        condition=row["condition"],
        subtype="",
        onset=row["onset"],
        first_contact=row["first_contact"],
        last_contact=row["last_contact"],
        **lists,
    )


def _event(kind: Any, row: dict[str, Any]) -> Any:
    """A row of a list; what the row leaves out is unknown or open."""
    given: dict[str, Any] = {"end": None} if kind in (Episode, Medication) else {}
    given = {"score": None, **row} if kind is Assessment else given | row
    if "items" in given:
        given["items"] = tuple((name, score) for name, score in given["items"])
    return kind(**given)


def _visit(key: str, row: dict[str, Any], sex: str, born: date) -> Visit:
    day = row["day"]
    volumes = row["anatomy"]
    anatomy = Anatomy(1, sex, (day - born).days / 365.25, *volumes)
    series = tuple(Ordered(f"2.25.{number}", number, kind) for number, kind in enumerate(row["series"], start=1))
    team = (("referrer", staff("consultant")[0][0]), ("radiologist", staff("radiologist")[1][0]))
    told = Told("", "", "", "")
    return Visit(
        f"{key}-1", key, f"2.25.{ord(key)}", "", "", day, 36_000, "siemens-30", told, team, anatomy, (0.0,) * 3, series
    )


def sample_notes(seed: int, each: int) -> list[Note]:
    """For every sample person so many notes and the report of the scan."""
    found: list[Note] = []
    for person in sample_people():
        notes = [note for extra in range(2) for note in notes_of(person, seed=seed + 1000 * extra)]
        kinds = {note.kind: note for note in notes}
        found += sorted(list(kinds.values())[:each], key=lambda note: note.day)
        found.append(report_of(person, person.visits[0], seed=seed))
    return found


def sample_page(seed: int = 13, each: int = 7) -> str:
    """The page of sample notes, in Markdown."""
    parts = [INTRODUCTION]
    for note in sample_notes(seed, each):
        parts.append(f"## {note.kind}: {note.day.isoformat()}, {note.author}\n\n```\n{show_marks(note)}\n```\n")
    return "\n".join(parts)


INTRODUCTION = """# Sample notes

Written by the grammar of the pretend hospital for four invented people. Identifiers stand in ‹angles›; what carries a
meaning stands in {braces} with its status: + affirmed, - negated, < historical, f family, ? uncertain, > planned. The
marks are no part of the notes. `python -m imagebank.synthetic.text --seed 7` prints other ones.
"""

SIGNS = {"affirmed": "+", "negated": "-", "historical": "<", "family": "f", "uncertain": "?", "planned": ">"}


def show_marks(note: Note) -> str:
    """The text of a note with its marks written into it."""
    shown, at = [], 0
    for span in sorted(note.spans, key=lambda span: span.start):
        text = note.text[span.start : span.end]
        marked = f"{{{SIGNS[span.status]}{text}}}" if span.kind in MEANINGS else f"‹{text}›"
        shown += [note.text[at : span.start], marked]
        at = span.end
    return "".join([*shown, note.text[at:]]).replace("\r\n", "\n").replace("```", "'''")
