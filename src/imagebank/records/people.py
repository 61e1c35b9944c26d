"""People as a record source brings them: who goes to the vault, and what is said of each beyond identity.

A person is one registration: one row of the patients. What belongs to it (merged numbers, addresses, deaths, opt-outs)
comes from tables of its own. Whether two registrations are one person is for the linkage to say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from imagebank.core.private import Private
from imagebank.identities.model import Entrant, OptOut, Person
from imagebank.records import codes
from imagebank.records.days import PLACEHOLDERS, parse_day
from imagebank.records.rows import NUMBER_COLUMN, Rows, uncollected
from imagebank.records.shaping import matched, shape_sql, trimmed
from imagebank.records.sources import Part, Source
from imagebank.records.staging import Room

OPT_OUT_KINDS = ("national", "local", "gp-type-1")
SHAPED_ROWS = 50_000
Row = dict[str, str]


@dataclass(frozen=True)
class Characteristics:
    """What a source says of a person beyond identity. `keys`: what events call the person."""

    person: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    birth_date: date | None = field(repr=False, default=None)
    death_date: date | None = field(repr=False, default=None)
    ethnic_category: str | None = None
    deprivation_decile: int | None = None
    deprivation_release: str | None = None
    lsoa: str = field(repr=False, default="")

    def placed(self, decile: int, release: str) -> Characteristics:
        """With the decile of a look-up."""
        return replace(self, deprivation_decile=decile, deprivation_release=release)


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not understood: its table, what it was read from, its number there, and why."""

    table: str
    what: str
    line: int
    reason: str
    content: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class People:
    """Everybody in a source, their wishes, and the rows that were not understood."""

    entrants: tuple[Entrant, ...]
    characteristics: tuple[Characteristics, ...]
    opt_outs: tuple[OptOut, ...]
    refused: tuple[RefusedRow, ...]
    repairs: dict[str, int]
    offered: dict[str, int]


class Refused(Exception):
    """A row that is not understood; the message is a reason code, never a value."""


def read_people(source: Source, room: Room) -> People:
    """Everybody that a source knows."""
    with uncollected():
        return _Reader(source, room).people()


def record_id(source: str, number: str) -> str:
    """The vault's id of a registration; empty where the text is no number."""
    key = as_key(number)
    return f"{source}:{key}" if key else ""


def as_key(number: str) -> str:
    """A hospital number without blanks, in capitals."""
    return "".join(number.split()).upper()


class _Reader:
    """One source under way: what belongs to whom, and what was refused."""

    def __init__(self, source: Source, room: Room) -> None:
        self._source, self._room = source, room
        self._refused: list[RefusedRow] = []
        self._repairs: Counter[str] = Counter()
        self._offered: Counter[str] = Counter()
        self._number_of_key: dict[str, str] = {}
        self._deaths: dict[str, date] = {}
        self._former: dict[str, list[str]] = defaultdict(list)
        self._postcodes: dict[str, dict[str, None]] = defaultdict(dict)

    def people(self) -> People:
        """Read the patients first, because the other tables may use their keys."""
        rows = self._patients()
        self._merged({as_key(row["hospital_number"]) for row, _ in rows})
        for row, part in self._rows("addresses"):
            self._keep(part, row, lambda row, _: self._postcodes[self._number(row)].setdefault(row["postcode"]))
        for row, part in self._rows("deaths"):
            self._keep(part, row, self._death)
        wishes = [wish for row, part in self._rows("opt_outs") if (wish := self._keep(part, row, self._opt_out))]
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
            table = part.place.target.name
            self._refused.append(RefusedRow(table, part.what, int(row["number"]), str(refusal)))
            return None

    def _patients(self) -> list[tuple[Row, Part]]:
        """The first row of each hospital number that can be understood."""
        found: dict[str, tuple[Row, Part]] = {}
        for row, part in self._rows("patients"):
            self._keep(part, row, lambda row, part: self._admit(row, part, found))
        return list(found.values())

    def _admit(self, row: Row, part: Part, found: dict[str, tuple[Row, Part]]) -> None:
        number = as_key(row["hospital_number"])
        if not number:
            raise Refused("no-hospital-number")
        if number in found:
            raise Refused("hospital-number-used-twice")
        for column in ("birth_date", "death_date"):
            if parse_day(row[column], part.place.dates).refused:
                raise Refused("not-a-date")
        found[number] = (row, part)
        if key := as_key(row["person_key"]):
            self._number_of_key.setdefault(key, number)

    def _number(self, row: Row, column: str = "hospital_number") -> str:
        """The hospital number that a row of another table means."""
        key = as_key(row[column])
        if not key:
            raise Refused("no-hospital-number")
        return self._number_of_key.get(key, key)

    def _merged(self, known: set[str]) -> None:
        """Follow merged numbers to the one that is in use, however long the chain; a ring leads nowhere."""
        into: dict[str, str] = {}
        for row, part in self._rows("merged_numbers"):
            self._keep(part, row, lambda row, _: self._merge(row, into))
        for old in into:
            at, seen = old, {old}
            while at in into and into[at] not in seen:
                at = into[at]
                seen.add(at)
            if at in known and at != old:
                self._former[at].append(old)

    def _merge(self, row: Row, into: dict[str, str]) -> None:
        old, new = self._number(row), as_key(row["merged_into"])
        new = self._number_of_key.get(new, new)
        if not new or old == new:
            raise Refused("merged-into-itself")
        into[old] = new

    def _death(self, row: Row, part: Part) -> None:
        day = self._day(row["date"], part)
        if day is None:
            raise Refused("no-date")
        number = self._number(row)
        self._deaths[number] = min(day, self._deaths.get(number, day))

    def _day(self, text: str, part: Part) -> date | None:
        found = parse_day(text, part.place.dates)
        if found.refused:
            raise Refused(found.refused)
        return found.day

    def _opt_out(self, row: Row, part: Part) -> OptOut:
        """A wish is honoured however badly it was written down: a strange kind or date does not undo it."""
        kind = row["kind"].strip().lower().replace(" ", "-")
        listed = parse_day(row["list_date"], part.place.dates).day
        person = record_id(self._source.name, self._number(row))
        return OptOut(person, kind if kind in OPT_OUT_KINDS else "unstated", listed)

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
        if birth in PLACEHOLDERS:
            self._repairs["placeholder-birth"] += 1
            birth = None
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
        keys = (number, as_key(row["person_key"]), *self._former[number])
        release = row["deprivation_release"] or None
        return Characteristics(
            person.person,
            tuple(filter(None, keys)),
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
