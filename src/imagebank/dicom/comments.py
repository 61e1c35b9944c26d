"""What no decoder needs in compressed frames, overwritten with zeros in its place. Pure: bytes to bytes.

JPEG and JPEG-LS have comments and application segments (ITU-T T.81, B.2.4), JPEG 2000 has comments (T.800, A.9.2), RLE
has room in its header and behind each segment (PS3.5, Annex G); what follows the end of an image is padding. Laws: the
length stays, so that offsets hold; what a decoder needs stays, such as the start of application segments that say how
colours are stored; a table of offsets that is not the right one is emptied; a frame may lie in several fragments;
frames that are not understood are refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

ITEM = b"\xfe\xff\x00\xe0"
ITEM_BYTES = 8
STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")  # of JPEG and JPEG-LS, and of JPEG 2000
COLOURS = {b"JFIF\0": 12, b"Adobe": 12, b"mrfx": 5}  # what a segment begins with, and the bytes that say something
END, SCAN, COMMENT = 0xD9, 0xDA, 0xFE
TILE, TILE_DATA, COMMENT_2000 = 0xFF90, 0xFF93, 0xFF64
RLE = "1.2.840.10008.1.2.5"
RLE_HEADER = struct.Struct("<16I")
_JPEG = re.compile(r"1\.2\.840\.10008\.1\.2\.4\.(5\d|6\d|70|8[01]|9[0-3]|20[1-3])")  # transfer syntaxes, no films
_MARKER = re.compile(rb"\xff+([\x80-\xcf\xd8-\xfe])")  # in coded data a marker is what is neither stuffed nor a restart
_WORD, _SEGMENT, _LONG = struct.Struct(">H"), struct.Struct(">HH"), struct.Struct(">I")

Range = tuple[int, int]


class NotUnderstood(Exception):
    """Compressed pixels of which nobody here knows what they hold."""


@dataclass(frozen=True)
class Packed:
    """How pixels are compressed: transfer syntax, frames, and the pixels of one frame."""

    syntax: str
    frames: int
    pixels: int


def without_comments(fragments: bytes, packed: Packed) -> bytes:
    """The fragments of compressed pixels without comments; the same object where there are none.

    Shorter where their table of offsets had to be emptied. Raises NotUnderstood.
    """
    table, *rest = _fragments(fragments)
    frames = _frames(fragments, rest, packed)
    told = [place for frame in frames for place in _spare(fragments, frame, packed) if _says(fragments, *place)]
    if not _is_right(fragments[slice(*table)], [frame[0][0] - ITEM_BYTES - table[1] for frame in frames]):
        return _blanked(fragments, told, ITEM + bytes(4), table[1])
    return _blanked(fragments, told, b"", 0) if told else fragments


def _says(content: bytes, start: int, end: int) -> bool:
    return bool(content[start:end].strip(b"\0"))


def _blanked(content: bytes, places: Sequence[Range], table: bytes, behind: int) -> bytes:
    """The content with zeros in some places, and from one place on behind another table."""
    blank = bytearray(content)
    for start, end in places:
        blank[start:end] = bytes(end - start)
    return table + blank[behind:]


def _is_right(table: bytes, starts: Sequence[int]) -> bool:
    """Whether a table of offsets is empty, or says where each frame starts."""
    return not table or table == struct.pack(f"<{len(starts)}I", *starts)


def _fragments(content: bytes) -> list[Range]:
    """The ranges of all fragments, the table of offsets first."""
    found, place = list[Range](), 0
    while place < len(content):
        start = place + ITEM_BYTES
        place = start + int.from_bytes(content[place + 4 : start], "little")
        if content[start - ITEM_BYTES : start - 4] != ITEM or place > len(content):
            raise NotUnderstood
        found.append((start, place))
    if not found:
        raise NotUnderstood
    return found


def _frames(content: bytes, fragments: Sequence[Range], packed: Packed) -> list[list[Range]]:
    """The fragments of each frame: a frame of RLE has one, one of JPEG begins where an image does."""
    found: list[list[Range]] = []
    for each in fragments:
        if packed.syntax == RLE or content.startswith(STARTS, *each):
            found.append([each])
        elif found:
            found[-1].append(each)
        else:
            raise NotUnderstood
    if len(found) != packed.frames or not (packed.syntax == RLE or _is_jpeg(packed.syntax)):
        raise NotUnderstood
    return found


@lru_cache(maxsize=64)
def _is_jpeg(syntax: str) -> bool:
    return _JPEG.fullmatch(syntax) is not None


def _spare(content: bytes, frame: Sequence[Range], packed: Packed) -> Iterator[Range]:
    """The ranges of a frame that no decoder needs."""
    if len(frame) == 1:
        yield from _spare_in(content, *frame[0], packed)
        return
    joined, before = b"".join(content[start:end] for start, end in frame), 0
    spare = list(_spare_in(joined, 0, len(joined), packed))
    for start, end in frame:
        size = end - start
        for first, last in spare:
            if first - before < size and last > before:
                yield start + max(0, first - before), start + min(size, last - before)
        before += size


def _spare_in(content: bytes, start: int, end: int, packed: Packed) -> Iterator[Range]:
    try:
        if packed.syntax == RLE:
            yield from _spare_rle(content, start, end, packed.pixels)
        elif content.startswith(STARTS[0], start, end):
            yield from _spare_jpeg(content, start + 2, end)
        else:
            yield from _spare_jpeg_2000(content, start + 2, end)
    except (struct.error, IndexError):  # it ends within a segment
        raise NotUnderstood from None


def _spare_jpeg(content: bytes, place: int, end: int) -> Iterator[Range]:
    while marker := _MARKER.search(content, place, end):
        kind, place = marker[1][0], marker.end()
        if kind == END:
            yield place, end
            return
        if kind == 0xD8:
            continue
        value, place = place + 2, place + _WORD.unpack_from(content, place)[0]
        if kind == COMMENT or 0xE0 <= kind <= 0xEF:
            kept = next((size for name, size in COLOURS.items() if content.startswith(name, value)), 0)
            yield min(value + kept, place), min(place, end)


def _spare_jpeg_2000(content: bytes, place: int, end: int) -> Iterator[Range]:
    following = 0  # where the tile ends whose header is being read
    while place + 2 <= end:
        marker = _WORD.unpack_from(content, place)[0]
        if marker == 0xFF00 | END:
            yield place + 2, end
            return
        if marker == TILE_DATA:
            if following <= place:  # the last tile, whose length is not told: its data hold no marker
                following = content.find(bytes((0xFF, END)), place, end)
            if following < 0:
                return
            place = following
            continue
        _, length = _SEGMENT.unpack_from(content, place)
        if marker == TILE:
            following = place + _LONG.unpack_from(content, place + 6)[0]
        if marker == COMMENT_2000:
            yield place + 6, min(place + 2 + length, end)
        place += 2 + length


def _spare_rle(content: bytes, start: int, end: int, pixels: int) -> Iterator[Range]:
    count, *offsets = RLE_HEADER.unpack_from(content, start)
    if not 1 <= count <= len(offsets) or start + RLE_HEADER.size > end:
        raise NotUnderstood
    yield start + 4 * (count + 1), start + RLE_HEADER.size
    place = start + RLE_HEADER.size
    for offset in offsets[:count]:
        if start + offset < place:
            raise NotUnderstood
        yield place, start + offset
        place = _behind_packed(content, start + offset, pixels)
        if place > end:
            raise NotUnderstood
    yield place, end


def _behind_packed(content: bytes, place: int, pixels: int) -> int:
    """The place behind a segment of RLE, which is over when each pixel has its byte."""
    unpacked = 0
    while unpacked < pixels:
        told = content[place]
        if told < 128:
            unpacked, place = unpacked + told + 1, place + told + 2
        elif told > 128:
            unpacked, place = unpacked + 257 - told, place + 2
        else:
            place += 1
    return place
