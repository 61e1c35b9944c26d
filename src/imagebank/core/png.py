"""A grey picture as PNG (ISO/IEC 15948): the same pixels give the same bytes, with no time, name or text in them."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 9


def png(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """The file of a picture of 8 bits (rows, columns)."""
    rows, columns = grey.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in grey)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, LEVEL)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
