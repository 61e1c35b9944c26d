"""How many bytes of pixels a header promises, and what stays of the elements of group 7FE0. Pure.

Laws: fewer pixels than promised are refused; more are cut, since nothing shows what is there; the padding is zero; of
two elements of pixels only the one that was checked stays; offset tables stay only where they are as long as the frames
need. What lies inside a compressed frame is the codec's, but for its comments.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.dicom.comments import without_comments

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
FLOAT_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}
OFFSET_TABLES = (0x7FE00001, 0x7FE00002)
BYTES_OF_AN_OFFSET = 8


@dataclass(frozen=True)
class Promised:
    """What a header promises of its pixels: the element, its bytes (None where they are compressed), the frames."""

    tag: int
    size: int | None
    frames: int

    def kept(self, tag: int, content: bytes) -> bytes | None:
        """What stays of an element of pixels or offsets, of even length; None where it must go."""
        if tag in OFFSET_TABLES:
            return content if self.size is None and len(content) == BYTES_OF_AN_OFFSET * self.frames else None
        if tag != self.tag:
            return None
        cut = without_comments(content) if self.size is None else content[: self.size]
        return cut + b"\0" * (len(cut) % 2)


def native_bytes(*, rows: int, columns: int, bits: int, samples: int, frames: int) -> int:
    """How many bytes of native pixels a header promises, without padding."""
    return -(-rows * columns * samples * frames * bits // 8)
