"""Grey pictures without a graphics library: tiles with short labels, written as PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.anatomy.lattice import DATA

Picture = NDArray[np.uint8]

LETTER_ROWS, LETTER_COLUMNS = 5, 3
LABEL_ROWS = 14
GREYS = 9  # the step between grey levels that are kept, so that pages of documentation stay light


@cache
def _letters() -> dict[str, Picture]:
    lines = (DATA / "letters.txt").read_text("utf-8").splitlines()
    shape = (LETTER_ROWS, LETTER_COLUMNS)
    return {line[0]: np.array([int(bit) for bit in line[1:]], dtype=np.uint8).reshape(shape) for line in lines}


def shown(image: NDArray[Any], top: float, bottom: float = 0.0) -> Picture:
    """An image as grey levels between two values."""
    levels = np.clip((image.astype(np.float32) - bottom) * (255.0 / (top - bottom)), 0, 255)
    return np.asarray(np.minimum(np.rint(levels / GREYS) * GREYS, 255), dtype=np.uint8)


def labelled(picture: Picture, text: str) -> Picture:
    """A picture below a line of capitals; characters without a letter are left out."""
    strip = np.zeros((LABEL_ROWS, picture.shape[1]), dtype=np.uint8)
    at = 2
    for letter in (_letters()[each] for each in text.upper() if each in _letters()):
        big = np.kron(letter, np.full((2, 2), 230, dtype=np.uint8))
        width = min(big.shape[1], strip.shape[1] - at)
        if width <= 0:
            break
        strip[2 : 2 + big.shape[0], at : at + width] = big[:, :width]
        at += big.shape[1] + 2
    return np.vstack([strip, picture])


def row_of(pictures: Sequence[Picture]) -> Picture:
    """Pictures side by side, filled up with black below."""
    rows = max(each.shape[0] for each in pictures)
    return np.hstack([np.pad(each, ((0, rows - each.shape[0]), (0, 0))) for each in pictures])


def column_of(pictures: Sequence[Picture]) -> Picture:
    """Pictures below each other, filled up with black at the right."""
    columns = max(each.shape[1] for each in pictures)
    return np.vstack([np.pad(each, ((0, 0), (0, columns - each.shape[1]))) for each in pictures])


def png_of(picture: Picture) -> bytes:
    """The bytes of a grey PNG."""
    rows, columns = picture.shape
    raw = b"".join(b"\0" + line.tobytes() for line in picture)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(raw, 9)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
