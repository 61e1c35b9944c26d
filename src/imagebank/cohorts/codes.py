"""ICD-10 as data: the titles of chapter V and G30-G32, and the conditions that the profile counts by name.

Titles follow the World Health Organization's edition, with intellectual disability for F70-F79. Alzheimer disease is
F00 or G30, the two halves of one dagger-asterisk pair, so that a patient who has both is counted once.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

ICD10 = "ICD-10"
OTHER_BLOCK = "other"
OTHER_TITLE = "Outside chapter V and G30–G32"


@dataclass(frozen=True)
class Condition:
    """A named set of codes, each given by a prefix."""

    name: str
    prefixes: tuple[str, ...]

    def has(self, code: str) -> bool:
        """Whether a code belongs to the condition."""
        return code.startswith(self.prefixes)


@cache
def titles() -> dict[str, str]:
    """Title of each block and code."""
    return {row["code"]: row["title"] for row in _rows("icd10.csv")}


@cache
def conditions() -> tuple[Condition, ...]:
    """The conditions, in the order in which they are shown."""
    return tuple(Condition(row["condition"], tuple(row["prefixes"].split())) for row in _rows("conditions.csv"))


@cache
def blocks() -> tuple[str, ...]:
    """The blocks in order, with everything outside chapter V and G30-G32 last."""
    return (*(code for code in titles() if "-" in code), OTHER_BLOCK)


def block_title(block: str) -> str:
    """A block in words."""
    return titles().get(block, OTHER_TITLE if block == OTHER_BLOCK else "")


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
