"""Which registration of a source a number means: by hospital number, a key of the source's own, or a merger. Pure.

Laws: a number that may mean two people means neither, so that nobody's life is mixed with another's; for a wish to be
left out it means both, so that no wish is missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from imagebank.core.private import Private
from imagebank.identities.comparing import is_near, normalise_pair, real_birth_date, without_zeros

Told = tuple[date | None, str, str]  # birth date, given name, family name


def as_key(number: str) -> str:
    """A hospital number without blanks, in capitals."""
    return "".join(number.split()).upper()


def are_two_people(one: Told, other: Told) -> bool:
    """Whether two rows under one hospital number speak of different people: birth dates that are no slip of each
    other, or, where one is not known, names of which nothing agrees."""
    born, also = real_birth_date(one[0]), real_birth_date(other[0])
    if born and also:
        return born != also and not is_near(born, also)
    first, second = (normalise_pair(Private(given), Private(family)) for _, given, family in (one, other))
    return all(a and b and a != b for a, b in zip(first, second, strict=True))


class Numbers:
    """The numbers of one source, told one after the other: registrations and their keys, then merged numbers."""

    def __init__(self) -> None:
        self._registered: set[str] = set()
        self._of_key: dict[str, str] = {}
        self._into: dict[str, dict[str, None]] = defaultdict(dict)
        self._in_use: dict[str, str] = {}

    def admit(self, number: str, key: str) -> None:
        """A registration, and what other tables call it; empty where that is the number."""
        self._registered.add(number)
        if key:
            self._of_key.setdefault(key, number)

    def named(self, text: str) -> str:
        """The hospital number that a key stands for; the text itself where it is no key."""
        key = as_key(text)
        return self._of_key.get(key, key)

    def is_ambiguous(self, text: str) -> bool:
        """Whether a text is the key of one registration and the hospital number of another."""
        key = as_key(text)
        return key in self._registered and self.named(text) != key

    def merge(self, old: str, new: str) -> None:
        """One number was merged into another."""
        self._into[old][new] = None

    def follow(self) -> Mapping[str, str]:
        """The registration in use for each merged number, however long the chain. A ring leads nowhere, and so does a
        number that was merged into two."""
        self._in_use = {old: end for old in self._into if (end := self._end_of(old))}
        return self._in_use

    def why_not(self, old: str) -> str:
        """Why a merged number leads nowhere; empty where it does not."""
        if old in self._in_use:
            return ""
        ends = set(self._ends(old))
        if len(ends) > 1:
            return "merged-into-two"
        return "nobody-has-this-hospital-number" if ends else "merged-in-a-ring"

    def _end_of(self, old: str) -> str:
        ends = set(self._ends(old))
        return next(iter(ends)) if len(ends) == 1 and ends <= self._registered else ""

    def _ends(self, old: str) -> Iterator[str]:
        """Where the chains of a number end: numbers that were merged no further."""
        waiting, seen = [old], {old}
        while waiting:
            at = waiting.pop()
            further = self._into.get(at, {})
            if not further:
                yield at
            waiting += [each for each in further if each not in seen]
            seen.update(further)

    def meant(self, text: str) -> str:
        """The registration that a text means, by key, number or merged number; empty where nobody has it."""
        number = self.named(text)
        return number if number in self._registered else self._in_use.get(number, "")

    def may_mean(self, text: str) -> list[str]:
        """Every registration that a text may mean, also where zeros in front were lost."""
        key = as_key(text)
        found = {self.meant(text), key if key in self._registered else "", self._in_use.get(key, "")}
        if not any(found):
            plain = without_zeros(key)
            found = {each for each in self._registered if without_zeros(each) == plain}
            found |= {number for other, number in self._of_key.items() if without_zeros(other) == plain}
        return sorted(found - {""})
