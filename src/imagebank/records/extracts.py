"""Reading a folder of CSV extracts: people, diagnoses, assessments, notes and opt-outs.

Laws: a row is understood or refused with a reason, and refused rows are counted; identities leave here only as types
that do not print; the text of a note is measured and left behind.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from imagebank.core.errors import SourceError
from imagebank.core.files import sha256
from imagebank.core.private import Private
from imagebank.identities.model import Entrant, OptOut, Person
from imagebank.records import codes

COLUMNS = {
    "patients": ("hospital_number", "nhs_number", "given_name", "family_name", "birth_date", "sex"),
    "diagnoses": ("hospital_number", "date", "code"),
    "assessments": ("hospital_number", "date", "name", "score", "out_of"),
    "notes": ("hospital_number", "date", "kind", "text"),
    "opt_outs": ("hospital_number", "kind"),
}
"""The columns that each extract must have. Only patients.csv must be there."""
REFUSALS = {
    "no-hospital-number": "The row names no hospital number.",
    "hospital-number-used-twice": "Another row of patients.csv has the same hospital number; the first one counts.",
    "nobody-has-this-hospital-number": "No row of patients.csv has the hospital number.",
    "no-date": "An event without a date.",
    "not-a-date": "A date that is not written as YYYY-MM-DD.",
    "not-a-code": "Not a WHO ICD-10 code.",
    "not-a-number": "A score or its denominator is no number.",
    "impossible-score": "A score below 0 or above its denominator.",
}
"""Why a row of an extract may be refused."""
OPT_OUT_KINDS = ("national", "local", "gp-type-1")
ROLES = ("primary", "secondary")
csv.field_size_limit(16 * 1024 * 1024)  # a discharge summary in one field may be long

Row = dict[str, str]
ParsedT = TypeVar("ParsedT")


class RowRefused(Exception):
    """A row that was not understood; the message is a reason code, never a value."""


@dataclass(frozen=True)
class Characteristics:
    """What the patients table says of a person beyond identity."""

    person: str = field(repr=False)
    ethnic_category: str | None
    deprivation_decile: int | None
    deprivation_release: str | None


@dataclass(frozen=True)
class DiagnosisEvent:
    """One diagnosis as recorded."""

    person: str = field(repr=False)
    day: date = field(repr=False)
    code: str
    code_system: str
    role: str


@dataclass(frozen=True)
class AssessmentEvent:
    """One score as recorded."""

    person: str = field(repr=False)
    day: date = field(repr=False)
    name: str
    score: float
    out_of: float


@dataclass(frozen=True)
class NoteEvent:
    """One note: that it is there, not what it says."""

    person: str = field(repr=False)
    day: date = field(repr=False)
    kind: str
    characters: int


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not understood: its extract, its line, and why."""

    table: str
    line: int
    reason: str


@dataclass(frozen=True)
class Extract:
    """Everything that one record source brings."""

    source: str
    people: tuple[Entrant, ...]
    characteristics: tuple[Characteristics, ...]
    diagnoses: tuple[DiagnosisEvent, ...]
    assessments: tuple[AssessmentEvent, ...]
    notes: tuple[NoteEvent, ...]
    opt_outs: tuple[OptOut, ...]
    refused: tuple[RefusedRow, ...]


def extract_hash(folder: Path) -> str:
    """The hash of all extracts of a folder: the same as long as no byte of them changes."""
    told = {name: sha256(folder / f"{name}.csv") for name in COLUMNS if (folder / f"{name}.csv").is_file()}
    return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()


def read_extract(source: str, folder: Path) -> Extract:
    """Read all extracts of a folder. Raises SourceError when patients.csv or a column is missing."""
    if not (folder / "patients.csv").is_file():
        raise SourceError(
            f"The record source `{source}` has no patients.csv.",
            "check its path in bank.toml: the folder must hold patients.csv and may hold the other extracts",
        )
    reader = _Reader(source, folder)
    people = reader.rows("patients", _person)
    reader.complete = True
    return Extract(
        source=source,
        people=tuple(entrant for entrant, _ in people),
        characteristics=tuple(facts for _, facts in people),
        diagnoses=tuple(reader.rows("diagnoses", _diagnosis)),
        assessments=tuple(reader.rows("assessments", _assessment)),
        notes=tuple(reader.rows("notes", _note)),
        opt_outs=tuple(reader.rows("opt_outs", _opt_out)),
        refused=tuple(reader.refused),
    )


class _Reader:
    """One folder under way: who is known so far, and what was refused."""

    def __init__(self, source: str, folder: Path) -> None:
        self.source, self.folder = source, folder
        self.known: set[str] = set()
        self.complete = False
        self.refused: list[RefusedRow] = []

    def rows(self, table: str, parse: Callable[[str, Row], ParsedT]) -> list[ParsedT]:
        """The rows of an extract that were understood; an extract that is not there has none."""
        path = self.folder / f"{table}.csv"
        parsed: list[ParsedT] = []
        for line, row in _rows(path, table) if path.is_file() else ():
            try:
                self._check_person(row)
                parsed.append(parse(self.source, row))
            except RowRefused as refusal:
                self.refused.append(RefusedRow(table, line, str(refusal)))
        return parsed

    def _check_person(self, row: Row) -> None:
        """Refuse a second row of a person among the patients, and elsewhere a row of nobody."""
        person = _person_id(self.source, row)
        if self.complete and person not in self.known:
            raise RowRefused("nobody-has-this-hospital-number")
        if not self.complete and person in self.known:
            raise RowRefused("hospital-number-used-twice")
        self.known.add(person)


def _rows(path: Path, table: str) -> Iterator[tuple[int, Row]]:
    """Line number and fields of each row. Raises SourceError when columns are missing or the file is no UTF-8 CSV."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            _check_columns(table, list(reader.fieldnames or []))
            for row in reader:
                yield reader.line_num, {name: value or "" for name, value in row.items() if name}
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise SourceError(
            f"{table}.csv cannot be read ({type(error).__name__}).", "export it as UTF-8 CSV that this user may read"
        ) from None


def _check_columns(table: str, found: list[str]) -> None:
    for column in COLUMNS[table]:
        if column not in found:
            near = difflib.get_close_matches(column, found, n=1, cutoff=0.5)
            advice = f"rename `{near[0]}`, if that is it" if near else f"it needs: {', '.join(COLUMNS[table])}"
            raise SourceError(f"{table}.csv has no column `{column}`.", advice)


def _person_id(source: str, row: Row) -> str:
    number = "".join(row["hospital_number"].split()).upper()
    if not number:
        raise RowRefused("no-hospital-number")
    return f"{source}:{number}"


def _person(source: str, row: Row) -> tuple[Entrant, Characteristics]:
    person = Person(
        person=_person_id(source, row),
        hospital_number=Private(row["hospital_number"].strip()),
        nhs_number=Private(row["nhs_number"].strip()),
        given_name=Private(row["given_name"].strip()),
        family_name=Private(row["family_name"].strip()),
        birth_date=_day(row["birth_date"]),
        death_date=_day(row.get("death_date", "")),
        sex=codes.normalise_sex(row["sex"]),
    )
    postcode, address, phone = (Private(row.get(name, "").strip()) for name in ("postcode", "address", "phone"))
    return Entrant(person, source, postcode, address, phone), _characteristics(person.person, row)


def _characteristics(person: str, row: Row) -> Characteristics:
    decile = row.get("deprivation_decile", "").strip()
    return Characteristics(
        person=person,
        ethnic_category=codes.normalise_ethnic_category(row.get("ethnic_category", "")),
        deprivation_decile=int(decile) if decile.isdigit() and 1 <= int(decile) <= 10 else None,
        deprivation_release=row.get("deprivation_release", "").strip() or None,
    )


def _diagnosis(source: str, row: Row) -> DiagnosisEvent:
    system = row.get("code_system", "").strip() or "ICD-10"
    code = codes.normalise_icd10(row["code"]) if system == "ICD-10" else row["code"].strip().upper()
    if not code:
        raise RowRefused("not-a-code")
    role = row.get("role", "").strip().lower()
    return DiagnosisEvent(_person_id(source, row), _event_day(row), code, system, role if role in ROLES else "unknown")


def _assessment(source: str, row: Row) -> AssessmentEvent:
    try:
        score, out_of = float(row["score"]), float(row["out_of"])
    except ValueError:
        raise RowRefused("not-a-number") from None
    if not 0 <= score <= out_of:
        raise RowRefused("impossible-score")
    return AssessmentEvent(_person_id(source, row), _event_day(row), row["name"].strip(), score, out_of)


def _note(source: str, row: Row) -> NoteEvent:
    return NoteEvent(_person_id(source, row), _event_day(row), row["kind"].strip(), len(row["text"]))


def _opt_out(source: str, row: Row) -> OptOut:
    """A wish is honoured however badly it was written down: a strange kind or date does not undo it."""
    kind = row["kind"].strip().lower()
    try:
        listed = _day(row.get("list_date", ""))
    except RowRefused:
        listed = None
    return OptOut(_person_id(source, row), kind if kind in OPT_OUT_KINDS else "unstated", listed)


def _day(text: str) -> date | None:
    """A date, None where there is none. Raises RowRefused where it is no ISO date."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise RowRefused("not-a-date") from None


def _event_day(row: Row) -> date:
    day = _day(row["date"])
    if day is None:
        raise RowRefused("no-date")
    return day
