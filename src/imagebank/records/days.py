"""Days as people and programs write them, and which days an event can have. Pure.

A date that could mean two days (02/03/2015) is understood only in a form that the mapping declares. Times of day are
left behind: the tables hold days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

EXCEL_FIRST = date(1899, 12, 30)
EXCEL_DAYS = (10_000, 80_000)  # 1927 to 2119: other whole numbers are more likely years or ids
PLACEHOLDERS = (date(1900, 1, 1), date(1800, 1, 1), date(1901, 1, 1), date(1899, 12, 30), date(9999, 12, 31))
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_COMPACT = re.compile(r"(?:19|20)\d{6}")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
GRACE_DAYS = {
    "assessments": 0,
    "assessment_items": 0,
    "symptoms": 0,
    "findings": 90,
    "medications": 31,
    "biomarkers": 31,
    "diagnoses": 90,
    "episodes": 90,
    "notes": 90,
    "reports": 90,
}
"""Days after a death in which a row can still be dated: nobody is examined, but letters, codes of the last stay and
results of the laboratory come late."""


@dataclass(frozen=True)
class Day:
    """A day, or why a text is none; `repairs` says what was done."""

    day: date | None = None
    refused: str = ""
    repairs: str = ""


@lru_cache(maxsize=200_000)
def parse_day(text: str, formats: tuple[str, ...] = ()) -> Day:
    """The day that a text names: ISO with or without a time, a declared form, or a spreadsheet's number of days."""
    text = text.strip()
    if not text:
        return Day()
    declared = _declared(text, formats)
    if declared:
        return Day(declared)
    if match := _ISO.fullmatch(text):
        return _made(*(int(part) for part in match.groups()))
    if _COMPACT.fullmatch(text):
        return _made(int(text[:4]), int(text[4:6]), int(text[6:]))
    if _SERIAL.fullmatch(text) and EXCEL_DAYS[0] <= float(text) <= EXCEL_DAYS[1]:
        return Day(EXCEL_FIRST + timedelta(days=int(float(text))), repairs="excel-date")
    return Day(refused="not-a-date")


def _declared(text: str, formats: Iterable[str]) -> date | None:
    for each in formats:
        try:
            return datetime.strptime(text, each).date()
        except ValueError:
            continue
    return None


def _made(year: int, month: int, day: int) -> Day:
    try:
        return Day(date(year, month, day))
    except ValueError:
        return Day(refused="not-a-date")


def judge_day(table: str, day: date, *, birth: date | None, death: date | None) -> tuple[str, str]:
    """Refusal and repair of an event on a day of somebody's life; both empty for a day like any other."""
    if birth and day < birth:
        return "before-birth", ""
    if death and day > death + timedelta(days=GRACE_DAYS[table]):
        return "after-death", ""
    return "", "after-death" if death and day > death else ""
