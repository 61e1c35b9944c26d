"""Where the elements of a DICOM file lie: bytes in, ranges out. Pure; nothing is decoded and no value is copied.

Laws: every range lies inside the one that holds it; tags ascend; whatever is not strictly as PS3.5 (section 7) and
PS3.10 say raises `Odd`, and the caller lets a more patient reader look. Nesting is followed to a fixed depth. Sequences
of defined length are stepped over, and looked into only when somebody asks for their items.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import dictionary_VR
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from imagebank.dicom.repeats import Template, Templates, template_of

MOST_DEPTH = 32
UNDEFINED = 0xFFFFFFFF
NO_TAG = 0xFFFE0000  # items and delimiters, which are no elements
SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_GROUP, PIXEL_DATA = 0x7FE00000, 0x7FE00010
SHARED_GROUPS, FRAME_GROUPS = 0x52009229, 0x52009230
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())  # 2 bytes of length
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # 2 reserved bytes, 4 of length
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_EXPLICIT = struct.Struct("<HH2sH")
_IMPLICIT = struct.Struct("<HHI")
_LENGTH = struct.Struct("<I")
_GROUP_LENGTH = struct.Struct("<I2sHI")
_LAST = (b"\xe0\x7f", b"\xfa\xff", b"\xfc\xff")  # groups that may follow a header: pixels, signatures, padding
_KNOWN = {(tag, implicit): Templates() for tag in (SHARED_GROUPS, FRAME_GROUPS) for implicit in (False, True)}
"""Layouts of the functional groups of enhanced images, with VRs and without: hundreds of items that hardly differ."""


class Odd(Exception):
    """Bytes that are not strictly DICOM, or stranger than this reader follows; says nothing of what they hold."""


class Item(NamedTuple):
    """One item of a sequence: the range of its content, and its elements where they had to be found to see its end."""

    start: int
    end: int
    implicit: bool
    elements: list[Element] | None
    template: Template | None = None  # of a functional group; items with the same one are laid out alike


Element = tuple[int, bytes, int, int, int, tuple[Item, ...] | None]
"""Tag; VR, empty where it is not told; where header, value and the next element begin; items, of undefined length only.

A plain tuple, because one is made for each element of each file.
"""


class Start(NamedTuple):
    """How a file begins: transfer syntax, meta header, and where its data set begins."""

    syntax: str
    implicit: bool
    encapsulated: bool
    meta: list[Element]
    end: int


@dataclass(frozen=True)
class Layout:
    """One file: its transfer syntax, and the elements of its meta header and of its data set."""

    syntax: str
    implicit: bool
    encapsulated: bool
    meta: list[Element]
    elements: list[Element]


def read_layout(content: bytes, *, stop: int = NO_TAG) -> Layout:
    """The elements of a file with tags below `stop`. Raises Odd for what is not plainly little-endian DICOM."""
    start = read_start(content)
    elements, place = elements_from(content, start.end, start.implicit, stop - 1)
    if not elements or elements[0][0] >> 16 <= 2 or (place < len(content) and content[place : place + 2] not in _LAST):
        raise Odd
    return Layout(start.syntax, start.implicit, start.encapsulated, start.meta, elements)


def elements_of(content: bytes, item: Item, depth: int = 0) -> list[Element]:
    """The elements of an item. Raises Odd."""
    if item.elements is not None:
        return item.elements
    try:
        return _walk(content, item.start, item.end, item.implicit, depth, NO_TAG)[0]
    except struct.error:
        raise Odd from None


def items_of(content: bytes, element: Element, implicit: bool, depth: int = 0) -> tuple[Item, ...]:
    """The items of a sequence. Those of an element told to be UN are implicit (PS3.5, section 6.2.2). Raises Odd."""
    _, vr, _, value, end, items = element
    if items is not None:
        return items
    try:
        return _items(content, value, end, implicit or vr == b"UN", depth, delimited=False)[0]
    except struct.error:
        raise Odd from None


def read_start(content: bytes) -> Start:
    """How a file begins. Raises Odd."""
    try:
        return _read_start(content)
    except struct.error:
        raise Odd from None


def elements_from(content: bytes, place: int, implicit: bool, last: int) -> tuple[list[Element], int]:
    """The elements of a data set from a place on with tags up to `last`, and the place behind them. Raises Odd."""
    try:
        return _walk(content, place, len(content), implicit, 0, last + 1)
    except struct.error:
        raise Odd from None


def _read_start(content: bytes) -> Start:
    if content[128:132] != b"DICM":
        raise Odd
    tag, vr, length, size = _GROUP_LENGTH.unpack_from(content, 132)
    end = 144 + size
    if (tag, vr, length) != (0x00000002, b"UL", 4) or end > len(content):
        raise Odd
    meta, _ = _walk(content, 132, end, False, 0, NO_TAG)
    if meta[-1][0] >> 16 != 2:  # tags ascend, and the first is the length of this group
        raise Odd
    syntax = _syntax(content, meta)
    implicit, encapsulated = _encoding(syntax)
    if implicit:
        _check_implicit(content, end, len(content) - end)
    return Start(syntax, implicit, encapsulated, meta, end)


def _syntax(content: bytes, meta: list[Element]) -> str:
    told = [content[value:end] for tag, _, _, value, end, _ in meta if tag == 0x00020010]
    if len(told) != 1 or not told[0].isascii():
        raise Odd
    return told[0].rstrip(b"\0 ").decode("ascii")


@lru_cache(maxsize=256)
def _encoding(syntax: str) -> tuple[bool, bool]:
    """Whether a transfer syntax tells no VR, and whether it packs pixels into fragments."""
    uid = UID(syntax)
    if uid in (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian) or uid.is_private or not uid.is_transfer_syntax:
        raise Odd
    return uid == ImplicitVRLittleEndian, uid.is_encapsulated


def _walk(
    content: bytes, place: int, end: int, implicit: bool, depth: int, stop: int, *, delimited: bool = False
) -> tuple[list[Element], int]:
    """The elements of one data set, and where it ended."""
    if depth > MOST_DEPTH:
        raise Odd
    found: list[Element] = []
    last = -1
    while place < end:
        if implicit:
            group, number, length = _IMPLICIT.unpack_from(content, place)
            vr, value = b"", place + 8
        else:
            group, number, vr, length = _EXPLICIT.unpack_from(content, place)
            value = place + 8
            if vr not in SHORT_VRS:
                value, length = _long(content, place, group, vr, length)
        tag = group << 16 | number
        if tag >= stop:
            break
        items = None
        if length == UNDEFINED:
            vr, items, following = _undefined(content, tag, vr, value, end, implicit, depth)
        else:
            following = value + length
        if tag <= last or following > end:
            raise Odd
        found.append((tag, vr, place, value, following, items))
        last, place = tag, following
    if found and found[0][0] <= SPECIFIC_CHARACTER_SET:
        _check_charset(content, found)
    if delimited:
        return found, _past(ITEM_END, content, place, end)
    if place != end and stop == NO_TAG:
        raise Odd
    return found, place


def _check_charset(content: bytes, elements: list[Element]) -> None:
    """Raise Odd where the name of a character set is told in a way that pydicom cannot read."""
    place = bisect_left(elements, (SPECIFIC_CHARACTER_SET,))
    if place < len(elements) and elements[place][0] == SPECIFIC_CHARACTER_SET:
        _, vr, _, value, end, _ = elements[place]
        if vr not in (b"CS", b"") or b"\0" in content[value:end].rstrip(b"\0 "):
            raise Odd


def _past(delimiter: int, content: bytes, place: int, end: int) -> int:
    group, number, length = _IMPLICIT.unpack_from(content, place)
    if group << 16 | number != delimiter or length or place + 8 > end:
        raise Odd
    return place + 8


def _long(content: bytes, place: int, group: int, vr: bytes, reserved: int) -> tuple[int, int]:
    """Where the value of an element begins whose VR is no short one, and its length."""
    if vr in LONG_VRS and reserved == 0:
        return place + 12, _LENGTH.unpack_from(content, place + 8)[0]
    if group == 0xFFFE and vr == b"\0\0":
        return place + 8, reserved  # an item or a delimiter, which tells no VR
    raise Odd


def _undefined(
    content: bytes, tag: int, vr: bytes, value: int, end: int, implicit: bool, depth: int
) -> tuple[bytes, tuple[Item, ...] | None, int]:
    """VR, items and end of an element of undefined length."""
    if vr in (b"OB", b"OW") and tag == PIXEL_DATA:
        return vr, None, _end_of_fragments(content, value, end)
    if vr in (b"SQ", b"UN") or (implicit and _may_be_sequence(tag)):
        known = _KNOWN.get((tag, implicit)) if depth == 0 and vr != b"UN" else None
        items, following = _items(content, value, end, implicit or vr == b"UN", depth, delimited=True, known=known)
        return b"SQ", items, following
    raise Odd


@lru_cache(maxsize=4096)
def _may_be_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return True


def _items(
    content: bytes, place: int, end: int, implicit: bool, depth: int, *, delimited: bool, known: Templates | None = None
) -> tuple[tuple[Item, ...], int]:
    """The items of one sequence, and where it ended."""
    found: list[Item] = []
    while place < end:
        group, number, length = _IMPLICIT.unpack_from(content, place)
        tag, start = group << 16 | number, place + 8
        if tag == SEQUENCE_END and delimited:
            return tuple(found), _past(SEQUENCE_END, content, place, end)
        if tag != ITEM:
            raise Odd
        if implicit:
            _check_implicit(content, start, length)
        if length == UNDEFINED and known:
            item, place = _group(content, start, end, implicit, depth, known)
            found.append(item)
        elif length == UNDEFINED:
            elements, place = _walk(content, start, end, implicit, depth + 1, NO_TAG, delimited=True)
            found.append(Item(start, place - 8, implicit, elements))
        else:
            place = start + length
            found.append(Item(start, place, implicit, None))
    if delimited or place != end:
        raise Odd
    return tuple(found), place


def _group(content: bytes, start: int, end: int, implicit: bool, depth: int, known: Templates) -> tuple[Item, int]:
    """The groups of a frame or of all, and where they ended; what is laid out like something known is not walked."""
    template = known.match(content, start, end)
    if template:
        return Item(start, start + template.length - 8, implicit, None, template), start + template.length
    elements, place = _walk(content, start, end, implicit, depth + 1, NO_TAG, delimited=True)
    template = template_of(content, start, place, elements)
    known.learn(template)
    return Item(start, place - 8, implicit, elements, template), place


def _check_implicit(content: bytes, start: int, length: int) -> None:
    """Raise Odd where a data set that should tell no VR seems to tell one."""
    vr = content[start + 4 : start + 6]
    if length and vr.isalpha() and vr.isupper():
        raise Odd


def _end_of_fragments(content: bytes, place: int, end: int) -> int:
    """Where the fragments of packed pixels end (PS3.5, section A.4)."""
    while place < end:
        group, number, length = _IMPLICIT.unpack_from(content, place)
        tag = group << 16 | number
        if tag == SEQUENCE_END:
            return _past(SEQUENCE_END, content, place, end)
        if tag != ITEM:
            raise Odd
        place += 8 + length
    raise Odd
