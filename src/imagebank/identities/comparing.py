"""Names, numbers, dates and postcodes in the form in which they are compared. Pure.

Case, accents, blanks and hyphens never tell two people apart. A placeholder birth date, which a clerk types where none
is known, is no birth date: it confirms nobody.
"""

from __future__ import annotations

import unicodedata
from datetime import date

from imagebank.core.private import Private

WHY = "compare identities"
PLACEHOLDERS = (date(1800, 1, 1), date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1901, 1, 1),
                date(1753, 1, 1), date(1, 1, 1), date(9999, 12, 31))  # fmt: skip
"""Birth dates that mean that none is known: what systems fill in, and the first days of their calendars."""
FIRST_DAY = (1, 1)  # the month and day that are typed where only the year is known

_UNDECOMPOSED = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "Æ": "AE", "ı": "i"})


def normalise_id(number: Private) -> str:
    """A hospital number or patient id without spaces, in capitals."""
    return "".join(number.reveal(WHY).split()).upper()


def without_zeros(number: str) -> str:
    """A number as spreadsheets and some scanners leave it: of digits alone, zeros in front are lost."""
    return number.lstrip("0") or number if number.isdigit() else number


def normalise_postcode(postcode: Private) -> str:
    """A postcode without spaces, in capitals."""
    return normalise_id(postcode)


def normalise_name(name: Private) -> tuple[str, str]:
    """Family name and first given name of a DICOM person name, in plain capitals."""
    parts = (name.reveal(WHY).split("=")[0] + "^^").split("^")
    return letters_of(parts[0]), first_of(parts[1])


def normalise_names(name: Private) -> list[tuple[str, str]]:
    """Given and family names that a DICOM person name may mean; a name without `^` is taken either way round."""
    family, given = normalise_name(name)
    if given or not family:
        return [(given, family)] if family or given else []
    words = name.reveal(WHY).split("=")[0].replace(",", " , ").split()
    plain = [letters_of(word) for word in words if letters_of(word)]
    return [(plain[0], plain[-1]), (plain[-1], plain[0])] if len(plain) > 1 else [("", family)]


def normalise_pair(given: Private, family: Private) -> tuple[str, str]:
    """First given name and family name of the records, in plain capitals."""
    return first_of(given.reveal(WHY)), letters_of(family.reveal(WHY))


def first_of(given: str) -> str:
    """The first of several given names, letters only."""
    words = given.replace("-", " ").split()
    return letters_of(words[0]) if words else ""


def letters_of(text: str) -> str:
    """Letters only, without accents, in capitals: O'Neill and ONEILL are one name."""
    if text.isascii():
        return "".join(filter(str.isalpha, text)).upper()
    plain = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
    return "".join(letter for letter in plain.upper() if letter.isalpha())


def real_birth_date(day: date | None) -> date | None:
    """The birth date, None where it is absent or a placeholder."""
    return None if day in PLACEHOLDERS else day


def is_swap(one: date, other: date) -> bool:
    """Whether day and month have changed places."""
    return (one.year, one.month, one.day) == (other.year, other.day, other.month)


def is_near(one: date, other: date) -> bool:
    """Whether two birth dates may be one: day and month swapped, a slip of one digit, or only the year known."""
    if is_swap(one, other) or is_slip(one.isoformat(), other.isoformat()):
        return True
    return one.year == other.year and FIRST_DAY in ((one.month, one.day), (other.month, other.day))


def is_slip(one: str, other: str) -> bool:
    """Whether one text becomes the other by one letter added, left out or changed, or two neighbours exchanged."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    return one[at + 1 :] == other[at + 1 :] or (
        one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    )


def may_be_one_name(one: str, other: str) -> bool:
    """Whether two names in plain capitals may be one: equal, a slip, or one the start of the other."""
    return bool(one and other) and (one.startswith(other) or other.startswith(one) or is_slip(one, other))
