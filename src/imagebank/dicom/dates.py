"""What becomes of dates, times and ages. Pure: a text in, a text out, empty where nothing may stay.

Laws: every date of a patient moves by the same whole number of days, so intervals are exact; a date that cannot be
moved exactly (a year or a month alone), a constant that would show the offset, and a date outside the window in which
MR scans can lie, before or after the move, are blanked; ages are whole years, 90 and over as 90.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from imagebank.dicom.data_files import read_data

CONSTANTS = "constant_dates.toml"
OLDEST_AGE = 90  # ages of 90 and over are told as 90
TIMES = ("keep", "hour", "remove")
PADDING = " \0"
_DATE = re.compile(r"([0-9]{4})(\.?)([0-9]{2})\2([0-9]{2})")
_BEGINS = re.compile(r"([0-9]{4})\.?([0-9]{2})\.?([0-9]{2})")
_HOUR, _SIXTY = r"(?:[01][0-9]|2[0-3])", r"[0-5][0-9]"
_SECONDS = rf"(?:{_SIXTY}|60)(?:\.[0-9]{{1,6}})?"
_DATETIME = re.compile(rf"([0-9]{{8}})({_HOUR}(?:{_SIXTY}(?:{_SECONDS})?)?)?([+-](?:0[0-9]|1[0-4]){_SIXTY})?")
_TIME = re.compile(rf"{_HOUR}(?:{_SIXTY}(?:{_SECONDS})?)?|{_HOUR}:{_SIXTY}(?::{_SECONDS})?")
_AGE = re.compile(r"([0-9]{3})([DWMY])")
_UNITS = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}


@dataclass(frozen=True)
class Calendar:
    """The window of plausible dates and the constants that software writes for unknown ones."""

    first: date
    last: date
    constants: frozenset[date]


@cache
def calendar() -> Calendar:
    """The window and the constants, from their file."""
    loaded = tomllib.loads(read_data(CONSTANTS))
    window = loaded["window"]
    return Calendar(_day(window["first"]), _day(window["last"]), frozenset(map(_day, loaded["constants"])))


def _day(digits: str) -> date:
    return datetime.strptime(digits, "%Y%m%d").date()


def day_of(text: str) -> date | None:
    """The day with which a DA or DT value begins, as a header claims it; None where it tells no whole day."""
    told = _BEGINS.match(text.strip(PADDING))
    try:
        return date(*map(int, told.groups())) if told else None
    except ValueError:
        return None


def shift_date(text: str, offset_days: int) -> str:
    """A DA value moved by the offset; empty where it is no date, or must not be moved."""
    match = _DATE.fullmatch(text.strip(PADDING))
    return _shifted(match[1] + match[3] + match[4], offset_days) if match else ""


def shift_datetime(text: str, offset_days: int, times: str = "keep") -> str:
    """A DT value whose date is moved; its time and zone stay, become the full hour, or go."""
    match = _DATETIME.fullmatch(text.strip(PADDING))
    moved = _shifted(match[1], offset_days) if match else ""
    if match is None or not moved or times == "remove":
        return moved
    time = match[2] or ""
    return moved + (time if times == "keep" else time[:2]) + (match[3] or "")


def _shifted(digits: str, offset_days: int) -> str:
    try:
        day = _day(digits)
        moved = day + timedelta(days=offset_days)
    except (ValueError, OverflowError):
        return ""
    known = calendar()
    plausible = known.first <= day <= known.last and known.first <= moved <= known.last
    return f"{moved:%Y%m%d}" if plausible and day not in known.constants else ""


def shift_day(day: date | None, offset_days: int) -> date | None:
    """A date moved by the offset."""
    return day + timedelta(days=offset_days) if day else None


def clean_time(text: str, times: str = "keep") -> str:
    """A TM value as it is, or with minutes and seconds 0; empty where it is no time, or none may stay."""
    told = text.strip(PADDING)
    if times == "remove" or _TIME.fullmatch(told) is None:
        return ""
    return told if times == "keep" else f"{told[:2]}0000"


def age_in_years(text: str) -> str:
    """An AS value in whole years, 90 and over as 90."""
    match = _AGE.fullmatch(text.strip(PADDING).upper())
    if not match:
        return ""
    return f"{min(int(int(match[1]) / _UNITS[match[2]]), OLDEST_AGE):03d}Y"
