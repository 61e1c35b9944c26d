"""Cognitive scores that fall at a true rate, with noise of measurement on top, and HoNOS.

The true MMSE of a dementia is the condition's `mmse` on the day on which it begins (standard deviation 1.8 between
people), falls by `decline_per_year` (times a personal factor) after it and by 0.9 a year before it. MoCA and ACE-III
follow from it: MoCA = 1.1 MMSE - 6.8, ACE-III = 3.1 MMSE + 5 (round figures of published crosswalks). Noise has a
standard deviation of 1.2 points of MMSE. `true_score` is on the whole scale even where the denominator is odd.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from imagebank.synthetic.events import Assessment
from imagebank.synthetic.register.chances import limited, pick, shares, whole
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.tables import table
from imagebank.synthetic.register.timelines import MEMORY_FAMILIES, Timeline
from imagebank.synthetic.streams import stream

NOISE = 1.2  # points of MMSE, one standard deviation
BETWEEN_PEOPLE = 1.8
DECLINE_BEFORE = 0.9  # points of MMSE a year, before a dementia
BEST = 29.7
ACE_III_SINCE = date(2012, 11, 1)
OLD_YEARS, ADULT_YEARS = 65, 18
ODD_DENOMINATORS = (29, 29, 28, 27, 25)
SPREAD_OF_ITEM = 0.9
MOST_SCORES = 16  # of one instrument and person, to number the draws


@dataclass(frozen=True)
class Decline:
    """The true MMSE of a person over time: a level on a day, and points lost a year before and after it."""

    day: date
    level: float
    before: float
    after: float

    def mmse(self, day: date) -> float:
        """The true score on a day, 0 to 29.7."""
        years = (day - self.day).days / 365.25
        return limited(self.level - years * (self.after if years > 0 else self.before), 0.0, BEST)


def decline(chance: Random, frame: Timeline) -> Decline:
    """A person's own course of the score."""
    picture = frame.condition
    level = limited(picture.mmse + chance.gauss(0, BETWEEN_PEOPLE if picture.mmse < 28 else 0.8), 5, BEST)
    rate = picture.decline_per_year * limited(chance.lognormvariate(0, 0.25), 0.5, 2)
    if frame.slot.dementia_day:
        return Decline(frame.slot.dementia_day, level, DECLINE_BEFORE, rate)
    return Decline(frame.first_contact, level, rate, rate)


def assessments(seed: int, frame: Timeline, rates: Rates) -> tuple[Assessment, ...]:
    """Every score of a person, by day."""
    number = frame.slot.number
    chance = stream(seed, "scores", number)
    course = decline(chance, frame)
    found = [
        _mmse(seed, rates, number * MOST_SCORES + k, *each) for k, each in enumerate(_noisy(chance, frame, course))
    ]
    found += _other_cognitive(chance, frame, course)
    for k in range(whole(chance, 1, 3) if frame.age_on(frame.first_contact) >= ADULT_YEARS else 0):
        day = frame.between(chance, frame.first_contact, frame.last)
        found.append(_honos(seed, chance, frame, day, rates, number * MOST_SCORES + k))
    return tuple(sorted(found, key=lambda each: (each.day, each.name)))


def _noisy(chance: Random, frame: Timeline, course: Decline) -> list[tuple[date, float, float]]:
    """(day, true, measured) of every MMSE: several in memory clinics, one now and then elsewhere."""
    family = frame.condition.family
    several = frame.slot.at_risk or family in MEMORY_FAMILIES
    count = whole(chance, 2, 5) if several else int(chance.random() < (0.6 if family == "substance" else 0.15))
    days = [frame.between(chance, frame.first_contact, frame.first_contact + timedelta(60))]
    days += [frame.between(chance, frame.first_contact, frame.last) for _ in range(4)]
    return [(day, true := course.mmse(day), true + chance.gauss(0, NOISE)) for day in days[:count]]


def _mmse(seed: int, rates: Rates, draw: int, day: date, true: float, measured: float) -> Assessment:
    score, out_of = round(limited(measured, 0, 30)), 30
    if rates.plants("impossible_score", seed, draw):
        score = 31 + draw % 8
    elif rates.plants("odd_denominator", seed, draw):
        out_of = ODD_DENOMINATORS[draw % len(ODD_DENOMINATORS)]
        score = min(score, out_of)
    return Assessment(day, "MMSE", score, out_of, true_score=round(true, 2))


def _other_cognitive(chance: Random, frame: Timeline, course: Decline) -> list[Assessment]:
    """ACE-III and MoCA where memory is the question."""
    memory = frame.slot.at_risk or frame.condition.family in MEMORY_FAMILIES
    found = []
    for name, out_of, factor, plus, since, often in (
        ("ACE-III", 100, 3.1, 5.0, ACE_III_SINCE, 0.55),
        ("MoCA", 30, 1.1, -6.8, frame.first_contact, 0.2),
    ):
        for _ in range(2):
            wanted = chance.random() < (often if memory else 0.04)
            day = frame.between(chance, frame.first_contact, frame.last)
            true = limited(factor * course.mmse(day) + plus, 0, out_of)
            score = round(limited(true + chance.gauss(0, NOISE) * factor, 0, out_of))
            if wanted and day >= since:
                found.append(Assessment(day, name, score, out_of, true_score=round(true, 2)))
    return found


@cache
def _item_means() -> dict[str, tuple[float, ...]]:
    return {row["family"]: tuple(float(row[str(k)]) for k in range(1, 13)) for row in table("honos")}


def _honos(seed: int, chance: Random, frame: Timeline, day: date, rates: Rates, draw: int) -> Assessment:
    """Twelve items of 0 to 4; 9 is unknown and never part of the sum."""
    old = frame.age_on(day) >= OLD_YEARS
    ill = frame.slot.dementia_day
    means = _item_means()["cognitive" if ill and day < ill else frame.condition.family]
    true = [round(limited(chance.gauss(mean, SPREAD_OF_ITEM), 0, 4)) for mean in means]
    unknown = (point < rates.unknown_item for point in shares(seed, "unknown_item", draw, 12))
    rated = [9 if each else value for each, value in zip(unknown, true, strict=True)]
    items = tuple((str(k), value) for k, value in enumerate(rated, start=1))
    name, version = ("HoNOS65+", pick(chance, ("HoNOS65+ v3", "HoNOS OA"))) if old else ("HoNOS", "HoNOS v4")
    total = sum(value for value in rated if value != 9)
    return Assessment(day, name, total, 48, version, items, true_score=float(sum(true)))
