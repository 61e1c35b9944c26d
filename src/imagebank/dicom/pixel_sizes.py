"""How many bytes of pixels a header promises, and what stays of the elements of group 7FE0. Pure.

Laws: fewer pixels than promised are refused; more are cut, since nothing shows what is there; the padding is zero; of
two elements of pixels only the one that was checked stays. What lies inside a compressed frame is the codec's, but for
its comments.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.dicom.comments import Packed, without_comments

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
FLOAT_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True)
class Promised:
    """What a header promises of its pixels: the element, and its bytes, or how they are compressed."""

    tag: int
    stored: int | Packed

    def kept(self, tag: int, content: bytes) -> bytes | None:
        """What stays of an element of pixels, of even length; None where it must go. Raises NotUnderstood."""
        if tag != self.tag:
            return None
        stored = self.stored
        cut = without_comments(content, stored) if isinstance(stored, Packed) else content[:stored]
        return cut + b"\0" * (len(cut) % 2)


def native_bytes(*, rows: int, columns: int, bits: int, samples: int, frames: int) -> int:
    """How many bytes of native pixels a header promises, without padding."""
    return -(-rows * columns * samples * frames * bits // 8)
