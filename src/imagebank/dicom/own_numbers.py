"""Numbers by which a file knows its patient and the examination, and whether another number repeats one. Pure.

A hospital number of seven digits looks like any number of a scan, so no bound can tell it. But the header itself says
which numbers they are. Laws: of an id count its runs of digits and all its digits as one, without leading zeros; those
of fewer than five digits are not looked for, since a series or an instance may have the same; a number repeats one when
its whole part is the same, and one of nine digits or more wherever it stands among the digits, before the point or
behind it.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

SHORTEST = 5
SHORTEST_LONG = 9
_DIGITS = re.compile(r"[0-9]+")
_NO_DIGIT = re.compile(r"[ .+-]")
_WHOLE = re.compile(r"(?<![0-9.])[0-9]+")


@dataclass(frozen=True)
class OwnNumbers:
    """The numbers to look for: all of them as whole numbers, and the long ones among the digits of others too."""

    wholes: frozenset[int] = frozenset()
    long: tuple[str, ...] = ()

    def are_repeated_by(self, number: float) -> bool:
        """Whether the whole part of a finite number is one of them."""
        return int(abs(number)) in self.wholes

    def are_repeated_in(self, text: str) -> bool:
        """Whether a text with numbers in it repeats one."""
        return any(int(whole) in self.wholes for whole in _WHOLE.findall(text)) or self.are_inside(text)

    def are_inside(self, text: str) -> bool:
        """Whether a long one stands among the digits of a number, or of several one after the other."""
        return bool(self.long) and any(each in _NO_DIGIT.sub("", text) for each in self.long)


NO_NUMBERS = OwnNumbers()


def numbers_of(identifier: str) -> frozenset[str]:
    """The numbers of an id, or of several parted by backslashes."""
    parts = [_DIGITS.findall(part) for part in identifier.split("\\")]
    told = (number.lstrip("0") for runs in parts for number in (*runs, "".join(runs)))
    return frozenset(number for number in told if len(number) >= SHORTEST)


@lru_cache(maxsize=64)
def own_numbers(forbidden: AbstractSet[str]) -> OwnNumbers:
    """The numbers among the words and numbers that may not stay of a file."""
    numbers = sorted(each for each in forbidden if each.isdigit())
    return OwnNumbers(frozenset(map(int, numbers)), tuple(each for each in numbers if len(each) >= SHORTEST_LONG))
