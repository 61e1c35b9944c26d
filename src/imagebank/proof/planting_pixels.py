"""Hides canaries in and around pixels: overlays, curves, icons, unused high bits, and text drawn into the image.

Text in the pixels and bits above the stored ones are found by eye or by a detector, not by a rule on elements: they are
kinds of their own, and `MEASURED` says which are told without being judged.
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

PIXEL_TEXT = "text drawn into the pixels"
HIGH_BITS = "overlay in the high bits of pixels"
MEASURED = (PIXEL_TEXT, HIGH_BITS)
LETTER_ROWS, LETTER_COLUMNS = 7, 6
TEXT_LETTERS = 9
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


def plant_pixels(dataset: Dataset, canaries: Canaries) -> Iterator[Plant]:
    """Draw a word into the first frame, and hide bits above the stored ones, where the pixels are plain."""
    pixels = plain_pixels(dataset)
    if pixels is None:
        return
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    stored = int(dataset.get("BitsStored", 16))
    image = pixels[: rows * columns].reshape(rows, columns)
    if rows > 2 * LETTER_ROWS and columns > TEXT_LETTERS * LETTER_COLUMNS + 4:
        word = canaries.word(TEXT_LETTERS)
        points = drawn(word) * (2 ** (stored - 1) - 1)
        image[4 : 4 + points.shape[0], 2 : 2 + points.shape[1]] = points
        middle = image[4 + LETTER_ROWS // 2, 2 : 2 + points.shape[1]]
        yield Plant(PIXEL_TEXT, "(7FE0,0010)", 0, middle.tobytes())
    if pixels.dtype == np.uint16 and stored < 16 and rows * columns > 16 * HIDDEN_BYTES:
        hidden = canaries.raw(HIDDEN_BYTES)
        bits = np.unpackbits(np.frombuffer(hidden, np.uint8)).astype(np.uint16)
        start = rows * columns // 2 // 8 * 8
        pixels[start : start + len(bits)] = pixels[start : start + len(bits)] & 0x7FFF | bits << 15
        dataset.add_new((0x6000, 0x0100), "US", 16)
        dataset.add_new((0x6000, 0x0102), "US", 15)
        yield Plant(HIGH_BITS, "(7FE0,0010)", 0, hidden)
    dataset[Tag(0x7FE00010)].value = pixels.tobytes()


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


def drawn(word: str) -> NDArray[np.uint16]:
    """A word as points, 1 where there is ink."""
    letters = [_letters()[letter] for letter in word]
    columns = [[[row >> (4 - x) & 1 for x in range(5)] + [0] for row in letter] for letter in letters]
    return np.concatenate([np.array(each, np.uint16) for each in columns], axis=1)


@cache
def _letters() -> dict[str, list[int]]:
    text = (files("imagebank.proof") / "data" / "letters.txt").read_text("ascii")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {letter: [int(row, 16) for row in rows] for letter, *rows in lines}
