"""Referrals, spells of care and death. Teams open, close and take over from each other (`services.csv`).

A memory service opens in each part of town in its own year; before that the older adults' team saw these people. When
a team closes during a spell, the spell ends and goes on with the team that follows.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from random import Random

from imagebank.synthetic.events import Death, Episode, Referral
from imagebank.synthetic.register.chances import pick, whole
from imagebank.synthetic.register.tables import Row, grouped, weighted, words
from imagebank.synthetic.register.timelines import Timeline
from imagebank.synthetic.streams import stream

INPATIENT = {"psychosis": 0.5, "mood": 0.22, "substance": 0.2, "dementia": 0.1, "cognitive": 0.12, "behavioural": 0.25}
INPATIENT_OTHERWISE = 0.06
REFUSED_FIRST = 0.08
DISCHARGED = 0.5  # of spells that end before the last contact
CHILD_YEARS, OLD_YEARS = 18, 65
PLACES = ("South Thames Pretend Hospital", "home", "Osierbed Nursing Home", "Chandlers Hospice")


def referrals(seed: int, frame: Timeline) -> tuple[Referral, ...]:
    """Why somebody came; a few were turned away once before."""
    chance = stream(seed, "referrals", frame.slot.number)
    rows = grouped("reasons", "family")[frame.condition.family,]
    row = pick(chance, rows)
    day = max(frame.first_contact - timedelta(whole(chance, 4, 55)), frame.born)
    found = [Referral(day, pick(chance, words(row["source"])), row["reason"], True)]
    if chance.random() < REFUSED_FIRST:
        before = max(day - timedelta(whole(chance, 40, 300)), frame.born)
        found.insert(0, Referral(before, "GP", pick(chance, rows)["reason"], False))
    return tuple(found)


@cache
def _teams(area: str, kind: str) -> tuple[tuple[str, str, date], ...]:
    """(team, site, last day) of each team of a kind that followed another."""
    rows = grouped("services", "area", "kind")[area, kind]
    return tuple((row["team"], row["site"], date.fromisoformat(row["closed"] or "9999-12-31")) for row in rows)


def _kind_of_service(frame: Timeline, reason_kind: str) -> str:
    age = frame.age_on(frame.first_contact)
    if age < CHILD_YEARS:
        return "child"
    if reason_kind == "psychosis" and age < 36 and (frame.first_contact - frame.onset).days < 1_100:
        return "early psychosis"
    return "older" if age >= OLD_YEARS and reason_kind in ("adult", "psychosis", "substance") else reason_kind


def episodes(seed: int, frame: Timeline, area: str) -> tuple[Episode, ...]:
    """The spell with the team that cares for the person, and stays on wards within it."""
    chance = stream(seed, "episodes", frame.slot.number)
    family = frame.condition.family
    kind = _kind_of_service(frame, grouped("reasons", "family")[family,][0]["kind"])
    end: date | None = None if frame.slot.death is None and frame.last.year >= 2023 else frame.last
    if chance.random() < DISCHARGED:
        end = frame.between(chance, frame.first_contact + timedelta(90), frame.last)
    care = "community" if kind in ("psychosis", "early psychosis", "older", "child") else "outpatient"
    found = _spells(area, kind, care, frame.first_contact, end)
    if chance.random() < INPATIENT.get(family, INPATIENT_OTHERWISE):
        found += [_stay(chance, frame) for _ in range(whole(chance, 1, 2))]
    if family in ("psychosis", "mood", "personality") and chance.random() < 0.2:
        day = frame.between(chance, frame.first_contact, frame.last)
        found += _spells(area, "crisis", "community", day, min(day + timedelta(whole(chance, 5, 40)), frame.last))
    return tuple(sorted(found, key=lambda each: (each.start, each.team)))


def _spells(area: str, kind: str, care: str, start: date, end: date | None) -> list[Episode]:
    """One spell, in pieces where teams follow each other."""
    found = []
    for team, site, closed in _teams(area, kind):
        if start < closed:
            last = end if end is not None and end <= closed else closed if closed.year < 9999 else end
            found.append(Episode(start, last, care, team, site))
            if last == end:
                break
            start = closed
    return found


def _stay(chance: Random, frame: Timeline) -> Episode:
    day = frame.between(chance, frame.first_contact, frame.last)
    age = frame.age_on(day)
    rows = _wards("ward child" if age < CHILD_YEARS else "ward older" if age >= OLD_YEARS else "ward adult")
    row = pick(chance, rows)
    end = min(day + timedelta(4 + int(min(chance.expovariate(1 / 35), 250))), frame.last)
    return Episode(day, end, "inpatient", row["team"], row["site"])


@cache
def _wards(kind: str) -> tuple[Row, ...]:
    return grouped("services", "kind")[kind,]


@cache
def _causes(family: str) -> tuple[tuple[Row, ...], tuple[float, ...]]:
    rows = grouped("deaths", "family").get((family,)) or grouped("deaths", "family")["",]
    return rows, tuple(accumulate(float(row["share"]) for row in rows))


def death(seed: int, frame: Timeline) -> Death | None:
    """Where and of what a person died, if they did."""
    if frame.slot.death is None:
        return None
    chance = stream(seed, "death", frame.slot.number)
    cause = weighted(chance, *_causes(frame.condition.family))
    return Death(frame.slot.death, pick(chance, PLACES), words(cause["causes"]))
