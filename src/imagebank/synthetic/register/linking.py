"""Whether what a header says suffices to find its person in the records: the hospital's own small rule.

An examination is linkable by a valid recorded NHS number with an agreeing birth date or name, or where no birth date
speaks against it; or by the hospital number (also one that was merged) as PatientID with an agreeing birth date. Birth
dates agree where they are equal, day and month are swapped, or one of them is the first of January of the same year.
Nothing may stand against it: another person's identity, another sex, a scan before birth or after death.
"""

from __future__ import annotations

from datetime import date

from imagebank.synthetic.model import Recorded
from imagebank.synthetic.register.names import plain_letters
from imagebank.synthetic.register.numbers import is_nhs_number
from imagebank.synthetic.register.registrations import UNKNOWN_CENTURY
from imagebank.synthetic.register.telling import FILED_UNDER_ANOTHER, SEX_CODES
from imagebank.synthetic.visits import Told


def objection(told: Told, recorded: tuple[Recorded, ...], day: date, death: date | None) -> str:
    """What stands against the link, as a trap is named, or nothing."""
    if FILED_UNDER_ANOTHER in told.errors:
        return "filed-under-another"
    if not recorded:
        return "not-in-records"
    unconfirmed = _unconfirmed(told, recorded)
    if unconfirmed:
        return unconfirmed
    current = recorded[0]
    if current.sex in SEX_CODES and told.sex in SEX_CODES.values() and told.sex != SEX_CODES[current.sex]:
        return "sex-disagrees"
    if current.birth_date and day < current.birth_date:
        return "before-birth"
    return "after-death" if death and day > death else ""


def _unconfirmed(told: Told, recorded: tuple[Recorded, ...]) -> str:
    """Why the numbers told do not lead to the registrations, or nothing when they do."""
    current = recorded[0]
    own = [each for each in recorded if each is current or each.merged_into]
    numbers = {told.patient_id, *(number for number, _ in told.other_ids)}
    known = [each.birth_date for each in own if each.birth_date and each.birth_date != UNKNOWN_CENTURY]
    birth = any(_births_agree(told.birth_date, day) for day in known)
    if is_nhs_number(current.nhs_number) and current.nhs_number in numbers:
        return "" if birth or not (told.birth_date and known) or _names_agree(told.name, current) else "nothing-agrees"
    if told.patient_id not in {each.hospital_number for each in own}:
        return "number-unknown"
    return "" if birth else "birth-date-disagrees" if told.birth_date else "no-birth-date"


def _births_agree(told: str, known: date) -> bool:
    """Whether a birth date told may be the recorded one."""
    if not told:
        return False
    year, month, day = int(told[:4]), int(told[4:6]), int(told[6:])
    if year != known.year:
        return False
    first = (1, 1) in ((month, day), (known.month, known.day))
    return first or (month, day) in ((known.month, known.day), (known.day, known.month))


def _names_agree(told: str, recorded: Recorded) -> bool:
    """Family name and first given name, letters only."""
    parts = (told.split("=")[0] + "^").split("^")
    known = recorded.name
    return _letters(parts[0]) == _letters(known.family) and _first(parts[1]) == _first(known.given)


def _first(given: str) -> str:
    return _letters(given.replace("-", " ").split(" ")[0])


def _letters(text: str) -> str:
    return "".join(letter for letter in plain_letters(text).upper() if letter.isalpha())
