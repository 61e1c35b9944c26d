"""Rows of OMOP CDM 5.4 under way: the numbers that were given so far, and the rows of the people at hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from itertools import count
from typing import Any

from imagebank.synthetic.declared import Row, Table, by_name, load_tables
from imagebank.synthetic.extracts.concepts import Concepts

SOURCE_LENGTH = 50


@cache
def omop_tables() -> Mapping[str, Table]:
    """The declared tables, by name."""
    return by_name(load_tables("imagebank.synthetic.extracts", "omop.csv"))


class OmopRows:
    """Rows by table; numbers run on when the people change. `released` is the day of the release."""

    def __init__(self, released: date) -> None:
        self.released = released
        self.concepts = Concepts()
        self.persons: dict[str, int] = {}
        self._running: dict[str, count[int]] = defaultdict(lambda: count(1))
        self._named: dict[tuple[str, str], int] = {}
        self._rows: dict[str, list[Row]] = {}

    def begin(self, hospital_numbers: Iterable[str]) -> None:
        """Forget the rows and number the next people."""
        self._rows = {name: [] for name in omop_tables()}
        self.persons = {each: self.next("person") for each in hospital_numbers}

    def rows(self) -> dict[str, list[Row]]:
        """The rows of the people at hand, and of the concepts that were not used before them."""
        return {**self._rows, "concept": self.concepts.new_rows()}

    def add(self, table: str, **values: Any) -> None:
        """One row; columns that are not named stay empty."""
        self._rows[table].append(tuple(map(values.get, omop_tables()[table].names)))

    def add_numbered(self, table: str, hospital_number: str, **values: Any) -> int:
        """One row about a person, with the next number of its table; returns that number."""
        number = self.next(table)
        self.add(table, **{f"{table}_id": number}, person_id=self.persons[hospital_number], **values)
        return number

    def next(self, table: str) -> int:
        """The next number of a table."""
        return next(self._running[table])

    def provider(self, name: str | None) -> int | None:
        """The number of a general practitioner or author, whose row is written once."""
        if not name or ("provider", name) in self._named:
            return self._named.get(("provider", name or ""))
        number = self._named["provider", name] = self.next("provider")
        self.add("provider", provider_id=number, provider_name=name, provider_source_value=name[:SOURCE_LENGTH])
        return number

    def care_site(self, team: str, site: str) -> int:
        """The number of a team, whose row is written once."""
        name = f"{team}, {site}"
        if ("care_site", name) not in self._named:
            number = self._named["care_site", name] = self.next("care_site")
            self.add("care_site", care_site_id=number, care_site_name=name, care_site_source_value=name[:SOURCE_LENGTH])
        return self._named["care_site", name]
