"""The examinations of a person: on which day and machine, what was told, what was ordered, how the head was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random

from imagebank.synthetic.model import Recorded
from imagebank.synthetic.register import numbers, orders
from imagebank.synthetic.register.chances import pick, share, whole
from imagebank.synthetic.register.days import LAST_DAY
from imagebank.synthetic.register.heads import PRODROME_YEARS, Head, anatomy, points_lost
from imagebank.synthetic.register.identities import Identity, identity
from imagebank.synthetic.register.linking import objection
from imagebank.synthetic.register.openings import DEMONSTRATED, openings
from imagebank.synthetic.register.places import site_near
from imagebank.synthetic.register.quotas import OLDEST_REPEATED
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.registrations import registrations
from imagebank.synthetic.register.slots import IMAGED
from imagebank.synthetic.register.tables import grouped, machines
from imagebank.synthetic.register.telling import FILED_UNDER_ANOTHER, tell
from imagebank.synthetic.register.timelines import Timeline
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import Anatomy, Ordered, Told, Visit, compact

ROLES = ("referrer", "radiologist", "operator", "practitioner")
FIRST_SECOND, LAST_SECOND = 7 * 3600 + 1800, 19 * 3600
LATEST_WRONG_DATE = 60  # days after a death
EARLY_IMPRESSIONS = (
    "mild memory problems",
    "subjective memory complaint",
    "low mood and forgetfulness",
    "?mild cognitive impairment",
)
ASKED = ("", "", ", ?vascular", ", ?atrophy", ", please exclude organic cause", " ?SOL", ", baseline")


@dataclass(frozen=True)
class Examined:
    """Everything that is known of a person when an examination is planned."""

    seed: int
    person: Identity
    recorded: tuple[Recorded, ...]
    frame: Timeline
    rates: Rates

    def draw(self, visit: int) -> int:
        """The number of an examination among all; `visit` counts from 0."""
        return self.person.number * numbers.VISITS + visit


def visits(examined: Examined) -> tuple[Visit, ...]:
    """Every examination of a person, in the order of the plan."""
    scans = examined.person.slot.scans
    return tuple(_visit(examined, k, _day(examined, k, day), count) for k, (day, count) in enumerate(scans))


def _day(examined: Examined, visit: int, planned: date) -> date:
    """The planned day; a last scan may carry a date after the person's death."""
    person, death = examined.person, examined.person.slot.death
    last = visit == len(person.slot.scans) - 1
    if not last or death is None or person.slot.at_risk or not person.may_err:
        return planned
    if death > LAST_DAY - timedelta(LATEST_WRONG_DATE):
        return planned
    wrong = death + timedelta(1 + int(share(examined.seed, "days after death", person.number) * LATEST_WRONG_DATE))
    too_old = examined.frame.age_on(wrong) > OLDEST_REPEATED
    return (
        wrong if not too_old and examined.rates.plants("scanned_after_death", examined.seed, person.number) else planned
    )


def _visit(examined: Examined, k: int, day: date, count: int) -> Visit:
    seed, person = examined.seed, examined.person
    chance = stream(seed, "visit", examined.draw(k))
    opening = openings()[person.number] if k == 0 and person.number < DEMONSTRATED else None
    near = site_near(person.area)
    machine, site = orders.pick_machine(chance, list(standing(day)), near)
    if opening:
        machine, site = opening.machine, site_of(opening.machine)
    bare = bare_visit(examined, k, day, machine, chance)
    told = _told(examined, k, (opening.ids, opening.letters) if opening else ("", ""))
    if opening:
        return judged(examined, replace(bare, told=told, series=orders.opening_order(bare.uid, opening)))
    kinds = orders.ordered_kinds(chance, examined.frame.condition.family, machine, day.year, count)
    rates = examined.rates if person.may_err else Rates.none()
    series = orders.order(seed, bare.uid, kinds, rates, examined.draw(k), site=site)
    return judged(examined, replace(bare, told=_agent_slip(examined, told, series, k), series=series))


def bare_visit(examined: Examined, k: int, day: date, machine: str, chance: Random) -> Visit:
    """An examination before anything is told or ordered."""
    seed, number = examined.seed, examined.person.number
    seconds = whole(chance, FIRST_SECOND, LAST_SECOND)
    unique = numbers.examination_number(seed, number, k)
    frame = examined.frame
    return Visit(
        key=f"{number}-{k + 1}",
        person=str(number),
        uid=f"{numbers.UID_ROOT}.{_serial(machine)}.{compact(day)}.{unique}",
        accession=numbers.accession(seed, number, k),
        study_id=numbers.study_id(seed, number, k),
        day=day,
        seconds=seconds,
        scanner=machine,
        told=Told("", "", "", ""),
        staff=tuple((role, pick(chance, staff(role))) for role in ROLES),
        anatomy=anatomy_on(seed, frame, day),
        angles_deg=(_turn(chance, 8), _turn(chance, 3), _turn(chance, 4)),
        series=(),
        reason=f"{_impression(chance, frame, day)}{pick(chance, ASKED)}",
    )


def _impression(chance: Random, frame: Timeline, day: date) -> str:
    """What is thought on a day; nobody knows of a dementia before it begins."""
    early = pick(chance, EARLY_IMPRESSIONS)
    ill = frame.slot.dementia_day
    return early if ill and ill > day else frame.condition.impression


def _turn(chance: Random, most_deg: float) -> float:
    return round(chance.uniform(-most_deg, most_deg), 3)


def _told(examined: Examined, k: int, manner: tuple[str, str]) -> Told:
    """What was told of the person, or of somebody else under whom the scan was filed."""
    seed, person, rates, draw = examined.seed, examined.person, examined.rates, examined.draw(k)
    imaged = DEMONSTRATED < person.number < IMAGED
    if imaged and not manner[0] and rates.plants("filed_under_another", seed, draw):
        other = identity(seed, int(share(seed, "filed under", draw) * person.number), rates)
        told = tell(seed, other, registrations(seed, other, rates), Rates.none(), draw)
        return replace(told, errors=(FILED_UNDER_ANOTHER,))
    return tell(seed, person, examined.recorded, rates, draw, manner=manner)


def _agent_slip(examined: Examined, told: Told, series: tuple[Ordered, ...], k: int) -> Told:
    """The dose of contrast agent may be recorded badly, where there was any."""
    slips = examined.rates.plants("agent_badly_recorded", examined.seed, examined.draw(k))
    given = any(each.agent for each in series)
    return replace(told, errors=(*told.errors, "contrast dose")) if slips and given else told


def judged(examined: Examined, visit: Visit) -> Visit:
    """The examination with the answer whether it can be linked, and what stands against it."""
    against = objection(visit.told, examined.recorded, visit.day, examined.person.slot.death)
    return replace(visit, linkable=not against, trap=against)


def anatomy_on(seed: int, frame: Timeline, day: date) -> Anatomy:
    """The true head on a day. Of people at risk of dementia, disease takes nothing before the first scan."""
    slot, picture = frame.slot, frame.condition
    if slot.at_risk:
        lost = picture.atrophy_per_year * max(0.0, (day - slot.entry).days / 365.25)
    elif slot.dementia_day:
        lost = points_lost(picture, (day - slot.dementia_day).days / 365.25 + PRODROME_YEARS)
    else:
        lost = points_lost(picture, (day - frame.onset).days / 365.25)
    return anatomy(_head(seed, slot.number, slot.sex, slot.brain_z), picture, frame.age_on(day), lost)


def _head(seed: int, number: int, sex: str, brain_z: float) -> Head:
    chance = stream(seed, "head", number)
    size, ventricle, lesion = (chance.gauss(0, 1) for _ in range(3))
    return Head(
        chance.getrandbits(31), sex, size, brain_z, ventricle, 0.5 * brain_z + 0.87 * chance.gauss(0, 1), lesion
    )


@cache
def staff(role: str) -> tuple[str, ...]:
    """The names of those who have a role."""
    return tuple(row["name"] for row in grouped("staff", "role")[role,])


@cache
def standing(day: date) -> tuple[tuple[str, str], ...]:
    """(machine, site) of every scanner that stood on a day."""
    text = day.isoformat()
    return tuple((row["name"], row["site"]) for row in machines() if row["start"] <= text <= row["end"])


@cache
def site_of(machine: str) -> str:
    """Where a machine stands."""
    return next(row["site"] for row in machines() if row["name"] == machine)


@cache
def _serial(machine: str) -> int:
    """A number of the machine that stands in its UIDs."""
    return 41_000 + 977 * [row["name"] for row in machines()].index(machine)
