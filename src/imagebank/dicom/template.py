"""What the instances of a series have in common: compared as a whole, not read again. Pure.

From one instance to the next few elements change. A template holds the bytes of all that lies between those, and what
was written in their place. Only the elements that may vary are read and spliced as in the first instance.

Laws: an instance matches when every byte outside the elements that may vary is the same, and the tags of those are;
whatever decides on other elements (the class, the character set, names, how pixels are stored) never may. What does
not match is read from its beginning. A template belongs to one patient, as the plan does from which it was made.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from imagebank.dicom.decisions import Decision
from imagebank.dicom.elements import NO_TAG, SPECIFIC_CHARACTER_SET, Element, elements_from
from imagebank.dicom.names import HOLDING_NAMES, IDS, NAMES
from imagebank.dicom.pixel_ranges import FACTS, PIXELS
from imagebank.dicom.plan import Plan
from imagebank.dicom.splice import PRIVATE, Splice

SOP_CLASS, SOP_INSTANCE = 0x00080016, 0x00080018
NEVER_VARY = frozenset((SPECIFIC_CHARACTER_SET, SOP_CLASS, *NAMES, *IDS, *HOLDING_NAMES, *FACTS))
USUALLY_VARY = frozenset((
    SOP_INSTANCE, *PIXELS,
    0x00080032, 0x00080033,  # times of acquisition and content
    0x00200013, 0x00200032, 0x00201041,  # number, position and location of the slice
    0x00280106, 0x00280107, 0x00281050, 0x00281051,  # brightness of its pixels, and how to show them
))  # fmt: skip
MOST_COMPARED = 1 << 16  # bytes of an element that is remembered to be compared

Addition = tuple[int, bytes]
"""An element that every instance gets, by its tag: as it is to be written."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Elements that were the same in every instance so far, and what was written for them."""

    content: bytes = field(repr=False)
    written: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gap:
    """Elements that may vary, and what is to be added among them."""

    tags: list[int]
    additions: Sequence[Addition]


@dataclass(frozen=True, slots=True)
class PrivateGap:
    """Private elements of one group that may vary: the creator of each, and whether it stayed.

    Where another stays, other creators must be written before, and the template does not hold.
    """

    tags: list[int]
    creators: list[str]
    stayed: list[bool]


class Habits:
    """Which elements vary in a series, as learned so far from the instances that were read from their beginning."""

    def __init__(self) -> None:
        self._varying = set(USUALLY_VARY)
        self._seen: dict[int, bytes] = {}

    def learn(self, content: bytes, elements: Sequence[Element]) -> None:
        """Compare an instance with the last one that was learned from."""
        seen, self._seen = self._seen, {}
        for tag, _, start, _, end, _ in elements:
            if tag in self._varying or _never_varies(tag):
                continue
            if end - start > MOST_COMPARED or seen.get(tag, content[start:end]) != content[start:end]:
                self._varying.add(tag)
            else:
                self._seen[tag] = content[start:end]

    def runs(self, elements: Sequence[Element]) -> Iterator[tuple[bool, list[Element]]]:
        """Elements in runs, each of those that vary or of those that do not."""
        varying = self._varying
        for varies, run in groupby(elements, lambda element: element[0] in varying):
            yield varies, list(run)


def _never_varies(tag: int) -> bool:
    """What decides on others, the creators of private blocks among them, and where overlays lie."""
    is_creator = tag & PRIVATE and 0x10 <= tag & 0xFFFF <= 0xFF
    return bool(is_creator) or tag in NEVER_VARY or tag >> 24 == 0x60


@dataclass(frozen=True)
class Template:
    """The steps through an instance, and the numbers of the decisions on what does not vary."""

    plan: Plan
    implicit: bool
    steps: list[Stretch | Gap | PrivateGap] = field(repr=False)
    noted: frozenset[int]
    told: dict[frozenset[int], frozenset[Decision]] = field(default_factory=dict, repr=False)

    def decisions(self, noted: set[int]) -> frozenset[Decision]:
        """All decisions on an instance, by the numbers of those on what varies: mostly the same in a whole series."""
        key = frozenset(noted)
        found = self.told.get(key)
        if found is None:
            found = self.told[key] = self.plan.plans.decisions(self.noted | key)
        return found

    def follow(self, content: bytes, place: int) -> tuple[Splice, dict[int, Element]] | None:
        """A data set spliced, and the elements in its gaps; None where it does not match. Raises Odd."""
        splice, found = Splice(content, self.implicit), dict[int, Element]()
        for step in self.steps:
            if isinstance(step, Stretch):
                if not content.startswith(step.content, place):
                    return None
                splice.parts.append(step.written)
                place += len(step.content)
                continue
            elements, place = elements_from(content, place, self.implicit, step.tags[-1])
            if [element[0] for element in elements] != step.tags:
                return None
            if isinstance(step, Gap):
                add_all(splice, self.plan, elements, step.additions)
            elif not self._add_private(splice, elements, step):
                return None
            for element in elements:
                found[element[0]] = element
        return (splice, found) if place == len(content) else None

    def _add_private(self, splice: Splice, elements: Sequence[Element], gap: PrivateGap) -> bool:
        """Splice private elements; whether those stayed that did before."""
        for element, creator, stayed in zip(elements, gap.creators, gap.stayed, strict=True):
            piece, numbers = splice.private(self.plan, element, creator)
            if bool(piece) is not stayed:
                return False
            splice.parts.append(piece)
            splice.noted.update(numbers)
        return True


class _Maker:
    """A data set that is spliced from its beginning, and the template that comes of it."""

    def __init__(self, content: bytes, plan: Plan, additions: Sequence[Addition], habits: Habits) -> None:
        self.content, self.plan, self.additions, self.habits = content, plan, additions, habits
        self.splice = Splice(content, plan.plans.implicit)
        self.steps: list[Stretch | Gap | PrivateGap] = []
        self.noted: set[int] = set()

    def add(self, elements: Sequence[Element]) -> None:
        """Splice all elements, and add what is to be added."""
        for group, some in groupby(elements, lambda element: element[0] >> 16 if element[0] & PRIVATE else 0):
            if group:
                self._stretch(b"", self._additions_before(group << 16))
                self._add_private(list(some))
            else:
                self._add_standard(list(some))
        self._stretch(b"", self._additions_before(NO_TAG))

    def _add_standard(self, elements: Sequence[Element]) -> None:
        for varies, run in self.habits.runs(elements):
            additions = self._take(run[-1][0] + 1)
            inner = Splice(self.content, self.splice.implicit)
            add_all(inner, self.plan, run, additions)
            self.splice.noted.update(inner.noted)
            if varies:
                self.splice.parts.extend(inner.parts)
                self.steps.append(Gap([element[0] for element in run], additions))
            else:
                self._stretch(self._content_of(run), inner.parts, inner.noted)

    def _add_private(self, elements: Sequence[Element]) -> None:
        creators, told = self.splice.private_group(self.plan, elements)
        answers = dict(zip((element[0] for element in elements), told, strict=True))
        self._stretch(b"", [creators])
        for varies, run in self.habits.runs(elements):
            mine = [answers[element[0]] for element in run]
            pieces, noted = [piece for _, (piece, _) in mine], set[int]().union(*(each for _, (_, each) in mine))
            self.splice.noted.update(noted)
            if varies:
                self.splice.parts.extend(pieces)
                tags, names = [element[0] for element in run], [creator for creator, _ in mine]
                self.steps.append(PrivateGap(tags, names, [bool(piece) for piece in pieces]))
            else:
                self._stretch(self._content_of(run), pieces, noted)

    def _content_of(self, run: Sequence[Element]) -> bytes:
        return self.content[run[0][2] : run[-1][4]]

    def _stretch(self, content: bytes, parts: Sequence[bytes | memoryview], noted: Iterable[int] = ()) -> None:
        written = b"".join(parts)
        self.noted.update(noted)
        self.splice.parts.append(written)
        if self.steps and isinstance(last := self.steps[-1], Stretch):
            self.steps[-1] = Stretch(last.content + content, last.written + written)
        else:
            self.steps.append(Stretch(content, written))

    def _take(self, behind: int) -> Sequence[Addition]:
        """The additions with tags below one that were not taken before."""
        place = bisect_left(self.additions, (behind,))
        taken, self.additions = self.additions[:place], self.additions[place:]
        return taken

    def _additions_before(self, tag: int) -> list[bytes]:
        return [added for _, added in self._take(tag)]


def splice_all(
    content: bytes, elements: Sequence[Element], plan: Plan, additions: Sequence[Addition], habits: Habits
) -> tuple[Splice, Template]:
    """A whole data set spliced, and the template that comes of it. Raises Odd."""
    maker = _Maker(content, plan, additions, habits)
    maker.add(elements)
    return maker.splice, Template(plan, plan.plans.implicit, maker.steps, frozenset(maker.noted))


def add_all(splice: Splice, plan: Plan, elements: Sequence[Element], additions: Sequence[Addition]) -> None:
    """Splice elements, and in their places those that are added to every instance."""
    place = 0
    for tag, added in additions:  # mostly none
        before, behind = bisect_left(elements, (tag,)), bisect_left(elements, (tag + 1,))
        splice.add(plan, elements[place:before])
        kept = len(splice.parts)
        splice.add(plan, elements[before:behind])
        splice.parts[kept:] = [added]
        place = behind
    splice.add(plan, elements[place:] if place else elements)
