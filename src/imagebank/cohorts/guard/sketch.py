"""A keyed picture of a set of patients that tells how many of them two sets do not share, and nothing else.

Each patient falls into one of 2,048 buckets, and a unit of theirs adds (exclusive or) one byte to it, both by a keyed
hash. So pictures add up as sets do: the picture of everybody in one set but not in the other is the one picture laid
over the other. A bucket that differs needs a patient who differs, so

    buckets that differ <= patients who differ,

always: sets that differ by fewer than the threshold are found without exception, be they of ten patients or of a
million. The error is on the safe side alone: sets that differ by just a little more may be taken for near ones, when
two of the patients share a bucket or their bytes cancel out (for ten patients about 1 in 45, for eleven 1 in 2,000).
Without the key nobody can tell who is in a picture. It is an odd sketch (Mitzenmacher, Pagh and Pham, 2014) with bytes
for bits. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

BUCKETS = 2048
SEGMENTS = 32
Array = Any


@dataclass(frozen=True)
class Sketch:
    """The picture of a set, and how many patients are in it."""

    patients: int
    folded: Array = field(repr=False, compare=False)

    @cached_property
    def digests(self) -> Array:
        """One number for each segment of the picture; equal segments have equal numbers, and they add up as sets do."""
        return digests_of(self.folded[None, :])[0]

    def distance(self, other: Sketch) -> int:
        """At most how many patients differ: never more than truly do."""
        return int(np.count_nonzero(self.folded ^ other.folded))


def digests_of(folded: Array) -> Array:
    """The numbers of the segments of several pictures, one row each."""
    words = np.ascontiguousarray(folded).view(np.uint64).reshape(len(folded), SEGMENTS, -1)
    return np.bitwise_xor.reduce(words, axis=2)


@dataclass(frozen=True)
class Marks:
    """Where each unit of a list falls: its byte and the number of its patient; each patient has a bucket and a byte."""

    values: Array = field(repr=False)
    patients: Array = field(repr=False)
    buckets: Array = field(repr=False)
    own: Array = field(repr=False)

    def _there(self, rows: Array) -> Array:
        """Which patients have some of the units."""
        there = np.zeros(len(self.buckets), bool)
        there[self.patients[rows]] = True
        return there

    def patient_count(self, rows: Array) -> int:
        """Of how many patients some of the units are."""
        return int(np.count_nonzero(self._there(rows)))

    def rest(self, whole: Array, rows: Array) -> Array:
        """The units of the whole that are not among some of them."""
        left = np.zeros(len(self.values), bool)
        left[whole] = True
        left[rows] = False
        return np.flatnonzero(left)

    def of_units(self, rows: Array) -> Sketch:
        """The picture of some of the units."""
        return Sketch(self.patient_count(rows), _folded(self.buckets[self.patients[rows]], self.values[rows]))

    def of_patients(self, rows: Array) -> Sketch:
        """The picture of the patients of some of the units."""
        chosen = np.flatnonzero(self._there(rows))
        return Sketch(len(chosen), _folded(self.buckets[chosen], self.own[chosen]))


def _folded(buckets: Array, values: Array) -> Array:
    folded = np.zeros(BUCKETS, np.uint8)
    np.bitwise_xor.at(folded, buckets, values)
    return folded


@dataclass(frozen=True)
class Sketcher:
    """Draws pictures with a key."""

    _key: bytes = field(repr=False)

    def marks(self, units: Sequence[str], patients: Sequence[str]) -> Marks:
        """Where units and their patients fall."""
        names, numbers = np.unique(np.asarray(patients, dtype=object).astype(str), return_inverse=True)
        hashes = self._hashes(names.tolist())
        own = _bytes(hashes >> np.uint64(32))
        values = own[numbers] if list(units) == list(patients) else _bytes(self._hashes(units))
        return Marks(values, numbers, (hashes % np.uint64(BUCKETS)).astype(np.int64), own)

    def with_values(self, marks: Marks, units: Sequence[str], values: Sequence[object]) -> Marks:
        """The same units, each with a value: a unit whose value is another falls elsewhere, as another unit would."""
        texts = (f"{unit}\0{value!r}" for unit, value in zip(units, values, strict=True))
        return replace(marks, values=_bytes(self._hashes(texts)))

    def _hashes(self, names: Iterable[str]) -> Array:
        digests = (hashlib.blake2b(name.encode(), key=self._key, digest_size=8).digest() for name in names)
        return np.frombuffer(b"".join(digests), np.uint64)


def _bytes(hashes: Array) -> Array:
    """Bytes from 1 to 255: no unit leaves its bucket as it was."""
    return (hashes % np.uint64(255)).astype(np.uint8) + np.uint8(1)
