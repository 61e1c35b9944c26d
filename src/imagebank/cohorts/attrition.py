"""The attrition of a cohort as people may see it: what is left after each step, and what was lost, rounded and safe.

What a step leaves and what it takes away add up to what was there before, so they are protected together. A count of 0
and one below the minimum look the same here, because a question about one person is answered by 0 or 1. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from imagebank.cohorts.disclosure import Count, Disclosure, Group, Shown, protect
from imagebank.cohorts.engines.result import Stage

Key = tuple[str, int]


@dataclass(frozen=True)
class SafeStage:
    """One line of the attrition, in texts that may be shown: `<10` is anything from 0 to 9 patients."""

    name: str
    sentence: str
    units: str
    patients: str
    lost: str


def safe_attrition(stages: Sequence[Stage], rule: Disclosure, *, in_patients: bool) -> tuple[SafeStage, ...]:
    """What may be shown of each stage. `in_patients`: the unit of the cohort is the patient."""
    units = _protected([(each.units, each.patients) for each in stages], _lost(stages), rule, in_patients=in_patients)
    people = [(each.patients, each.patients) for each in stages]
    gone = [(before[0] - after[0],) * 2 for before, after in pairwise(people)]
    patients = _protected(people, gone, rule, in_patients=True)
    return tuple(
        SafeStage(
            stage.name,
            stage.sentence,
            text_of(units["left", place], rule),
            text_of(patients["left", place], rule),
            text_of(units["lost", place], rule) if place else "",
        )
        for place, stage in enumerate(stages)
    )


def _lost(stages: Sequence[Stage]) -> list[tuple[int, int]]:
    return [(each.lost_units, each.lost_patients) for each in stages[1:]]


def _protected(
    left: Sequence[tuple[int, int]], lost: Sequence[tuple[int, int]], rule: Disclosure, *, in_patients: bool
) -> dict[Key, Shown]:
    counts: dict[Key, Count] = {("left", place): Count(*each) for place, each in enumerate(left)}
    counts |= {("lost", place): Count(*each) for place, each in enumerate(lost, start=1)}
    groups = [Group(("left", place - 1), (("left", place), ("lost", place))) for place in range(1, len(left))]
    return protect(counts, groups, rule, in_patients=in_patients)


def text_of(shown: Shown, rule: Disclosure) -> str:
    """A count in words; nobody and few look the same."""
    if rule.exact:
        return shown.text
    return shown.text if shown.value else f"<{rule.minimum}"
