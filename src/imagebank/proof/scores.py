"""The score of a de-identification: by action, how many checks held, with exact intervals; as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from imagebank.proof.actions import ACTIONS, Check
from imagebank.proof.intervals import exact_interval

SHOWN_PLACES = 5


@dataclass(frozen=True)
class Score:
    """One action: how many checks were made and held, the interval of the share, and where it failed most."""

    action: str
    checks: int
    held: int
    low: float
    high: float
    failed_at: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share of checks that held; 1 where nothing was to be checked."""
        return self.held / self.checks if self.checks else 1.0


def scores_of(checks: Iterable[Check]) -> tuple[Score, ...]:
    """The score of every action, also of those for which nothing was to be checked."""
    made: Counter[str] = Counter()
    held: Counter[str] = Counter()
    failed: dict[str, Counter[str]] = {}
    for check in checks:
        made[check.action] += 1
        held[check.action] += check.held
        if not check.held:
            failed.setdefault(check.action, Counter())[check.place] += 1
    return tuple(_score(action, made[action], held[action], failed.get(action, Counter())) for action in ACTIONS)


def _score(action: str, checks: int, held: int, failed: Counter[str]) -> Score:
    low, high = exact_interval(held, checks)
    return Score(action, checks, held, low, high, tuple(place for place, _ in failed.most_common(SHOWN_PLACES)))


def as_json(scores: Iterable[Score], policy: str) -> str:
    """The scores for other programs."""
    told = [asdict(score) | {"share": score.share, "meaning": ACTIONS[score.action]} for score in scores]
    return json.dumps({"policy": policy, "actions": told}, indent=2) + "\n"
