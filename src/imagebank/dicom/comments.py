"""Comments that a program wrote into compressed frames, overwritten with zeros in their places. Pure: bytes to bytes.

JPEG and JPEG-LS have comments and application segments (ITU-T T.81, B.2.4), JPEG 2000 has comments (T.800, A.9.2); what
follows the end of an image is padding. Laws: the length stays, so that no table of offsets changes; what a decoder
needs stays, which is the start of the application segments that say how colours are stored; bytes that are not
understood stay. Only fragments that begin a frame are read: what a frame holds in further ones is not seen.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

ITEM = b"\xfe\xff\x00\xe0"
JPEG, JPEG_2000 = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
COLOURS = {b"JFIF\0": 12, b"Adobe": 12, b"mrfx": 5}  # what a segment begins with, and the bytes that say something
END, SCAN, COMMENT = 0xD9, 0xDA, 0xFE
TILE, TILE_DATA, COMMENT_2000 = 0xFF90, 0xFF93, 0xFF64
_MARKER = re.compile(rb"\xff+([\x80-\xcf\xd8-\xfe])")  # in coded data a marker is what is neither stuffed nor a restart
_WORD, _SEGMENT, _LONG = struct.Struct(">H"), struct.Struct(">HH"), struct.Struct(">I")

Range = tuple[int, int]


def without_comments(fragments: bytes) -> bytes:
    """The fragments of compressed pixels without comments; the same object where there are none."""
    found = [each for frame in _fragments(fragments) for each in _spare(fragments, *frame)]
    told = [(start, end) for start, end in found if fragments[start:end].strip(b"\0")]
    if not told:
        return fragments
    blank = bytearray(fragments)
    for start, end in told:
        blank[start:end] = bytes(end - start)
    return bytes(blank)


def _fragments(content: bytes) -> Iterator[Range]:
    place = 0
    while content[place : place + 4] == ITEM:
        start = place + 8
        place = start + int.from_bytes(content[place + 4 : start], "little")
        yield start, min(place, len(content))


def _spare(content: bytes, start: int, end: int) -> Iterator[Range]:
    """The ranges of one fragment that no decoder needs."""
    try:
        if content.startswith(JPEG, start, end):
            yield from _spare_jpeg(content, start + 2, end)
        elif content.startswith(JPEG_2000, start, end):
            yield from _spare_jpeg_2000(content, start + 2, end)
    except struct.error:  # it ends within a segment
        return


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
            if following <= place:
                return  # the last tile, whose length is not told
            place = following
            continue
        _, length = _SEGMENT.unpack_from(content, place)
        if marker == TILE:
            following = place + _LONG.unpack_from(content, place + 6)[0]
        if marker == COMMENT_2000:
            yield place + 6, min(place + 2 + length, end)
        place += 2 + length
