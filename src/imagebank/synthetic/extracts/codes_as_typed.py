"""How people type diagnosis codes: mostly as the book has them, else without the dot, in small letters, with marks."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

AS_THE_BOOK_HAS_IT = "code as the book has it"
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


def as_typed(chance: Random, code: str, habits: Habits) -> tuple[str, str]:
    """A code as somebody typed it, and the name of the habit."""
    draw = chance.random()
    for share, style in zip(_shares(habits), STYLES, strict=True):
        if draw < share:
            return _in_style(code, style)
        draw -= share
    return code, AS_THE_BOOK_HAS_IT


STYLES = (
    "code without its dot",
    "code in small letters",
    "code with dagger or asterisk",
    "code with a blank behind",
    "code with the filler X",
)


def _shares(habits: Habits) -> tuple[float, ...]:
    return (habits.without_dot, habits.small_letters, habits.marked, habits.trailing_blank, habits.filler)


def _in_style(code: str, style: str) -> tuple[str, str]:
    """The code in a style, or as it was where the style has nothing to do to it."""
    mark = MARKS.get(code[:3], "")
    typed = {
        STYLES[0]: code.replace(".", ""),
        STYLES[1]: code.lower(),
        STYLES[2]: code + mark,
        STYLES[3]: code + " ",
        STYLES[4]: code + "X" if "." in code else code,
    }[style]
    return (typed, style) if typed != code else (code, AS_THE_BOOK_HAS_IT)
