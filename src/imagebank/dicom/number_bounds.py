"""Which numbers may be facts of a scan, and which are more likely an id, a date or a text in the place of one. Pure.

Laws: a kept number is finite and has at most seven digits before its point, so that no date (8 digits), NHS number (10)
or time since an epoch fits; attributes that need more say so in the policy. Numbers are as many as the attribute may
have, and binary ones are not all letters. A number that repeats one by which the file knows its patient goes whatever
its size, and so do several that spell one together (`own_numbers`). What nothing here can tell is told in
`docs/deidentification.md`: a short number may be anybody's, and two letters are a number of two bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from imagebank.dicom.own_numbers import OwnNumbers

MOST = 9_999_999.0  # magnitude of a number for which the policy says nothing else
MOST_ABOVE_A_BASE = 99_999.0
SHORTEST_TEXT = 8  # bytes: of fewer some true numbers read as text by chance
_WIDE = re.compile(rb"(?:[A-Za-z^]\0){4,}\0*|(?:\0[A-Za-z^]){4,}\0*")  # letters of two bytes each
_KINDS = {"US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "UV": "u8", "SV": "i8", "FL": "f4", "FD": "f8"}
_DECIMAL = ("DS", "IS")


@dataclass(frozen=True)
class Bounds:
    """How many numbers an element may hold, their magnitude, and numbers that some makers add to a true one."""

    count: float = 1
    most: float = MOST
    bases: tuple[int, ...] = ()

    def hold(self, number: float) -> bool:
        """Whether a number may stay; what is not a number never does."""
        return abs(number) <= self.most or any(0 <= number - base <= MOST_ABOVE_A_BASE for base in self.bases)


def are_plausible(vr: str, content: bytes, bounds: Bounds, *, little: bool, own: OwnNumbers) -> bool:
    """Whether the bytes of numbers may stay of a file that knows its patient by some `own` ones."""

    def may_stay(number: float) -> bool:
        return bounds.hold(number) and not own.are_repeated_by(number)

    if vr in _DECIMAL:
        parts = [part for part in content.decode("ascii").split("\\") if part.strip(" \0")]
        few = len(parts) <= bounds.count
        return few and all(map(may_stay, map(float, parts))) and not own.are_inside("".join(parts))
    kind = np.dtype(("<" if little else ">") + _KINDS[vr])
    if len(content) > kind.itemsize * bounds.count or _is_text(content):
        return False
    numbers = np.frombuffer(content, kind).tolist()
    return all(map(may_stay, numbers)) and not (own.long and own.are_inside("".join(map(repr, numbers))))


def _is_text(content: bytes) -> bool:
    if len(content) < SHORTEST_TEXT:
        return False
    told = content.rstrip(b"\0")
    printable = told.isascii() and told != b"" and told.decode().isprintable()
    return printable or _WIDE.fullmatch(content) is not None
