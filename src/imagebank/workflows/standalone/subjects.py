"""Under which pseudonym and offset the images of a patient id go: derived with the key, or as a subject map says.

Laws: without a map one patient id is one patient, so that a patient under two numbers becomes two, and an id that two
issuers name is refused unless the issuer is made a part of it; with a map, whoever is not in it is refused; a message
names a line of the map, never what the line says.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.errors import ConfigError
from imagebank.core.private import NOBODY, Private
from imagebank.identities.comparing import normalise_id
from imagebank.identities.model import Link
from imagebank.identities.pseudonyms import Keys

SHIFT_DAYS = (-365, -1)  # the window from which a bank draws, unless told otherwise
MOST_OFFSET_DAYS = 36_500
SUBJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
REASONS = {
    "no-patient-id": "The header names no patient id, so that nobody can say whose image it is.",
    "not-in-subject-map": "The patient id is not in the subject map.",
    "several-issuers": "Several issuers name the patient id: it may belong to several people.",
}
"""Why nobody may be given a pseudonym."""


@dataclass(frozen=True)
class MappedSubject:
    """What a line of the map says of a patient id; without an offset it is derived with the key."""

    subject: str = field(repr=False)
    offset_days: int | None = field(repr=False)


@dataclass(frozen=True)
class Subjects:
    """Gives pseudonyms and offsets."""

    keys: Keys
    mapped: Mapping[str, MappedSubject] | None = field(default=None, repr=False)
    by_issuer: bool = False  # whether the same number of two issuers is two patients

    def link(self, patient_id: Private, issuer: Private = NOBODY) -> Link:
        """The person whom a patient id stands for, or the reason why there is none."""
        number = normalise_id(patient_id)
        if not number:
            return Link(None, "", "no-patient-id")
        if self.mapped is None:
            return Link(f"{normalise_id(issuer) if self.by_issuer else ''}|{number}", "patient-id")
        known = self.mapped.get(number)
        return Link(f"map|{known.subject}|{number}", "subject-map") if known else Link(None, "", "not-in-subject-map")

    def pseudonym(self, person: str) -> str:
        """What stands for a person in the output."""
        known = self._known(person)
        return known.subject if known else self.keys.pseudonym(person)

    def offset_days(self, person: str) -> int:
        """By how many days the dates of a person move."""
        known = self._known(person)
        if known and known.offset_days is not None:
            return known.offset_days
        whose = f"subject:{known.subject}" if known else person  # two numbers under one subject move together
        return self.keys.offset_days(whose, earliest=SHIFT_DAYS[0], latest=SHIFT_DAYS[1])

    def _known(self, person: str) -> MappedSubject | None:
        return self.mapped[person.rsplit("|", 1)[1]] if self.mapped is not None else None


def read_subject_map(path: Path, *, shared: bool = False) -> dict[str, MappedSubject]:
    """A CSV with the columns patient_id, subject and perhaps offset_days; `shared` allows two ids under one subject.

    Raises ConfigError with the number of the line that is not understood.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"patient_id", "subject"} - set(reader.fieldnames or ())
            if missing:
                raise _refusal(f"has no column {' and '.join(sorted(missing))}")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refusal(f"cannot be read ({type(error).__name__})") from None
    known: dict[str, MappedSubject] = {}
    owners: dict[str, MappedSubject] = {}
    for line, row in rows:
        number = normalise_id(Private(row["patient_id"] or ""))
        mapped = _mapped(line, number, row)
        if known.get(number, mapped) != mapped:
            raise _refusal(f"gives a patient id of an earlier line another subject or offset in line {line}")
        owner = owners.setdefault(mapped.subject.lower(), mapped)
        if owner != mapped or (number not in known and owner is not mapped and not shared):
            raise _refusal(f"gives two patients one subject in line {line}")
        known[number] = mapped
    return known


def _mapped(line: int, number: str, row: dict[str, str]) -> MappedSubject:
    subject, told = (row["subject"] or "").strip(), (row.get("offset_days") or "").strip()
    if not number:
        raise _refusal(f"has no patient id in line {line}")
    if not SUBJECT.fullmatch(subject):
        raise _refusal(f"has a subject that is not 1 to 32 letters, digits and inner hyphens in line {line}")
    if told and not re.fullmatch(r"-?[1-9][0-9]{0,4}", told):
        raise _refusal(f"has an offset that is no whole number of days, or 0, in line {line}")
    if subject.upper() == number:
        raise _refusal(f"gives a patient id itself as its subject in line {line}")
    offset = int(told) if told else None
    if offset is not None and abs(offset) > MOST_OFFSET_DAYS:
        raise _refusal(f"moves dates by more than {MOST_OFFSET_DAYS} days in line {line}")
    return MappedSubject(subject, offset)


def _refusal(what: str) -> ConfigError:
    return ConfigError(f"The subject map {what}.", "columns: patient_id, subject, and offset_days if you choose it")
