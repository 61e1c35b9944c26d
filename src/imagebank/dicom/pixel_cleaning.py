"""What is done about the pixels of an instance: text in them, and overlays in their spare bits.

The option Clean Pixel Data searches every frame for text. An instance that has some is refused, or painted over, as the
policy says. Bits in which an overlay was declared are cleared under every policy: the overlay is removed, and so must
be what it drew. Laws: pixels that cannot be read are refused, never passed; what was painted over is searched again;
an instance in which nothing was found is left as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.tag import Tag
from pydicom.uid import UID

from imagebank.dicom.decisions import Decision, Refused, label
from imagebank.dicom.deidentify import transfer_syntax
from imagebank.dicom.pixel_sizes import FLOAT_BITS, PIXELS
from imagebank.dicom.pixels import (
    Buffer,
    PixelLayout,
    PixelsUnreadable,
    painted_over,
    text_by_frame,
    without_overlay_bits,
)
from imagebank.dicom.policy import Policy
from imagebank.dicom.raw import item, peek, told

BURNED_IN_TEXT, NOT_READABLE = "burned-in-text", "pixels-not-readable"
OVERLAY_APART = {0x0100: 1, 0x0102: 0}  # OverlayBitsAllocated and OverlayBitPosition of one that has bits of its own
TOLD = ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit")
TOLD_TOO = ("PixelRepresentation", "PlanarConfiguration")


def layout_of(facts: Mapping[str, int], photometric: str, syntax: UID, float_bits: int = 0) -> PixelLayout:
    """How pixels are stored, from what a header says of them; what it leaves out is as the standard takes it to be."""
    bits = float_bits or facts["BitsAllocated"]
    return PixelLayout(
        rows=facts["Rows"],
        columns=facts["Columns"],
        frames=facts.get("NumberOfFrames") or 1,
        samples=facts.get("SamplesPerPixel") or 1,
        bits_allocated=bits,
        bits_stored=bits if float_bits else facts.get("BitsStored") or bits,
        signed=facts.get("PixelRepresentation") == 1,
        syntax=syntax,
        photometric=photometric or "MONOCHROME2",
        planar=int(facts.get("PlanarConfiguration") == 1),
        is_float=bool(float_bits),
    )


def clean_pixels(clean: FileDataset, source: FileDataset, policy: Policy) -> frozenset[Decision]:
    """Change the pixels of an instance that was de-identified, if they must be; what was decided on them.

    Raises Refused.
    """
    overlay = _has_overlay_bits(source)
    if not (overlay or policy.burned_in):
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of decoders, and of numbers that are none
            return _cleaned(clean, source, policy, overlay=overlay)
    except PixelsUnreadable:
        raise Refused(NOT_READABLE) from None


def _cleaned(clean: FileDataset, source: FileDataset, policy: Policy, *, overlay: bool) -> frozenset[Decision]:
    name, layout, pixels = _pixels(source)
    place, done = label(Tag(name)), []
    if overlay:
        pixels = _without_overlay(layout, _whole(peek(source, "HighBit")), pixels)
        done.append(Decision(place, "cleared", "overlay-bits"))
    boxes = text_by_frame(layout, pixels) if policy.burned_in else {}
    if boxes:
        pixels = _painted(layout, pixels, boxes, policy)
        clean.BurnedInAnnotation = "NO"
        done.append(Decision(place, "masked", BURNED_IN_TEXT))
    if done:
        _replace(clean, name, pixels)
    return frozenset(done)


def _pixels(source: FileDataset) -> tuple[str, PixelLayout, Buffer]:
    name = next(name for name in PIXELS if name in source)
    facts = {name: _whole(peek(source, name)) for name in (*TOLD, *TOLD_TOO)}
    photometric = str(peek(source, "PhotometricInterpretation") or "")
    layout = layout_of(facts, photometric, transfer_syntax(source), FLOAT_BITS.get(name, 0))
    return name, layout, told(item(source, name))[1] or b""


def _whole(value: Any) -> int:
    """A number of the header; 0 where there is none. Raises PixelsUnreadable where it is no whole number."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        raise PixelsUnreadable from None


def _has_overlay_bits(source: Dataset) -> bool:
    """Whether an overlay lies in the spare bits of the pixels."""
    described = (tag for tag in map(int, source.keys()) if tag >> 24 == 0x60 and tag & 0xFFFF in OVERLAY_APART)
    return any(peek(source, tag) not in (None, "", OVERLAY_APART[tag & 0xFFFF]) for tag in described)


def _without_overlay(layout: PixelLayout, high_bit: int, pixels: Buffer) -> bytes:
    if high_bit != layout.bits_stored - 1 or layout.is_float:
        raise PixelsUnreadable  # the overlay may lie below the image
    return without_overlay_bits(layout, pixels)


def _painted(layout: PixelLayout, pixels: Buffer, boxes: Mapping[int, Any], policy: Policy) -> bytes:
    if policy.burned_in != "mask" or layout.syntax.is_encapsulated:
        raise Refused(BURNED_IN_TEXT)
    painted = painted_over(layout, pixels, boxes)
    if text_by_frame(layout, painted):
        raise Refused(BURNED_IN_TEXT)
    return painted


def _replace(clean: FileDataset, name: str, pixels: Buffer) -> None:
    old = item(clean, name)
    content = bytes(pixels) + b"\0" * (len(pixels) % 2)
    implicit, little = transfer_syntax(clean).is_implicit_VR, transfer_syntax(clean).is_little_endian
    clean[name] = RawDataElement(old.tag, old.VR, len(content), content, 0, implicit, little)
