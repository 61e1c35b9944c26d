"""What the ranges of a file say of its pixels: whether all are there, how they are stored, whether all is plain.

The quick way asks here. Whatever is odd, or must be changed, raises `Odd`: the twin says what is wrong, or does it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.uid import UID

from imagebank.dicom.elements import PIXEL_DATA, Element, Layout, Odd
from imagebank.dicom.pixel_cleaning import OVERLAY_APART, layout_of
from imagebank.dicom.pixel_sizes import FLOAT_BITS, native_bytes
from imagebank.dicom.pixels import PixelLayout, PixelsUnreadable, text_by_frame

PIXELS = {PIXEL_DATA: 0, 0x7FE00008: FLOAT_BITS["FloatPixelData"], 0x7FE00009: FLOAT_BITS["DoubleFloatPixelData"]}
NEEDED = {0x00280010: "Rows", 0x00280011: "Columns", 0x00280100: "BitsAllocated"}
OPTIONAL = {0x00280002: "SamplesPerPixel", 0x00280006: "PlanarConfiguration"}
OPTIONAL |= {0x00280101: "BitsStored", 0x00280102: "HighBit", 0x00280103: "PixelRepresentation"}
FRAMES, PHOTOMETRIC = 0x00280008, 0x00280004
FACTS = (*NEEDED, *OPTIONAL, FRAMES, PHOTOMETRIC)
DELIMITER_BYTES = 8

Found = Mapping[int, Element]


def read_stored(content: bytes, found: Found, layout: Layout) -> tuple[int, PixelLayout]:
    """Which element holds the pixels, and how they are stored. Raises Odd unless both are told plainly."""
    tag = next((tag for tag in PIXELS if tag in found), 0)
    facts = {name: _small(content, found.get(tag)) for tag, name in NEEDED.items()}
    if not tag or not all(facts.values()) or any(other in found for other in PIXELS if other != tag):
        raise Odd
    facts |= {name: _small(content, found[tag]) for tag, name in OPTIONAL.items() if tag in found}
    facts["NumberOfFrames"] = _frames(content, found.get(FRAMES))
    return tag, layout_of(facts, _photometric(content, found), UID(layout.syntax), PIXELS[tag])


def view_pixels(content: bytes, element: Element, stored: PixelLayout) -> memoryview:
    """The pixels themselves. Raises Odd unless they are surely all there."""
    start, end = _checked(content, element, encapsulated=stored.encapsulated)
    if not stored.encapsulated:
        _check_size(content, start, end, stored)
    return memoryview(content)[start:end]


def _check_size(content: bytes, start: int, end: int, stored: PixelLayout) -> None:
    """Raise Odd unless native pixels are exactly as many as promised, and the padding says nothing."""
    size = native_bytes(
        rows=stored.rows,
        columns=stored.columns,
        bits=stored.bits_allocated,
        samples=stored.samples,
        frames=stored.frames,
    )
    if end - start != size + size % 2 or (size % 2 and content[end - 1]):
        raise Odd


def _checked(content: bytes, element: Element, *, encapsulated: bool) -> tuple[int, int]:
    """Where pixels begin and end; packed ones without their delimiter. Raises Odd."""
    _, vr, _, start, end, _ = element
    packed = vr in (b"OB", b"OW") and content[start - 4 : start] == b"\xff\xff\xff\xff"
    if vr not in (b"OB", b"OW", b"OF", b"OD", b""):
        raise Odd
    if packed != encapsulated or (packed and content[start : start + 4] != b"\xfe\xff\x00\xe0"):
        raise Odd
    return start, end - DELIMITER_BYTES if packed else end


def _small(content: bytes, element: Element | None) -> int:
    """A number of two bytes. Raises Odd where it is told in another way."""
    if element is None or element[1] not in (b"US", b"") or element[4] - element[3] != 2:
        raise Odd
    return int.from_bytes(content[element[3] : element[4]], "little")


def _frames(content: bytes, element: Element | None) -> int:
    told = content[element[3] : element[4]].strip(b" ") if element else b""
    if told and not (told.isdigit() and element and element[1] in (b"IS", b"")):
        raise Odd
    return int(told or b"1") or 1


def _photometric(content: bytes, found: Found) -> str:
    told = content[found[PHOTOMETRIC][3] : found[PHOTOMETRIC][4]] if PHOTOMETRIC in found else b""
    if not told.isascii():
        raise Odd
    return told.decode("ascii").strip("\0 ")


def check_overlays(content: bytes, found: Found) -> None:
    """Raise Odd where an overlay lies in the spare bits of the pixels."""
    for tag in found:
        if tag >> 24 == 0x60 and tag & 0xFFFF in OVERLAY_APART:
            _, _, _, value, end, _ = found[tag]
            if content[value:end] != OVERLAY_APART[tag & 0xFFFF].to_bytes(2, "little"):
                raise Odd


def check_text(stored: PixelLayout, pixels: memoryview) -> None:
    """Raise Odd where text is burned into the pixels, or they cannot be searched for it."""
    try:
        if text_by_frame(stored, pixels):
            raise Odd
    except PixelsUnreadable:
        raise Odd from None
