"""The quick way to de-identify: what stays of the old file, and new bytes between. Pure: bytes in, parts out.

Laws: what a plan does not keep is not copied; pixels are handed on as a view of the bytes that came in; items are
walked by the same rules at any depth; whatever is odd raises `Odd`, and nothing is written.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from imagebank.dicom.elements import MOST_DEPTH, Element, Item, Odd, elements_of, items_of
from imagebank.dicom.plan import LONGEST_REMEMBERED, Answer, Entry, Plan, header
from imagebank.dicom.policy import Action
from imagebank.dicom.rewriting import PIXEL_VRS, creator_of, own_charset

PRIVATE = 0x10000
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
        parts, entries = self.parts, plan.entries
        note, note_all = self.noted.add, self.noted.update
        place, count = 0, len(elements)
        while place < count:
            element = elements[place]
            tag, vr, _, _, _, _ = element
            if tag & PRIVATE:
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
            piece, numbers = self._answer(plan, entry, element)
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
        """Append what stays of one private group; the place behind it."""
        group, end = elements[place][0] >> 16, place + 1
        while end < len(elements) and elements[end][0] >> 16 == group:
            end += 1
        creators, answers = self.private_group(plan, elements[place:end])
        self.parts.append(creators)
        for _, (piece, numbers) in answers:
            self.parts.append(piece)
            self.noted.update(numbers)
        return end

    def private_group(self, plan: Plan, elements: Sequence[Element]) -> tuple[bytes, list[tuple[str, Answer]]]:
        """The creators that stay of a private group, each with the number that it had; creator and answer of each."""
        creators: dict[int, str] = {}
        blocks: dict[int, str] = {}
        answers: list[tuple[str, Answer]] = []
        for element in elements:
            tag, _, _, value, end, _ = element
            number = tag & 0xFFFF
            if 0x10 <= number <= 0xFF:
                creators[number] = creator_of(self.content[value:end], plan.charset)
                answers.append(("", (b"", frozenset())))
                continue
            creator = creators.get(number >> 8, "")
            answer = self.private(plan, element, creator)
            if answer[0]:
                blocks[number >> 8] = creator
            answers.append((creator, answer))
        group = elements[0][0] >> 16
        return b"".join(self._creator_element(group, name, block) for block, name in blocks.items()), answers

    def private(self, plan: Plan, element: Element, creator: str) -> Answer:
        """What becomes of a private element in a block of this creator."""
        tag, vr, _, _, _, _ = element
        entry = plan.private.get((tag, vr, creator)) or plan.learn_private(tag, vr, creator)
        return (b"", frozenset((entry.dropped,))) if entry.removed else self._answer(plan, entry, element)

    def _creator_element(self, group: int, creator: str, block: int) -> bytes:
        name = creator.encode("ascii")
        name += b" " * (len(name) % 2)
        return header(group << 16 | block, "LO", len(name), implicit=self.implicit) + name

    def _answer(self, plan: Plan, entry: Entry, element: Element) -> Answer:
        _, _, start, _, end, _ = element
        if end - start > LONGEST_REMEMBERED:  # to look for it would cost as much as to read it
            return self._new_answer(plan, entry, element)
        whole = self.content[start:end]
        answer = entry.answers.get(whole)
        if answer is None:
            answer = self._new_answer(plan, entry, element)
            plan.remember(entry, whole, answer)
        return answer

    def _new_answer(self, plan: Plan, entry: Entry, element: Element) -> Answer:
        _, _, _, value, end, items = element
        if entry.rule.action is Action.SEQUENCE:
            return self._sequence(plan, entry, element)
        return plan.answer(entry, self.content[value:end] if items is None else None)

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
