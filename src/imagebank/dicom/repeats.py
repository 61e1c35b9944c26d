"""Items of a sequence that are laid out alike, known by one comparison instead of being walked.

The frames of an enhanced image differ in a few values and hardly ever in their layout. Two stretches of bytes of equal
length, that agree in every byte that is no value, hold the same elements at the same places. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imagebank.dicom.elements import Element

LEADING = 8
"""Bytes at the start of an item without VRs that say whether it is one."""

SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_DATA = 0x7FE00010
WEIGHED = (SPECIFIC_CHARACTER_SET, PIXEL_DATA)
"""Elements whose value decides whether a reader finds the item odd: alike only where they are equal."""

HOLDING_ITEMS = (b"SQ", b"UN", b"")
"""VRs of values that are, or may be, items."""

MOST_TEMPLATES = 256
"""Layouts that are remembered. The frames of one file have two to five, as numbers have more digits or fewer; the more
there are, the longer takes the search for one that is not among them: this many take a third of a walk."""

AT_HAND = 3
"""Layouts that are tried first whichever of them was met last."""

TAIL = 8
"""Bytes at the end, of the delimiter where there is one, that are compared first, as they cost least."""


class Template(NamedTuple):
    """The layout of a stretch of bytes: its length, which bytes are no values, and what those are, as numbers."""

    length: int
    mask: int
    layout: int
    tail: bytes  # empty where values stand at the end
    complete: bool  # whether all nested items are laid out alike as well

    def fits(self, weight: int) -> bool:
        """Whether a stretch of this length, as a number (see `weigh`), is laid out like this."""
        return weight & self.mask == self.layout


def template_of(content: bytes, start: int, end: int, elements: Iterable[Element]) -> Template:
    """The layout of the bytes from `start` to `end`, which hold these elements and what frames them."""
    mask = bytearray(b"\xff") * (end - start)
    complete = _spare_values(mask, start, elements)
    told = int.from_bytes(mask, "little")
    tail = content[end - TAIL : end] if mask.endswith(b"\xff" * TAIL) else b""
    return Template(end - start, told, weigh(content, start, end) & told, tail, complete)


def weigh(content: bytes, start: int, end: int) -> int:
    """A stretch of bytes as the number that a template compares."""
    return int.from_bytes(content[start:end], "little")


class Templates:
    """The layouts that were met last, also in earlier files: scanners write the same ones all the time.

    They hold no value of an element, and only spare a walk whose result is known.
    """

    def __init__(self) -> None:
        self._known: list[Template] = []

    def match(self, content: bytes, place: int, end: int) -> Template | None:
        """The layout of what lies at `place` if it is known."""
        weighed, weight = 0, 0  # of the stretch of this many bytes, as several layouts have one length
        for number, template in enumerate(self._known):
            length, mask, layout, tail, _ = template
            if not content.startswith(tail, place + length - len(tail)) or place + length > end:
                continue
            if length != weighed:
                weighed, weight = length, weigh(content, place, place + length)
            if weight & mask == layout:
                if number >= AT_HAND:
                    self._known = [template, *self._known[:number], *self._known[number + 1 :]]
                return template
        return None

    def learn(self, template: Template) -> None:
        """Remember a layout, and forget the one that was met longest ago."""
        self._known = [template, *self._known][:MOST_TEMPLATES]


def _spare_values(mask: bytearray, start: int, elements: Iterable[Element]) -> bool:
    """Take what is free to differ out of the mask: values, and items that nobody looked into. Were there none?"""
    complete = True
    for tag, vr, _, value, following, items in elements:
        if items is None:
            complete = complete and vr not in HOLDING_ITEMS
            if tag not in WEIGHED:
                mask[value - start : following - start] = bytes(following - value)
            continue
        for item in items:
            if item.elements is not None:
                complete = _spare_values(mask, start, item.elements) and complete
                continue
            complete = False
            free = min(item.start + LEADING, item.end) if item.implicit else item.start
            mask[free - start : item.end - start] = bytes(item.end - free)
    return complete
