"""What a mapping would make of a source, from a sample and before anything is imported.

For each place: which columns fill ours, which are missing, which nobody uses, how the sample was judged, which names
the registry lacks, and in which form dates are written.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from imagebank.core.errors import ImagebankError
from imagebank.records.days import Forms, parse_day
from imagebank.records.judging import Rules
from imagebank.records.mapping import Place
from imagebank.records.people import read_people
from imagebank.records.registry import OTHER, Registry
from imagebank.records.rows import NUMBER_COLUMN, Rows
from imagebank.records.shaping import matched
from imagebank.records.sources import Part, Source
from imagebank.records.staging import Counted, Room, refused_file, stage, valid_file

FORMS = (
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d %Y",
)
"""Forms of dates that are guessed."""
NAMED = {
    "assessments": ("name", "assessments"),
    "biomarkers": ("name", "biomarkers"),
    "symptoms": ("name", "symptoms"),
    "findings": ("name", "findings"),
    "medications": ("drug", "drugs"),
    "episodes": ("team", "services"),
    "notes": ("kind", "notes"),
    "reports": ("kind", "reports"),
}
"""The column of each table whose texts must be names of the registry."""
FEWEST_PEOPLE = 3  # whom a name must be used for before it is shown: what stands once may name a person


@dataclass(frozen=True)
class Unknown:
    """A name that the registry lacks: how often it stands in the sample, and the nearest name that it has."""

    name: str
    rows: int
    nearest: str


@dataclass(frozen=True)
class Checked:
    """What would become of one place."""

    table: str
    what: str
    filled: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()
    unused: tuple[tuple[str, str], ...] = ()  # a column of the source, and the column of ours that it may be
    problem: str = ""
    counted: Counted = field(default_factory=Counted)
    unknown: tuple[Unknown, ...] = ()
    hidden_unknown: int = 0  # rows with unknown names that are not shown
    dates: tuple[tuple[str, tuple[str, ...]], ...] = ()  # columns that were not understood, and forms that fit


def check_source(source: Source, room: Room, rules: Rules, rows: int) -> list[Checked]:
    """Judge the first rows of every place. Nothing is kept."""
    return [_check_part(source, part, room, rules, rows) for part in source.parts]


def _check_part(source: Source, part: Part, room: Room, rules: Rules, rows: int) -> Checked:
    try:
        checked = _columns(part)
        if checked.problem:
            return checked
        sample = list(_sample(part, rows))
        told = _judged(source, part, sample, room, rules)
    except ImagebankError as error:
        return Checked(part.place.target.name, part.what, problem=f"{error.what} Try: {error.advice}")
    unknown, hidden = _unknown(part.place, sample, rules.registry)
    return replace(checked, counted=told, unknown=unknown, hidden_unknown=hidden, dates=_dates(part.place, sample))


def _columns(part: Part) -> Checked:
    present = part.columns()
    place, problem = part.place, ""
    try:
        found = matched(place, present, part.what)
    except ImagebankError as error:
        found, problem = _loosely(place, present), f"{error.what} Try: {error.advice}"
    free = [each for each in place.target.columns if each.name not in found and each.name not in place.constants]
    unused = [(name, nearest(name, free)) for name in present if name not in found.values() and name != place.watermark]
    filled = (*found.items(), *((name, f"always {value}") for name, value in place.constants.items()))
    return Checked(place.target.name, part.what, filled, tuple(each.name for each in free), tuple(unused), problem)


def _loosely(place: Place, present: tuple[str, ...]) -> dict[str, str]:
    """The columns that match although another one is missing."""
    there = {name.casefold(): name for name in present}
    return {n: there[place.column(n).casefold()] for n in place.target.names if place.column(n).casefold() in there}


def nearest(name: str, free: Any) -> str:
    """The column of ours that a column of the source may be, empty where none is near."""
    plain = name.casefold().replace(" ", "_")
    for each in free:
        if plain == each.name or plain in each.also:
            return str(each.name)
    known = {also: each.name for each in free for also in (each.name, *each.also)}
    close = difflib.get_close_matches(plain, known, n=1, cutoff=0.75)
    return known[close[0]] if close else ""


def _sample(part: Part, rows: int) -> Iterator[Rows]:
    for portion in part.read():
        yield Rows(portion.table.slice(0, rows), portion.refused)
        rows -= portion.offered
        if rows <= 0:
            return


def _judged(source: Source, part: Part, sample: list[Rows], room: Room, rules: Rules) -> Counted:
    if not part.place.target.event:
        return _judged_people(source, part, sample, room, rules.today)
    to = room.folder / "check"
    try:
        return stage(room, part.place, iter(sample), to, rules, part.what)
    finally:
        for path in (valid_file(to), refused_file(to), to.with_suffix(".json")):
            path.unlink(missing_ok=True)


def _judged_people(source: Source, part: Part, sample: list[Rows], room: Room, today: date) -> Counted:
    """The sample as the only part of its table, beside the whole of the patients where it needs their numbers."""
    mine = replace(part, read=lambda: iter(sample))
    target = part.place.target.name
    beside = [
        each
        for table in ("patients", "merged_numbers")
        if target not in (table, "patients")
        for each in source.of(table)
    ]
    people = read_people(Source(source.name, source.mapping, (*beside, mine)), room, today)
    refused = Counter(each.reason for each in people.refused if each.table == target)
    offered = people.offered.get(target, 0)
    repairs = people.repairs if target == "patients" else {}
    return Counted(offered, offered - refused.total(), sum(repairs.values()), dict(refused), repairs)


def _texts(place: Place, sample: list[Rows], column: str) -> Iterator[tuple[str, str]]:
    """What stands in a column of the sample, with the person."""
    for portion in sample:
        names = [name for name in portion.table.schema.names if name != NUMBER_COLUMN]
        found = matched(place, names, "") if names else {}
        if column in found:
            people = portion.table[found["hospital_number"]].to_pylist()
            texts = portion.table[found[column]].to_pylist()
            local = place.values.get(column, {})
            for person, text in zip(people, texts, strict=True):
                yield person, local.get(text.strip(), text.strip())


def _unknown(place: Place, sample: list[Rows], registry: Registry) -> tuple[tuple[Unknown, ...], int]:
    column, kind = NAMED.get(place.target.name, ("", ""))
    if not column or place.known_as:
        return (), 0
    rows: Counter[str] = Counter()
    people: dict[str, set[str]] = defaultdict(set)
    for person, text in _texts(place, sample, column):
        if text and not _is_known(text, kind, registry, place):
            rows[text] += 1
            people[text].add(person)
    shown = [text for text, _ in rows.most_common() if len(people[text]) >= FEWEST_PEOPLE]
    names = [each for name, also in registry.spellings(kind).items() for each in (name, *also)]
    told = [Unknown(text, rows[text], _near(text, names, kind, registry)) for text in islice(shown, 20)]
    return tuple(told), sum(rows.values()) - sum(each.rows for each in told)


def _near(text: str, names: list[str], kind: str, registry: Registry) -> str:
    close = difflib.get_close_matches(text, names, n=1, cutoff=0.6)
    return (registry.name(kind, close[0]) or "") if close else ""


def _is_known(text: str, kind: str, registry: Registry, place: Place) -> bool:
    if kind == "services":
        return registry.service(text) != OTHER
    elsewhere = place.not_known_as and registry.name(place.not_known_as, text)
    return bool(elsewhere or registry.name(kind, text))


def _dates(place: Place, sample: list[Rows]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The columns with days that were not understood, and the forms in which all of these can be read."""
    found = []
    for name in place.target.names:
        if "date" not in name:
            continue
        odd = {text for _, text in _texts(place, sample, name) if parse_day(text, Forms(place.dates)).refused}
        if odd:
            found.append((name, tuple(form for form in FORMS if all(_fits(text, form) for text in odd))))
    return tuple(found)


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
