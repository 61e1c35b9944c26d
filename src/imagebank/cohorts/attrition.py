"""The attrition of a cohort as people may see it: what is left after each step, and what was lost, rounded and safe.

A count of 0 and one below the minimum look the same here, because a question about one person is answered by 0 or 1.
What a step took away is reckoned from the numbers that are shown: rounded on its own it would tell 0 from 7. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from imagebank.cohorts.disclosure import Count, Disclosure, Shown, show
from imagebank.cohorts.engines.result import Stage

UNTOLD = "untold"


@dataclass(frozen=True)
class SafeStage:
    """One line of the attrition, in texts that may be shown: `<10` is anything from 0 to 9 patients."""

    name: str
    sentence: str
    units: str
    patients: str
    lost: str


def safe_attrition(stages: Sequence[Stage], rule: Disclosure) -> tuple[SafeStage, ...]:
    """What may be shown of each stage."""
    if rule.exact:
        return tuple(_exact(stage, first=place == 0) for place, stage in enumerate(stages))
    units = [show(Count(each.units, each.patients), rule, in_patients=False) for each in stages]
    patients = [show(Count(each.patients, each.patients), rule) for each in stages]
    lost = ["", *(_lost(before, after, rule) for before, after in pairwise(units))]
    return tuple(
        SafeStage(stage.name, stage.sentence, _text(units[place], rule), _text(patients[place], rule), lost[place])
        for place, stage in enumerate(stages)
    )


def _exact(stage: Stage, *, first: bool) -> SafeStage:
    lost = "" if first else f"{stage.lost_units:,}"
    return SafeStage(stage.name, stage.sentence, f"{stage.units:,}", f"{stage.patients:,}", lost)


def _text(shown: Shown, rule: Disclosure) -> str:
    return shown.text if shown.value else few(rule)


def _lost(before: Shown, after: Shown, rule: Disclosure) -> str:
    if not before.value or not after.value:
        return UNTOLD
    gone = before.value - after.value
    return f"{gone:,}" if gone >= rule.minimum else few(rule)


def few(rule: Disclosure) -> str:
    """What stands for nobody and for few, which look the same."""
    return f"<{rule.minimum}"
