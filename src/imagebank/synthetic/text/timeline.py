"""Which documents a person's course leaves behind, on which days, and who writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from imagebank.synthetic.model import Person

FEWEST, MOST = 3, 8
AUTHORS = {
    "referral letter": ("practitioner",),
    "first assessment": ("consultant", "junior doctor", "junior doctor", "nurse"),
    "progress note": ("nurse", "nurse", "junior doctor", "consultant", "therapist", "support worker", "social worker"),
    "ward round": ("junior doctor", "junior doctor", "nurse"),
    "MDT": ("nurse", "junior doctor", "social worker"),
    "telephone contact": ("nurse", "social worker", "nurse", "support worker"),
    "home visit": ("nurse", "therapist", "social worker"),
    "carer call": ("nurse", "social worker", "support worker"),
    "discharge summary": ("junior doctor",),
    "imaging request": ("junior doctor", "consultant"),
    "correspondence": ("consultant", "junior doctor"),
}
"""Every kind of document, with the posts of those who write it."""

EVERYDAY = (
    *("progress note",) * 6,
    *("correspondence",) * 2,
    *("telephone contact",) * 2,
    *("home visit",) * 2,
    *("carer call",) * 2,
    *("MDT",) * 2,
    "imaging request",
)
"""What is written on no particular day, as often as it is named."""


@dataclass(frozen=True)
class Planned:
    """A document that is going to be written."""

    day: date
    kind: str


def plan_documents(person: Person, chance: Random) -> list[Planned]:
    """Three to eight documents in the order of their days, none after the last contact or death."""
    course = person.course
    wanted = FEWEST + int(chance.random() * (MOST - FEWEST + 1))
    occasions = list(_occasions(person, chance))
    chance.shuffle(occasions)
    planned = occasions[: max(2, wanted - 2)]
    days = _days(person)
    while len(planned) < wanted:
        day = days[int(chance.random() * len(days))] if chance.random() < 0.6 else _any_day(person, chance)
        planned.append(Planned(day, EVERYDAY[int(chance.random() * len(EVERYDAY))]))
    last = min(course.last_contact, course.death.day) if course.death else course.last_contact
    return sorted(
        (Planned(max(person.birth_date, min(each.day, last)), each.kind) for each in planned),
        key=lambda each: (each.day, each.kind),
    )


def _occasions(person: Person, chance: Random) -> Iterator[Planned]:
    """The documents that events of the course call for."""
    course = person.course
    referred = [each.day for each in course.referrals]
    yield Planned(referred[0] if referred else course.first_contact - timedelta(14), "referral letter")
    yield Planned(course.first_contact, "first assessment")
    for episode in course.episodes:
        if episode.end:
            yield Planned(episode.end, "discharge summary")
        if episode.kind == "inpatient":
            stay = ((episode.end or course.last_contact) - episode.start).days
            yield Planned(episode.start + timedelta(int(chance.random() * (max(stay, 0) + 1))), "ward round")
    for visit in person.visits:
        yield Planned(visit.day - timedelta(3 + int(chance.random() * 50)), "imaging request")


def _days(person: Person) -> list[date]:
    """The days on which something was recorded: notes are most often of those."""
    course = person.course
    days = [each.day for each in course.assessments] + [each.day for each in course.symptoms]
    days += [each.day for each in course.diagnoses]
    return [day for day in days if course.first_contact <= day <= course.last_contact] or [course.first_contact]


def _any_day(person: Person, chance: Random) -> date:
    course = person.course
    span = max((course.last_contact - course.first_contact).days, 0)
    return course.first_contact + timedelta(int(chance.random() * (span + 1)))
