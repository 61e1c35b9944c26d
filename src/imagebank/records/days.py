"""Days as people and programs write them, and which days an event can have. Pure.

A date that could mean two days (02/03/2015) is understood only in a form that the mapping declares. Times of day are
left behind, and their zones with them: the tables hold the day that the source wrote. A year of two digits is the
latest one that is not to come: 45 is 1945 until 2045.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

EXCEL_FIRST = date(1899, 12, 30)
EXCEL_DAYS = (10_000, 80_000)  # 1927 to 2119: other whole numbers are more likely years or ids
CENTURY = 100
PLANNED = timedelta(days=3653)
_TIME = re.compile(
    r"[T ]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)? ?"
    r"(?:[AaPp]\.?[Mm]\.?)? ?(?:[A-Za-z][\w/]*|[+-]\d{2}:?(?:\d{2})?)?$"
    r"|(?<=\d)(?:Z|[+-]\d{2}:\d{2})$"
)
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_NAMED = re.compile(r"(\d{1,2})[- /.]?([A-Za-z]{3,9})\.?,?[- /.]?(\d{4})")
MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? +(\d{1,2}),? +(\d{4})")
_MONTHS = tuple(name[:3] for name in MONTH_NAMES)
_ADJACENT = re.compile(r"%[YmdyH]%[YmdyHM]")  # numbers that nothing parts
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


@dataclass(frozen=True)
class Forms:
    """How a source writes days: the declared forms, and the day of the import, which settles years of two digits."""

    declared: tuple[str, ...] = ()
    today: date | None = None

    def ahead(self) -> Forms:
        """For days that are planned, which may lie some years ahead."""
        return replace(self, today=self.today and self.today + PLANNED)


@lru_cache(maxsize=200_000)
def parse_day(text: str, forms: Forms = Forms()) -> Day:
    """The day that a text names: in a declared form, ISO, with the month as an English word, or as a spreadsheet's
    number of days; each with or without a time of day."""
    text = text.strip()
    if not text:
        return Day()
    return _declared(text, forms) or _day_of(text) or _without_time(text, forms) or Day(refused="not-a-date")


def _without_time(text: str, forms: Forms) -> Day | None:
    alone = _TIME.sub("", text)
    return None if alone == text else _declared(alone, forms) or _day_of(alone)


def _day_of(text: str) -> Day | None:
    """The day in a form that can mean one day only."""
    if match := _ISO.fullmatch(text):
        return _made(int(match[1]), int(match[3]), int(match[4]))
    if _COMPACT.fullmatch(text):
        return _made(int(text[:4]), int(text[4:6]), int(text[6:]))
    if (match := _NAMED.fullmatch(text)) and (month := _month(match[2])):
        return _made(int(match[3]), month, int(match[1]))
    if (match := _NAMED_FIRST.fullmatch(text)) and (month := _month(match[1])):
        return _made(int(match[3]), month, int(match[2]))
    if _SERIAL.fullmatch(text) and EXCEL_DAYS[0] <= float(text) <= EXCEL_DAYS[1]:
        return Day(EXCEL_FIRST + timedelta(days=int(float(text))), repairs="excel-date")
    return None


def _month(word: str) -> int:
    """The number of a month by its English name or the start of it; 0 where it is none."""
    start = word[:3].lower()
    whole = start in _MONTHS and MONTH_NAMES[_MONTHS.index(start)].startswith(word.lower())
    return _MONTHS.index(start) + 1 if whole or word.lower() == "sept" else 0


def _declared(text: str, forms: Forms) -> Day | None:
    """The day in a declared form. One that two forms read as different days could be either."""
    found: dict[date | None, Day] = {}
    for each in forms.declared:
        try:
            day = datetime.strptime(text, each).date()
        except ValueError:
            continue
        if _ADJACENT.search(each) and len(text) != len(day.strftime(each)):
            continue  # a lost digit: it would move from one number to its neighbour
        told = _in_this_century(day, forms.today) if "%y" in each else Day(day)
        found.setdefault(told.day, told)
    if len(found) > 1:
        return Day(refused="not-a-date")
    return next(iter(found.values()), None)


def _in_this_century(day: date, today: date | None) -> Day:
    """A day whose century nobody wrote."""
    if today and day > today:
        return Day(day.replace(year=day.year - CENTURY), repairs="two-digit-year")
    return Day(day, repairs="two-digit-year")


def _made(year: int, month: int, day: int) -> Day:
    try:
        return Day(date(year, month, day))
    except ValueError:
        return Day(refused="not-a-date")


def is_form(form: str) -> bool:
    """Whether a text declares a form of dates: with a day, a month and a year in the signs of strptime."""
    day = date(2015, 3, 2)
    try:
        return datetime.strptime(day.strftime(form), form).date() == day
    except ValueError:
        return False


def judge_day(table: str, day: date, *, birth: date | None, death: date | None) -> tuple[str, str]:
    """Refusal and repair of an event on a day of somebody's life; both empty for a day like any other."""
    if birth and day < birth:
        return "before-birth", ""
    if death and day > death + timedelta(days=GRACE_DAYS[table]):
        return "after-death", ""
    return "", "after-death" if death and day > death else ""
