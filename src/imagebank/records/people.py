"""People as a record source brings them: who goes to the vault, and what is said of each beyond identity.

A person is one registration: one row of the patients. What belongs to it (merged numbers, addresses, deaths, opt-outs)
comes from tables of its own. Whether two registrations are one person is for the linkage to say.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from imagebank.core.private import Private
from imagebank.identities.comparing import real_birth_date
from imagebank.identities.model import Entrant, OptOut, Person
from imagebank.records import codes
from imagebank.records.days import Forms, parse_day
from imagebank.records.model import Characteristics, People, RefusedRow
from imagebank.records.numbers import Numbers, Told, are_two_people, as_key
from imagebank.records.rows import NUMBER_COLUMN, Rows, uncollected
from imagebank.records.shaping import matched, shape_sql, trimmed
from imagebank.records.sources import Part, Source
from imagebank.records.staging import Room

RELEASE = re.compile(r"[A-Za-z]{2,4}[ -]?\d{4}")  # such as IoD2019; another text could say anything
OPT_OUT_KINDS = ("national", "local", "gp-type-1")
SHAPED_ROWS = 50_000
Row = dict[str, str]


class Refused(Exception):
    """A row that is not understood; the message is a reason code, never a value."""


def read_people(source: Source, room: Room, today: date) -> People:
    """Everybody that a source knows, on the day of the import."""
    with uncollected():
        return _Reader(source, room, today).people()


def record_id(source: str, number: str) -> str:
    """The vault's id of a registration; empty where the text is no number."""
    key = as_key(number)
    return f"{source}:{key}" if key else ""


class _Reader:
    """One source under way: what belongs to whom, and what was refused."""

    def __init__(self, source: Source, room: Room, today: date) -> None:
        self._source, self._room, self._today = source, room, today
        self._refused: list[RefusedRow] = []
        self._repairs: Counter[str] = Counter()
        self._of_two: dict[str, None] = {}
        self._offered: Counter[str] = Counter()
        self._numbers = Numbers()
        self._deaths: dict[str, date] = {}
        self._former: dict[str, list[str]] = defaultdict(list)
        self._postcodes: dict[str, dict[str, None]] = defaultdict(dict)

    def people(self) -> People:
        """Read the patients first, because the other tables may use their keys."""
        rows = self._patients()
        self._merged()
        for row, part in self._rows("addresses"):
            self._keep(part, row, lambda row, _: self._postcodes[self._number(row)].setdefault(row["postcode"]))
        for row, part in self._rows("deaths"):
            self._keep(part, row, self._death)
        wishes = [wish for row, part in self._rows("opt_outs") for wish in self._keep(part, row, self._opt_out) or ()]
        told = [made for row, part in rows if (made := self._keep(part, row, self._person))]
        return People(
            tuple(entrant for entrant, _ in told),
            tuple(facts for _, facts in told),
            tuple(wishes),
            tuple(self._refused),
            dict(self._repairs),
            dict(self._offered),
        )

    def _rows(self, target: str) -> Iterator[tuple[Row, Part]]:
        for part in self._source.of(target):
            for portion in part.read():
                self._offered[target] += portion.offered
                for number, reason in portion.refused:
                    self._refused.append(RefusedRow(target, part.what, number, reason))
                yield from ((row, part) for row in shaped(portion, part, self._source, self._room))

    def _keep(self, part: Part, row: Row, make):  # type: ignore[no-untyped-def]
        """What a row comes to, or nothing where it is refused."""
        try:
            return make(row, part)
        except Refused as refusal:
            self._refuse(part, row, str(refusal))
            return None

    def _refuse(self, part: Part, row: Row, reason: str) -> None:
        self._refused.append(RefusedRow(part.place.target.name, part.what, int(row["number"]), reason))

    def _patients(self) -> list[tuple[Row, Part]]:
        """The first row of each hospital number that can be understood, unless two people have the number."""
        found: dict[str, tuple[Row, Part]] = {}
        for row, part in self._rows("patients"):
            self._keep(part, row, lambda row, part: self._admit(row, part, found))
        for number in self._of_two:
            row, part = found.pop(number)
            self._refuse(part, row, "hospital-number-of-two-people")
        for number, (row, _) in found.items():
            self._numbers.admit(number, as_key(row["person_key"]))
        return list(found.values())

    def _admit(self, row: Row, part: Part, found: dict[str, tuple[Row, Part]]) -> None:
        number = as_key(row["hospital_number"])
        if not number:
            raise Refused("no-hospital-number")
        for column in ("birth_date", "death_date"):
            self._day(row[column], part)
        if number in found:
            if are_two_people(self._told(*found[number]), self._told(row, part)):
                self._of_two[number] = None
                raise Refused("hospital-number-of-two-people")
            raise Refused("hospital-number-used-twice")
        found[number] = (row, part)

    def _number(self, row: Row) -> str:
        """The registration that a row of another table means."""
        if not as_key(row["hospital_number"]):
            raise Refused("no-hospital-number")
        number = self._numbers.meant(row["hospital_number"])
        if not number:
            raise Refused("nobody-has-this-hospital-number")
        return number

    def _merged(self) -> None:
        """Follow merged numbers to the one that is in use; a row that leads nowhere is refused with the reason."""
        rows = [
            (old, row, part)
            for row, part in self._rows("merged_numbers")
            if (old := self._keep(part, row, self._merge))
        ]
        for old, number in self._numbers.follow().items():
            self._former[number].append(old)
        for old, row, part in rows:
            if reason := self._numbers.why_not(old):
                self._refuse(part, row, reason)

    def _merge(self, row: Row, _: Part) -> str:
        if not as_key(row["hospital_number"]):
            raise Refused("no-hospital-number")
        if any(map(self._numbers.is_ambiguous, (row["hospital_number"], row["merged_into"]))):
            raise Refused("ambiguous-number")
        old, new = self._numbers.named(row["hospital_number"]), self._numbers.named(row["merged_into"])
        if not new or old == new:
            raise Refused("merged-into-itself")
        self._numbers.merge(old, new)
        return old

    def _death(self, row: Row, part: Part) -> None:
        day = self._day(row["date"], part)
        if day is None:
            raise Refused("no-date")
        number = self._number(row)
        self._deaths[number] = min(day, self._deaths.get(number, day))

    def _day(self, text: str, part: Part) -> date | None:
        found = parse_day(text, Forms(part.place.dates, self._today))
        if found.refused:
            raise Refused(found.refused)
        return found.day

    def _told(self, row: Row, part: Part) -> Told:
        return self._day(row["birth_date"], part), row["given_name"], row["family_name"]

    def _opt_out(self, row: Row, part: Part) -> list[OptOut]:
        """A wish is honoured however badly it was written down: a strange kind or date does not undo it.

        A number that is the hospital number of one person and the key of another may mean either: both are left out.
        """
        kind = row["kind"].strip().lower().replace(" ", "-")
        listed = parse_day(row["list_date"], Forms(part.place.dates, self._today)).day
        if not as_key(row["hospital_number"]):
            raise Refused("no-hospital-number")
        people = [record_id(self._source.name, each) for each in self._numbers.may_mean(row["hospital_number"])]
        if not people:
            raise Refused("nobody-has-this-hospital-number")
        return [OptOut(person, kind if kind in OPT_OUT_KINDS else "unstated", listed) for person in people]

    def _person(self, row: Row, part: Part) -> tuple[Entrant, Characteristics]:
        number = as_key(row["hospital_number"])
        birth, death = self._life(row, part, number)
        hidden = {name: Private(row[name]) for name in HIDDEN}
        person = Person(
            person=record_id(self._source.name, number),
            hospital_number=hidden["hospital_number"],
            nhs_number=hidden["nhs_number"],
            given_name=hidden["given_name"],
            family_name=hidden["family_name"],
            birth_date=birth,
            death_date=death,
            sex=codes.normalise_sex(row["sex"]),
        )
        others = [each for each in self._postcodes[number] if each and each != row["postcode"]]
        entrant = Entrant(
            person,
            self._source.name,
            hidden["postcode"],
            hidden["address"],
            hidden["phone"],
            other_names=tuple(_other_names(row)),
            other_postcodes=tuple(map(Private, others)),
            former_numbers=tuple(map(Private, self._former[number])),
        )
        return entrant, self._characteristics(person, row, number)

    def _life(self, row: Row, part: Part, number: str) -> tuple[date | None, date | None]:
        birth, death = self._day(row["birth_date"], part), self._day(row["death_date"], part)
        death = death or self._deaths.get(number)
        for column in ("birth_date", "death_date"):
            for repair in parse_day(row[column], Forms(part.place.dates, self._today)).repairs.split():
                self._repairs[repair] += 1
        if birth and real_birth_date(birth) is None:
            self._repairs["placeholder-birth"] += 1
            birth = None
        if birth and birth > self._today:
            self._repairs["birth-in-the-future"] += 1
            birth = None
        if death and death > self._today:
            self._repairs["death-in-the-future"] += 1
            death = None
        if birth and death and death < birth:
            self._repairs["death-before-birth"] += 1
            death = None
        return birth, death

    def _characteristics(self, person: Person, row: Row, number: str) -> Characteristics:
        ethnic = codes.normalise_ethnic_category(row["ethnic_category"])
        decile = codes.whole_number(row["deprivation_decile"])
        if ethnic is None:
            self._repairs["unknown-ethnic-code"] += 1
        if row["deprivation_decile"] and not (decile and 1 <= decile <= 10):
            self._repairs["impossible-decile"] += 1
            decile = None
        keys = (as_key(row["person_key"]) or number, number, *self._former[number])
        release = row["deprivation_release"] if RELEASE.fullmatch(row["deprivation_release"]) else None
        return Characteristics(
            person.person,
            keys,
            person.birth_date,
            person.death_date,
            ethnic,
            decile,
            release,
            row["lsoa"],
        )


HIDDEN = ("hospital_number", "nhs_number", "given_name", "family_name", "postcode", "address", "phone")


def _other_names(row: Row) -> Iterable[tuple[Private, Private]]:
    given, family = Private(row["given_name"]), Private(row["family_name"])
    if row["known_as"] and row["known_as"] != row["given_name"]:
        yield Private(row["known_as"]), family
    if row["birth_family_name"] and row["birth_family_name"] != row["family_name"]:
        yield given, Private(row["birth_family_name"])


def shaped(portion: Rows, part: Part, source: Source, room: Room) -> Iterator[Row]:
    """The rows of a portion with the columns of their target, as texts; `number` is that of the row."""
    names = [name for name in portion.table.schema.names if name != NUMBER_COLUMN]
    if not names:
        return
    found = matched(part.place, names, part.what)
    with room.database() as database:
        database.register("portion", trimmed(portion.table, found))
        database.execute("SET preserve_insertion_order = true")
        reader = database.sql(shape_sql(part.place, found, source.mapping)).to_arrow_reader(SHAPED_ROWS)
        for batch in reader:
            yield from batch.to_pylist()
