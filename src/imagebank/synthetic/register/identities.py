"""Who a pretend person truly is: names, birth, homes, relatives, numbers. No error is made here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from random import Random

from imagebank.synthetic.model import Home, Name, Relative
from imagebank.synthetic.register import names, places
from imagebank.synthetic.register.chances import pick, whole
from imagebank.synthetic.register.numbers import hospital_number, nhs_number
from imagebank.synthetic.register.openings import DEMONSTRATED
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.registered import TWIN, Kin, birth_date_of, kin_of, slot_of
from imagebank.synthetic.register.slots import IMAGED, Slot
from imagebank.synthetic.register.tables import Row, grouped
from imagebank.synthetic.streams import stream

OLD_YEARS, ADULT_YEARS = 60, 18
RELATIONS = {
    "old": ("daughter", "son", "wife", "husband", "niece", "neighbour", "sister", "granddaughter", "carer"),
    "adult": ("mother", "father", "sister", "brother", "partner", "wife", "husband", "friend"),
    "child": ("mother", "father", "grandmother", "aunt"),
}
MEN = {"son", "husband", "father", "brother"}
OF_THE_FAMILY = {"daughter", "son", "wife", "husband", "mother", "father", "brother", "sister"}
SPOUSE_OF = {"wife": "female", "husband": "male"}


@dataclass(frozen=True)
class Identity:
    """Who somebody is, with the place that they fill in the plan."""

    slot: Slot
    hospital_number: str
    nhs_number: str
    name: Name
    birth_date: date
    ethnic_category: str
    area: str
    homes: tuple[Home, ...]
    phone: str
    relatives: tuple[Relative, ...]
    general_practitioner: str
    kin: Kin | None

    @property
    def number(self) -> int:
        """The person's number in the plan."""
        return self.slot.number

    @property
    def may_err(self) -> bool:
        """Whether errors may be planted: not for the few imaged people who demonstrate the rest."""
        return self.number >= DEMONSTRATED


@lru_cache(maxsize=256)
def identity(seed: int, number: int, rates: Rates) -> Identity:
    """The true identity of any person."""
    slot, kin = slot_of(seed, number, rates), kin_of(seed, number, rates)
    chance = stream(seed, "identity", number)
    category = places.ethnic_category(chance, slot.group)
    community = names.community_of(chance, category)
    area = places.area_of(chance, category)
    name = names.invent_name(chance, community, slot.sex, slot.age_years)
    own = Identity(
        slot=slot,
        hospital_number=hospital_number(seed, number),
        nhs_number=nhs_number(seed, number),
        name=name,
        birth_date=birth_date_of(slot),
        ethnic_category=category,
        area=area,
        homes=_homes(seed, slot, area, rates),
        phone=places.telephone(chance),
        relatives=_relatives(chance, slot, name, community),
        general_practitioner=pick(chance, _practitioners()),
        kin=kin,
    )
    return own if kin is None or number < IMAGED else _related(own, identity(seed, kin.other, rates), kin)


def _related(own: Identity, imaged: Identity, kin: Kin) -> Identity:
    """A twin shares the family name; a father or son of one name shares both. They live at one address."""
    given = own.name.given if kin.relation == TWIN and own.name.given != imaged.name.given else imaged.name.given
    if kin.relation == TWIN and given == imaged.name.given:
        given = own.name.middle or own.name.given
    name = replace(own.name, family=imaged.name.family, given=given, native="", phonetic="", known_as="")
    return replace(
        own,
        name=names.with_charset(name),
        ethnic_category=imaged.ethnic_category,
        area=imaged.area,
        homes=imaged.homes,
        general_practitioner=imaged.general_practitioner,
    )


def as_twin(own: Identity, other: Identity) -> Identity:
    """The same person as the twin of another: born on the same day, living in the same place, called otherwise."""
    kin = Kin(TWIN, other.number)
    twin = replace(own, slot=replace(other.slot, number=own.number), birth_date=other.birth_date, kin=kin)
    return _related(twin, other, kin)


@cache
def _practitioners() -> tuple[str, ...]:
    return tuple(row["name"] for row in grouped("staff", "role")["general practitioner",])


def _homes(seed: int, slot: Slot, area: str, rates: Rates) -> tuple[Home, ...]:
    """The home on the day of entry, and before or after it another where the person moved."""
    chance = stream(seed, "homes", slot.number)
    born = birth_date_of(slot)
    since = slot.entry - timedelta(whole(chance, 40, max(41, min(9_000, (slot.entry - born).days))))
    here = places.home(chance, area, deprived=slot.deprived, since=max(since, born))
    if not rates.plants("moves", seed, slot.number):
        return (here,)
    other = places.home(chance, area, deprived=chance.random() < 0.5, since=born)
    if chance.random() < 0.5 and other.since < here.since:
        return (other, here)
    return (here, replace(other, since=slot.entry + timedelta(whole(chance, 30, 1_200))))


def _relatives(chance: Random, slot: Slot, name: Name, community: Row) -> tuple[Relative, ...]:
    """One to three people close to somebody of an age, each with a relation of their own."""
    age = slot.age_years
    relations = RELATIONS["old" if age >= OLD_YEARS else "adult" if age >= ADULT_YEARS else "child"]
    chosen = dict.fromkeys(pick(chance, relations) for _ in range(whole(chance, 1, 3)))
    fitting = [each for each in chosen if SPOUSE_OF.get(each) != slot.sex]
    return tuple(_relative(chance, each, name, community) for each in fitting or ["friend"])


def _relative(chance: Random, relation: str, name: Name, community: Row) -> Relative:
    other = names.invent_name(chance, community, "male" if relation in MEN else "female", 0)
    family = name.family if relation in OF_THE_FAMILY and chance.random() < 0.8 else other.family
    phone = places.telephone(chance) if chance.random() < 0.8 else ""
    return Relative(relation, f"{other.given} {family}", phone)
