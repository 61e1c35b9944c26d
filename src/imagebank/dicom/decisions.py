"""What was decided on the elements of an instance, told without a value; and the refusal of a whole instance."""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.dicom.rule import Action, Rule


class Refused(Exception):
    """An instance that must not be banked; the message is a reason code, never a value."""


@dataclass(frozen=True, order=True)
class Decision:
    """What happened to an element, by its place: (0040,0275)/(0010,0010). Holds no value and no private creator."""

    place: str
    action: str
    rule: str


def label(tag: int) -> str:
    """A tag as decisions name it: (0018,0080); of a private one the block is left open: (0019,xx0C)."""
    group, element = tag >> 16, tag & 0xFFFF
    return f"({group:04X},xx{element & 0xFF:02X})" if group & 1 else f"({group:04X},{element:04X})"


def decided(place: str, tag: int, rule: Rule, *, kept: bool) -> Decision:
    """The decision on one element. A rule that keeps, and yet nothing stayed: the value was not understood."""
    if kept or rule.action is Action.REMOVE:
        return Decision(place + label(tag), rule.action.value, rule.rule)
    return Decision(place + label(tag), Action.REMOVE.value, f"{rule.rule}:unreadable")
