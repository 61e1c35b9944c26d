"""Whole DICOM files: preamble, file meta information, elements in order, and what a site's archive adds."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from imagebank.synthetic.scanning.elements import Coding, Elements, encode_element, framed

IMPLEMENTATION_CLASS = "1.2.826.0.1.3680043.8.498.1"
IMPLEMENTATION_VERSION = "PRETEND_2"
PIXELS = 0x7FE00010
PADDING = 0xFFFCFFFC
SYNTAXES = {
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "rle": "1.2.840.10008.1.2.5",
}
META = Coding()


@dataclass(frozen=True)
class Envelope:
    """What stands before the dataset: the 128-byte preamble and the leaky parts of the file meta information."""

    syntax: str = "explicit"
    preamble: bytes = bytes(128)
    source_title: str = ""
    private_information: bytes = b""
    padding_bytes: int = 0  # length of a trailing padding element


def file_bytes(elements: Elements, envelope: Envelope, sop_class: str, sop_instance: str) -> bytes:
    """A whole Part 10 file."""
    parts = [envelope.preamble[:128].ljust(128, b"\0"), b"DICM", _meta(envelope, sop_class, sop_instance)]
    parts += [elements[tag] for tag in sorted(elements)]
    if envelope.padding_bytes:
        parts.append(framed(PADDING, "OB", bytes(envelope.padding_bytes), implicit=envelope.syntax == "implicit"))
    return b"".join(parts)


def _meta(envelope: Envelope, sop_class: str, sop_instance: str) -> bytes:
    """Group 2, always explicit little endian, with its own length in front."""
    texts = [
        (0x00020002, "UI", sop_class),
        (0x00020003, "UI", sop_instance),
        (0x00020010, "UI", SYNTAXES[envelope.syntax]),
        (0x00020012, "UI", IMPLEMENTATION_CLASS),
        (0x00020013, "SH", IMPLEMENTATION_VERSION),
        (0x00020016, "AE", envelope.source_title),
    ]
    body = framed(0x00020001, "OB", b"\0\1", implicit=False)
    body += b"".join(encode_element(*each, META) for each in texts if each[2])
    if envelope.private_information:
        body += encode_element(0x00020100, "UI", f"{IMPLEMENTATION_CLASS}.7", META)
        body += encode_element(0x00020102, "OB", envelope.private_information, META)
    return struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(body)) + body


def write(path: Path, content: bytes) -> None:
    """Write a file, making its folder; no flush to the disk, since pretend data can be made again."""
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
