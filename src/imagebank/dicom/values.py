"""What becomes of one value under each action of a policy. Pure: a value in, a value out, None where nothing may stay.

Every function here fails closed: a value that does not have the form it should have is dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from imagebank.dicom import words
from imagebank.dicom.policy import Action
from imagebank.identities.pseudonyms import UidMap

NUMERIC_VRS = frozenset(("DS", "IS", "FL", "FD", "SS", "US", "SL", "UL", "SV", "UV", "US or SS"))
OLDEST_AGE = 90  # ages of 90 and over are told as 90
BEFORE_MRI = 1977  # no human was scanned before: an earlier date is a constant, and moved it would show the offset
CONSTANT_DATES = frozenset(("19700101", "19800101", "20000101"))  # clocks that were never set
BINARY_SIZES = {"SS": 2, "US": 2, "SL": 4, "UL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}
_PLAIN_NUMBERS = re.compile(rb"(?:[ ]*[+-]?\d{0,12}\.?\d{0,14}(?:[eE][+-]?\d{1,3})?[ ]*(?:\\|$))*[ ]?")
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_DATETIME = re.compile(r"(\d{8})(\d{2,6}(\.\d{1,6})?)?([+-]\d{4})?")
_TIME = re.compile(r"\d{2}:?\d{0,2}:?\d{0,2}(\.\d{1,6})?")
_UID = re.compile(r"[0-9.]{1,64}")
_AGE = re.compile(r"(\d{3})([DWMY])")
_UNITS = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}


@dataclass(frozen=True)
class Subject:
    """All that a worker knows of a patient: the pseudonym, the offset, the keyed scanner, and a key for UIDs."""

    pseudonym: str
    offset_days: int = field(repr=False)
    station: str
    uids: UidMap


def shift_date(text: str, offset_days: int) -> str:
    """A DA value moved by the offset; empty where it is no date, or a constant that would give the offset away."""
    match = _DATE.fullmatch(text.strip())
    moved = _shifted("".join(match.groups()), offset_days) if match else None
    return moved or ""


def shift_datetime(text: str, offset_days: int) -> str:
    """A DT value whose date is moved and whose time and zone stay; empty where it is not a full date."""
    match = _DATETIME.fullmatch(text.strip())
    moved = _shifted(match[1], offset_days) if match else None
    return f"{moved}{match[2] or ''}{match[4] or ''}" if match and moved else ""


def _shifted(digits: str, offset_days: int) -> str | None:
    if digits in CONSTANT_DATES or int(digits[:4]) < BEFORE_MRI:
        return None
    try:
        return (datetime.strptime(digits, "%Y%m%d") + timedelta(days=offset_days)).strftime("%Y%m%d")
    except (ValueError, OverflowError):
        return None


def shift_day(day: date | None, offset_days: int) -> date | None:
    """A date moved by the offset."""
    return day + timedelta(days=offset_days) if day else None


def age_in_years(text: str) -> str:
    """An AS value in whole years, 90 and over as 90."""
    match = _AGE.fullmatch(text.strip().upper())
    if not match:
        return ""
    return f"{min(int(int(match[1]) / _UNITS[match[2]]), OLDEST_AGE):03d}Y"


def numbers(value: Any) -> Any | None:
    """A number or numbers, unchanged; None when one of them is none."""
    if value is None or value == "":
        return value
    many = value if _is_many(value) else [value]
    return value if all(_is_number(each) for each in many) else None


def is_plain_number(vr: str | None, content: bytes | None) -> bool:
    """Whether the bytes of an element can hold nothing but numbers: the quick twin of `numbers`."""
    if content is None:
        return False
    if vr in ("DS", "IS"):
        return _PLAIN_NUMBERS.fullmatch(content) is not None
    size = BINARY_SIZES.get(vr or "", 0)
    return size > 0 and len(content) % size == 0


def _is_number(value: Any) -> bool:
    return (isinstance(value, int | float) and math.isfinite(value)) or type(value).__name__ == "DSdecimal"


def texts(value: Any) -> list[str]:
    """The parts of a value that may be one text or many."""
    if value is None:
        return []
    return [str(each) for each in value] if _is_many(value) else [str(value)]


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _each(change: Callable[[str], str], value: Any) -> list[str] | str:
    changed = [change(text) if text else "" for text in texts(value)]
    return changed[0] if len(changed) == 1 else (changed if any(changed) else "")


def clean(action: Action, keyword: str, value: Any, vr: str, subject: Subject, forbidden: frozenset[str]) -> Any | None:
    """The value that stays under an action; None where the element must go. Sequences and pixels are not values."""
    match action:
        case Action.NUMBER:
            return numbers(value) if vr in NUMERIC_VRS else None
        case Action.CODE:
            return _each(words.clean_code, value)
        case Action.WORDS:
            return words.clean_description(" ".join(texts(value)), forbidden)
        case Action.DEVICE:
            return _device(keyword, "\\".join(texts(value)))
        case Action.DATE:
            shift = shift_datetime if vr == "DT" else shift_date
            return _each(lambda text: shift(text, subject.offset_days), value)
        case Action.TIME:
            return _each(lambda text: text if _TIME.fullmatch(text.strip()) else "", value)
        case Action.UID:
            return _each(lambda text: subject.uids.uid(text) if _UID.fullmatch(text) else "", value)
        case _:
            return _replaced(action, value, subject)


def _replaced(action: Action, value: Any, subject: Subject) -> Any | None:
    match action:
        case Action.PSEUDONYM:
            return subject.pseudonym
        case Action.STATION:
            return subject.station
        case Action.EMPTY:
            return ""
        case Action.AGE:
            return _each(age_in_years, value)
        case Action.SEX:
            return next((text for text in texts(value) if text in ("M", "F", "O")), "")
        case Action.TAG:
            return value
        case _:
            return None


def _device(keyword: str, text: str) -> str:
    change = {"Manufacturer": words.clean_manufacturer, "ManufacturerModelName": words.clean_model}
    return change.get(keyword, words.clean_software)(text)
