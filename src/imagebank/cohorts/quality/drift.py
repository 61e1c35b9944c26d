"""Software changes and departures from the usual protocol, by scanner and year. Pure.

The usual protocol of a scanner and a sequence is the most frequent combination of its rounded timing and geometry;
compliance is the share of series that have it. Dates are the moved ones: a change on one day is smeared over the window
in which the bank moves dates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from imagebank.catalogue.tables import Quality, Series

FEWEST_SERIES = 10  # of a scanner and sequence, for one of their protocols to be the usual one
NOT_ACQUIRED = ("localizer", "derived", "other", "unknown", "non-image", "non-MR", "ADC", "derived-DWI", "derived-MRA")
PARTS = (
    ("TR", "repetition_time_ms", 10, "ms"),
    ("TE", "echo_time_ms", 1, "ms"),
    ("TI", "inversion_time_ms", 10, "ms"),
    ("flip", "flip_angle_deg", 1, "°"),
    ("pixel", "row_spacing_mm", 0.1, "mm"),
    ("slice", "slice_thickness_mm", 0.1, "mm"),
)
"""What makes a protocol: its name, the column, to what it is rounded, and its unit."""

Protocol = tuple[float | None, ...]


@dataclass(frozen=True)
class SoftwareSpan:
    """From when to when a scanner was seen with a software."""

    scanner: str
    software: str
    first: date
    last: date
    images: int


@dataclass(frozen=True)
class Compliance:
    """How far the series of a scanner and sequence keep to their usual protocol; by year (series that do, all)."""

    scanner: str
    sequence: str
    protocol: str
    series: int
    compliant: int
    years: Mapping[int, tuple[int, int]]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Protocols:
    """Everything that the page says of protocols."""

    software: tuple[SoftwareSpan, ...]
    compliance: tuple[Compliance, ...]


def protocols(series: Iterable[Series], quality: Iterable[Quality], days: Mapping[str, date | None]) -> Protocols:
    """What a bank's series say of its protocols; `days` are the moved dates of the studies."""
    return Protocols(tuple(_software(quality, days)), tuple(_compliance(series, days)))


def _software(quality: Iterable[Quality], days: Mapping[str, date | None]) -> Iterable[SoftwareSpan]:
    seen: dict[tuple[str, str], list[date]] = defaultdict(list)
    for each in quality:
        day = days.get(each.study)
        if day and each.software:
            seen[each.scanner, each.software].append(day)
    for (scanner, software), found in sorted(seen.items(), key=lambda item: (item[0][0], min(item[1]), item[0][1])):
        yield SoftwareSpan(scanner, software, min(found), max(found), len(found))


def _compliance(series: Iterable[Series], days: Mapping[str, date | None]) -> Iterable[Compliance]:
    groups: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for each in series:
        if each.sequence not in NOT_ACQUIRED:
            groups[each.scanner, f"{each.sequence} {each.acquisition or ''}".strip()].append(each)
    for (scanner, sequence), members in sorted(groups.items()):
        if len(members) >= FEWEST_SERIES:
            yield _of_group(scanner, sequence, members, days)


def _of_group(scanner: str, sequence: str, members: list[Series], days: Mapping[str, date | None]) -> Compliance:
    told = [(protocol_of(each), days.get(each.study)) for each in members]
    usual = _most_frequent(protocol for protocol, _ in told)
    years: dict[int, list[Protocol]] = defaultdict(list)
    for protocol, day in told:
        if day:
            years[day.year].append(protocol)
    return Compliance(
        scanner=scanner,
        sequence=sequence,
        protocol=in_words(usual),
        series=len(members),
        compliant=sum(protocol == usual for protocol, _ in told),
        years={year: (found.count(usual), len(found)) for year, found in sorted(years.items())},
        changes=_changes(years),
    )


def protocol_of(series: Series) -> Protocol:
    """The rounded timing and geometry of a series."""
    values = ((getattr(series, name), step) for _, name, step, _ in PARTS)
    return tuple(None if value is None else round(round(value / step) * step, 3) for value, step in values)


def in_words(protocol: Protocol) -> str:
    """A protocol as a person writes it."""
    parts = zip(PARTS, protocol, strict=True)
    return ", ".join(f"{name} {value:g} {unit}" for (name, _, _, unit), value in parts if value is not None)


def _most_frequent(found: Iterable[Protocol]) -> Protocol:
    counts = Counter(found)
    return max(counts, key=lambda protocol: (counts[protocol], in_words(protocol)))


def _changes(years: Mapping[int, list[Protocol]]) -> tuple[str, ...]:
    """From which year to which the usual protocol changed, and in what."""
    usual = [(year, _most_frequent(found)) for year, found in sorted(years.items())]
    told = []
    for (_, before), (year, now) in pairwise(usual):
        parts = [
            f"{name} {old:g} → {new:g} {unit}"
            for (name, _, _, unit), old, new in zip(PARTS, before, now, strict=True)
            if old != new and old is not None and new is not None
        ]
        if parts:
            told.append(f"{year}: {', '.join(parts)}")
    return tuple(told)
