"""Studies broken down by where they end and by group, as the reports on linkage and on quality show them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from imagebank.cohorts.bounds import Group
from imagebank.cohorts.disclosure import Count, Disclosure, Shown
from imagebank.cohorts.suppression import protect

AGE_BANDS = ((0, "under 18"), (18, "18–39"), (40, "40–64"), (65, "65–79"), (80, "80 and over"))
UNKNOWN = "not known"

Key = tuple[str, ...]


class Placed(Protocol):
    """One study of which it is known whose it is."""

    @property
    def patient(self) -> str:
        """Whose it is, by any label."""


@dataclass(frozen=True)
class Breakdown:
    """True counts of studies and which of them add up; `shown` makes them safe, all together."""

    _counts: dict[Key, Count] = field(default_factory=dict)
    _groups: list[Group] = field(default_factory=list)

    def add(self, key: Key, studies: Sequence[Placed]) -> None:
        """One count."""
        self._counts[key] = Count(len(studies), len({each.patient for each in studies}))

    def split(self, total: Key, parts: Mapping[Key, Sequence[Placed]], *, overlapping: bool = False) -> None:
        """Counts that add up to one that was added, or is yet to be; where `overlapping` a study is in several."""
        for key, studies in parts.items():
            self.add(key, studies)
        if parts:
            self._groups.append(Group(total, tuple(parts), overlapping))

    def shown(self, rule: Disclosure) -> dict[Key, Shown]:
        """Every count as it may be shown."""
        return protect(self._counts, self._groups, rule, in_patients=False)


def age_band(age_years: float | None) -> str:
    """The band of an age at the study."""
    if age_years is None or age_years < 0:
        return UNKNOWN
    return next(label for start, label in reversed(AGE_BANDS) if age_years >= start)


def in_order(labels: Iterable[str], last: Collection[Hashable] = (UNKNOWN,)) -> list[str]:
    """By name, numbers by size, ages by their start, and what says nothing last."""
    ages = [label for _, label in AGE_BANDS]

    def place(each: str) -> tuple[bool, int, int, str]:
        age = ages.index(each) if each in ages else 0
        return each in last, age, int(each) if each.isdigit() else 0, each

    return sorted(labels, key=place)
