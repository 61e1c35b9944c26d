"""DICOM elements as plain values, and their bytes.

A header is a dictionary from tag to (VR, value). Values are text (several are separated by backslashes), bytes,
numbers, or a list of headers. All bytes are ours: they depend on no version of a library, and encoding is quick.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from pydicom.charset import convert_encodings, encode_string
from pydicom.datadict import dictionary_VR, tag_for_keyword

Header = dict[int, tuple[str, object]]
Elements = dict[int, bytes]

NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
LONG = frozenset({"OB", "OW", "OF", "OD", "OL", "UN", "SQ", "UT", "UC", "UR", "UV", "SV"})
PLAIN = frozenset({"UI", "DS", "IS", "DA", "TM", "DT", "CS", "AS", "AE"})  # always ASCII
UNDECLARED = b"\x1b(J"  # escape to JIS X 0201
AMBIGUOUS = {"US or SS": "US", "OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "US"}


@dataclass(frozen=True)
class Coding:
    """How headers become bytes: with or without VRs, in which character sets."""

    implicit: bool = False
    charset: str = "ISO_IR 100"


@cache
def named(keyword: str) -> tuple[int, str]:
    """Tag and VR of a keyword of the standard."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"DICOM has no attribute {keyword}")
    vr = dictionary_VR(tag)
    return tag, AMBIGUOUS.get(vr, vr)


def put(header: Header, **values: object) -> Header:
    """Set attributes by keyword, and return the header."""
    for keyword, value in values.items():
        tag, vr = named(keyword)
        header[tag] = (vr, value)
    return header


def header_of(**values: object) -> Header:
    """A new header from attributes by keyword."""
    return put({}, **values)


def code(value: str, scheme: str, meaning: str) -> Header:
    """One item of a code sequence."""
    return header_of(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def encode_each(header: Header, coding: Coding) -> Elements:
    """The bytes of each element, by tag."""
    return {tag: encode_element(tag, vr, value, coding) for tag, (vr, value) in header.items()}


def encode_item(header: Header, coding: Coding) -> bytes:
    """An item of a sequence, with its length."""
    body = b"".join([encode_element(tag, *header[tag], coding) for tag in sorted(header)])
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(body)) + body


def encode_element(tag: int, vr: str, value: object, coding: Coding) -> bytes:
    """One element."""
    return framed(tag, vr, encode_value(vr, value, coding), implicit=coding.implicit)


def framed(tag: int, vr: str, content: bytes, *, implicit: bool) -> bytes:
    """Tag, VR and length in front of encoded content."""
    if implicit:
        return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(content)) + content
    if vr in LONG:
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr.encode(), 0, len(content)) + content
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(content)) + content


def encode_value(vr: str, value: object, coding: Coding) -> bytes:
    """The content of an element, of even length."""
    if isinstance(value, str):
        raw = value.encode("ascii") if vr in PLAIN or value.isascii() else encode_text(vr, value, coding.charset)
        return raw + (b"\0" if vr == "UI" else b" ") if len(raw) % 2 else raw
    if isinstance(value, bytes):
        return value + b"\0" if len(value) % 2 else value
    if isinstance(value, list):
        return b"".join([encode_item(each, coding) for each in value])
    numbers = value if isinstance(value, tuple) else (value,)
    if vr == "AT":
        return b"".join(struct.pack("<HH", each >> 16, each & 0xFFFF) for each in numbers)
    return struct.pack(f"<{len(numbers)}{NUMBERS[vr]}", *numbers)


def encode_text(vr: str, value: str, charset: str) -> bytes:
    """A text in the character sets of a header; the groups of a name start anew, as the standard asks."""
    encodings = convert_encodings(charset.split("\\"))
    marks = "^=" if vr == "PN" else "\\"
    pieces, start = [], 0
    for index, letter in enumerate(value):
        if letter in marks:
            pieces += [encode_string(value[start:index], encodings), letter.encode()]
            start = index + 1
    return b"".join([*pieces, encode_string(value[start:], encodings)])


def can_spell(charset: str, texts: Iterable[str]) -> bool:
    """Whether every text can be written in a character set, each of its pieces in one of several sets."""
    encodings = convert_encodings(charset.split("\\"))
    pieces = [piece for text in texts for piece in text.replace("=", "^").split("^") if not piece.isascii()]
    return all(any(_spells(each, piece) for each in encodings[1:] or encodings) for piece in pieces)


def _spells(encoding: str, piece: str) -> bool:
    """Japanese must do without the second set that Python's codec slips in, since the header does not declare it."""
    try:
        return UNDECLARED not in piece.encode(encoding)
    except UnicodeEncodeError:
        return False


def foreign_texts(header: Header) -> Iterator[str]:
    """Every text, at any depth, that is not plain ASCII."""
    for _, value in header.values():
        if isinstance(value, str):
            if not value.isascii():
                yield value
        elif isinstance(value, list):
            for item in value:
                yield from foreign_texts(item)
