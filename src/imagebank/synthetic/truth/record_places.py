"""Identifying texts in the record extracts: values of identifying columns, and marked pieces of documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imagebank.synthetic.documents import Note
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth.tables import IdentifierAnswer

SHORTEST = 5  # a text of fewer letters is found by chance, and says little
ENCODING = "utf-8"
COLUMNS: dict[str, dict[str, str]] = {
    "patients": {
        "hospital_number": "hospital number",
        "nhs_number": "nhs number",
        "given_name": "given name",
        "family_name": "family name",
        "birth_date": "date",
        "postcode": "postcode",
        "address": "address",
        "phone": "telephone",
        "death_date": "date",
        "middle_name": "given name",
        "known_as": "given name",
        "birth_family_name": "family name",
        "general_practitioner": "staff",
    },
    "merged_numbers": {"hospital_number": "hospital number", "merged_into": "hospital number"},
    "addresses": {"address": "address", "postcode": "postcode"},
    "relatives": {"name": "relative", "phone": "telephone"},
    "notes": {"author": "staff"},
    "reports": {"author": "staff", "accession_number": "accession number"},
    "deaths": {"date": "date"},
}
"""Kind of what stands in each identifying column; hospital numbers of events are those of the patients."""

SPANS = frozenset(
    (
        *("given name", "family name", "nhs number", "hospital number", "address", "postcode", "telephone", "email"),
        *("relative", "staff", "institution", "date", "vehicle", "age over 89"),
    )
)
"""Kinds of marked text that identify somebody; the other kinds are meanings."""
Found = tuple[str, str, str]  # value, kind, place


def record_identifiers(person: Person, records: Records, notes: Iterable[Note]) -> Iterator[IdentifierAnswer]:
    """Each identifying text of one person's rows once a place; `records` are the rows of that person alone."""
    places = {*_in_columns(records), *_in_notes(notes)} if person.recorded else set()
    for value, kind, place in sorted(places):
        if len(value) >= SHORTEST or not value.isascii():
            key = None if kind in ("staff", "institution") else person.key
            yield IdentifierAnswer(value, kind, person.hospital_number, place, key, None, ENCODING, None)


def _in_columns(records: Records) -> Iterator[Found]:
    for table, columns in COLUMNS.items():
        rows: Sequence[object] = getattr(records, table)
        for column, kind in columns.items():
            for row in rows:
                value = getattr(row, column)
                if value is not None:
                    yield str(value), kind, f"records/{table}.csv:{column}"


def _in_notes(notes: Iterable[Note]) -> Iterator[Found]:
    for note in notes:
        table = "reports" if note.study_uid else "notes"
        for span in note.spans:
            if span.kind in SPANS:
                yield note.text[span.start : span.end], span.kind, f"records/{table}.csv:text"
