"""The pixels of an instance: searched for text and, where the policy says so, painted over. Pure: bytes in, bytes out.

Laws: pixels that cannot be decoded are not called clean, they raise; painting over changes nothing outside the boxes;
bits above the stored ones are cleared where an overlay was declared in them, and searched for text everywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from imagebank.dicom.burned_in import Box, find_text

GREY_LEVELS = 4095  # to which floating point pixels are scaled before they are searched
Buffer = bytes | memoryview


class PixelsUnreadable(Exception):
    """Pixels in a transfer syntax that nothing here decodes, or that do not decode."""


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels of an instance are stored: the Image Pixel module (PS3.3 C.7.6.3) and the transfer syntax."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    syntax: UID
    photometric: str = "MONOCHROME2"
    planar: int = 0
    is_float: bool = False

    @cached_property
    def encapsulated(self) -> bool:
        """Whether frames are packed, each into fragments of its own."""
        return self.syntax.is_encapsulated

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows, columns; with the samples last, or before the rows in planar configuration 1."""
        if self.samples == 1:
            return (self.frames, self.rows, self.columns)
        if self.planar:
            return (self.frames, self.samples, self.rows, self.columns)
        return (self.frames, self.rows, self.columns, self.samples)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Of the stored numbers."""
        order = "<" if self.syntax.is_little_endian else ">"
        kind = "f" if self.is_float else ("i" if self.signed else "u")
        return np.dtype(f"{order}{kind}{self.bits_allocated // 8}")


def text_by_frame(layout: PixelLayout, pixels: Buffer) -> dict[int, tuple[Box, ...]]:
    """Every frame in which text was found, with its boxes. Raises PixelsUnreadable."""
    found: dict[int, tuple[Box, ...]] = {}
    for number, frame in enumerate(_frames(layout, pixels)):
        boxes = tuple(sorted({box for plane in _planes(layout, frame) for box in find_text(plane)}))
        if boxes:
            found[number] = boxes
    return found


def painted_over(layout: PixelLayout, pixels: Buffer, boxes: Mapping[int, tuple[Box, ...]]) -> bytes:
    """The pixels with the boxes of each frame set to the frame's darkest value. Raises PixelsUnreadable."""
    array = _native(layout, pixels).copy()
    for number, found in boxes.items():
        frame = array[number]
        for box in found:
            place = (slice(box.top, box.bottom), slice(box.left, box.right))
            frame[(..., *place) if layout.samples > 1 and layout.planar else place] = frame.min()
    return array.tobytes()


def without_overlay_bits(layout: PixelLayout, pixels: Buffer) -> bytes:
    """The pixels with every bit above the stored ones cleared, signs kept. Raises PixelsUnreadable if compressed."""
    spare = layout.bits_allocated - layout.bits_stored
    array = _native(layout, pixels)
    cleared = (array << spare) >> spare  # of signed numbers the shift back fills in the sign
    return np.ascontiguousarray(cleared, dtype=layout.dtype).tobytes()


def _frames(layout: PixelLayout, pixels: Buffer) -> Iterator[NDArray[Any]]:
    if layout.encapsulated:
        yield from _decoded(layout, pixels)
    else:
        yield from _native(layout, pixels)


def _native(layout: PixelLayout, pixels: Buffer) -> NDArray[Any]:
    if layout.encapsulated or layout.bits_allocated % 8:
        raise PixelsUnreadable
    count = math.prod(layout.shape)
    try:
        return np.frombuffer(pixels, dtype=layout.dtype, count=count).reshape(layout.shape)
    except (TypeError, ValueError):  # fewer bytes than the layout promises, or numbers of an unknown size
        raise PixelsUnreadable from None


def _decoded(layout: PixelLayout, pixels: Buffer) -> Iterator[NDArray[Any]]:
    """Frames of a compressed instance, by pydicom and whatever decoders are installed."""
    from pydicom.pixels.utils import iter_pixels

    decoded = 0
    try:
        for frame in iter_pixels(_compressed(layout, pixels)):
            yield frame
            decoded += 1
    except MemoryError:
        raise
    except Exception:  # decoders raise many kinds: whichever it is, the pixels were not seen
        raise PixelsUnreadable from None
    if decoded != layout.frames:
        raise PixelsUnreadable


def _compressed(layout: PixelLayout, pixels: Buffer) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset

    held = Dataset()
    held.file_meta = FileMetaDataset()
    held.file_meta.TransferSyntaxUID = layout.syntax
    held.Rows, held.Columns, held.NumberOfFrames = layout.rows, layout.columns, layout.frames
    held.SamplesPerPixel, held.PhotometricInterpretation = layout.samples, layout.photometric
    held.BitsAllocated, held.BitsStored = layout.bits_allocated, layout.bits_stored
    held.HighBit, held.PixelRepresentation = layout.bits_stored - 1, int(layout.signed)
    if layout.samples > 1:
        held.PlanarConfiguration = layout.planar
    held.add_new("PixelData", "OB", bytes(pixels))
    held["PixelData"].is_undefined_length = True
    return held


def _planes(layout: PixelLayout, frame: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The grey images in one frame: the samples, and whatever stands in bits that should be empty."""
    if layout.is_float:
        low, high = np.nanmin(frame), np.nanmax(frame)
        scaled = (np.nan_to_num(frame, nan=low) - low) * (GREY_LEVELS / (high - low) if high > low else 0)
        yield scaled.astype(np.int32)
    elif frame.ndim == 3:
        yield from np.moveaxis(frame, 2, 0) if frame.shape[2] == layout.samples else frame
    else:
        yield frame
        yield from _bits_above(layout, frame)


def _bits_above(layout: PixelLayout, frame: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """One image a bit that is set above the stored ones; of signed pixels there is none that is no sign."""
    if layout.signed or layout.bits_stored >= layout.bits_allocated:
        return
    if frame.size and int(frame.max()) >> layout.bits_stored:
        above = frame >> layout.bits_stored
        for bit in range(layout.bits_allocated - layout.bits_stored):
            yield ((above >> bit) & 1).astype(np.int32)
