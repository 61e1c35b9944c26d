"""When evidence is enough: a threshold and a lead over the next best, both from what a false link costs. Pure.

A false link mixes two people's lives and weighs as much as `false_link_weighs` missed ones. So a link is made where its
odds are at least that many to one: against nobody (the threshold) and against the next person (the lead). In bits both
are the logarithm of the weight. Where the odds are the other way round by as much, nobody needs to look; between the
two lies the review band.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

FALSE_LINK_WEIGHS = 20
IN_RECORDS = 0.9  # how many of the imaged people the records are expected to know
DECIMALS = 3  # of a bit


@dataclass(frozen=True)
class Scored:
    """Somebody whom an identity may mean, the evidence in bits, prior and all, and the level of each comparison."""

    person: str = field(repr=False)
    weight: float
    levels: tuple[int, ...] = field(default=(), repr=False)


class Verdict(StrEnum):
    """What is to be done with the best candidate."""

    LINK = "link"
    CLOSE = "close"  # enough evidence, but the next person is too near
    REVIEW = "review"  # neither enough to link nor little enough to forget
    NOBODY = "nobody"


@dataclass(frozen=True)
class Choice:
    """The best candidate, how far ahead of the next, and the verdict. `lead` is infinite where there is no other."""

    verdict: Verdict
    best: Scored | None = None
    lead: float = math.inf


def bits_needed(false_link_weighs: float) -> float:
    """The threshold and the lead, in bits."""
    return math.log2(false_link_weighs)


def prior_bits(people: int) -> float:
    """The evidence before anything is compared: one of so many people, if the records know them at all."""
    return math.log2(IN_RECORDS / max(people, 1))


def choose(candidates: Iterable[Scored], *, false_link_weighs: float = FALSE_LINK_WEIGHS) -> Choice:
    """The verdict on the best of the candidates; of equals the one whose id sorts first, which then has no lead."""
    ranked = sorted(candidates, key=lambda each: (-each.weight, each.person))
    if not ranked:
        return Choice(Verdict.NOBODY)
    needed, best = bits_needed(false_link_weighs), ranked[0]
    lead = round(best.weight - ranked[1].weight, DECIMALS) if len(ranked) > 1 else math.inf
    if best.weight < -needed:
        return Choice(Verdict.NOBODY, best, lead)
    if best.weight < needed:
        return Choice(Verdict.REVIEW, best, lead)
    return Choice(Verdict.LINK if lead >= needed else Verdict.CLOSE, best, lead)
