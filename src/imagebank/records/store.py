"""What is staged of a record source, so that only what is new or changed is read.

    vault/records/<source>/manifest.json      what is staged, of which content, by which rules
    vault/records/<source>/people.parquet     what is said of people beyond identity, by hospital number
    vault/records/<source>/<part>.parquet    events by hospital number; .refused.parquet and .json beside

Laws: a part is there whole or not at all; what the manifest does not name is deleted; the same content by the same
rules is the same part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from imagebank.core.files import remove_temporaries, write_text
from imagebank.records.judging import VERSION, Rules
from imagebank.records.model import Characteristics, People
from imagebank.records.people import read_people
from imagebank.records.places import deciles, release_of
from imagebank.records.rows import Rows
from imagebank.records.sources import Part, Source
from imagebank.records.staging import Counted, Room, read_counted, refused_file, stage, valid_file
from imagebank.records.stored_people import PEOPLE, write_characteristics, write_refused_people

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Lookups:
    """Files that lead from a postcode to a decile, where the site has them."""

    index: Path | None = None
    directory: Path | None = None

    def digest(self) -> str:
        """A hash that changes when a file does."""
        told = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in (self.index, self.directory) if p]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest() if told else ""


@dataclass(frozen=True)
class Piece:
    """A staged part: what it was read from, and what became of its rows."""

    target: str
    what: str
    place: int
    key: str
    counted: Counted
    mark: str = ""  # highest watermark, and how many rows the place had, where the place has one
    rows: int = 0


@dataclass(frozen=True)
class Stored:
    """A source as it is staged now. `people` is None when nothing about people changed."""

    source: str
    folder: Path
    people_key: str
    pieces: tuple[Piece, ...]
    people: People | None = field(repr=False, default=None)

    @property
    def digest(self) -> str:
        """The hash of all that is staged."""
        told = [self.people_key, sorted([e.key, e.counted.fingerprint, e.counted.due] for e in self.pieces)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def bring_up_to_date(
    source: Source,
    room: Room,
    rules: Rules,
    lookups: Lookups,
    *,
    people_known: str,
    advance: Callable[[int], None] = lambda _: None,
) -> Stored:
    """Stage what changed. `people_known` is the key of the people that the vault has from this source.

    `advance` is told of every kilobyte of events that was read; `waiting` says how many there are.
    """
    room.folder.mkdir(parents=True, exist_ok=True)
    remove_temporaries(room.folder)
    known = _Known(room.folder, rules, advance)
    people_key, people = _people(source, room, rules, lookups, people_known)
    pieces = [piece for part in source.parts if part.place.target.event for piece in known.bring(part, room)]
    _write_manifest(room.folder, rules, people_key, pieces)
    _delete_others(room.folder, pieces)
    return Stored(source.name, room.folder, people_key, tuple(pieces), people)


def waiting(source: Source, room: Room, rules: Rules) -> int:
    """About how many kilobytes of events there are to read."""
    known = _Known(room.folder, rules, lambda _: None)
    return sum(part.size_kb for part in source.parts if part.place.target.event and not known.has(part))


def _people(source: Source, room: Room, rules: Rules, lookups: Lookups, known: str) -> tuple[str, People | None]:
    """The key of the people, and the people where it changed."""
    parts = [part for part in source.parts if not part.place.target.event]
    told = [VERSION, rules.mapping.digest, lookups.digest(), [part.key for part in parts if part.content]]
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    path = room.folder / PEOPLE
    if key == known and path.is_file() and all(part.content for part in parts):
        return key, None
    people = read_people(source, room, rules.today)
    if not all(part.content for part in parts):
        seen = repr(
            [(e, e.person, [t.reveal("hash what a database told") for t in _texts(e)]) for e in people.entrants]
        )
        also = repr([people.opt_outs, [asdict(each) for each in people.characteristics]])
        key = hashlib.sha256((key + seen + also + repr([w.person for w in people.opt_outs])).encode()).hexdigest()
        if key == known and path.is_file():
            return key, None
    write_characteristics(path, _with_places(people, room, lookups))
    write_refused_people(room.folder, people)
    return key, people


def _texts(entrant: Any) -> list[Any]:
    person = entrant.person
    names = [each for pair in entrant.other_names for each in pair]
    own = [person.hospital_number, person.nhs_number, person.given_name, person.family_name]
    return [
        *own,
        entrant.postcode,
        entrant.address,
        entrant.phone,
        *names,
        *entrant.other_postcodes,
        *entrant.former_numbers,
    ]


def _with_places(people: People, room: Room, lookups: Lookups) -> tuple[Characteristics, ...]:
    """The characteristics, with the decile of the look-ups where the site has them."""
    if lookups.index is None:
        return people.characteristics
    reason = "find the neighbourhood; the postcode is dropped after it"
    where = {each.person.person: (each.postcode.reveal(reason), "") for each in people.entrants}
    areas = {each.person: each.lsoa for each in people.characteristics}
    found = deciles(
        room, {p: (code, areas.get(p, "")) for p, (code, _) in where.items()}, lookups.index, lookups.directory
    )
    release = release_of(lookups.index)
    return tuple(
        each.placed(found[each.person], release) if each.person in found else each for each in people.characteristics
    )


class _Known:
    """What an earlier run staged, and what of it still holds."""

    def __init__(self, folder: Path, rules: Rules, advance: Callable[[int], None]) -> None:
        self._folder, self._rules, self._advance = folder, rules, advance
        told = read_manifest(folder)
        self._pieces = [_piece(each) for each in told.get("pieces", ())] if told.get("rules") == rules.digest else []

    def has(self, part: Part) -> bool:
        """Whether the whole part is staged with this content."""
        return bool(part.content and self._counted(self._key(part.key)))

    def _counted(self, key: str) -> Counted | None:
        """What became of a part; None where it was not staged, or would be judged otherwise today."""
        counted = read_counted(self._folder / key)
        return counted if counted and counted.holds(self._rules.today) else None

    def bring(self, part: Part, room: Room) -> Iterator[Piece]:
        """The pieces of a part, staged now or before."""
        if part.since is None:
            yield self._whole(part, room)
            return
        mine = [each for each in self._pieces if each.place == part.number and each.target == part.place.target.name]
        rows, mark = part.rows, part.mark
        if mine and self._still_there(mine) and (mine[-1].rows, mine[-1].mark) == (rows, mark):
            yield from mine
        elif mine and self._still_there(mine) and part.has_ids and mine[-1].mark and rows >= mine[-1].rows:
            yield from self._grown(part, room, mine)
        else:
            yield self._whole(part, room)

    def _still_there(self, pieces: list[Piece]) -> bool:
        return all(self._counted(each.key) for each in pieces)

    def _grown(self, part: Part, room: Room, mine: list[Piece]) -> Iterator[Piece]:
        """The rows since the last watermark; all rows where it went back or rows went, which nothing else tells."""
        assert part.since is not None
        rows = part.since(mine[-1].mark)
        if rows is None:
            yield self._whole(part, room)
            return
        key = self._key(f"{part.key} since {mine[-1].mark}")
        counted = stage(room, part.place, rows, self._folder / key, self._rules, part.what)
        grown = [*mine, Piece(part.place.target.name, part.what, part.number, key, counted, part.mark, part.rows)]
        if _distinct_ids(room, [self._folder / each.key for each in grown]) == part.rows:
            yield from grown
        else:
            yield self._whole(part, room)

    def _whole(self, part: Part, room: Room) -> Piece:
        key = self._key(part.key)
        counted = self._counted(key) if part.content else None
        if counted is None:
            rows = _watched(part.read(), part.size_kb, self._advance)
            counted = stage(room, part.place, rows, self._folder / key, self._rules, part.what)
        return Piece(part.place.target.name, part.what, part.number, key, counted, part.mark, part.rows)

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._rules.digest} {text}".encode()).hexdigest()[:32]


def _watched(rows: Iterator[Rows], size: int, advance: Callable[[int], None]) -> Iterator[Rows]:
    """The rows, with a word on how far they are: as much as they hold, and the rest at the end."""
    left = size
    for portion in rows:
        yield portion
        step = min(left, int(portion.table.nbytes) // 1000)
        advance(step)
        left -= step
    advance(left)


def _distinct_ids(room: Room, paths: list[Path]) -> int:
    """How many different ids the rows of some parts have, refused ones included."""
    valid = [str(valid_file(path)) for path in paths]
    refused = [str(refused_file(path)) for path in paths]
    with room.database() as database:
        database.read_parquet(valid).create_view("valid")
        database.read_parquet(refused).create_view("refused")
        sql = "SELECT id FROM valid UNION SELECT id FROM refused"
        return int(database.sql(f"SELECT count(*) FROM ({sql})").fetchall()[0][0])  # noqa: S608


def _piece(told: dict[str, Any]) -> Piece:
    return Piece(**{**told, "counted": Counted(**told["counted"])})


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest of a source says; nothing where there is none."""
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def read_pieces(folder: Path) -> list[Piece]:
    """What is staged of a source, by its manifest."""
    return [_piece(each) for each in read_manifest(folder).get("pieces", ())]


def _write_manifest(folder: Path, rules: Rules, people: str, pieces: list[Piece]) -> None:
    told = {"rules": rules.digest, "people": people, "pieces": [asdict(each) for each in pieces]}
    write_text(folder / MANIFEST, json.dumps(told, sort_keys=True, indent=1))


def _delete_others(folder: Path, pieces: list[Piece]) -> None:
    """Delete what no piece needs: what was withdrawn must not lie about."""
    wanted = {each.key for each in pieces}
    for path in folder.iterdir():
        key = path.name.split(".")[0]
        if len(key) == 32 and key not in wanted:
            path.unlink()
