"""A list of accession numbers, study UIDs or patient numbers, as a person saves it: what is asked for, and what is not.

Commas, semicolons or tabs; UTF-8 or what a spreadsheet writes. A row that names nothing, or that would
ask for more than one thing, is left and counted, never guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.core.private import Private
from imagebank.dicom.pacs.model import Request
from imagebank.dicom.pacs.numbers import LONGEST, NEVER_ASKED

COLUMNS = {"accession_number": "accession", "study_instance_uid": "study", "patient_id": "patient"}
NAMES = {
    **{name.replace("_", ""): by for name, by in COLUMNS.items()},
    "accession": "accession",
    "studyuid": "study",
    "hospitalnumber": "patient",
}
"""What a column may be called, without spaces, underscores and capital letters."""
UID = re.compile(r"[0-9.]{1,64}")
SPREADSHEET = "cp1252"  # what a spreadsheet on Windows writes as CSV, where a name is outside ASCII
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")
MOST_EXACT_FIRST = ("study", "accession", "patient")
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16


@dataclass(frozen=True)
class Listed:
    """The questions of a list, and how many of its rows ask for nothing."""

    requests: tuple[Request, ...] = field(repr=False)
    left: int


def requests_of_list(path: Path) -> Listed:
    """The questions of a list with one of COLUMNS. Raises SourceError where it asks for nothing."""
    try:
        content = path.read_bytes()
        text = _text(content)
        head, *rows = [*csv.reader(text.splitlines(), delimiter=_delimiter(text))] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable(f"cannot be read ({type(error).__name__})") from None
    named = {place: NAMES[plain] for place, name in enumerate(head) if (plain := _plain(name)) in NAMES}
    if not named:
        raise _unusable(f"has none of the columns {', '.join(COLUMNS)}")
    found = [_requests(row, named) for row in rows if any(each.strip() for each in row)]
    requests = dict.fromkeys(request for each in found for request in each)
    if not requests:
        raise _unusable("names nothing that can be asked for")
    return Listed(tuple(requests), sum(not each for each in found))


def _text(content: bytes) -> str:
    if content.startswith(BYTE_ORDER_MARKS):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if NOT_TEXT.search(content):
            raise
        return content.decode(SPREADSHEET)


def _delimiter(text: str) -> str:
    """What parts the columns of the first line."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _requests(row: Sequence[str], named: dict[int, str]) -> list[Request]:
    """What a row asks for: of what it names, that which is most exact. A patient number beside it asks for no more.

    Nothing where it is empty, or something in it is too long, no UID, or could match more than itself.
    """
    found: dict[str, Request] = {}
    for place, by in named.items():
        value = row[place].strip() if place < len(row) else ""
        if not value:
            continue
        if len(value) > LONGEST or NEVER_ASKED.search(value) or (by == "study" and not UID.fullmatch(value)):
            return []
        key = Private(value)
        found[by] = Request(by, key, frozenset((key,)) if by == "patient" else frozenset())
    return [found[by] for by in MOST_EXACT_FIRST if by in found][:1]


def _unusable(why: str) -> SourceError:
    return SourceError(f"The list {why}.", "give a CSV with a header line, as docs/pacs.md shows")
