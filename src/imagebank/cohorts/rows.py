"""The numbers of a profile as plain rows, for spreadsheets and programs: one number a row, exactly as shown. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from imagebank.cohorts.disclosure import share_of
from imagebank.cohorts.model import Profile, Section
from imagebank.core.columns import Risk, column


@dataclass(frozen=True)
class ProfileRow:
    """One number of the profile, as shown."""

    position: int = column("Place in the profile, from 1.", risk=Risk.NONE, key=True)
    section: str = column("Section of the profile.", risk=Risk.NONE)
    unit: str = column("What is counted.", risk=Risk.NONE)
    denominator: str = column("What the percentage is of.", risk=Risk.NONE)
    row: str = column("What the number is about.", risk=Risk.NONE)
    heading: str = column("Column of the section's table.", risk=Risk.NONE)
    shown: str = column("The number as shown.", risk=Risk.NONE)
    count: int | None = column("The count as shown; empty when hidden or no count.", risk=Risk.NONE)
    of: int | None = column("The denominator as shown.", risk=Risk.NONE)
    percent: float | None = column("Percentage, from the shown numbers.", unit="percent", risk=Risk.NONE)
    note: str = column("What is worth knowing of it.", risk=Risk.NONE)


def profile_rows(found: Profile) -> list[ProfileRow]:
    """Every number of the profile, one a row, in the order of the page."""
    rows = [
        ProfileRow(0, "overview", "", "", each.label, "", each.text, None, None, None, "") for each in found.headline
    ]
    for section in found.sections:
        rows += _section_rows(section)
    return [ProfileRow(**{**asdict(row), "position": place}) for place, row in enumerate(rows, start=1)]


def _section_rows(section: Section) -> list[ProfileRow]:
    name = section.title
    counts = [
        ProfileRow(
            0,
            name,
            section.unit,
            section.denominator,
            row.label,
            heading.label,
            cell.text,
            cell.value,
            heading.total.value if heading.total else None,
            share_of(cell, heading.total) if heading.total else None,
            row.note,
        )
        for row in section.rows
        for heading, cell in zip(section.headings, row.cells, strict=True)
    ]
    measures = [
        ProfileRow(0, name, "", "", each.label, "", each.text, None, None, None, "") for each in section.measures
    ]
    return counts + measures


def table_csv(rows: Iterable[ProfileRow]) -> str:
    """The rows as CSV with a header line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [each.name for each in fields(ProfileRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()
