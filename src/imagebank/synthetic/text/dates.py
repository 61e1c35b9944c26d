"""How British notes write a day: eighteen forms, from 03/09/2014 to "Sept 14"; each says how exact it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from imagebank.synthetic.text.scribe import Scribe

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    if 10 < number < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _long(d: date) -> str:
    return f"{d.day} {MONTHS[d.month - 1]} {d.year}"


def _spoken(d: date) -> str:
    return f"{ordinal(d.day)} {MONTHS[d.month - 1]} {d.year}"


def _of(d: date) -> str:
    return f"the {ordinal(d.day)} of {MONTHS[d.month - 1]} {d.year}"


def _weekday(d: date) -> str:
    return f"{WEEKDAYS[d.weekday()]} {ordinal(d.day)} {MONTHS[d.month - 1]}"


DAY_FORMS: tuple[Callable[[date], str], ...] = (
    lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}",
    lambda d: f"{d.day:02d}/{d.month:02d}/{d.year % 100:02d}",
    lambda d: f"{d.day}/{d.month}/{d.year % 100:02d}",
    lambda d: f"{d.day}.{d.month}.{d.year % 100:02d}",
    lambda d: f"{d.day:02d}.{d.month:02d}.{d.year}",
    lambda d: f"{d.day:02d}-{d.month:02d}-{d.year}",
    lambda d: f"{d.day:02d}-{SHORT[d.month - 1][:3]}-{d.year}",
    lambda d: f"{d.day} {SHORT[d.month - 1]} {d.year}",
    lambda d: f"{d.day} {SHORT[d.month - 1][:3]} {d.year % 100:02d}",
    lambda d: f"{d.year}-{d.month:02d}-{d.day:02d}",
    lambda d: f"{d.day:02d}{SHORT[d.month - 1][:3].upper()}{d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {ordinal(d.day)}, {d.year}",
    _long,
    _spoken,
)
"""Forms that name the whole day; the day and the month alone are in `LOOSE_FORMS`."""

SPOKEN_FORMS: tuple[Callable[[date], str], ...] = (_long, _spoken, _spoken, _of)
"""Forms of a dictated letter."""

LOOSE_FORMS: tuple[Callable[[date], str], ...] = (
    lambda d: f"{ordinal(d.day)} {SHORT[d.month - 1]}",
    lambda d: f"{d.day}/{d.month}",
    _weekday,
)
"""Forms without the year, for days near the note."""

MONTH_FORMS: tuple[Callable[[date], str], ...] = (
    lambda d: f"{MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{SHORT[d.month - 1]} {d.year % 100:02d}",
    lambda d: f"{SHORT[d.month - 1]} {d.year}",
    lambda d: f"{SHORT[d.month - 1]} '{d.year % 100:02d}",
    lambda d: f"{d.month:02d}/{d.year}",
)
"""Forms without the day; their canonical value is the year and month."""


def write_day(scribe: Scribe, day: date, forms: tuple[Callable[[date], str], ...] = DAY_FORMS) -> None:
    """Write and mark a day; months are marked as such."""
    value = f"{day.year:04d}-{day.month:02d}" if forms is MONTH_FORMS else day.isoformat()
    scribe.mark(scribe.pick(forms)(day), "date", value)


def write_past(scribe: Scribe, day: date) -> None:
    """Write a day some time ago: in full, or only its month."""
    write_day(scribe, day, MONTH_FORMS if scribe.draw() < 0.35 else DAY_FORMS)
