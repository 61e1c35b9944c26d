"""DICOM files, written quickly: what a series shares is encoded once, and each instance adds its own few elements.

The order of elements, the file meta information and the preamble are all ours, so that the bytes do not depend on the
version of pydicom.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

IMPLEMENTATION_CLASS = "1.2.826.0.1.3680043.8.498.1"
IMPLEMENTATION_VERSION = "PRETEND_1"
PIXELS = 0x7FE00010
SYNTAXES = {"explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian}

PADDING = 0xFFFCFFFC
Elements = dict[int, bytes]  # encoded, by tag
Values = dict[int, tuple[str, str | tuple[float, ...]]]  # VR and value, by tag


@dataclass(frozen=True)
class Envelope:
    """What stands before the dataset: the 128-byte preamble and the leaky parts of the file meta information."""

    syntax: str = "explicit"
    preamble: bytes = bytes(128)
    source_title: str = ""
    private_information: bytes = b""
    padding_bytes: int = 0  # length of a trailing padding element


def encode(dataset: Dataset, *, syntax: str, charset: str) -> Elements:
    """The encoded bytes of each element of a dataset, by tag."""
    encodings = convert_encodings(charset)
    found = {}
    for element in dataset:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, syntax == "implicit"
        write_data_element(buffer, element, encodings)
        found[int(element.tag)] = buffer.getvalue()
    return found


def value_element(tag: int, vr: str, value: str | tuple[float, ...], *, syntax: str) -> bytes:
    """One element with an ASCII text (values separated by backslashes) or with floating point numbers."""
    if isinstance(value, str):
        content = value.encode("ascii")
        content += (b"\0" if vr == "UI" else b" ") * (len(content) % 2)
    else:
        content = struct.pack(f"<{len(value)}{'d' if vr == 'FD' else 'f'}", *value)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if syntax == "implicit":
        return start + struct.pack("<I", len(content)) + content
    return start + vr.encode() + struct.pack("<H", len(content)) + content


def long_element(tag: int, vr: str, value: bytes, *, syntax: str) -> bytes:
    """One element with bytes, whose length takes four bytes."""
    value += b"\0" * (len(value) % 2)
    kind = b"" if syntax == "implicit" else vr.encode() + b"\0\0"
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + kind + struct.pack("<I", len(value)) + value


def file_bytes(elements: Elements, envelope: Envelope, sop_class: str, sop_instance: str) -> bytes:
    """A whole Part 10 file."""
    parts = [envelope.preamble[:128].ljust(128, b"\0"), b"DICM", _meta(envelope, sop_class, sop_instance)]
    parts += [elements[tag] for tag in sorted(elements)]
    if envelope.padding_bytes:
        parts.append(long_element(PADDING, "OB", bytes(envelope.padding_bytes), syntax=envelope.syntax))
    return b"".join(parts)


def _meta(envelope: Envelope, sop_class: str, sop_instance: str) -> bytes:
    """Group 2, always explicit little endian, with its own length in front."""
    texts = [
        (0x00020002, "UI", sop_class),
        (0x00020003, "UI", sop_instance),
        (0x00020010, "UI", str(SYNTAXES[envelope.syntax])),
        (0x00020012, "UI", IMPLEMENTATION_CLASS),
        (0x00020013, "SH", IMPLEMENTATION_VERSION),
        (0x00020016, "AE", envelope.source_title),
    ]
    body = long_element(0x00020001, "OB", b"\0\1", syntax="explicit")
    body += b"".join(value_element(*each, syntax="explicit") for each in texts if each[2])
    if envelope.private_information:
        body += value_element(0x00020100, "UI", f"{IMPLEMENTATION_CLASS}.7", syntax="explicit")
        body += long_element(0x00020102, "OB", envelope.private_information, syntax="explicit")
    return struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(body)) + body


def write(path: Path, content: bytes) -> None:
    """Write a file, making its folder; no flush to the disk, since pretend data can be made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
