"""What a leak test came to: by kind of hiding place and by depth, with exact intervals; as JSON and as a page.

The recall of a kind is the share of its canaries that are gone. `seen` counts those that the search found in the clones
before: a search that is blind to a kind proves nothing about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files

from imagebank.proof.canaries import Plant
from imagebank.proof.intervals import CONFIDENCE, exact_interval

SHOWN_PLACES = 5


@dataclass(frozen=True)
class Row:
    """One kind of hiding place. `low` and `high` bound the recall."""

    kind: str
    planted: int
    seen: int
    leaked: int
    low: float
    high: float
    places: tuple[str, ...] = ()

    @property
    def recall(self) -> float:
        """The share of canaries that are gone."""
        return 1 - self.leaked / self.planted if self.planted else 1.0


@dataclass(frozen=True)
class LeakReport:
    """The whole test: what was given, what was found of it, and under which policy."""

    files: Mapping[str, int]
    policy: str
    kinds: tuple[Row, ...]
    depths: tuple[Row, ...]
    hospital: tuple[Row, ...] = ()
    confidence: float = CONFIDENCE
    elsewhere: tuple[str, ...] = field(default=())  # logs and lists in which a canary was found

    @property
    def leaks(self) -> int:
        """Leaks of all kinds, and of logs."""
        told = sum(row.leaked for row in (*self.kinds, *self.hospital))
        return told + len(self.elsewhere)

    @property
    def blind(self) -> int:
        """Canaries that the search did not see where they had been planted."""
        return sum(row.planted - row.seen for row in (*self.kinds, *self.hospital))


def tally(plants: Iterable[Plant], seen: frozenset[Plant], leaked: frozenset[Plant]) -> tuple[list[Row], list[Row]]:
    """Rows by kind, and by depth."""
    every = list(plants)
    kinds = _rows(every, seen, leaked, lambda plant: plant.kind)
    depths = _rows(every, seen, leaked, lambda plant: f"depth {plant.depth}")
    return kinds, depths


def _rows(
    plants: list[Plant], seen: frozenset[Plant], leaked: frozenset[Plant], group: Callable[[Plant], str]
) -> list[Row]:
    groups: dict[str, list[Plant]] = {}
    for plant in plants:
        groups.setdefault(group(plant), []).append(plant)
    return [row(kind, len(g), sum(p in seen for p in g), _places(g, leaked)) for kind, g in sorted(groups.items())]


def _places(plants: list[Plant], leaked: frozenset[Plant]) -> list[str]:
    return [plant.place for plant in plants if plant in leaked]


def row(kind: str, planted: int, seen: int, leaks: list[str]) -> Row:
    """One kind, with the exact interval of its recall and the first places that leaked."""
    low, high = exact_interval(planted - len(leaks), planted)
    places = tuple(sorted(set(leaks))[:SHOWN_PLACES])
    return Row(kind, planted, seen, len(leaks), low, high, places)


def as_json(report: LeakReport) -> str:
    """The report for other programs."""
    told = asdict(report) | {"leaks": report.leaks, "blind": report.blind}
    for name in ("kinds", "depths", "hospital"):
        told[name] = [asdict(each) | {"recall": each.recall} for each in getattr(report, name)]
    return json.dumps(told, indent=2) + "\n"


def as_page(report: LeakReport) -> str:
    """The report as one self-contained page."""
    from jinja2 import Environment

    text = (files("imagebank.proof") / "templates" / "leaks.html").read_text("utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
    kinds = sorted(report.kinds, key=lambda row: (-row.leaked, row.kind))
    tables = [("By hiding place", tuple(kinds)), ("By depth in sequences", report.depths)]
    if report.hospital:
        tables.append(("Identifiers of the hospital", report.hospital))
    return template.render(report=report, tables=tables)
