"""Codes of the health record, in one form: ICD-10, ethnic category, sex. Pure.

Sources: WHO ICD-10 chapter V blocks; NHS Data Dictionary, ETHNIC CATEGORY 2001.
"""

from __future__ import annotations

import re

GROUPINGS = ("nhs-2001", "census-2021")
ETHNIC_GROUPS = {
    **dict.fromkeys("ABC", "White"),
    **dict.fromkeys("DEFG", "Mixed"),
    **dict.fromkeys("HJKL", "Asian"),
    **dict.fromkeys("MNP", "Black"),
    **dict.fromkeys("RS", "Other"),
    "Z": "not stated",
    "99": "not known",
}
"""Group of each category, as the NHS groups them: R, Chinese, is Other here and Asian in the census of 2011."""

BLOCKS = (
    ("F00", "F09"),
    ("F10", "F19"),
    ("F20", "F29"),
    ("F30", "F39"),
    ("F40", "F48"),
    ("F50", "F59"),
    ("F60", "F69"),
    ("F70", "F79"),
    ("F80", "F89"),
    ("F90", "F98"),
    ("F99", "F99"),
    ("G30", "G32"),
)
"""Blocks of ICD-10 that the tables name; every other code is `other`, never dropped."""

_ICD10 = re.compile(r"([A-Z]\d{2})\.?(\d{1,2})?[X]?[+*†‡]?")
_SEXES = {"male": "male", "m": "male", "1": "male", "female": "female", "f": "female", "2": "female", "9": "other"}


def normalise_icd10(code: str) -> str | None:
    """A WHO ICD-10 code as F00.1: capitals, one dot, without dagger, asterisk and filler; None when it is none."""
    match = _ICD10.fullmatch(code.strip().upper().replace(" ", ""))
    if not match:
        return None
    return f"{match[1]}.{match[2]}" if match[2] else match[1]


def icd10_block(code: str) -> str:
    """The block of a normalised code, such as F00-F09, or `other`."""
    return next((f"{first}-{last}" for first, last in BLOCKS if first <= code[:3] <= last), "other")


def normalise_ethnic_category(text: str) -> str | None:
    """The national code, 99 for the codes that other data sets use for not known; None when it is no code."""
    code = text.strip().upper()
    if code in ("", "X", "9", "99"):
        return "99"
    return code[0] if code[0] in ETHNIC_GROUPS and len(code) <= 2 else None


def ethnic_group(category: str | None, grouping: str = "nhs-2001") -> str:
    """The group of a category in one of `GROUPINGS`; not known where there is none."""
    if grouping == "census-2021" and category == "R":
        return "Asian"
    return ETHNIC_GROUPS.get(category or "99", "not known")


def normalise_sex(text: str) -> str:
    """male, female, other or unknown."""
    return _SEXES.get(text.strip().lower(), "unknown")


def whole_number(text: str) -> int | None:
    """A whole number, also one that a program wrote as 3.0."""
    match = re.fullmatch(r"\s*(\d{1,9})(?:\.0+)?\s*", text)
    return int(match[1]) if match else None
