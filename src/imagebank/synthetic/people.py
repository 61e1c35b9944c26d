"""Pretend people: who they are, where they live, how their health service numbers them.

Every person has a stream of random numbers of their own, and numbers that no other person has, so that a hospital of
three and a hospital of a thousand share their first three people. NHS numbers lie in the 999 range kept for tests,
telephone numbers in the range kept for drama, and postcodes end in letters that no real one uses.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from itertools import accumulate
from random import Random

from imagebank.synthetic.streams import stream, weighted

FIRST_YEAR, LAST_YEAR = 2008, 2021  # of first contact; the published bank holds scans of 2008 to 2022
MONTHS_OF_SCANS = 48  # every scan of a person falls within these months of first contact
RECORDS_END = date(2023, 12, 31)
NHS_TEST_PREFIX = "999"
BLOCK = 8  # candidate bodies of NHS numbers a person; one in eleven has no check digit
RELATIVES = {"daughter": "female", "son": "male", "niece": "female", "sister": "female", "brother": "male"}
LEFT_OUT_LETTERS = "CIKMOV"  # never in the second half of a real postcode


@dataclass(frozen=True)
class Condition:
    """A clinical picture: at what age it is seen, under which codes, with what scores."""

    name: str
    weight: float
    ages: tuple[int, int]
    codes: tuple[str, ...]
    secondary: tuple[str, ...]
    mmse: tuple[int, int]
    decline_per_year: float
    impression: str


@dataclass(frozen=True)
class Person:
    """One pretend person as the records know them; empty texts are unknown values."""

    key: str
    hospital_number: str
    nhs_number: str
    given_name: str
    family_name: str
    birth_name: str
    mother_name: str
    relative: str
    relative_name: str
    birth_date: date
    sex: str
    address: str
    street: str
    postcode: str
    phone: str
    ethnic_category: str
    deprivation_decile: int | None
    condition: Condition
    first_contact: date
    death_date: date | None = None
    opt_outs: tuple[str, ...] = ()

    def age_on(self, day: date) -> int:
        """Completed years on a day."""
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (not had_birthday)


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the package's own data files; read, never changed."""
    text = resources.files("imagebank.synthetic").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def conditions() -> tuple[Condition, ...]:
    """Every clinical picture."""
    return tuple(
        Condition(
            row["condition"],
            float(row["weight"]),
            (int(row["age_low"]), int(row["age_high"])),
            tuple(code for code in row["codes"].split("|") if code),
            tuple(code for code in row["secondary"].split("|") if code),
            (int(row["mmse_low"]), int(row["mmse_high"])),
            float(row["decline_per_year"]),
            row["impression"],
        )
        for row in table("conditions")
    )


def invent_person(seed: int, number: int) -> Person:
    """The `number`th person of a seed; `number` is below 100,000."""
    chance = stream(seed, "person", number)
    condition = _condition(chance)
    contact = date(FIRST_YEAR, 1, 1) + timedelta(chance.randrange(365 * (LAST_YEAR - FIRST_YEAR + 1)))
    birth = contact - timedelta(int(chance.uniform(condition.ages[0], condition.ages[1] + 1) * 365.25))
    sex = "unknown" if number % 60 == 59 else weighted(chance, {"female": 54, "male": 46})
    community = _community(seed, number)
    names = {part: community[part].split("|") for part in ("female", "male", "family")}
    given = chance.choice(names["male" if sex == "male" else "female"])
    family = chance.choice(names["family"])
    relative = chance.choice(list(RELATIVES))
    house, postcode = _home(chance)
    decile = chance.choices(range(1, 11), weights=(20, 18, 15, 12, 10, 8, 6, 5, 4, 2))[0]
    return Person(
        key=str(number),
        hospital_number=hospital_number(seed, number),
        nhs_number=_recorded_nhs_number(seed, number),
        given_name=given,
        family_name=family,
        birth_name=chance.choice(names["family"]) if sex == "female" else "",
        mother_name=f"{chance.choice(names['female'])} {chance.choice(names['family'])}",
        relative=relative,
        relative_name=f"{chance.choice(names[RELATIVES[relative]])} {family}",
        birth_date=birth,
        sex=sex,
        address=f"{house['number']} {house['street']}, {house['district']}, London",
        street=house["street"],
        postcode=postcode,
        phone=f"020 7946 0{chance.randrange(1000):03d}" if chance.random() < 0.7 else _mobile(chance),
        ethnic_category=weighted(chance, {community["ethnic_category"]: 91, "Z": 5, "99": 4}),
        deprivation_decile=None if chance.random() < 0.03 else decile,
        condition=condition,
        first_contact=contact,
        death_date=_death(chance, birth, contact),
    )


def hospital_number(seed: int, number: int) -> str:
    """A letter and seven digits; different numbers give different ones."""
    return f"K{1_000_000 + (number * 7_368_787 + seed * 104_729) % 9_000_000}"


def nhs_number(seed: int, number: int) -> str:
    """A valid NHS number of the test range; different numbers give different ones."""
    start = number * BLOCK
    bodies = (NHS_TEST_PREFIX + f"{((start + k) * 389_611 + seed * 7_919) % 1_000_000:06d}" for k in range(BLOCK))
    return next(body + digit for body in bodies if (digit := check_digit(body)))


def check_digit(body: str) -> str:
    """The tenth digit of an NHS number (NHS Data Dictionary, modulus 11), or nothing where there is none."""
    total = sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True))
    digit = (11 - total % 11) % 11
    return "" if digit == 10 else str(digit)


def _recorded_nhs_number(seed: int, number: int) -> str:
    """One person in 25 has none, one in 25 has a wrong one."""
    right = nhs_number(seed, number)
    if number % 25 == 8:
        return ""
    if number % 25 == 13:
        return right[:9] + str((int(right[9]) + 1) % 10)
    return right


def has_valid_nhs_number(person: Person) -> bool:
    """Whether the recorded NHS number has ten digits and the right check digit."""
    number = person.nhs_number
    return len(number) == 10 and check_digit(number[:9]) == number[9]


def _condition(chance: Random) -> Condition:
    every = conditions()
    return chance.choices(every, weights=[each.weight for each in every])[0]


def _community(seed: int, number: int) -> dict[str, str]:
    """Spread evenly over the weights, so that few people are already a mixture."""
    every = table("communities")
    shares = list(accumulate(int(each["weight"]) for each in every))
    point = (number * 618_034 + seed * 404_040) % 1_000_000 * shares[-1] / 1_000_000
    return every[bisect_right(shares, point)]


def _home(chance: Random) -> tuple[dict[str, str], str]:
    street = chance.choice(table("streets"))
    letters = chance.choice("ABDEFGHJLNPQRSTUWXYZ") + chance.choice(LEFT_OUT_LETTERS)
    number = f"{'Flat ' + str(chance.randint(2, 48)) + ', ' if chance.random() < 0.3 else ''}{chance.randint(3, 260)}"
    return {**street, "number": number}, f"{street['outward']} {chance.randint(1, 9)}{letters}"


def _death(chance: Random, birth: date, contact: date) -> date | None:
    """Some of the old die, later than their last scan and before the records end."""
    day = contact + timedelta(MONTHS_OF_SCANS * 31 + chance.randrange(1200))
    old = (contact - birth).days > 70 * 365
    return day if old and chance.random() < 0.4 and day <= RECORDS_END else None


def _mobile(chance: Random) -> str:
    return f"07700 900{chance.randrange(1000):03d}"
