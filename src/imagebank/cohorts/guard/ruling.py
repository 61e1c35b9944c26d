"""What may be said of a set of patients, given what was said before.

Laws, in this order:
1. A set that differs from an earlier one by fewer patients than the threshold gets the answer of the nearest such one,
   number or refusal, whether it differs or not. So adding or removing a few patients changes nothing that can be seen.
2. Otherwise a set of fewer patients than the threshold is hidden, and so is the empty one. (Law 1 holds for such a set
   only where it is within half the threshold of the set whose answer it gets.)
3. A set that is, but for fewer patients than the threshold, two earlier ones together or what one has beyond the other,
   gets the sum or the difference of the two earlier numbers: what the asker could have worked out.
4. Any other set gets an answer of its own.
Every set is remembered, with the set whose answer it got. Law 1 ends where a set differs from that one by twice the
threshold, or a bank that grows every night would show one number for ever. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

from imagebank.cohorts.guard.sketch import SEGMENTS, Array, Sketch, digests_of

DRIFT = 2  # thresholds that a repeated answer may lie away from the set it was given for


class Law(StrEnum):
    """Why a set gets the answer that it gets."""

    EARLIER = "earlier"
    SMALL = "small"
    DERIVED = "derived"
    FRESH = "fresh"


@dataclass(frozen=True)
class Earlier:
    """An answer that was given; `value` is None where it was hidden, less than 0 where it was only told to be enough.

    The latter is of a set whose name stands somewhere without its number: the number is settled when it is first asked.

    `origin` is the picture of the set whose answer it is; None where it is its own. `fresh` ones have a number of their
    own, neither repeated nor derived.
    """

    sketch: Sketch
    value: int | None
    fresh: bool = True
    origin: Sketch | None = None

    @property
    def source(self) -> Sketch:
        """The set whose answer it is."""
        return self.origin or self.sketch


@dataclass(frozen=True)
class Ruling:
    """The law that decides, and the number that it gives: None where hidden, or where it is the set's own."""

    law: Law
    value: int | None = None


@dataclass(frozen=True)
class Past:
    """Every answer that a project was given in one unit, the oldest first, laid out to be compared at once."""

    answers: Sequence[Earlier]
    threshold: int
    _parts: dict[int, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def sizes(self) -> Array:
        """How many patients each set has."""
        return np.array([each.sketch.patients for each in self.answers], np.int64)

    @cached_property
    def summable(self) -> Array:
        """The places of the answers that others may be derived from: shown, and not derived themselves."""
        told = [place for place, each in enumerate(self.answers) if each.fresh and each.value and each.value > 0]
        return np.array(told, np.int64)

    @cached_property
    def digests(self) -> Array:
        """The numbers of the segments of those."""
        rows = [self.answers[place].sketch.folded for place in self.summable]
        return digests_of(np.stack(rows)) if rows else np.zeros((0, SEGMENTS), np.uint64)

    def near(self, new: Sketch) -> tuple[int, int] | None:
        """The nearest set that differs by fewer patients than the threshold: by how many, and its place; oldest first.

        It does not count when the answer that it was given is that of a set too far away: twice the threshold, and for
        a set of fewer patients than the threshold half of it. So one who is taken out of ten is not seen to go, but
        five are never shown for ten.
        """
        close = [int(place) for place in np.flatnonzero(np.abs(self.sizes - new.patients) < self.threshold)]
        apart = ((self.answers[place].sketch.distance(new), place) for place in close)
        nearest = min((each for each in apart if each[0] < self.threshold), default=None)
        limit = DRIFT * self.threshold if new.patients >= self.threshold else self.threshold / 2
        if nearest is None or self.answers[nearest[1]].source.distance(new) >= limit:
            return None
        return nearest

    def derived(self, new: Sketch) -> int | None:
        """The number that two earlier answers give for a set that they make up, but for a few patients."""
        for first, second in self._pairs(new):
            left, right = self.answers[first], self.answers[second]
            together = left.sketch.folded ^ right.sketch.folded
            if np.count_nonzero(together ^ new.folded) >= self.threshold or left.value is None or right.value is None:
                continue
            if abs(left.sketch.patients + right.sketch.patients - new.patients) < self.threshold:
                return left.value + right.value
            return abs(left.value - right.value)
        return None

    def _pairs(self, new: Sketch) -> list[tuple[int, int]]:
        """Pairs that may make the new set up, the oldest first.

        Where fewer patients differ than there are segments, one segment of the two together equals that of the new set:
        it is looked up in a sorted list. Where a site's threshold is higher than that, every pair is compared.
        """
        found: set[tuple[int, int]] = set()
        for first, second in self._candidates(new):
            left, right = self.summable[first], self.summable[second]
            keep = (first < second) & self._fits(left, right, new.patients)
            alike = self.digests[first[keep]] ^ self.digests[second[keep]] == new.digests
            enough = alike.sum(axis=1) > SEGMENTS - self.threshold
            found |= set(zip(left[keep][enough].tolist(), right[keep][enough].tolist(), strict=True))
        return sorted(found)

    def _candidates(self, new: Sketch) -> Iterator[tuple[Array, Array]]:
        """Places of pairs within `summable` of which one segment fits."""
        count = len(self.summable)
        if self.threshold > SEGMENTS:
            for place in range(count):
                yield np.full(count, place), np.arange(count)
            return
        for segment in range(self.threshold):
            order, ranked = self._ordered(segment)
            wanted = self.digests[:, segment] ^ new.digests[segment]
            starts = np.searchsorted(ranked, wanted, "left")
            hits = np.flatnonzero(ranked[np.minimum(starts, count - 1)] == wanted) if count else np.arange(0)
            starts = starts[hits]  # most are not found, and need no second look
            lengths = np.searchsorted(ranked, wanted[hits], "right") - starts
            first = np.repeat(hits, lengths)
            steps = np.arange(len(first)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            yield first, order[np.repeat(starts, lengths) + steps]

    def _ordered(self, segment: int) -> tuple[Array, Array]:
        if segment not in self._parts:
            order = np.argsort(self.digests[:, segment], kind="stable")
            self._parts[segment] = order, self.digests[order, segment]
        found: tuple[Array, Array] = self._parts[segment]
        return found

    def _fits(self, first: Array, second: Array, size: int) -> Array:
        """Whether the sizes allow that two sets have nobody in common, or that one holds the other."""
        left, right = self.sizes[first], self.sizes[second]
        return (np.abs(left + right - size) < self.threshold) | (np.abs(np.abs(left - right) - size) < self.threshold)

    def rule(self, new: Sketch) -> Ruling:
        """What may be said of a set."""
        near = self.near(new)
        if near is not None:
            return Ruling(Law.EARLIER, self.answers[near[1]].value)
        return self.apart(new)

    def apart(self, new: Sketch) -> Ruling:
        """What may be said of a set that is near to none."""
        if new.patients < self.threshold:
            return Ruling(Law.SMALL)
        derived = self.derived(new)
        return Ruling(Law.FRESH) if derived is None else Ruling(Law.DERIVED, derived)
