"""Concepts of the OMOP vocabularies for what the records say; 0, with the source value kept, where we are not sure.

The list (`data/concepts.csv`) is short on purpose: an identifier stands in it only when it is known well. Conditions go
to the disease of their three-character code. Concepts that OMOP itself coined have the code `OMOP generated`.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from importlib.resources import files

from imagebank.synthetic.declared import Row

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2099, 12, 31)
NO_CONCEPT = 0


@cache
def concept_ids() -> dict[tuple[str, str], int]:
    """The concept of each kind and source value."""
    return {(row["kind"], row["source"]): int(row["concept_id"]) for row in _listed()}


@cache
def concept_rows() -> dict[int, Row]:
    """The row of table `concept` for each identifier."""
    return {int(row["concept_id"]): _row(row) for row in _listed()}


@cache
def _listed() -> list[dict[str, str]]:
    with (files("imagebank.synthetic.extracts") / "data" / "concepts.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _row(row: dict[str, str]) -> Row:
    named = (row["name"], row["domain"], row["vocabulary"], row["class"])
    return (int(row["concept_id"]), *named, row["standard"] or None, row["code"], FIRST_DAY, LAST_DAY, None)


class Concepts:
    """Looks concepts up and remembers which were used, so that only their rows are written."""

    def __init__(self) -> None:
        self._used = {NO_CONCEPT}
        self._new = {NO_CONCEPT}

    def of(self, kind: str, source: str | None) -> int:
        """The concept of a value, 0 where none is known."""
        found = concept_ids().get((kind, source or ""), NO_CONCEPT)
        if found not in self._used:
            self._used.add(found)
            self._new.add(found)
        return found

    def of_code(self, code: str) -> int:
        """The concept of an ICD-10 code as typed."""
        return self.of("condition", code.strip().upper()[:3])

    def new_rows(self) -> list[Row]:
        """The rows of concepts used for the first time since the last call."""
        rows = [concept_rows()[each] for each in sorted(self._new)]
        self._new.clear()
        return rows
