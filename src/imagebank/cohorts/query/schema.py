"""How the tables of a bank hang together, read off their declarations; nothing is listed by hand.

A table with one key column has ids, and every other table with a column of that name belongs to it: one study to each
series, many series to each study. A table with a patient and a date is a table of events.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from imagebank.catalogue.tables import TABLES
from imagebank.core.columns import Column as Declared
from imagebank.core.columns import columns
from imagebank.core.errors import ImagebankError

LINKS = ("series", "study", "patient")
"""Through what rows hang together, the closest first."""
WORDS = {"patients": "patient", "studies": "study", "series": "series", "quality": "image", "diagnoses": "diagnosis"}
"""What one row of a table is called, where it is not the name of the table less its s."""


class QueryError(ImagebankError):
    """A question that cannot be asked as it stands."""

    title = "question"


class Kind(StrEnum):
    """What sort of value an expression has."""

    YES_NO = "yes or no"
    WHOLE = "whole number"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"

    @property
    def is_number(self) -> bool:
        """Whether one can calculate with it."""
        return self in (Kind.WHOLE, Kind.NUMBER)


KINDS: dict[Any, Kind] = {bool: Kind.YES_NO, int: Kind.WHOLE, float: Kind.NUMBER, str: Kind.TEXT, date: Kind.DATE}


@dataclass(frozen=True)
class Schema:
    """The tables that can be asked, by name, as records."""

    tables: Mapping[str, type] = field(hash=False)

    def columns(self, table: str) -> tuple[Declared, ...]:
        """The columns that a question may use: all but lists."""
        return _columns(self.record(table))

    def record(self, table: str) -> type:
        """The declaration of a table. Raises QueryError when there is none."""
        if table not in self.tables:
            raise QueryError(f"There is no table `{table}`.", near(table, self.tables))
        return self.tables[table]

    def column(self, table: str, name: str) -> Declared:
        """One column. Raises QueryError that says what it is called now, or what comes close."""
        known = {each.name: each for each in self.columns(table)}
        if name in known:
            return known[name]
        now = next((each.name for each in known.values() if name in each.formerly), "")
        if now:
            raise QueryError(f"`{table}.{name}` is now called `{table}.{now}`.", f"write `{table}.{now}`")
        elsewhere = [f"`{each}.{name}`" for each in self.tables if name in {c.name for c in self.columns(each)}]
        advice = f"there is {' and '.join(elsewhere)}" if elsewhere else near(name, known)
        raise QueryError(f"Table `{table}` has no column `{name}`.", advice)

    def id_of(self, table: str) -> str:
        """The column that alone names a row; empty where there is none."""
        keys = [each.name for each in self.columns(table) if each.key]
        return keys[0] if len(keys) == 1 else ""

    def parents(self, table: str) -> dict[str, str]:
        """Tables of which exactly one row belongs to each row of this one, with the column that says which."""
        ids = {self.id_of(name): name for name in self.tables}
        named = (each.name for each in self.columns(table))
        return {ids[name]: name for name in named if name in ids and name and ids[name] != table}

    def path(self, frame: str, table: str) -> tuple[str, ...] | None:
        """The tables on the way from a row to the one row of another table; None where there are many or none."""
        if frame == table:
            return ()
        parents = self.parents(frame)
        if table in parents:
            return (table,)
        return next(((step, table) for step in parents if table in self.parents(step)), None)

    def date_of(self, table: str) -> tuple[str, str] | None:
        """Table and column of the date of a row: its own first date, else that of its study. Patients have none."""
        own = next((each.name for each in self.columns(table) if each.type is date), "")
        if own and table != "patients":
            return table, own
        return self.date_of("studies") if "studies" in self.parents(table) else None

    def end_of(self, table: str) -> str:
        """The column of the last day of a row that lasts; empty where rows have one day."""
        return next((each.name for each in self.columns(table) if each.name == "end_date"), "")

    def link(self, frame: str, table: str, of: str = "") -> str:
        """The column through which rows of `table` hang off a row of `frame`; empty where they do not."""
        both = {each.name for each in self.columns(frame)} & {each.name for each in self.columns(table)}
        possible = [name for name in LINKS if name in both and name != self.id_of(table)]
        return next((name for name in possible if name == of or not of), "")

    def frames(self) -> tuple[str, ...]:
        """Every table whose rows can be asked about."""
        return tuple(self.tables)


@cache
def _columns(record: type) -> tuple[Declared, ...]:
    return tuple(each for each in columns(record) if each.type in KINDS)


def near(name: str, known: Mapping[str, Any]) -> str:
    """The name that comes closest, or all of them: what to try."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean `{found[0]}`?" if found else f"there are: {', '.join(known)}"


def one_row(table: str) -> str:
    """What one row of a table is called: `study` for studies."""
    return WORDS.get(table, table.removesuffix("s"))


BANK = Schema(TABLES)
"""The tables of a bank."""
