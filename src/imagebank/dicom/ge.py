"""GE's own header blocks: rebuilt from the few facts that converters need. Pure: bytes to bytes.

The protocol data block (0025,xx1B) is a gzip file of lines; those stay whose key and value are on the list. The user
data (0043,xx2A) is a memory dump of the sequence; a new block of zeros gets its version, whether the image is echo
planar, the phase encoding polarity and the order of the views. The places of these are the ones that dcm2niix
(BSD-2-Clause, nii_dicom.cpp, kUserDefineDataGE) reads.
"""

from __future__ import annotations

import re
import struct
import zlib

from imagebank.dicom.own_numbers import OwnNumbers
from imagebank.dicom.vendor_fields import is_allowed

GZIP = b"\x1f\x8b\x08"
MOST_BYTES = 1 << 20
HEADER_PLACE = 24  # two bytes: where the header begins in the block
HEADER_BEGINS = 32
HEADER_BYTES = 0x0394 + 4
NEW_VERSION, NEW_SHIFT, NEW_VIEW_SHIFT = 25.002, 0x004C, 0x008C
EPI, POLARITY, VIEW_ORDER = 0x003A, 0x0030, 0x0394
EPI_BIT, POLARITY_BIT = 0x0800, 0x0004
VIEW_ORDERS = (0, 1, 2)
_LINE = re.compile(r'([A-Z0-9]{1,32}) "([^"\n]*)"')


def clean_ge(content: bytes, own: OwnNumbers) -> bytes | None:
    """A block with nothing but the allowed facts; None where it is no such block or holds none of them."""
    try:
        return clean_protocol(content, own) if content[4:7] == GZIP else clean_user_data(content)
    except (struct.error, zlib.error, ValueError):
        return None


def clean_protocol(content: bytes, own: OwnNumbers) -> bytes | None:
    """The protocol data block of the allowed lines: four bytes of length, then gzip."""
    (length,) = struct.unpack_from("<I", content)
    text = zlib.decompressobj(31).decompress(content[4 : 4 + length], MOST_BYTES).decode("latin-1")
    lines = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    kept = [line[0] for line in lines if line and is_allowed("ge", line[1], line[2], own)]
    if not kept:
        return None
    text = "\n" + "\n".join(kept) + "\n"
    packed = zlib.compress(text.encode("ascii"), 0, 31)  # stored, so that every version of zlib writes the same bytes
    block = struct.pack("<I", len(packed)) + packed
    return block + b"\0" * (len(block) % 2)


def clean_user_data(content: bytes) -> bytes | None:
    """The user data with version, echo planar flag, polarity and view order, all else zero."""
    (begins,) = struct.unpack_from("<H", content, HEADER_PLACE)
    (version,) = struct.unpack_from("<f", content, begins)
    if not 5.0 <= version <= 40.0 or len(content) < begins + HEADER_BYTES:
        return None
    shift, view = (NEW_SHIFT, VIEW_ORDER - NEW_VIEW_SHIFT) if version >= NEW_VERSION else (0, VIEW_ORDER)
    epi, polarity, order = (struct.unpack_from("<H", content, begins + shift + at)[0] for at in (EPI, POLARITY, view))
    if order not in VIEW_ORDERS:
        return None
    block = bytearray(HEADER_BEGINS + HEADER_BYTES)
    struct.pack_into("<H", block, HEADER_PLACE, HEADER_BEGINS)
    struct.pack_into("<f", block, HEADER_BEGINS, round(version, 3))
    for at, value in ((EPI, epi & EPI_BIT), (POLARITY, polarity & POLARITY_BIT), (view, order)):
        struct.pack_into("<H", block, HEADER_BEGINS + shift + at, value)
    return bytes(block)
