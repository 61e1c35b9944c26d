"""Messages of the DICOM upper layer and of DIMSE as bytes (PS3.7, PS3.8): what our associations read and write.

Pure: bytes in, values out. What is not well formed, or larger than it may be, raises `BadMessage`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
HEADER = struct.Struct(">BxI")
FRAGMENT = struct.Struct(">IBB")
ELEMENT = struct.Struct("<HHI")
MOST_PDU = 131_072
"""What we let a peer send at once. Larger gains nothing, and dcmtk sends no more."""
SMALLEST = 2
"""Bytes of content that a peer must take at once, whatever it says."""
MOST_NEGOTIATION = 1 << 20
MOST_COMMAND = 1 << 16

C_STORE, C_GET, C_FIND, C_MOVE, C_ECHO = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030
N_EVENT_REPORT, N_ACTION, C_CANCEL = 0x0100, 0x0130, 0x0FFF
RESPONSE = 0x8000
NO_DATA_SET, DATA_SET = 0x0101, 0x0001
LOW_PRIORITY = 0x0002

SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)
CANCELLED = 0xFE00
WARNING = 0xB000
DESTINATION_UNKNOWN = 0xA801
PROCESSING_FAILURE = 0x0110
NO_SUCH_INSTANCE = 0x0112
NOT_AUTHORISED = 0x0124
UNKNOWN_OPERATION = 0x0211
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000


class BadMessage(Exception):
    """A peer sent what the standard does not allow, or more than may be."""


@dataclass(frozen=True)
class Command:
    """What a peer asks for or answers. Numbers that were not told are 0."""

    kind: int
    message: int
    sop_class: str
    instance: str
    has_data: bool
    status: int = 0
    completed: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Fragment:
    """A piece of a command or of a data set, within one presentation context."""

    context: int
    is_command: bool
    is_last: bool
    content: memoryview


def fragments(body: memoryview) -> Iterator[Fragment]:
    """The pieces in a P-DATA-TF. Raises BadMessage."""
    place = 0
    while place < len(body):
        if len(body) - place < FRAGMENT.size:
            raise BadMessage
        length, context, control = FRAGMENT.unpack_from(body, place)
        end = place + 4 + length
        if length < 2 or end > len(body):
            raise BadMessage
        yield Fragment(context, bool(control & 1), bool(control & 2), body[place + FRAGMENT.size : end])
        place = end


def read_command(content: bytes) -> Command:
    """The command in a command set, which is always implicit little endian. Raises BadMessage."""
    found: dict[int, bytes] = {}
    place = 0
    while place + ELEMENT.size <= len(content):
        group, element, length = ELEMENT.unpack_from(content, place)
        place += ELEMENT.size
        if group != 0 or place + length > len(content):
            raise BadMessage
        found[element] = content[place : place + length]
        place += length
    try:
        kind = _number(found[0x0100])
        message = _number(found.get(0x0110) or found.get(0x0120, b"\0\0"))
        has_data = _number(found[0x0800]) != NO_DATA_SET
        status, completed, failed = (_number(found.get(each) or b"\0\0") for each in (0x0900, 0x1021, 0x1022))
    except (KeyError, struct.error):
        raise BadMessage from None
    sop_class, instance = (
        _uid(found.get(one) or found.get(other, b"")) for one, other in ((0x0002, 0x0003), (0x1000, 0x1001))
    )
    return Command(kind, message, sop_class, instance, has_data, status, completed, failed)


def _number(value: bytes) -> int:
    return int(struct.unpack("<H", value)[0])


def _uid(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")


def response(command: Command, status: int, *, more: tuple[tuple[int, bytes], ...] = ()) -> bytes:
    """The command set that answers a command."""
    elements = [
        (0x0002, _even(command.sop_class)),
        (0x0100, struct.pack("<H", command.kind | RESPONSE)),
        (0x0120, struct.pack("<H", command.message)),
        (0x0800, struct.pack("<H", NO_DATA_SET)),
        (0x0900, struct.pack("<H", status)),
    ]
    if command.instance:
        elements.append((0x1000, _even(command.instance)))
    return command_set([*elements, *more])


def request(kind: int, sop_class: str, message: int, *, has_data: bool, destination: str = "") -> bytes:
    """The command set of a C-ECHO, C-FIND, C-MOVE or C-GET, of low priority."""
    elements = [
        (0x0002, _even(sop_class)),
        (0x0100, struct.pack("<H", kind)),
        (0x0110, struct.pack("<H", message)),
        (0x0800, struct.pack("<H", DATA_SET if has_data else NO_DATA_SET)),
    ]
    if has_data:
        elements.append((0x0700, struct.pack("<H", LOW_PRIORITY)))
    if destination:
        elements.append((0x0600, destination.encode("ascii") + b" " * (len(destination) % 2)))
    return command_set(elements)


def cancel(message: int) -> bytes:
    """The command set of a C-CANCEL of what `message` asked for."""
    return command_set(
        [
            (0x0100, struct.pack("<H", C_CANCEL)),
            (0x0120, struct.pack("<H", message)),
            (0x0800, struct.pack("<H", NO_DATA_SET)),
        ]
    )


def command_set(elements: list[tuple[int, bytes]]) -> bytes:
    """A command set of these elements, in order and with its group length."""
    body = b"".join(ELEMENT.pack(0, element, len(value)) + value for element, value in sorted(elements))
    return ELEMENT.pack(0, 0, 4) + struct.pack("<I", len(body)) + body


def _even(uid: str) -> bytes:
    return uid.encode("latin-1") + b"\0" * (len(uid) % 2)


def event_report(sop_class: str, instance: str, event: int, message: int) -> bytes:
    """The command set of an N-EVENT-REPORT with a data set."""
    return command_set(
        [
            (0x0002, _even(sop_class)),
            (0x0100, struct.pack("<H", N_EVENT_REPORT)),
            (0x0110, struct.pack("<H", message)),
            (0x0800, struct.pack("<H", DATA_SET)),
            (0x1000, _even(instance)),
            (0x1002, struct.pack("<H", event)),
        ]
    )


def data_units(context: int, content: bytes, *, is_command: bool, most: int) -> Iterator[bytes]:
    """P-DATA-TFs that carry a command set or a data set, none larger than the peer allows (0: any size)."""
    room = max(((most or MOST_PDU) - FRAGMENT.size) & ~1, SMALLEST)
    for start in range(0, max(len(content), 1), room):
        piece = content[start : start + room]
        control = int(is_command) | (2 if start + room >= len(content) else 0)
        yield HEADER.pack(P_DATA, len(piece) + 6) + FRAGMENT.pack(len(piece) + 2, context, control) + piece


def reject(result: int, source: int, reason: int) -> bytes:
    """A-ASSOCIATE-RJ."""
    return HEADER.pack(ASSOCIATE_RJ, 4) + bytes((0, result, source, reason))


def release_request() -> bytes:
    """A-RELEASE-RQ."""
    return HEADER.pack(RELEASE_RQ, 4) + bytes(4)


def release_reply() -> bytes:
    """A-RELEASE-RP."""
    return HEADER.pack(RELEASE_RP, 4) + bytes(4)


def abort() -> bytes:
    """A-ABORT by the service provider, without a reason."""
    return HEADER.pack(ABORT, 4) + bytes((0, 0, 2, 0))
