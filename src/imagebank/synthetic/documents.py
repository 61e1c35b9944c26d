"""The documents of the pretend hospital, with every identifier and every meaning marked in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Span:
    """A marked piece of a text: characters `start` to `end`, what it is, what it means, and how it is meant.

    `kind`: an identifier (given name, family name, nhs number, hospital number, address, postcode, telephone,
    email, relative, staff, institution, date, vehicle, age over 89) or a meaning (symptom, finding, diagnosis, score,
    medication). `value` is canonical. `owner` is whose it is: patient, relative, staff or nobody. `status`:
    affirmed, negated, historical, family, uncertain or planned.
    """

    start: int
    end: int
    kind: str
    value: str
    owner: str = "patient"
    status: str = "affirmed"


@dataclass(frozen=True)
class Note:
    """One document: about whom, when, what kind, its text, and every span in it."""

    key: str
    person: str
    hospital_number: str
    day: date
    kind: str
    author: str
    text: str
    spans: tuple[Span, ...]
    study_uid: str = ""  # of a radiology report
