"""Hides canaries in and around pixels: overlays, curves, icons, unused high bits, and text drawn into the image.

Text is crisp and bright, of two sizes. What is found of other text is measured in `tests/dicom/test_burned_in.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imagebank.proof.canaries import Canaries, Plant

PIXEL_TEXT, SMALL_TEXT = "text drawn into the pixels", "small text drawn into the pixels"
HIGH_BITS = "overlay in the high bits of pixels"
LETTER_ROWS = 7
TEXT_LETTERS = 7
TIMES = {SMALL_TEXT: 1, PIXEL_TEXT: 2}  # how large a point of a letter is
SMALLEST = 96  # rows and columns of an image with a word in it
SPARING_BITS = 12  # stored in an image that leaves high bits for an overlay
HIDDEN_BYTES = 24


def plant_overlays(dataset: Dataset, canaries: Canaries) -> Iterator[Plant]:
    """Overlay planes and curves of several groups, with texts, and an icon; none touches the image."""
    for group in (0x6000, 0x6002, 0x601E):
        for element, vr, kind in ((0x0022, "LO", "overlay text"), (0x4000, "LT", "overlay text")):
            yield _text(dataset, canaries, group, element, vr, kind)
        yield _bytes(dataset, canaries, group, 0x3000, "overlay bits")
    for group in (0x5000, 0x5002):
        yield _text(dataset, canaries, group, 0x0022, "LO", "curve")
        yield _bytes(dataset, canaries, group, 0x3000, "curve")
    icon, content = Dataset(), canaries.raw(64)
    icon.Rows = icon.Columns = 8
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation, icon.SamplesPerPixel = 7, 0, 1
    icon.PhotometricInterpretation = "MONOCHROME2"
    icon.add_new(0x7FE00010, "OB", content)
    dataset.IconImageSequence = [icon]
    yield Plant("icon image", "(0088,0200)/(7FE0,0010)", 1, content)


def _text(dataset: Dataset, canaries: Canaries, group: int, element: int, vr: str, kind: str) -> Plant:
    text = canaries.word(12)
    dataset.add_new((group, element), vr, text)
    return Plant(kind, f"({group:04X},{element:04X})", 0, text)


def _bytes(dataset: Dataset, canaries: Canaries, group: int, element: int, kind: str) -> Plant:
    content = canaries.raw(HIDDEN_BYTES)
    dataset.add_new((group, element), "OW", content)
    return Plant(kind, f"({group:04X},{element:04X})", 0, content)


def plant_text(dataset: Dataset, canaries: Canaries, kind: str) -> Iterator[Plant]:
    """Draw a word into an image, where the pixels are plain; one that is too small for it is repeated."""
    image = _canvas(dataset)
    if image is None:
        return
    word = canaries.word(TEXT_LETTERS)
    points = drawn(word, TIMES[kind]) * (2 ** (int(dataset.BitsStored) - 1) - 1)
    image[4 : 4 + points.shape[0], 2 : 2 + points.shape[1]] = points
    dataset[Tag(0x7FE00010)].value = image.tobytes()
    middle = image[4 + TIMES[kind] * (LETTER_ROWS // 2), 2 : 2 + points.shape[1]]
    yield Plant(kind, "(7FE0,0010)", 0, middle.tobytes())


def plant_high_bits(dataset: Dataset, canaries: Canaries) -> Iterator[Plant]:
    """Hide an overlay in the highest bit of each pixel, where the pixels are plain and of 16 bits, and declare it."""
    image = _canvas(dataset)
    if image is None or image.dtype != np.uint16:
        return
    if int(dataset.BitsStored) > SPARING_BITS:
        image >>= 16 - SPARING_BITS
        dataset.BitsStored, dataset.HighBit = SPARING_BITS, SPARING_BITS - 1
    hidden = canaries.raw(HIDDEN_BYTES)
    bits = np.unpackbits(np.frombuffer(hidden, np.uint8)).astype(np.uint16)
    flat = image.reshape(-1)
    start = len(flat) // 2 // 8 * 8
    flat[start : start + len(bits)] = flat[start : start + len(bits)] & 0x7FFF | bits << 15
    dataset.add_new((0x6000, 0x0100), "US", 16)
    dataset.add_new((0x6000, 0x0102), "US", 15)
    dataset[Tag(0x7FE00010)].value = image.tobytes()
    yield Plant(HIGH_BITS, "(7FE0,0010)", 0, hidden)


def plant_behind_pixels(dataset: Dataset, canaries: Canaries) -> Iterator[Plant]:
    """Bytes within the element of plain pixels, behind the last that the header promises."""
    image = _canvas(dataset)
    if image is not None:
        hidden = canaries.raw(HIDDEN_BYTES)
        dataset[Tag(0x7FE00010)].value = image.tobytes() + hidden
        yield Plant("bytes behind the pixels", "(7FE0,0010)", 0, hidden)


def _canvas(dataset: Dataset) -> NDArray[Any] | None:
    """The first frame, at least as large as a drawn word needs; the dataset is made to fit it."""
    pixels = plain_pixels(dataset)
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if pixels is None or not 0 < rows * columns <= len(pixels):
        return None
    image = pixels[: rows * columns].reshape(rows, columns)
    image = np.pad(image, [(0, max(0, SMALLEST - side)) for side in image.shape], mode="wrap")
    dataset.Rows, dataset.Columns = image.shape
    if "NumberOfFrames" in dataset:
        dataset.NumberOfFrames = 1
    return image


def plain_pixels(dataset: Dataset) -> NDArray[Any] | None:
    """The pixels as numbers, to be changed; None where they are compressed or of another kind."""
    meta = getattr(dataset, "file_meta", None)
    syntax = meta.get("TransferSyntaxUID") if meta else None
    told = dataset.get("BitsAllocated"), dataset.get("SamplesPerPixel", 1)
    if "PixelData" not in dataset or told not in ((8, 1), (16, 1)) or not _is_plain(syntax):
        return None
    kind = np.uint8 if told[0] == 8 else np.uint16
    content = bytes(dataset.PixelData)
    return np.frombuffer(content[: len(content) // kind(0).nbytes * kind(0).nbytes], kind).copy()


def _is_plain(syntax: object) -> bool:
    return str(syntax) in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99")


def high_bits(dataset: Dataset) -> bytes:
    """The planes of bits above the stored ones, packed, one after another."""
    pixels = plain_pixels(dataset)
    if pixels is None or pixels.dtype != np.uint16:
        return b""
    planes = range(int(dataset.get("BitsStored", 16)), 16)
    return b"".join(np.packbits((pixels >> plane & 1).astype(np.uint8)).tobytes() for plane in planes)


def drawn(word: str, times: int = 1) -> NDArray[np.uint16]:
    """A word as points, 1 where there is ink, each letter so many times seven points high."""
    letters = [_letters()[letter] for letter in word]
    columns = [[[row >> (4 - x) & 1 for x in range(5)] + [0] for row in letter] for letter in letters]
    points = np.concatenate([np.array(each, np.uint16) for each in columns], axis=1)
    return points.repeat(times, axis=0).repeat(times, axis=1)


@cache
def _letters() -> dict[str, list[int]]:
    text = (files("imagebank.proof") / "data" / "letters.txt").read_text("ascii")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {letter: [int(row, 16) for row in rows] for letter, *rows in lines}
