"""link A B: any two tables of people, linked with the same rules, model and guards, without a bank.

A row of A is an identity that is looked for, a row of B somebody who is known; rows of B that are one person are merged
first. Columns are found by their usual names.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from imagebank.core.config import LinkageSettings
from imagebank.core.errors import SourceError
from imagebank.core.private import NOBODY, Private
from imagebank.identities.guards import Rules
from imagebank.identities.matching.weights import Weights
from imagebank.identities.merging import persons_of
from imagebank.identities.model import Claim, Entrant, Link, Person
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
FORMATS = ("%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y")
SEXES = {"f": "female", "female": "female", "2": "female", "m": "male", "male": "male", "1": "male"}
OUT_COLUMNS = ("a", "b", "also_b", "rule", "reason", "candidate", "weight", "lead", "model")

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
    """Link the rows of one CSV to those of another. Raises SourceError for a table without columns that identify."""
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
        try:
            with open(path, newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file, restval="")
                columns = _columns(path.name, list(reader.fieldnames or []))
                every = [{kind: (row[name] or "").strip() for kind, name in columns.items()} for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            told = f"{path.name} cannot be read ({type(error).__name__})."
            raise SourceError(told, "export it as UTF-8 CSV with a header line") from None
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
            sex={"female": "F", "male": "M"}.get(SEXES.get(row.get("sex", "").lower(), ""), ""),
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
            sex=SEXES.get(row.get("sex", "").lower(), "unknown"),
        )
        names = ((Private(given), Private(other)),) if other else ()
        return Entrant(person, "b", Private(row.get("postcode", "")), other_names=names)

    def _day(self, row: Row, kind: str) -> date | None:
        text = row.get(kind, "")
        for form in FORMATS if text else ():
            try:
                return datetime.strptime(text[:10] if form == FORMATS[0] else text, form).date()
            except ValueError:
                continue
        if text:
            self.unread.append(kind)
        return None


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
