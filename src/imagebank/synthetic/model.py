"""The people of the pretend hospital: who they truly are, and what the record system holds of them.

Truth and hearsay are apart: `Person` is true, `Recorded` is what the records say. Everything is a frozen value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from imagebank.synthetic.events import Course
from imagebank.synthetic.visits import Visit


@dataclass(frozen=True)
class Name:
    """A person's name. `native` and `phonetic` are DICOM component groups in the person's own script."""

    given: str
    family: str
    middle: str = ""
    birth_family: str = ""
    known_as: str = ""
    title: str = ""
    native: str = ""
    phonetic: str = ""
    charset: str = "ISO_IR 100"  # DICOM defined term that can spell the whole name


@dataclass(frozen=True)
class Home:
    """Where somebody lived from a day on. `decile` 1 is the most deprived tenth, None unknown."""

    since: date
    house: str
    street: str
    district: str
    postcode: str
    lsoa: str
    decile: int | None

    @property
    def address(self) -> str:
        """One line, without the postcode."""
        return f"{self.house} {self.street}, {self.district}, London"


@dataclass(frozen=True)
class Relative:
    """Somebody close: the relation as notes name it (daughter, husband, neighbour), full name, telephone."""

    relation: str
    name: str
    phone: str


@dataclass(frozen=True)
class OptOut:
    """An objection: national, local or gp-type-1, and the day of the list that says so."""

    kind: str
    list_date: date


@dataclass(frozen=True)
class Recorded:
    """One registration in the record system; empty texts are unknown. `errors` names what is wrong with it."""

    hospital_number: str
    nhs_number: str
    name: Name
    birth_date: date | None
    sex: str
    home: Home
    phone: str
    merged_into: str = ""  # the hospital number that replaced this one
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """One pretend person: who they truly are, what happened, and how the record system knows them.

    `hospital_number` is the current one. `kin` are (relation, key) of other pretend people: twin, parent, child.
    """

    key: str
    hospital_number: str
    nhs_number: str
    name: Name
    birth_date: date
    sex: str
    ethnic_category: str
    homes: tuple[Home, ...]
    phone: str
    relatives: tuple[Relative, ...]
    general_practitioner: str
    course: Course
    recorded: tuple[Recorded, ...]
    visits: tuple[Visit, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()
    kin: tuple[tuple[str, str], ...] = ()

    def age_on(self, day: date) -> int:
        """Completed years on a day."""
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (not had_birthday)

    def home_on(self, day: date) -> Home:
        """Where the person lived on a day; before the first known home, there."""
        return next((home for home in reversed(self.homes) if home.since <= day), self.homes[0])
