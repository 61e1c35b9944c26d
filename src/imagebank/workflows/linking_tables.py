"""link A B: any two tables of people, linked with the same rules, model and guards, without a bank.

A row of A is an identity that is looked for, a row of B somebody who is known; rows of B that are one person are merged
first. Columns are found by their usual names.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from imagebank.core.clock import now
from imagebank.core.config import LinkageSettings
from imagebank.core.errors import SourceError
from imagebank.core.private import NOBODY, Private
from imagebank.identities.guards import Rules
from imagebank.identities.matching.weights import Weights
from imagebank.identities.merging import persons_of
from imagebank.identities.model import Claim, Entrant, Link, Person
from imagebank.records import Mapping as RecordMapping
from imagebank.records.codes import normalise_sex
from imagebank.records.days import Forms, parse_day
from imagebank.records.files import read_file
from imagebank.records.rows import Rows
from imagebank.records.shaping import BLANKS, words_for_nothing
from imagebank.workflows.linking import identities_of, link_claims
from imagebank.workflows.merging import merge_entrants
from imagebank.workflows.weighing import evidence_for

NAMES = {
    "id": ("id", "row_id", "record_id", "unique_id"),
    "hospital_number": ("hospital_number", "patient_id", "mrn", "local_number", "hospital_id"),
    "nhs_number": ("nhs_number", "nhs_no", "nhsnumber", "nhs"),
    "given_name": ("given_name", "first_name", "forename", "given"),
    "family_name": ("family_name", "last_name", "surname", "family"),
    "name": ("name", "patient_name", "full_name"),
    "birth_date": ("birth_date", "date_of_birth", "dob", "birthdate"),
    "death_date": ("death_date", "date_of_death", "dod"),
    "sex": ("sex", "gender"),
    "postcode": ("postcode", "post_code", "postal_code"),
    "date": ("date", "study_date", "event_date"),
    "birth_family_name": ("birth_family_name", "maiden_name", "previous_name"),
}
"""What a column is, and the names under which it is found; case, blanks and hyphens do not matter."""
FORMATS = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")  # beside those that can mean one day only
SEXES = {"female": "F", "male": "M"}  # as DICOM writes them
OUT_COLUMNS = ("a", "b", "also_b", "rule", "reason", "candidate", "weight", "lead", "model")

AS_IT_IS = RecordMapping("tables", ())  # encoding and delimiter are found out
Row = Mapping[str, str]


@dataclass(frozen=True)
class LinkedTables:
    """What came of two tables: a link for each row of A, the rows of B of each person, and the weights."""

    links: Mapping[str, Link] = field(repr=False)
    rows_of_person: Mapping[str, tuple[str, ...]] = field(repr=False)
    weights: Weights
    unread_dates: int

    @property
    def counts(self) -> dict[str, int]:
        """Rows of A by rule or reason, the most frequent first."""
        return dict(Counter(link.rule or link.reason for link in self.links.values()).most_common())


def link_tables(first: Path, second: Path, settings: LinkageSettings) -> LinkedTables:
    """Link the rows of one file to those of another. Raises SourceError for a table without columns that identify."""
    left, right = _Table.read(first), _Table.read(second)
    claims = {key: frozenset([left.claim(row)]) for key, row in left.rows.items()}
    entrants = [right.entrant(key, row) for key, row in right.rows.items()]
    accept = settings.accept_test_numbers
    merged = merge_entrants(entrants, accept_test_numbers=accept, url=settings.engine_url)
    people = persons_of(entrants, merged.person_of)
    evidence, weights = evidence_for(identities_of(claims), people, settings)
    rules = Rules(settings.false_link_weighs, settings.after_death_days)
    links = link_claims(claims, people, evidence, rules, accept_test_numbers=accept)
    rows: dict[str, list[str]] = defaultdict(list)
    for name, person in sorted(merged.person_of.items()):
        rows[person].append(name)
    unread = left.unread + right.unread
    return LinkedTables(links, {p: tuple(names) for p, names in rows.items()}, weights, len(unread))


class _Table:
    """One table of people: its rows by id, and what its columns are."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self.rows = rows
        self.unread: list[str] = []  # ids of rows with a date that is none

    @classmethod
    def read(cls, path: Path) -> _Table:
        every = [row for portion in read_file(path, AS_IT_IS) for row in _rows_of(path.name, portion)]
        width = len(str(len(every)))
        keys = [row.get("id") or f"{line:0{width}d}" for line, row in enumerate(every, start=1)]
        if len(set(keys)) < len(keys):
            raise SourceError(f"{path.name} has ids that stand in several rows.", "give each row an id of its own")
        return cls(dict(zip(keys, every, strict=True)))

    def claim(self, row: Row) -> Claim:
        """A row as an identity that is looked for."""
        numbers = [Private(row[name]) for name in ("hospital_number", "nhs_number") if row.get(name)]
        given, family = row.get("given_name", ""), row.get("family_name", "")
        name = f"{family}^{given}" if given or family else row.get("name", "")
        return Claim(
            patient_id=numbers[0] if numbers else NOBODY,
            other_ids=tuple(numbers[1:]),
            name=Private(name),
            birth_date=self._day(row, "birth_date"),
            sex=SEXES.get(normalise_sex(row.get("sex", "")), ""),
            study_date=self._day(row, "date"),
            postcode=Private(row.get("postcode", "")),
        )

    def entrant(self, key: str, row: Row) -> Entrant:
        """A row as somebody who is known."""
        given, family = row.get("given_name", ""), row.get("family_name", "")
        if not (given or family) and "name" in row:
            family, _, given = re.sub(r"\s*[,^]\s*", "^", row["name"]).partition("^")
        other = row.get("birth_family_name", "")
        person = Person(
            key,
            Private(row.get("hospital_number", "")),
            Private(row.get("nhs_number", "")),
            Private(given),
            Private(family),
            birth_date=self._day(row, "birth_date"),
            death_date=self._day(row, "death_date"),
            sex=normalise_sex(row.get("sex", "")),
        )
        names = ((Private(given), Private(other)),) if other else ()
        return Entrant(person, "b", Private(row.get("postcode", "")), other_names=names)

    def _day(self, row: Row, kind: str) -> date | None:
        found = parse_day(row.get(kind, ""), Forms(FORMATS, now().date()))
        if found.refused:
            self.unread.append(kind)
        return found.day


def _rows_of(name: str, portion: Rows) -> Iterator[Row]:
    """The rows of a portion by what their columns are; words for nothing are nothing."""
    if portion.refused:
        raise SourceError(
            f"{name}: {len(portion.refused)} rows do not fit the header, the first at line {portion.refused[0][0]}.",
            "mend them, or leave them out: nobody could tell who is missing from the links",
        )
    columns = _columns(name, portion.table.schema.names[:-1])
    nothing = {kind: words_for_nothing(kind) for kind in columns}
    for row in portion.table.select(list(columns.values())).to_pylist():
        plain = {kind: row[column].strip(BLANKS) for kind, column in columns.items()}
        yield {kind: "" if text in nothing[kind] else text for kind, text in plain.items()}


def _columns(name: str, found: Sequence[str]) -> dict[str, str]:
    """The column of each kind. Raises SourceError where nothing identifies anybody."""
    plain = {re.sub(r"[\s\-]+", "_", column.strip().lower()): column for column in found}
    columns = {kind: plain[n] for kind, names in NAMES.items() for n in reversed(names) if n in plain}
    if not {"hospital_number", "nhs_number", "family_name", "name"} & set(columns):
        known = ", ".join(names[0] for names in NAMES.values())
        raise SourceError(f"{name} has no column that identifies anybody.", f"rename its columns; known are: {known}")
    return columns


def links_csv(told: LinkedTables) -> str:
    """One line for each row of A."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(OUT_COLUMNS)
    for key, link in sorted(told.links.items()):
        rows = told.rows_of_person.get(link.person or "", ())
        lead = "" if link.lead is None or link.lead == float("inf") else f"{link.lead:g}"
        weight = "" if link.weight is None else f"{link.weight:g}"
        found = (rows[0] if rows else "", " ".join(rows[1:]))
        writer.writerow((key, *found, link.rule, link.reason, link.candidate or "", weight, lead, link.model))
    return text.getvalue()
