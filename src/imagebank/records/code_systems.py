"""Diagnosis codes of any system in one form, with the system they are really of. Pure.

ICD-10 as the WHO publishes it, its US variant (ICD-10-CM), ICD-11 and SNOMED CT are told apart by their form; other
systems are carried as they are, as long as a code looks like one. Sources: WHO ICD-10 volume 2; CDC ICD-10-CM
guidelines; WHO ICD-11 reference guide 2.7; SNOMED CT technical guide, SCTID and Verhoeff's check digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imagebank.identities.nhs import is_nhs_number
from imagebank.records.codes import icd10_block, normalise_icd10

ICD10, ICD10_US, ICD11, SNOMED = "ICD-10", "ICD-10-CM", "ICD-11", "SNOMED"
SYSTEMS = {
    "": ICD10,
    "icd10": ICD10,
    "icd": ICD10,
    "10": ICD10,
    "icd10who": ICD10,
    "icd10cm": ICD10_US,
    "icd10us": ICD10_US,
    "icd11": ICD11,
    "icd11mms": ICD11,
    "11": ICD11,
    "snomed": SNOMED,
    "snomedct": SNOMED,
    "sctid": SNOMED,
    "sct": SNOMED,
    **dict.fromkeys(("read", "read2", "readv2", "readcode"), "READ V2"),
    **dict.fromkeys(("ctv3", "read3", "readv3"), "CTV3"),
    **dict.fromkeys(("opcs", "opcs4"), "OPCS-4"),
    **dict.fromkeys(("dsm5", "dsmv", "dsm5tr"), "DSM-5"),
    **dict.fromkeys(("dsm4", "dsmiv", "dsmivtr"), "DSM-IV"),
    **dict.fromkeys(("icd9", "icd9cm"), "ICD-9"),
    **{name.lower(): name for name in ("LOINC", "RXNORM", "ATC", "BNF", "LOCAL", "OTHER")},
    "dmd": "DM+D",
    "rxnormextension": "RXNORM",
}
"""Code systems by their names without blanks and punctuation. One that is not here is `OTHER`: its name could be any
text, and texts stay out of the tables."""
CASED = ("READ V2", "CTV3")  # in whose codes capitals and small letters are different
FAMILIES = (("icd10", ICD10), ("icd11", ICD11), ("snomed", SNOMED))  # whatever edition a longer name tells
US_ONLY = re.compile(r"[A-Z]\d[0-9A-Z](?:[0-9A-Z]{3,4}|[0-9A-Z]{0,3}[A-Z])")
"""What only the US variant has, without the dot: six or seven characters, or a letter behind (S06.0X0A, F32.A)."""
US_FAMILIES = re.compile(r"F0[123]\d[0-9]|F03(?:9\d|[A-C]\w?)|F1\d\.?\d{3}")
"""Five characters where the WHO has four at most: F01.50, F02.80, F03.90."""
_ICD11 = re.compile(r"[0-9A-HJ-NP-Z][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z](?:\.[0-9A-HJ-NP-Z]{1,2})?")
_OTHER = re.compile(r"(?=.*[0-9.])[0-9A-Za-z][0-9A-Za-z.\-^/]{0,17}")  # a word of letters alone could be a name
_READ = re.compile(r"[0-9A-Za-z.]{5}(?:[0-9]{2})?")
_TWO = re.compile(r"[A-Z]\d{2}(?:\.?\d{1,2})?X?[+*†‡]?[\s,;/+&]*[A-Z]\d{2}(?:\.?\d{1,2})?X?[+*†‡]?")


@dataclass(frozen=True)
class Code:
    """A code in its normal form, or why it is none; `repairs` says what was done or is odd."""

    code: str = ""
    system: str = ""
    block: str = "other"
    repairs: tuple[str, ...] = ()
    refused: str = ""


def normalise_code(written: str, system_written: str) -> Code:
    """A diagnosis code and its system. The form of the code decides where the row names another ICD."""
    system = normalise_system(system_written)
    text = written.strip()
    if not text:
        return Code(refused="no-code")
    if system == SNOMED:
        return _of_form(text, SNOMED, is_snomed(text))
    if system not in (ICD10, ICD10_US, ICD11):
        plain = text if system in CASED else text.upper()
        fits = bool(_READ.fullmatch(plain)) if system in CASED else may_be_code(plain)
        return _of_form(text, system, fits, plain)
    return _icd(text, system)


def may_be_code(text: str) -> bool:
    """Whether a text can be a code of some system, and is neither a word nor somebody's NHS number."""
    if not _OTHER.fullmatch(text):
        return False
    return is_snomed(text) or not is_nhs_number(text, accept_test_numbers=True)


def normalise_system(written: str) -> str:
    """The name of a code system as the tables write it."""
    if not any(map(str.isalnum, written)):
        return ICD10
    key = re.sub(r"[^0-9a-z]", "", written.lower())
    begun = next((system for start, system in FAMILIES if key.startswith(start)), "OTHER")
    return SYSTEMS.get(key, begun) if key else "OTHER"


def _icd(text: str, system: str) -> Code:
    joined = "".join(text.upper().split())
    us = us_variant(joined)
    if us:
        return _found(us, ICD10_US, text, system, "us-variant")
    who = normalise_icd10(joined)
    if who:
        said = ICD10_US if system == ICD10_US else ICD10
        return _found(who, said, text, system, "fifth-character" if len(who) == 6 else "")
    stem = joined.split("&")[0].split("/")[0]
    if _ICD11.fullmatch(stem):
        return _found(joined, ICD11, text, system, "")
    return Code(refused="two-codes" if _TWO.fullmatch(text.upper()) else "not-a-code")


def us_variant(joined: str) -> str | None:
    """A code that only ICD-10-CM can have, with its dot; None for any other."""
    bare = joined.replace(".", "", 1)
    if not (US_FAMILIES.fullmatch(bare) or US_ONLY.fullmatch(bare)) or re.fullmatch(r"[A-Z]\d{2,4}X", bare):
        return None
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else None


def _found(code: str, system: str, written: str, said: str, odd: str) -> Code:
    repairs = [] if code == written else ["code-rewritten"]
    if system != said and odd != "us-variant":
        repairs.append("code-system-corrected")
    block = icd10_block(code) if system in (ICD10, ICD10_US) else "other"
    return Code(code, system, block, (*repairs, *([odd] if odd else [])))


def _of_form(written: str, system: str, fits: bool, code: str = "") -> Code:
    if not fits:
        return Code(refused="not-a-code")
    code = code or written
    return Code(code, system, repairs=() if code == written else ("code-rewritten",))


def is_snomed(text: str) -> bool:
    """Whether a text is a SNOMED CT identifier: 6 to 18 digits, the last one Verhoeff's check digit."""
    return bool(re.fullmatch(r"[1-9]\d{5,17}", text)) and verhoeff(text) == 0


def verhoeff(digits: str) -> int:
    """Verhoeff's checksum, 0 when the last digit is right: it finds every single wrong digit and swap of neighbours."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total = _turn(total, _permute(int(digit), place % 8))
    return total


def _turn(first: int, second: int) -> int:
    """The product in the group of turns and flips of a pentagon."""
    flipped = first >= 5
    step = -(second % 5) if flipped else second % 5
    return (first + step) % 5 + (5 if flipped != (second >= 5) else 0)


def _permute(digit: int, times: int) -> int:
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit
