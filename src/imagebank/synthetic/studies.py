"""Who is scanned when, on which machine, and what the header will claim about them.

A study is planned in full before a byte is written. What the scanner was told (`Identity`) is kept apart from who
really lay in it (`person`), since the two differ in the traps.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from imagebank.synthetic.people import Person, has_valid_nhs_number, table
from imagebank.synthetic.scanners import SEQUENCES, Protocol, Scanner, protocol_of, scanners
from imagebank.synthetic.streams import stream

UID_ROOT = "1.2.826.0.1.3680043.8.498"
PLAIN_STYLE = 4  # hospital number and birth date, nothing else
REPEAT_SHARE = 0.15  # of patients with a second examination
SHARES = {"localizer": 0.95, "T1w": 0.6, "T2w": 0.82, "FLAIR": 0.75, "DWI": 0.42}  # of examinations with a sequence
FULL_EXAMINATIONS = 5  # the first visits of the first people get every sequence, so that a small hospital has them all
SEX_CODES = {"female": "F", "male": "M"}
PLAIN_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "ß": "ss", "ø": "o"})


@dataclass(frozen=True)
class Identity:
    """What the header says of the patient; `other_ids` are (number, issuer)."""

    patient_id: str
    name: str
    birth_date: str
    sex: str
    other_ids: tuple[tuple[str, str], ...] = ()
    other_ids_nested: bool = False


@dataclass(frozen=True)
class SeriesPlan:
    """One series to be written; `keep` lists the slices that exist when not all do."""

    uid: str
    number: int
    protocol: Protocol
    keep: tuple[int, ...] = ()


@dataclass(frozen=True)
class StudyPlan:
    """One examination: everything that its files will say."""

    key: str
    uid: str
    person: Person
    identity: Identity
    scanner: Scanner
    day: date
    seconds: int  # since midnight
    accession: str
    study_id: str
    staff: dict[str, str]
    angles_deg: tuple[float, float, float]
    scale: tuple[float, float, float]
    atrophy: int
    series: tuple[SeriesPlan, ...]
    in_records: bool = True
    linkable: bool = True
    trap: str = ""

    @property
    def time(self) -> str:
        """Start, as DICOM writes it."""
        return clock(self.seconds)


def clock(seconds: int) -> str:
    """HHMMSS of a number of seconds since midnight."""
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def compact(day: date) -> str:
    """YYYYMMDD."""
    return day.strftime("%Y%m%d")


def plain_letters(text: str) -> str:
    """ASCII letters only, as an old console would type them."""
    decomposed = unicodedata.normalize("NFKD", text.translate(PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def identity_of(person: Person, style: int) -> Identity:
    """What a scanner is told: hospital number and birth date; by style also the NHS number, in several places."""
    valid = has_valid_nhs_number(person)
    nhs, number = person.nhs_number, person.hospital_number
    name = f"{person.family_name.upper()}^{person.given_name}"
    if style % 8 == 3:
        name = plain_letters(name).upper()
    told = (name, compact(person.birth_date), SEX_CODES.get(person.sex, "O"))
    if not valid or style % 8 in (3, 4, 5, 6):
        return Identity(number, *told)
    if style % 8 == 2:
        return Identity(nhs, *told)
    if style % 8 == 7:
        return Identity(nhs, name, "", told[2], ((number, "SOUTH THAMES"),))
    return Identity(number, *told, ((nhs, "NHS"),), other_ids_nested=style % 8 == 1)


def plan_studies(seed: int, person: Person) -> tuple[StudyPlan, ...]:
    """The one or two examinations of an ordinary patient."""
    chance = stream(seed, "visits", person.key)
    first = person.first_contact + timedelta(chance.randrange(20, 200))
    days = [first]
    if chance.random() < REPEAT_SHARE:
        days.append(first + timedelta(chance.randrange(300, 1150)))
    number = int(person.key)
    return tuple(
        plan_study(seed, person, f"{person.key}-{visit}", day, scanners()[(number * 2 + visit) % 5], style=number)
        for visit, day in enumerate(days, start=1)
    )


def plan_study(
    seed: int,
    person: Person,
    key: str,
    day: date,
    scanner: Scanner,
    *,
    style: int = PLAIN_STYLE,
    sequences: Sequence[str] | None = None,
    keep: tuple[int, ...] = (),
) -> StudyPlan:
    """One examination; `sequences` and `keep` (slices) make it a small one."""
    chance = stream(seed, "study", key)
    seconds = chance.randrange(8 * 3600, 18 * 3600)
    chosen = sequences or _sequences(chance, key)
    uid = f"{UID_ROOT}.{int(scanner.serial.split('-')[1])}.{compact(day)}{clock(seconds)}.{_digits(seed, key)}"
    return StudyPlan(
        key=key,
        uid=uid,
        person=person,
        identity=identity_of(person, style),
        scanner=scanner,
        day=day,
        seconds=seconds,
        accession=f"RJX{_digits(seed, 'accession', key)}",
        study_id=f"E{_digits(seed, 'study id', key)[:7]}",
        staff=_staff(chance),
        angles_deg=(chance.uniform(-8, 8), chance.uniform(-3, 3), chance.uniform(-4, 4)),
        scale=(chance.uniform(0.95, 1.05), chance.uniform(0.95, 1.04), chance.uniform(0.96, 1.04)),
        atrophy=_atrophy(person, day),
        series=tuple(
            SeriesPlan(f"{uid}.{k}", k, protocol_of(scanner, name), keep) for k, name in enumerate(chosen, start=1)
        ),
    )


def _sequences(chance: Random, key: str) -> list[str]:
    drawn = [name for name in SEQUENCES if chance.random() < SHARES[name]]
    person, visit = key.split("-")
    return list(SEQUENCES) if int(person) < FULL_EXAMINATIONS and visit == "1" else drawn or ["T2w"]


def _digits(*key: object) -> str:
    """Nine digits that belong to a key; the first is no zero."""
    return str(stream(0, *key).randrange(10**8, 10**9))


def _staff(chance: Random) -> dict[str, str]:
    roles: dict[str, list[str]] = {}
    for row in table("staff"):
        roles.setdefault(row["role"], []).append(row["name"])
    return {role: chance.choice(names) for role, names in roles.items()}


def _atrophy(person: Person, day: date) -> int:
    """0 to 3: grows with age, and with a dementia."""
    old = (person.age_on(day) > 60) + (person.age_on(day) > 76)
    return min(3, old + (person.condition.decline_per_year > 1.5))
