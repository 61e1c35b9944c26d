"""What is written while a grammar runs: the pieces of a text, and which of them are marked.

Offsets are not counted here: capitals and line ends still change lengths. `presentation` counts them at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Mark(NamedTuple):
    """The piece with this index is an identifier or carries a meaning; the rest is as in `Span`."""

    piece: int
    kind: str
    value: str
    owner: str
    status: str


class Scribe:
    """One text while it is written.

    `words` are the plain words that stand for `$word`; `flags` are bits that guards of the grammar ask for; `facts`
    is whatever the slots of the grammar need.
    """

    __slots__ = ("chance", "draw", "facts", "flags", "marks", "parts", "words")

    def __init__(self, chance: Random, facts: Any, words: dict[str, str], flags: int = 0) -> None:
        self.chance = chance
        self.draw = chance.random
        self.facts = facts
        self.words = words
        self.flags = flags
        self.parts: list[str] = []
        self.marks: list[Mark] = []

    def say(self, text: str) -> None:
        """Write a piece that is not marked."""
        self.parts.append(text)

    def mark(self, text: str, kind: str, value: str, owner: str = "patient", status: str = "affirmed") -> None:
        """Write a piece that is marked."""
        self.marks.append(Mark(len(self.parts), kind, value, owner, status))
        self.parts.append(text)

    def pick(self, choices: Sequence[T]) -> T:
        """One of some things, all as likely."""
        return choices[int(self.draw() * len(choices))]
