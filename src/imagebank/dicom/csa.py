"""Siemens CSA image headers: parsed, and rebuilt from an allow-list of their own numeric fields. Pure: bytes to bytes.

Mosaics cannot be placed in space without SliceNormalVector, so the header cannot simply go; it also holds protocol text
and may hold names, so it cannot simply stay. The layout follows the reader of nibabel (MIT, nibabel.nicom.csareader).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass

MAGIC = b"SV10\x04\x03\x02\x01"
TAG = struct.Struct("<64si4siii")
ITEM = struct.Struct("<4i")
MOST_TAGS = 512
NAME_BYTES = 64
MARKER = 77
_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,14})?([eE][+-]?\d{1,3})?")
_DIRECTIONALITY = re.compile(r"NONE|DIRECTIONAL|ISOTROPIC")

ALLOWED = {
    "NumberOfImagesInMosaic": _NUMBER,
    "SliceNormalVector": _NUMBER,
    "MosaicRefAcqTimes": _NUMBER,
    "ProtocolSliceNumber": _NUMBER,
    "SliceMeasurementDuration": _NUMBER,
    "B_value": _NUMBER,
    "B_matrix": _NUMBER,
    "DiffusionGradientDirection": _NUMBER,
    "DiffusionDirectionality": _DIRECTIONALITY,
    "PhaseEncodingDirectionPositive": _NUMBER,
    "BandwidthPerPixelPhaseEncode": _NUMBER,
    "EchoLinePosition": _NUMBER,
    "EchoColumnPosition": _NUMBER,
}
"""The fields that stay, and the form that each of their values must have."""
_ALLOWED_NAMES = frozenset(name.encode("ascii") for name in ALLOWED)


@dataclass(frozen=True)
class CsaField:
    """One field: its name, multiplicity, value representation, Siemens' own type number, and its texts."""

    name: str
    multiplicity: int
    vr: bytes
    syngo_type: int
    values: tuple[str, ...]


def clean_csa(content: bytes) -> bytes | None:
    """A CSA2 header with nothing but the allowed fields; None where it is no such header or holds none of them."""
    try:
        fields = [field for field in parse_csa(content, only=_ALLOWED_NAMES) if _is_allowed(field)]
    except (struct.error, ValueError, UnicodeDecodeError):
        return None
    return build_csa(fields) if fields else None


def parse_csa(content: bytes, *, only: Container[bytes] | None = None) -> Iterator[CsaField]:
    """The fields of a CSA2 header in order, or those with the names asked for, which is quicker.

    Raises struct.error or ValueError where the bytes are something else.
    """
    if not content.startswith(MAGIC):
        raise ValueError("not a CSA2 header")
    count, _ = struct.unpack_from("<II", content, 8)
    if count > MOST_TAGS:
        raise ValueError("too many fields")
    place = 16
    for _ in range(count):
        end = content.find(b"\0", place, place + NAME_BYTES)
        label = content[place : place + NAME_BYTES if end < 0 else end]
        _, multiplicity, vr, syngo_type, items, _ = TAG.unpack_from(content, place)
        place += TAG.size
        if only is not None and label not in only:
            place = _past_items(content, place, items)
            continue
        values, place = _parse_items(content, place, items)
        yield CsaField(label.decode("ascii", "replace"), multiplicity, vr, syngo_type, values)


def _past_items(content: bytes, place: int, items: int) -> int:
    for _ in range(items):
        length = ITEM.unpack_from(content, place)[1]
        place += ITEM.size + length
        if length < 0 or place > len(content):
            raise ValueError("an item ends outside the header")
        place += -length % 4
    return place


def _parse_items(content: bytes, place: int, items: int) -> tuple[tuple[str, ...], int]:
    values = []
    for _ in range(items):
        length = ITEM.unpack_from(content, place)[1]
        place += ITEM.size
        if length < 0 or place + length > len(content):
            raise ValueError("an item ends outside the header")
        values.append(content[place : place + length].split(b"\0")[0].decode("latin-1").strip())
        place += length + -length % 4
    return tuple(values), place


def _is_allowed(field: CsaField) -> bool:
    form = ALLOWED.get(field.name)
    told = [value for value in field.values if value]
    return form is not None and bool(told) and all(form.fullmatch(value) for value in told)


def build_csa(fields: list[CsaField]) -> bytes:
    """A CSA2 header of these fields."""
    parts = [MAGIC, struct.pack("<II", len(fields), MARKER)]
    for field in fields:
        name = field.name.encode("ascii").ljust(64, b"\0")
        vr = field.vr.split(b"\0")[0].ljust(4, b"\0")
        parts.append(TAG.pack(name, field.multiplicity, vr, field.syngo_type, len(field.values), MARKER))
        parts += [_build_item(value) for value in field.values]
    content = b"".join(parts)
    return content + b"\0" * (len(content) % 2)


def _build_item(value: str) -> bytes:
    text = value.encode("ascii") + b"\0" if value else b""
    return ITEM.pack(len(text), len(text), MARKER, len(text)) + text + b"\0" * (-len(text) % 4)
