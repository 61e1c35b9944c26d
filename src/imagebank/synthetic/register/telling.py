"""What the scanner is told about a person: which numbers, in which element, in which letters, with which slips.

Manners of telling (`ids`): the hospital number alone; with the NHS number among the other ids, plain or nested; the NHS
number as PatientID; that with the hospital number as other id and no birth date. An NHS number that the record system
does not hold, or holds wrongly, cannot be told: these people are told by hospital number.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from imagebank.synthetic.model import Name, Recorded
from imagebank.synthetic.register.chances import share
from imagebank.synthetic.register.identities import Identity
from imagebank.synthetic.register.names import charset_for, plain_letters
from imagebank.synthetic.register.numbers import is_nhs_number
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.registrations import can_be_swapped, mistype_name
from imagebank.synthetic.visits import Told, compact

IDS = {"other-ids": 24, "nested": 36, "nhs": 50, "nhs-no-birth-date": 62, "hospital": 100}  # percent, added up
PLAIN_LETTERS, NATIVE_TOLD = 0.15, 0.6
SEX_CODES = {"female": "F", "male": "M"}
ISSUER = "SOUTH THAMES"
FILED_UNDER_ANOTHER = "filed under another"


def tell(
    seed: int,
    person: Identity,
    recorded: tuple[Recorded, ...],
    rates: Rates,
    draw: int,
    *,
    manner: tuple[str, str] = ("", ""),
) -> Told:
    """What is told at examination `draw`; `manner` fixes (ids, letters) and keeps slips away."""
    ids = manner[0] or _drawn_ids(share(seed, "ids", draw))
    letters = manner[1] or ("plain" if share(seed, "letters", draw) < PLAIN_LETTERS else "as-typed")
    slips = Rates.none() if manner[0] or not person.may_err else rates
    typed = slips.plants("told_name_typo", seed, draw)
    name = mistype_name(seed, person.name, draw) if typed else person.name
    birth, swapped = _birth_date(seed, person.birth_date, slips, draw)
    wrong_sex = slips.plants("told_sex_wrong", seed, draw)
    number, old = _hospital_number(seed, person.hospital_number, recorded, slips, draw)
    errors = [("name typo", typed), ("swapped birth date", swapped), ("wrong sex", wrong_sex), ("old number", old)]
    sex = SEX_CODES[person.slot.sex]
    spelt = _spelt(name, letters, share(seed, "form of name", draw), share(seed, "native", draw))
    told = Told(
        patient_id=number,
        name=spelt,
        birth_date=compact(birth),
        sex={"F": "M", "M": "F"}[sex] if wrong_sex else sex,
        errors=tuple(error for error, planted in errors if planted),
        charset=charset_for(spelt),
    )
    return _with_ids(told, ids, recorded[0].nhs_number if recorded else person.nhs_number)


def _drawn_ids(point: float) -> str:
    return next(name for name, limit in IDS.items() if point * 100 < limit)


def _birth_date(seed: int, born: date, slips: Rates, draw: int) -> tuple[date, bool]:
    if can_be_swapped(born) and slips.plants("told_birth_date_swapped", seed, draw):
        return date(born.year, born.day, born.month), True
    return born, False


def _hospital_number(
    seed: int, current: str, recorded: tuple[Recorded, ...], slips: Rates, draw: int
) -> tuple[str, bool]:
    """The current number, or the one that was merged into it."""
    merged = next((each.hospital_number for each in recorded if each.merged_into), "")
    if merged and slips.plants("told_old_number", seed, draw):
        return merged, True
    return current, False


def _spelt(name: Name, letters: str, form: float, native: float) -> str:
    """A DICOM person name: family, given, perhaps middle or title, perhaps the person's own script."""
    spelt = f"{name.family.upper()}^{name.given}"
    if letters == "plain":
        return plain_letters(spelt).upper()
    if form < 0.1:
        spelt = f"{name.family}^{name.given}"
    elif form < 0.25 and name.middle:
        spelt += f"^{name.middle}"
    elif form < 0.4 and name.title:
        spelt += f"^^{name.title}"
    if name.native and native < NATIVE_TOLD:
        spelt += f"={name.native}" + (f"={name.phonetic}" if name.phonetic else "")
    return spelt


def _with_ids(told: Told, ids: str, nhs: str) -> Told:
    """The numbers in their places; by hospital number alone where the NHS number is not known to be valid."""
    if ids == "hospital" or not is_nhs_number(nhs):
        return told
    if ids == "nhs":
        return replace(told, patient_id=nhs)
    if ids == "nhs-no-birth-date":
        return replace(told, patient_id=nhs, birth_date="", other_ids=((told.patient_id, ISSUER),))
    return replace(told, other_ids=((nhs, "NHS"),), other_ids_nested=ids == "nested")
