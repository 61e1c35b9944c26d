"""How people type diagnosis codes: mostly as the book has them, else without the dot, in small letters, with marks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from random import Random

AS_THE_BOOK_HAS_IT = "code as the book has it"
ASTRAY = "diagnosis filed under another number"
STYLES = (
    "code without its dot",
    "code in small letters",
    "code with dagger or asterisk",
    "code with a blank behind",
    "code with the filler X",
)
"""Ways in which a code is not written as the book has it, in the order of the shares of `Habits`."""
MARKS = {"F00": "*", "F02": "*", "G30": "†", "G20": "†", "G10": "+", "G31": "+"}
"""Asterisk of a manifestation, dagger (or plus) of its cause, by the first three characters; ICD-10, 5th edition."""


@dataclass(frozen=True)
class Habits:
    """Shares of typed rows, 0 to 1. The first five are of all diagnoses and share one draw: together at most 1."""

    without_dot: float = 0.0625
    small_letters: float = 0.0625
    marked: float = 0.0625
    trailing_blank: float = 0.0425
    filler: float = 0.02
    under_other_number: float = 0.25  # of a person's days, where the person has several numbers

    def __post_init__(self) -> None:
        shares = (self.without_dot, self.small_letters, self.marked, self.trailing_blank, self.filler)
        if min(*shares, self.under_other_number) < 0 or sum(shares) > 1 or self.under_other_number > 1:
            raise ValueError("shares lie between 0 and 1, and those of codes add up to at most 1")

    @cached_property
    def shares(self) -> dict[str, float]:
        """Each share by the name under which `Records` counts it; all are shares of diagnoses."""
        shares = (self.without_dot, self.small_letters, self.marked, self.trailing_blank, self.filler)
        return {**dict(zip(STYLES, shares, strict=True)), ASTRAY: self.under_other_number}


def as_typed(chance: Random, code: str, habits: Habits) -> tuple[str, str]:
    """A code as somebody typed it, and the name of the habit."""
    draw = chance.random()
    for style in STYLES:
        share = habits.shares[style]
        if draw < share:
            typed = in_style(code, style)
            return (typed, style) if typed != code else (code, AS_THE_BOOK_HAS_IT)
        draw -= share
    return code, AS_THE_BOOK_HAS_IT


@cache
def styles_of(code: str) -> tuple[str, ...]:
    """The styles that change a code."""
    return tuple(style for style in STYLES if in_style(code, style) != code)


def in_style(code: str, style: str) -> str:
    """The code in a style; unchanged where the style has nothing to do to it."""
    match STYLES.index(style):
        case 0:
            return code.replace(".", "")
        case 1:
            return code.lower()
        case 2:
            return code + MARKS.get(code[:3], "")
        case 3:
            return code + " "
        case _:
            return code + "X" if "." in code else code
