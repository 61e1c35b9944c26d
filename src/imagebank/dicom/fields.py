"""Where a value stands in a DICOM header: one resolver for classic and enhanced (multi-frame) images.

It looks in the root of the dataset, then in the shared functional groups, then in the first frame's groups. Whatever is
empty or cannot be decoded counts as not said; nothing here raises for what a header contains.

The resolver asks for texts by keyword and does not know how they are found: `byte_places` finds them in the bytes of a
file, and `dataset_places`, its slow and obvious twin, with pydicom.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

Texts = tuple[str, ...]

STRONGEST_FIELD_T = 100.0  # more is no tesla: gauss


class Places(Protocol):
    """The places of one header at which a value may stand, in the order in which they are asked."""

    frames: int
    """How many frames have functional groups of their own; none in a classic image."""

    def told(self, keyword: str) -> Iterable[Texts]:
        """What each place that has the element says."""

    def has(self, keyword: str) -> bool:
        """Whether any place has the element, even empty."""

    def private(self, group: int, creator: str, element: int) -> Texts:
        """The texts of a private element, wherever its creator reserved the block."""

    def rows(self, macros: Mapping[str, str]) -> Iterator[tuple[Texts, ...]]:
        """One row for each frame: its own value of each keyword from that functional group, else what all share."""


class Fields:
    """Values of a header by keyword, in the forms that rules need."""

    def __init__(self, places: Places) -> None:
        self.frames, self.has, self.private, self.rows = places.frames, places.has, places.private, places.rows
        self._told = places.told

    def values(self, *keywords: str) -> Texts:
        """The texts of the first of the keywords that says anything anywhere; empty parts are kept in place."""
        for keyword in keywords:
            for texts in self._told(keyword):
                if any(texts):
                    return texts
        return ()

    def text(self, keyword: str) -> str:
        """All parts of a value as one text."""
        return " ".join(filter(None, self.values(keyword)))

    def words(self, *keywords: str) -> Texts:
        """The parts of a value in capitals, without the empty ones."""
        return tuple([word.upper() for word in self.values(*keywords) if word])

    def one_of(self, keyword: str, allowed: tuple[str, ...]) -> str | None:
        """A value if it is one of those allowed."""
        value = self.text(keyword).upper()
        return value if value in allowed else None

    def positive(self, *keywords: str) -> float | None:
        """The first number above zero that any of the keywords holds."""
        for keyword in keywords:
            for texts in self._told(keyword):
                for number in map(number_of, texts):
                    if number is not None and number > 0:
                        return number
        return None

    def count(self, *keywords: str) -> int | None:
        """`positive` as a whole number."""
        number = self.positive(*keywords)
        return None if number is None else int(number)


def texts_of(value: Any) -> Texts:
    """A value as trimmed texts, one for each of its parts."""
    if value is None:
        return ()
    if isinstance(value, bytes):
        value = value.decode("ascii", errors="replace").rstrip("\0 ").split("\\")
    parts = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return tuple(str(part).strip("\0 ") for part in parts)


def number_of(text: str) -> float | None:
    """A finite number, or None for any other text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def tesla(field: float | None) -> float | None:
    """A field strength in tesla; old GE scanners told it in gauss."""
    return field / 10_000 if field and field > STRONGEST_FIELD_T else field
