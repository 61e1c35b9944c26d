"""The quick way to de-identify: what stays of the old file, and new bytes between. Pure: bytes in, parts out.

Laws: what a plan does not keep is not copied; pixels are handed on as a view of the bytes that came in; items are
walked by the same rules at any depth; whatever is odd raises `Odd`, and nothing is written.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from imagebank.dicom.elements import MOST_DEPTH, Element, Item, Odd, elements_of, items_of
from imagebank.dicom.plan import Answer, Entry, Plan, header
from imagebank.dicom.policy import Action
from imagebank.dicom.rewriting import PIXEL_VRS, creator_of, own_charset

_PRIVATE = 0x10000
_ITEM = struct.Struct("<HHI")


@dataclass(frozen=True, slots=True)
class Splice:
    """One data set under way: the parts of the new one, and the numbers of the decisions on the elements so far."""

    content: bytes
    implicit: bool
    depth: int = 0
    parts: list[bytes | memoryview] = field(default_factory=list, repr=False)
    noted: set[int] = field(default_factory=set)

    def add(self, plan: Plan, elements: Sequence[Element]) -> None:
        """Append what stays of these elements, in their order. Raises Odd."""
        content, parts, entries = self.content, self.parts, plan.entries
        note, note_all = self.noted.add, self.noted.update
        place, count = 0, len(elements)
        while place < count:
            element = elements[place]
            tag, vr, start, _, end, _ = element
            if tag & _PRIVATE:
                place = self._add_private(plan, elements, place)
                continue
            place += 1
            entry = entries.get((tag, vr)) or plan.learn(tag, vr)
            if entry.removed:
                note(entry.dropped)
                continue
            if entry.pixels:
                self._add_pixels(entry, element)
                continue
            piece, numbers = entry.answers.get(content[start:end]) or self._answer(plan, entry, element)
            parts.append(piece)
            note_all(numbers)

    def _add_pixels(self, entry: Entry, element: Element) -> None:
        _, vr, start, value, end, _ = element
        if self.depth or entry.vr not in PIXEL_VRS:
            self.noted.add(entry.dropped)
            return
        if (end - value) % 2 or vr == b"UN":
            raise Odd  # what is to be written differs from what stands there
        self.noted.add(entry.kept)
        self.parts.append(memoryview(self.content)[start:end])

    def _add_private(self, plan: Plan, elements: Sequence[Element], place: int) -> int:
        """Append what stays of one private group, every block with the number that it had; the place behind it."""
        group = elements[place][0] >> 16
        creators: dict[int, str] = {}
        blocks: dict[int, str] = {}
        pieces: list[bytes] = []
        private = plan.private
        while place < len(elements) and elements[place][0] >> 16 == group:
            element = elements[place]
            tag, vr, start, value, end, _ = element
            place += 1
            number = tag & 0xFFFF
            if 0x10 <= number <= 0xFF:
                creators[number] = creator_of(self.content[value:end], plan.charset)
                continue
            creator = creators.get(number >> 8, "")
            entry = private.get((tag, vr, creator)) or plan.learn_private(tag, vr, creator)
            if entry.removed:
                self.noted.add(entry.dropped)
                continue
            piece, numbers = entry.answers.get(self.content[start:end]) or self._answer(plan, entry, element)
            self.noted.update(numbers)
            if piece:
                blocks[number >> 8] = creator
                pieces.append(piece)
        self.parts.extend(self._creator_element(group, creator, block) for block, creator in blocks.items())
        self.parts.extend(pieces)
        return place

    def _creator_element(self, group: int, creator: str, block: int) -> bytes:
        name = creator.encode("ascii")
        name += b" " * (len(name) % 2)
        return header(group << 16 | block, "LO", len(name), implicit=self.implicit) + name

    def _answer(self, plan: Plan, entry: Entry, element: Element) -> Answer:
        _, _, start, value, end, items = element
        if entry.rule.action is Action.SEQUENCE:
            answer = self._sequence(plan, entry, element)
        else:
            answer = plan.answer(entry, self.content[value:end] if items is None else None)
        plan.remember(entry, self.content[start:end], answer)
        return answer

    def _sequence(self, plan: Plan, entry: Entry, element: Element) -> Answer:
        if entry.vr != "SQ":
            return b"", frozenset((entry.dropped,))
        if self.depth >= MOST_DEPTH:
            raise Odd
        noted = {entry.kept}
        told_implicit = element[1] == b"" or element[1] == b"UN"
        items = items_of(self.content, element, told_implicit, self.depth)
        body = b"".join(self._item(plan, entry, item, noted) for item in items)
        return header(entry.tag, "SQ", len(body), implicit=self.implicit) + body, frozenset(noted)

    def _item(self, plan: Plan, entry: Entry, item: Item, noted: set[int]) -> bytes:
        elements = elements_of(self.content, item, self.depth + 1)
        inner = Splice(self.content, self.implicit, self.depth + 1)
        inner.add(plan.inside(entry, own_charset(self.content, elements, plan.charset)), elements)
        noted |= inner.noted
        body = b"".join(inner.parts)
        return _ITEM.pack(0xFFFE, 0xE000, len(body)) + body
