"""Drugs and blood tests: `drugs.csv` by family of conditions, `bloods.csv` for anybody and with certain drugs."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from imagebank.synthetic.events import BloodResult, Medication
from imagebank.synthetic.register.chances import whole
from imagebank.synthetic.register.tables import Row, grouped, table, words
from imagebank.synthetic.register.timelines import Timeline
from imagebank.synthetic.streams import stream

TESTED = 0.6  # of people have blood results
STEPS_UP = 0.3  # of drugs: the dose is raised once
MEAN_COURSE_DAYS = 320  # of a drug that is not permanent
WORST = 2.5  # standard deviations from the mean


def medications(seed: int, frame: Timeline) -> tuple[Medication, ...]:
    """Every drug of a person by its first day, a change of dose being a new entry."""
    chance = stream(seed, "drugs", frame.slot.number)
    found: list[Medication] = []
    for row in grouped("drugs", "family")[frame.condition.family,]:
        if chance.random() < float(row["share"]):
            found += _course(chance, frame, row)
    return tuple(sorted(found, key=lambda each: (each.start, each.drug)))


def _course(chance: Random, frame: Timeline, row: Row) -> list[Medication]:
    doses = [float(dose) for dose in words(row["doses"])]
    at = int(chance.random() * len(doses))
    begin = max(frame.first_contact, frame.slot.dementia_day or frame.first_contact)
    start = begin + timedelta(int(float(row["weeks_until_start"]) * 7) + whole(chance, 0, 60))
    days = int(chance.expovariate(1 / MEAN_COURSE_DAYS)) + 14
    raised = start + timedelta(whole(chance, 21, 160)) if chance.random() < STEPS_UP else None
    if start >= frame.last:
        return []
    end = _end(frame, None if row["permanent"] == "1" else start + timedelta(days))
    if raised and at + 1 < len(doses) and raised < (end or frame.last):
        return [_medication(row, start, raised, doses[at]), _medication(row, raised, end, doses[at + 1])]
    return [_medication(row, start, end, doses[at])]


def _end(frame: Timeline, planned: date | None) -> date | None:
    """The planned day if it comes; else the death, or none while the person lives."""
    if planned and planned < frame.last:
        return planned
    return frame.slot.death


def _medication(row: Row, start: date, end: date | None, dose: float) -> Medication:
    return Medication(start, end, row["drug"], dose, row["unit"], row["route"], row["frequency"])


def bloods(seed: int, frame: Timeline, drugs: tuple[Medication, ...]) -> tuple[BloodResult, ...]:
    """A panel at first contact and perhaps a later one; levels and counts while on the drugs that need them."""
    chance = stream(seed, "bloods", frame.slot.number)
    found: list[BloodResult] = []
    if chance.random() < TESTED:
        for start in (0, 300)[: whole(chance, 1, 2)]:
            day = frame.between(
                chance, frame.first_contact + timedelta(start), frame.first_contact + timedelta(start + 90)
            )
            rows = (row for row in table("bloods") if not row["with_drug"])
            found += [_result(chance, row, day) for row in rows if chance.random() < float(row["share"])]
    for row in table("bloods"):
        for drug in drugs:
            if row["with_drug"] == drug.drug:
                day = frame.between(chance, drug.start + timedelta(7), drug.end or drug.start + timedelta(400))
                found.append(_result(chance, row, day))
    return tuple(sorted(found, key=lambda each: (each.day, each.name)))


def _result(chance: Random, row: Row, day: date) -> BloodResult:
    """One value; it never falls below a tenth of the mean."""
    mean, deviation = float(row["mean"]), float(row["sd"])
    value = mean + deviation * max(-WORST, min(WORST, chance.gauss(0, 1)))
    low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
    return BloodResult(day, row["name"], round(max(value, mean / 10), int(row["decimals"])), row["unit"], low, high)
