"""A received data set as a file (PS3.10), and what names it. Pure: bytes in, bytes and ids out."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from imagebank.core.private import Private
from imagebank.dicom.elements import Element, Odd, elements_from, read_start
from imagebank.dicom.headers import read_header

LAST_ID = 0x0020000E
NEAR = 16_384  # bytes; nearly every file has its ids in them
IDS = {0x00080018: "instance", 0x0020000D: "study", 0x0020000E: "series", 0x00100020: "patient"}
IMPLEMENTATION = b"2.25.326474110398562019463815770163905261843"
VERSION_NAME = b"IMAGEBANK "
PREAMBLE = bytes(128) + b"DICM"
META_START = len(PREAMBLE) + 12  # behind the group length, which tells how long the rest is


class Unnamed(Exception):
    """A data set without the UIDs that would name it, or that is no DICOM."""


@dataclass(frozen=True)
class Ids:
    """What names an instance; and the transfer syntax of its file and where its data set begins."""

    study: Private
    series: Private
    instance: Private
    patient: Private
    syntax: str
    start: int


def file_meta(sop_class: str, instance: str, syntax: str) -> bytes:
    """Preamble and meta header of a data set that came over an association."""
    elements = [
        _long(0x0001, b"OB", b"\x00\x01"),
        _short(0x0002, b"UI", _even(sop_class)),
        _short(0x0003, b"UI", _even(instance)),
        _short(0x0010, b"UI", _even(syntax)),
        _short(0x0012, b"UI", _even(IMPLEMENTATION.decode())),
        _short(0x0013, b"SH", VERSION_NAME),
    ]
    content = b"".join(elements)
    return PREAMBLE + _short(0x0000, b"UL", struct.pack("<I", len(content))) + content


def _short(element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value


def _long(element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sHI", 2, element, vr, 0, len(value)) + value


def _even(uid: str) -> bytes:
    return uid.encode("ascii") + b"\0" * (len(uid) % 2)


def ids_of(content: bytes) -> Ids:
    """What names the instance in a file, of which the beginning is enough. Raises Unnamed."""
    try:
        return _quickly(content)
    except Odd:
        return _patiently(content)


def ids_of_pieces(pieces: Sequence[bytes | memoryview]) -> Ids:
    """`ids_of` for the beginning of a file in pieces, of which mostly a few are looked at. Raises Unnamed."""
    try:
        return _quickly(b"".join(first_bytes(pieces, NEAR)))
    except (Odd, Unnamed):
        return ids_of(b"".join(pieces))


def first_bytes(pieces: Iterable[bytes | memoryview], size: int) -> Iterator[bytes | memoryview]:
    """The pieces, cut behind so many bytes."""
    for piece in pieces:
        yield piece[:size]
        size -= len(piece)
        if size <= 0:
            return


def _quickly(content: bytes) -> Ids:
    start = read_start(content)
    elements, _ = elements_from(content, start.end, start.implicit, LAST_ID)
    found = {IDS[each[0]]: _text(content, each) for each in elements if each[0] in IDS}
    return _ids(found, start.syntax, content)


def _text(content: bytes, element: Element) -> str:
    return content[element[3] : element[4]].decode("latin-1").strip(" \0")


def _ids(found: dict[str, str], syntax: str, content: bytes) -> Ids:
    if not all(found.get(each) for each in ("study", "series", "instance")):
        raise Unnamed
    named = {name: Private(found.get(name, "")) for name in IDS.values()}
    return Ids(**named, syntax=syntax, start=data_set_start(content))


def _patiently(content: bytes) -> Ids:
    try:
        header = read_header(io.BytesIO(content), force=content[128:132] != b"DICM")
        keywords = zip(
            IDS.values(), ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID"), strict=True
        )
        found = {name: str(header.get(keyword) or "").strip(" \0") for name, keyword in keywords}
        syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
    except Exception:  # pydicom raises many kinds; whichever it is, nothing names the instance
        raise Unnamed from None
    return _ids(found, syntax, content)


def data_set_start(content: bytes) -> int:
    """Where the data set begins behind the meta header; 0 in a file that has none."""
    if content[128:132] != b"DICM":
        return 0
    group, element, _, _ = struct.unpack_from("<HH2sH", content, len(PREAMBLE))
    if (group, element) == (2, 0):
        return META_START + int(struct.unpack_from("<I", content, len(PREAMBLE) + 8)[0])
    return len(PREAMBLE)  # no length is told: what differs in the meta header then counts as content
