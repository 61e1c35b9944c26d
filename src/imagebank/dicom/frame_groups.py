"""Functional groups in the bytes of a file: what is learnt of one is known of all that are laid out alike.

An enhanced image has hundreds of groups of a hundred elements each, and hardly two layouts among them; those of the
next image of the scanner are the same again. So a layout is walked once and remembered without any value. Whatever is
odd raises `Odd`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple, TypeVar

from imagebank.dicom.elements import SPECIFIC_CHARACTER_SET, Element, Item, Odd, elements_of, items_of
from imagebank.dicom.plain import vr_of
from imagebank.dicom.repeats import Template, template_of, weigh

FIRST_CREATOR, LAST_CREATOR = 0x10, 0xFF
MOST_ALIKE = 16
"""Layouts of one length that are remembered."""


class Place(NamedTuple):
    """One data set: its elements in order, and whether they tell no VR."""

    elements: Sequence[Element]
    implicit: bool


Found = tuple[int, bytes, int, int]
"""Which of the wanted values it is, its VR, and where it begins and ends, counted from where its frame begins."""

MOST_LENGTHS = 1024
"""Lengths of groups of which layouts are remembered; then all are forgotten."""

Wanted = tuple[tuple[int, int], ...]
"""Macro and element of each value that may vary from frame to frame."""


class Group(NamedTuple):
    """The layout of a group; all its places are counted from where the group begins."""

    template: Template
    macros: tuple[Place, ...]
    """The first item of each macro; private ones, which repeat classic elements, come last."""

    by_tag: dict[int, list[tuple[Element, Place]]]


class Row(NamedTuple):
    """Where the values that vary lie in a frame, of those that it has."""

    template: Template
    values: tuple[Found, ...]
    cut: Callable[[bytes], tuple[bytes, ...]]
    """The bytes of the values out of those of the frame, all at once."""

    leads: bool
    """Whether the first of the wanted values is among them."""


_GROUPS: dict[tuple[int, bool], list[Group]] = {}
_ROWS: dict[tuple[int, bool, Wanted], list[Row]] = {}
"""What was learnt of groups of one length, with VRs or without, in this file and in earlier ones."""

K = TypeVar("K")
V = TypeVar("V")


def _known(memory: dict[K, list[V]], key: K) -> list[V]:
    """What was learnt, to be added to."""
    if key not in memory and len(memory) >= MOST_LENGTHS:
        memory.clear()
    return memory.setdefault(key, [])


def _learnt(alike: list[V], found: V) -> V:
    """Add to what is known, and forget the oldest."""
    alike.insert(0, found)
    del alike[MOST_ALIKE:]
    return found


def group_at(content: bytes, item: Item) -> Group:
    """The layout of a group. Raises Odd."""
    alike = _known(_GROUPS, (item.end - item.start, item.implicit))
    weight = weigh(content, item.start, item.end)
    for group in alike:
        if group.template.fits(weight):
            return group
    return _learnt(alike, _learn_group(content, item))


def rows_at(content: bytes, items: Sequence[Item], wanted: Wanted) -> Iterator[tuple[Row, tuple[bytes, ...]]]:
    """Of each frame where the wanted values lie, in the first item of their macros, and their bytes. Raises Odd."""
    here: dict[int, Row] = {}
    for item in items:
        template = item.template
        row = here.get(id(template)) if template else None
        if row is None:
            row = _row_at(content, item, wanted)
            if template and template.complete:
                here[id(template)] = row
        yield row, row.cut(content[item.start : item.end])


def _row_at(content: bytes, item: Item, wanted: Wanted) -> Row:
    alike = _known(_ROWS, (item.end - item.start, item.implicit, wanted))
    weight = weigh(content, item.start, item.end)
    for row in alike:
        if row.template.fits(weight):
            return row
    return _learnt(alike, _learn_row(content, item, wanted))


def _learn_group(content: bytes, item: Item) -> Group:
    elements, start = _elements(content, item), item.start
    opened = [_opened(content, each, item) if is_sequence(each, item.implicit) else each for each in elements]
    template = template_of(content, start, item.end, opened)
    macros = [each for each in opened if each[5]]
    macros.sort(key=lambda each: (each[0] >> 16 & 1, each[0]))
    firsts = (each[5][0] for each in macros if each[5])
    places = tuple(Place(_counted_from(start, each.elements or []), each.implicit) for each in firsts)
    by_tag: dict[int, list[tuple[Element, Place]]] = {}
    for place in places:
        for element in place.elements:
            by_tag.setdefault(element[0], []).append((element, place))
    return Group(template, places, by_tag)


def _counted_from(start: int, elements: Sequence[Element]) -> list[Element]:
    return [(tag, vr, at - start, value - start, end - start, items) for tag, vr, at, value, end, items in elements]


def _learn_row(content: bytes, item: Item, wanted: Wanted) -> Row:
    macros = {macro for macro, _ in wanted}
    elements = [_opened(content, each, item) if each[0] in macros else each for each in _elements(content, item)]
    values = tuple(_values_in(elements, wanted, item.start))
    return Row(
        template_of(content, item.start, item.end, elements),
        values,
        _cutter(values),
        bool(values) and values[0][0] == 0,
    )


def _cutter(values: Sequence[Found]) -> Callable[[bytes], tuple[bytes, ...]]:
    places = [slice(first, last) for _, _, first, last in values]
    if len(places) > 1:
        return itemgetter(*places)
    return lambda frame: tuple([frame[place] for place in places])


def _values_in(elements: Sequence[Element], wanted: Wanted, start: int) -> Iterator[Found]:
    for column, (macro, tag) in enumerate(wanted):
        group = find(elements, macro)
        for item in (group[5] or ())[:1] if group else ():
            found = find(item.elements or (), tag)
            if found is None:
                continue
            if found[5] is not None:
                raise Odd  # a sequence where a value should stand
            yield column, vr_in(found, item.implicit), found[3] - start, found[4] - start


def _opened(content: bytes, element: Element, around: Item) -> Element:
    """A macro with the elements of its items."""
    tag, vr, header, value, end, _ = element
    items = items_in(content, element, around.implicit)
    return tag, vr, header, value, end, tuple(item._replace(elements=_elements(content, item)) for item in items)


def items_in(content: bytes, element: Element, implicit: bool) -> tuple[Item, ...]:
    """The items of a sequence. Raises Odd where the element is none."""
    if not is_sequence(element, implicit):
        raise Odd
    return items_of(content, element, implicit)


def _elements(content: bytes, item: Item) -> list[Element]:
    elements = elements_of(content, item)
    if find(elements, SPECIFIC_CHARACTER_SET):
        raise Odd  # its texts are written in another way than those around it
    return elements


def vr_in(element: Element, implicit: bool) -> bytes:
    """The VR that an element tells; of one that tells none the dictionary's, where it has one."""
    return vr_of(element[0]) if implicit and not element[1] else element[1]


def is_sequence(element: Element, implicit: bool) -> bool:
    """Whether an element holds items. Raises Odd where only pydicom's list of private elements could say so."""
    tag, vr, _, value, end, items = element
    if items is not None or vr == b"SQ":
        return True
    if vr not in (b"", b"UN") or value == end:
        return False
    if (tag >> 16 & 1 and not FIRST_CREATOR <= tag & 0xFFFF <= LAST_CREATOR) or vr == b"UN":
        raise Odd
    return implicit and vr_of(tag) == b"SQ"


def find(elements: Sequence[Element], tag: int) -> Element | None:
    """The element of a tag."""
    place = bisect_left(elements, (tag,))
    return elements[place] if place < len(elements) and elements[place][0] == tag else None


def creators_of(elements: Sequence[Element], group: int) -> Sequence[Element]:
    """The elements of a private group that reserve its blocks."""
    first, following = group << 16 | FIRST_CREATOR, (group << 16 | LAST_CREATOR) + 1
    if not elements or elements[-1][0] < first:
        return ()
    return elements[bisect_left(elements, (first,)) : bisect_left(elements, (following,))]
