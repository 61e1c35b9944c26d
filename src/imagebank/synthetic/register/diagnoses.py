"""Which diagnoses clinicians wrote down, and which of them is the main one.

A first impression is revised when the true picture is known; a dagger code stands beside its asterisk code; the true
code is typed again at reviews; some codes belong to somebody else (wrong) or are taken back (withdrawn).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from imagebank.synthetic.events import Diagnosis
from imagebank.synthetic.register.chances import pick, whole
from imagebank.synthetic.register.clinical import conditions
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.timelines import Timeline
from imagebank.synthetic.streams import stream

FIRST_IMPRESSION_REVISED = 0.4
DAGGER_FIRST = 0.12  # of pairs: the dagger code typed as primary, as the book has it
REVIEWED = 0.45
COMORBID = 0.3
CURRENT, REVISED, WITHDRAWN, WRONG = "current", "revised", "withdrawn", "wrong"


def main_diagnosis(diagnoses: Iterable[Diagnosis]) -> str:
    """The last primary code that was not revised, withdrawn or wrong, or nothing.

    A dagger code that was typed as primary (G30.1) stands for the asterisk code of the same day (F00.1).
    """
    valid = [each for each in diagnoses if each.status == CURRENT]
    primary = [each for each in valid if each.role == "primary"]
    if not primary:
        return ""
    last = max(primary, key=lambda each: (each.day, each.code))
    paired = [each.code for each in valid if each.day == last.day and each.code.startswith(("F00", "F02"))]
    return paired[0] if last.code.startswith("G") and paired else last.code


def diagnoses(seed: int, frame: Timeline, rates: Rates) -> tuple[Diagnosis, ...]:
    """Every diagnosis of a person, by day."""
    number = frame.slot.number
    chance = stream(seed, "diagnoses", number)
    known = _day_known(chance, frame)
    found = [*_true(chance, frame, known), *_comorbid(chance, frame)]
    found += _first_impression(chance, frame, known)
    if rates.plants("wrong_diagnosis", seed, number):
        found.append(_mistaken(stream(seed, "wrong diagnosis", number), frame, WRONG))
    if rates.plants("withdrawn_diagnosis", seed, number):
        found.append(_mistaken(stream(seed, "withdrawn diagnosis", number), frame, WITHDRAWN))
    return tuple(sorted(found, key=lambda each: (each.day, each.role, each.code)))


def _day_known(chance: Random, frame: Timeline) -> date:
    """When the true picture is first written down. A dementia is diagnosed within two months of its beginning."""
    begin = frame.slot.dementia_day or frame.first_contact
    delay = 60 if frame.slot.dementia_day or frame.condition.family != "psychosis" else 200
    return frame.between(chance, begin, max(begin, frame.first_contact) + timedelta(delay))


def _true(chance: Random, frame: Timeline, known: date) -> list[Diagnosis]:
    """The code of the picture, with its pair, when known and at reviews; the same code each time."""
    if not frame.condition.codes:
        return []
    code = pick(chance, frame.condition.codes)
    pair = frame.condition.pairs.get(code, "") if chance.random() < 0.7 else ""
    days = [known]
    while chance.random() < REVIEWED and len(days) < 4:
        days.append(frame.between(chance, days[-1] + timedelta(1), days[-1] + timedelta(800)))
    first, second = (pair, code) if pair and chance.random() < DAGGER_FIRST else (code, pair)
    found = [Diagnosis(day, first, "primary") for day in dict.fromkeys(days)]
    return found + ([Diagnosis(day, second, "secondary") for day in dict.fromkeys(days)] if second else [])


def _first_impression(chance: Random, frame: Timeline, known: date) -> list[Diagnosis]:
    """What was thought before; people who convert to dementia nearly always had another diagnosis."""
    converts = frame.slot.at_risk and frame.slot.dementia_day is not None
    share_revised = 0.85 if converts else FIRST_IMPRESSION_REVISED
    gap = (known - frame.first_contact).days
    if not frame.condition.earlier or chance.random() >= share_revised or gap < 1:
        return []
    day = frame.first_contact + timedelta(whole(chance, 0, min(60, gap - 1)))
    code = pick(chance, ("F06.7", "F06.7", "F32.1", "F41.1") if converts else frame.condition.earlier)
    return [Diagnosis(day, code, "primary", REVISED)]


def _comorbid(chance: Random, frame: Timeline) -> list[Diagnosis]:
    days = frame.first_contact, frame.first_contact + timedelta(1_200)
    codes = (code for code in frame.condition.comorbid if chance.random() < COMORBID)
    return [Diagnosis(frame.between(chance, *days), code, "secondary") for code in codes]


def _mistaken(chance: Random, frame: Timeline, status: str) -> Diagnosis:
    """A code of another picture."""
    others = [each for each in conditions() if each.codes and each.family != frame.condition.family]
    day = frame.between(chance, frame.first_contact, frame.last)
    return Diagnosis(day, pick(chance, pick(chance, others).codes), "primary", status)
