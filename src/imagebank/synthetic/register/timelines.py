"""When a person's illness began, when the service first and last saw them: the frame in which events are placed.

Assumptions: schizophrenia begins between 15 and 35 (mean 23), bipolar disorder around 28; a dementia is noticed half a
year to three and a half years before it is one. The record system holds contacts from April 2006 on. Memory clinics
scan within five months of first contact; other teams within years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from imagebank.synthetic.register.chances import limited, whole
from imagebank.synthetic.register.clinical import Condition, condition
from imagebank.synthetic.register.identities import Identity
from imagebank.synthetic.register.slots import Slot

RECORDS_BEGIN = date(2006, 4, 3)
MEMORY_FAMILIES = ("dementia", "cognitive", "undiagnosed")
ONSET_YEARS = {  # mean, standard deviation, earliest, latest
    "schizophrenia": (23, 4.5, 15, 35),
    "schizoaffective": (24, 4.5, 15, 35),
    "bipolar": (28, 9, 15, 70),
    "learning disability": (2, 1, 0, 5),
    "autism": (3, 1.2, 1, 7),
    "adhd": (5, 1.5, 2, 9),
    "tics": (6, 1.5, 3, 12),
}


@dataclass(frozen=True)
class Timeline:
    """`last` is the last day on which anything can be written down of the living person."""

    slot: Slot
    condition: Condition
    born: date
    onset: date
    first_contact: date
    last: date

    def age_on(self, day: date) -> float:
        """Exact years."""
        return (day - self.born).days / 365.25

    def between(self, chance: Random, low: date, high: date) -> date:
        """A day between two days, within what can be written down."""
        low = min(max(low, self.first_contact), self.last)
        span = (min(max(high, low), self.last) - low).days
        return low + timedelta(int(chance.random() * (span + 1)))


def timeline(chance: Random, person: Identity) -> Timeline:
    """The frame of a person's course."""
    slot, picture, born = person.slot, condition(person.slot.condition), person.birth_date
    onset, contact = _onset(chance, slot, picture, born), slot.entry
    if slot.scans:
        contact = max(_first_contact(chance, slot, picture, onset), born + timedelta(900))
    onset = max(min(onset, contact - timedelta(5)), born)
    return Timeline(slot, picture, born, onset, contact, slot.last_contact)


def _first_contact(chance: Random, slot: Slot, picture: Condition, onset: date) -> date:
    """Some time before the first scan; where memory is not the question, after the illness began."""
    soon = slot.entry - timedelta(whole(chance, 15, 150))
    if slot.at_risk or picture.family in MEMORY_FAMILIES or picture.name == "acute psychosis":
        return soon
    days = 10 + int(min(chance.expovariate(1 / 900), 4_500))
    earliest = max(RECORDS_BEGIN + timedelta(whole(chance, 0, 500)), onset + timedelta(whole(chance, 8, 400)))
    return max(slot.entry - timedelta(days), min(earliest, slot.entry - timedelta(10)))


def _onset(chance: Random, slot: Slot, picture: Condition, born: date) -> date:
    if slot.dementia_day:
        return slot.dementia_day - timedelta(whole(chance, 180, 1_300))
    if picture.name in ONSET_YEARS:
        mean, deviation, low, high = ONSET_YEARS[picture.name]
        latest = max(low, min(high, slot.age_years - 0.1))
        return born + timedelta(int(limited(chance.gauss(mean, deviation), low, latest) * 365.25))
    return slot.entry - timedelta(160 + int(min(chance.expovariate(1 / 700), 5_000)))
