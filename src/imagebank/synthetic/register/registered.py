"""The places of people who are not part of the plan: those without images, and those of the odd examinations.

Their pictures are drawn by the register's own weights, since few people with a personality disorder and many with a
dementia are scanned. Some are the twin, the father or the son of an imaged person; those share birth, name and home.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random

from imagebank.synthetic.register import survival
from imagebank.synthetic.register.chances import pick, whole
from imagebank.synthetic.register.clinical import AT_RISK_AGES, Condition, age_at, condition, conditions
from imagebank.synthetic.register.days import RECORDS_END, scan_day
from imagebank.synthetic.register.openings import DEMONSTRATED
from imagebank.synthetic.register.quotas import plan
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.slots import FIRST_REGISTERED, FIRST_TRAP, IMAGED, NON_WHITE, WHITE, Slot
from imagebank.synthetic.register.tables import running_sums, table, weighted
from imagebank.synthetic.streams import stream

FIRST_ENTRY, LAST_ENTRY = date(2008, 6, 2), date(2022, 6, 30)
TWIN, CHILD, PARENT = "twin", "child", "parent"
NAMESAKE_IS_SON_FROM = 45  # years: from this age the other person of the name is a son, below it the father


@dataclass(frozen=True)
class Kin:
    """That somebody's twin, child or parent of the same name is another pretend person."""

    relation: str
    other: int


def slot_of(seed: int, number: int, rates: Rates) -> Slot:
    """The place of any person."""
    if number < IMAGED:
        return plan(seed)[number]
    kin = kin_of(seed, number, rates)
    own = _own_slot(seed, number)
    return _kin_slot(seed, own, plan(seed)[kin.other], kin) if kin else own


def birth_date_of(slot: Slot) -> date:
    """The day on which somebody was born who has the slot's age on the day of entry."""
    return slot.entry - timedelta(round(slot.age_years * 365.25))


def kin_of(seed: int, number: int, rates: Rates) -> Kin | None:
    """Who else is a twin or namesake: of imaged person n, person 20,000 + 2n or person 20,000 + 2n + 1."""
    if number < IMAGED:
        relation = _relation(seed, number, rates)
        return Kin(relation, FIRST_REGISTERED + 2 * number + (relation != TWIN)) if relation else None
    other, is_namesake = divmod(number - FIRST_REGISTERED, 2)
    if number >= FIRST_TRAP or other >= IMAGED:
        return None
    relation = _relation(seed, other, rates)
    if not relation or (relation != TWIN) != bool(is_namesake):
        return None
    return Kin({TWIN: TWIN, CHILD: PARENT, PARENT: CHILD}[relation], other)


def _relation(seed: int, imaged: int, rates: Rates) -> str:
    """What the other person is to an imaged one."""
    if imaged < DEMONSTRATED:
        return ""
    if rates.plants("twins", seed, imaged):
        return TWIN
    slot = plan(seed)[imaged]
    if slot.sex == "male" and rates.plants("namesakes", seed, imaged):
        return CHILD if slot.age_years >= NAMESAKE_IS_SON_FROM else PARENT
    return ""


@cache
def _register_weights() -> tuple[float, ...]:
    return running_sums(table("conditions"), lambda row: float(row["register_weight"]))


def _own_slot(seed: int, number: int) -> Slot:
    chance = stream(seed, "registered", number)
    picture = weighted(chance, conditions(), _register_weights())
    ages = AT_RISK_AGES if chance.random() < picture.stayed / picture.patients else picture.ages
    age = age_at(min(chance.random(), 0.999), ages)
    entry = scan_day(chance.random(), start=FIRST_ENTRY, end=LAST_ENTRY)
    sex = "female" if chance.random() < picture.female / picture.patients else "male"
    group = NON_WHITE if chance.random() < picture.non_white / picture.patients else WHITE
    deprived = chance.random() < picture.deprived / picture.patients
    return _with_ends(chance, picture, Slot(
        number, picture.name, sex, group, deprived, entry, age, round(chance.gauss(0, 1), 4), False, None, entry, None
    ))  # fmt: skip


def _with_ends(chance: Random, picture: Condition, slot: Slot) -> Slot:
    """The slot with dementia, last contact and death."""
    years = survival.years_to_death(chance.random(), slot.age_years, picture.mortality)
    death = slot.entry + timedelta(60 + int(min(years, 120) * 365.25))
    contact = min(slot.entry + timedelta(50 + int(chance.expovariate(1 / 900))), death, RECORDS_END)
    ill = slot.entry - timedelta(20 + int(min(chance.expovariate(1 / 500), 3_000)))
    return replace(
        slot,
        dementia_day=ill if picture.is_dementia else None,
        last_contact=contact,
        death=death if death <= RECORDS_END else None,
    )


def _kin_slot(seed: int, own: Slot, imaged: Slot, kin: Kin) -> Slot:
    """A relative lives where the imaged person does, and comes for something that suits the age."""
    chance = stream(seed, "kin", own.number)
    born = birth_date_of(imaged)
    if kin.relation != TWIN:
        years = whole(chance, 22, 34)
        born += timedelta(round(365.25 * (years if kin.relation == PARENT else -years)) + whole(chance, -150, 150))
    same_sex = kin.relation != TWIN or chance.random() < 0.7
    other_sex = "female" if imaged.sex == "male" else "male"
    entry = imaged.entry + timedelta(whole(chance, -300, 200))
    age = (entry - born).days / 365.25
    picture = condition(pick(chance, _pictures(age)))
    return _with_ends(chance, picture, replace(
        own, condition=picture.name, sex=imaged.sex if same_sex else other_sex, group=imaged.group,
        deprived=imaged.deprived, entry=entry, age_years=age,
    ))  # fmt: skip


def _pictures(age_years: float) -> tuple[str, ...]:
    if age_years < 18:
        return ("autism", "adhd")
    return ("depression", "anxiety", "undiagnosed") if age_years < 66 else ("alzheimers", "depression", "undiagnosed")
