"""The first visits of the first five imaged people: together they show every kind of series and manner of telling.

Nothing else goes wrong with these five, so that a hospital of three to five patients is a fair demonstration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from imagebank.synthetic.register.tables import Row, table, words

DEMONSTRATED = 5
"""People whose first visit is written down, and whose registration has no error."""


@dataclass(frozen=True)
class Opening:
    """A first visit that is written down; `described`, `burned_in` and `agent` name the series with that trait."""

    machine: str
    start: date
    end: date
    ids: str
    letters: str
    kinds: tuple[str, ...]
    other: tuple[str, ...]
    described: str
    burned_in: str
    agent: str


@cache
def openings() -> tuple[Opening, ...]:
    """The first visits of people 0 to 4."""
    return tuple(_opening(row) for row in table("opening"))


def _opening(row: Row) -> Opening:
    return Opening(
        row["machine"],
        date.fromisoformat(row["start"]),
        date.fromisoformat(row["end"]),
        row["ids"],
        row["letters"],
        words(row["kinds"]),
        words(row["other"]),
        row["described"],
        row["burned_in"],
        row["agent"],
    )
