"""What becomes of one value under each action of a policy. Pure: a value in, a value out, None where nothing may stay.

Every function here fails closed: a value that does not have the form it should have is dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import dictionary_has_tag

from imagebank.dicom import words
from imagebank.dicom.csa import clean_csa
from imagebank.dicom.dates import age_in_years, clean_time, shift_date, shift_datetime, shift_day
from imagebank.dicom.ge import clean_ge
from imagebank.dicom.own_numbers import OwnNumbers
from imagebank.dicom.rule import Action, Rule
from imagebank.identities.pseudonyms import UidMap

NUMERIC_VRS = frozenset(("DS", "IS", "FL", "FD", "SS", "US", "SL", "UL", "SV", "UV", "US or SS"))
BINARY_SIZES = {"SS": 2, "US": 2, "SL": 4, "UL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}
_PLAIN_NUMBERS = re.compile(rb"(?:[ ]*[+-]?\d{0,12}\.?\d{0,14}(?:[eE][+-]?\d{1,3})?[ ]*(?:\\|$))*[ ]?")
SAYING = (Action.CODE, Action.KNOWN, Action.WORDS, Action.DEVICE, Action.DATE, Action.TIME)
EMPTIABLE_VRS = (*NUMERIC_VRS, "AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UT")
PRIVATE_VRS = {Action.CODE: ("CS", "LO", "SH"), Action.DATE: ("DA", "DT"), Action.TIME: ("TM",), Action.UID: ("UI",)}
PATTERN_VRS = ("CS", "LO", "SH", "UT", "LT", "ST")
PADDING = " \0"
LAST_PRIVATE_GROUP = 0x2FFF  # of those that makers use: digits and letters as a group are larger
DUMMIES: dict[str, Any] = {  # for what must say something: the same for everybody, so that it says nothing
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), "REMOVED"),
    **dict.fromkeys(("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"), 0),
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "SQ": [],
    "TM": "000000",
}
__all__ = [
    "NUMERIC_VRS", "Subject", "age_in_years", "clean", "clean_private", "is_plain_number", "numbers", "shift_date",
    "shift_datetime", "shift_day", "texts",
]  # fmt: skip
_UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True)
class Subject:
    """All that a worker knows of a patient: the pseudonym, the offset, the keyed scanner, and a key for UIDs."""

    pseudonym: str
    offset_days: int = field(repr=False)
    station: str
    uids: UidMap


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


def _is_pointer(tag: Any) -> bool:
    """Whether a tag can name an attribute: one of the dictionary, or a private one, whose groups no letters make."""
    number = int(tag)
    return dictionary_has_tag(number) or (bool(number >> 16 & 1) and number >> 16 <= LAST_PRIVATE_GROUP)


def _each(change: Callable[[str], str], value: Any) -> list[str] | str:
    changed = [change(text) if text else "" for text in texts(value)]
    return changed[0] if len(changed) == 1 else (changed if any(changed) else "")


def clean(rule: Rule, keyword: str, value: Any, vr: str, subject: Subject, forbidden: frozenset[str]) -> Any | None:
    """The value that stays under a rule; None where the element must go. Sequences and pixels are not values.

    Where the object must have the attribute (`rule.kind`), what would go is emptied, and what must say something says a
    dummy instead of nothing.
    """
    kept = _clean(rule, keyword, value, vr, subject, forbidden)
    if kept is None:
        return "" if rule.kind == "2" and vr in EMPTIABLE_VRS else None
    silenced = rule.kind == "1" and rule.action in SAYING and kept == "" and any(texts(value))
    return DUMMIES.get(vr, kept) if silenced else kept


def _clean(rule: Rule, keyword: str, value: Any, vr: str, subject: Subject, forbidden: frozenset[str]) -> Any | None:
    match rule.action:
        case Action.NUMBER:
            return numbers(value) if vr in NUMERIC_VRS else None
        case Action.CODE:
            return _each(words.clean_code, value)
        case Action.KNOWN:
            return _each(words.clean_known, value)
        case Action.WORDS:
            return words.clean_description(" ".join(texts(value)), forbidden, rule.vocabulary)
        case Action.DEVICE:
            return _device(keyword, "\\".join(texts(value)))
        case Action.DATE | Action.TIME | Action.AGE:
            return _each(lambda text: _moment(rule, text, vr, subject.offset_days), value)
        case Action.UID:
            return _each(lambda text: subject.uids.uid(text) if _UID.fullmatch(text) else "", value)
        case _:
            return _replaced(rule.action, value, vr, subject)


def _moment(rule: Rule, text: str, vr: str, offset_days: int) -> str:
    if rule.action is Action.AGE:
        return age_in_years(text)
    if rule.action is Action.TIME:
        return clean_time(text, rule.times)
    return shift_datetime(text, offset_days, rule.times) if vr == "DT" else shift_date(text, offset_days)


def _replaced(action: Action, value: Any, vr: str, subject: Subject) -> Any | None:
    match action:
        case Action.PSEUDONYM:
            return subject.pseudonym
        case Action.STATION:
            return subject.station
        case Action.EMPTY:
            return [] if vr == "SQ" else ""
        case Action.DUMMY:
            return DUMMIES.get(vr)
        case Action.SEX:
            return next((text for text in texts(value) if text in ("M", "F", "O")), "")
        case Action.TAG:
            return value if vr == "AT" and all(map(_is_pointer, value if _is_many(value) else [value])) else None
        case _:
            return None


def clean_private(rule: Rule, vr: str, value: Any, subject: Subject, own: OwnNumbers) -> Any | None:
    """The value of a private element on the safe list that has the form it should have; None where it must go.

    `own` are numbers of the patient, which no form allows.
    """
    if value is None or value == "" or value == b"":
        return None
    match rule.action:
        case Action.NUMBER:
            return numbers(value) if vr in NUMERIC_VRS else None
        case Action.KEYED:
            return _keyed(value, subject) if vr in ("SL", "UL") else None
        case Action.CSA | Action.GE:
            rebuild = clean_csa if rule.action is Action.CSA else clean_ge
            return rebuild(value, own) if vr in ("OB", "UN") else None
        case Action.CODE | Action.DATE | Action.TIME | Action.UID if vr in PRIVATE_VRS[rule.action]:
            return clean(rule, "", value, vr, subject, frozenset()) or None
        case Action.PATTERN if vr in PATTERN_VRS:
            may_stay = fits(rule.pattern, texts(value)) and not any(map(own.are_repeated_in, texts(value)))
            return value if may_stay else None
        case _:
            return None


def _keyed(value: Any, subject: Subject) -> int | None:
    """A number below 2^31 that stands for another under the bank's key."""
    bits = subject.uids.bits(f"number:{value}") if isinstance(value, int) else b""
    return int.from_bytes(bits[:4]) >> 1 if bits else None


def fits(pattern: str, parts: Iterable[str]) -> bool:
    """Whether each part is ASCII and matches a pattern as a whole."""
    return all(part.isascii() and re.fullmatch(pattern, part.strip(PADDING)) for part in parts)


def _device(keyword: str, text: str) -> str:
    change = {"Manufacturer": words.clean_manufacturer, "ManufacturerModelName": words.clean_model}
    return change.get(keyword, words.clean_software)(text)
