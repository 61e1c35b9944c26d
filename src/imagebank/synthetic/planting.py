"""What was planted at which rate: how often each thing struck, of those whom it could have struck.

A rate is a share of fewer than all where the thing needs something: an old address needs a move, a swapped birth date a
day that is also a month. Who could have had it is counted here, from the people as they truly are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources

from imagebank.synthetic.model import Person
from imagebank.synthetic.register import Rates
from imagebank.synthetic.register.names import other_spelling
from imagebank.synthetic.register.orders import SITE_OF_HABIT
from imagebank.synthetic.truth import Tally
from imagebank.synthetic.visits import OTHER_KINDS, SERIES_KINDS, Visit

MOST_SWAPPED_DAY = 12
FEWEST_FOR_AGENT = 3  # series of an examination in which an agent may be given
Kind = tuple[str, str]  # what, unit


@cache
def kinds_of_rates() -> dict[str, Kind]:
    """What each rate plants, and in what unit it is counted."""
    text = resources.files("imagebank.synthetic").joinpath("data", "rates.csv").read_text(encoding="utf-8")
    return {row["rate"]: (row["kind"], row["unit"]) for row in csv.DictReader(text.splitlines())}


class Planting:
    """Counts while people go by; `rates` go into the answers at the end."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._planted: Counter[Kind] = Counter()
        self._possible: Counter[Kind] = Counter()

    def add(self, person: Person) -> None:
        """Count one person with everything that is wrong with them, and what could have been."""
        self.tally.add(person)
        if person.recorded:
            self._possible.update(_possible_in(person))
        for visit in person.visits:
            self._possible.update(_possible_at(person, visit))
            self._planted.update(_seen_at(visit))

    def configured(self, rates: Rates) -> dict[Kind, float]:
        """The share asked for of each kind; tells the tally who could have had what."""
        for (kind, unit), count in self._possible.items():
            self.tally.narrow(kind, unit, count)
        for unit in ("study", "series"):
            seen = {kind: count for (kind, of), count in self._planted.items() if of == unit}
            self.tally.add_counts(unit, seen, dict.fromkeys(seen, 0))
        return {kind: float(getattr(rates, name)) for name, kind in kinds_of_rates().items()}


def _possible_in(person: Person) -> Iterator[Kind]:
    born = person.birth_date
    if len(person.homes) > 1:
        yield "old address", "person"
    if other_spelling(person.name.family) or other_spelling(person.name.given):
        yield "transliterated name", "person"
    if person.name.birth_family:
        yield "maiden name", "person"
    if born.day <= MOST_SWAPPED_DAY and born.day != born.month:
        yield "swapped birth date", "person"


def _possible_at(person: Person, visit: Visit) -> Iterator[Kind]:
    born = person.birth_date
    if any(each.merged_into for each in person.recorded):
        yield "old number", "study"
    if born.day <= MOST_SWAPPED_DAY and born.day != born.month:
        yield "swapped birth date", "study"
    if any(each.agent for each in visit.series):
        yield "contrast dose", "study"
    ordered = [each for each in visit.series if each.kind in SERIES_KINDS]
    if len(ordered) >= FEWEST_FOR_AGENT:
        yield "contrast agent", "study"
    if visit.scanner in _machines_of_habit():
        yield from [("patient in the description", "series")] * len(ordered)


@cache
def _machines_of_habit() -> frozenset[str]:
    text = resources.files("imagebank.synthetic").joinpath("data", "machines.csv").read_text(encoding="utf-8")
    return frozenset(row["name"] for row in csv.DictReader(text.splitlines()) if row["site"] == SITE_OF_HABIT)


def _seen_at(visit: Visit) -> Iterator[Kind]:
    """What stands in the series of a study rather than among its errors."""
    kinds = {each.kind for each in visit.series}
    yield from ((kind, "study") for kind in OTHER_KINDS if kind in kinds)
    if any(each.agent for each in visit.series):
        yield "contrast agent", "study"
    yield from (("burned-in text", "series") for each in visit.series if each.burned_in)
    yield from (("patient in the description", "series") for each in visit.series if each.patient_in_description)
