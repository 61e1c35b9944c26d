"""Hides canaries where no element of the header stands: before it, behind it, in file names. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imagebank.proof.canaries import Canaries, Plant

LONG_VRS = (b"OB", b"OW", b"UN", b"UT", b"SQ", b"OF", b"OD", b"OL", b"OV", b"UC", b"UR", b"SV", b"UV")
META = 132


def plant_places(content: bytes, canaries: Canaries) -> tuple[bytes, list[Plant]]:
    """A file with canaries in its preamble, its file meta and behind its end."""
    plants: list[Plant] = []
    preamble = _planted(plants, "preamble", "preamble", canaries.word(40))
    meta = b"".join(_meta_elements(content))
    meta += _element(0x00020013, b"SH", _planted(plants, "file meta", "(0002,0013)", canaries.word(14)))
    meta += _element(0x00020016, b"AE", _planted(plants, "file meta", "(0002,0016)", canaries.word(14)))
    meta += _element(0x00020017, b"AE", _planted(plants, "file meta", "(0002,0017)", canaries.word(14)))
    meta += _element(0x00020100, b"UI", _planted(plants, "file meta", "(0002,0100)", canaries.uid()) + b"\0")
    meta += _element(0x00020102, b"OB", _planted(plants, "file meta", "(0002,0102)", canaries.word(20)))
    head = preamble.ljust(128, b"\0") + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta
    return head + content[_end_of_meta(content) :], plants


def plant_behind(content: bytes, canaries: Canaries, *, implicit: bool) -> tuple[bytes, list[Plant]]:
    """A file with a padding element behind its pixels that holds a canary, as some archives leave them."""
    plants: list[Plant] = []
    padding = _planted(plants, "trailing padding element", "(FFFC,FFFC)", canaries.word(30))
    if implicit:
        return content + struct.pack("<HHI", 0xFFFC, 0xFFFC, len(padding)) + padding, plants
    return content + _element(0xFFFCFFFC, b"OB", padding), plants


def plant_after_end(content: bytes, canaries: Canaries) -> tuple[bytes, list[Plant]]:
    """A file with bytes behind the end of its dataset that are no element."""
    plants: list[Plant] = []
    text = _planted(plants, "bytes behind the end", "end", canaries.word(6))  # fewer than an element's header has
    return content + text, plants


def plant_name(canaries: Canaries) -> tuple[str, list[Plant]]:
    """A path with a name, a number and a date in it."""
    name, number, day = canaries.word(9), canaries.digits(10), f"{canaries.day():%Y%m%d}"
    values = (name, number, day)
    return f"{name}^X_{number}/{day}/{name}.dcm", [Plant("file name", "path", 0, value) for value in values]


def _planted(plants: list[Plant], kind: str, place: str, text: str) -> bytes:
    plants.append(Plant(kind, place, 0, text))
    return text.encode()


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    if vr in LONG_VRS:
        return start + b"\0\0" + struct.pack("<I", len(value)) + value
    return start + struct.pack("<H", len(value)) + value


def _end_of_meta(content: bytes) -> int:
    return META + 12 + int(struct.unpack_from("<I", content, META + 8)[0])


def _meta_elements(content: bytes) -> Iterator[bytes]:
    """The elements of the file meta that stay in a clone: version, class, instance, syntax, implementation."""
    place, end = META + 12, _end_of_meta(content)
    while place < end:
        _, element = struct.unpack_from("<HH", content, place)
        long = content[place + 4 : place + 6] in LONG_VRS
        length = struct.unpack_from("<I" if long else "<H", content, place + (8 if long else 6))[0]
        following = place + (12 if long else 8) + length
        if element <= 0x0012:
            yield content[place:following]
        place = following
