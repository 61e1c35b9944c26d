"""What a record source says of people: who goes to the vault, what is said beyond identity, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from imagebank.identities.model import Entrant, OptOut


@dataclass(frozen=True)
class Characteristics:
    """What a source says of a person beyond identity.

    `keys`: what events call the person; first the `person_key` (the hospital number where there is none), second the
    hospital number, then former numbers. An earlier one goes before what is a later one of somebody else.
    """

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
