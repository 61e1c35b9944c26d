"""Siemens CSA headers: parsed, and rebuilt from an allow-list of their own fields. Pure: bytes to bytes.

Mosaics cannot be placed in space without SliceNormalVector, so the headers cannot simply go; they also hold protocol
text and may hold names, so they cannot simply stay. Of the protocol itself (MrPhoenixProtocol, and the same text bare
in the headers of XA software) only the lines stay whose key is known and whose value is a number or a known term. The
layout follows the reader of nibabel (MIT, nibabel.nicom.csareader): CSA2 begins with SV10, CSA1 has no magic and counts
the length of an item from the number of items of its first field.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import groupby

from imagebank.dicom.elements import LONG_VRS, SHORT_VRS
from imagebank.dicom.own_numbers import OwnNumbers
from imagebank.dicom.vendor_fields import allowed, is_allowed

MAGIC = b"SV10\x04\x03\x02\x01"
TAG = struct.Struct("<64si4siii")
ITEM = struct.Struct("<4i")
COUNT = struct.Struct("<II")
MOST_TAGS = 512
NAME_BYTES = 64
MOST_ITEMS = 4096
MARKERS = (77, 205)
VRS = SHORT_VRS | LONG_VRS
PROTOCOLS = ("MrPhoenixProtocol", "MrProtocol")
HEAD, BEGIN, END = "<XProtocol>", "### ASCCONV BEGIN", "### ASCCONV END"


@dataclass(frozen=True)
class CsaField:
    """One field: its name, multiplicity, value representation, Siemens' own type number, and its texts."""

    name: str
    multiplicity: int
    vr: bytes
    syngo_type: int
    values: tuple[str, ...]


@lru_cache(maxsize=8)
def clean_csa(content: bytes, own: OwnNumbers) -> bytes | None:
    """A CSA header or a bare protocol with nothing but the allowed fields; None where nothing of it may stay.

    `own` are numbers of the patient, which no field may repeat.

    The last few answers are kept: all instances of a series carry the same series header.
    """
    if not content.startswith(MAGIC) and BEGIN.encode() in content:
        protocol = clean_protocol(content.decode("latin-1"), own)
        return _even(protocol.encode("ascii")) if protocol else None
    try:
        if content.startswith(MAGIC):
            return _habit(content[: len(MAGIC) + COUNT.size], own).clean(content)
        fields = [kept for field in parse_csa(content, only=_wanted()) if (kept := _cleaned(field, own))]
    except (struct.error, ValueError):
        return None
    return build_csa(fields, old=True) if fields else None


class _Habit:
    """The CSA2 headers of a series, of which few fields change from one to the next: the others are only compared.

    Each field is judged by its own bytes, so that those which are the same again have the same answer. One of these
    knows the headers of one patient that begin with the same bytes, which say how many fields there are.
    """

    def __init__(self, start: bytes, own: OwnNumbers) -> None:
        self._own = own
        self._count = _count(start, len(MAGIC))
        self._varying: set[int] = set()
        self._last: list[bytes] = []
        self._steps: list[tuple[bytes, list[bytes]] | None] = []  # fields that were the same; None is one that may vary

    def clean(self, content: bytes) -> bytes | None:
        """The header with the allowed fields; None where there are none. Raises struct.error or ValueError."""
        kept = self._follow(content)
        if kept is None:
            kept = self._read(content)
        return _even(b"".join((MAGIC, COUNT.pack(len(kept), MARKERS[0]), *kept))) if kept else None

    def _follow(self, content: bytes) -> list[bytes] | None:
        """The kept fields of a header that differs where others did; None where it differs elsewhere."""
        kept, place = list[bytes](), len(MAGIC) + COUNT.size
        for step in self._steps:
            if step is None:
                field, place = _clean_field(content, place, self._own)
                kept += field
            elif content.startswith(step[0], place):
                kept += step[1]
                place += len(step[0])
            else:
                return None
        return kept if self._steps else None

    def _read(self, content: bytes) -> list[bytes]:
        """The kept fields of a header read from its beginning, and what can be learned from them."""
        place, fields = len(MAGIC) + COUNT.size, list[tuple[bytes, list[bytes]]]()
        for _ in range(self._count):
            kept, end = _clean_field(content, place, self._own)
            fields.append((content[place:end], kept))
            place = end
        if len(self._last) == len(fields):
            self._varying |= {at for at, old in enumerate(self._last) if old != fields[at][0]}
        self._last = [old for old, _ in fields]
        self._steps = []
        for varies, run in groupby(range(len(fields)), self._varying.__contains__):
            same = [fields[at] for at in run]
            one = b"".join(old for old, _ in same), [piece for _, kept in same for piece in kept]
            self._steps += [None] * len(same) if varies else [one]
        return [piece for _, kept in fields for piece in kept]


_habit = lru_cache(maxsize=8)(_Habit)


def _clean_field(content: bytes, place: int, own: OwnNumbers) -> tuple[list[bytes], int]:
    """One field of a CSA2 header as it may stay, if it may, and where the next begins."""
    field, end = _field_at(content, place, None, _wanted())
    kept = None if field is None else _cleaned(field, own)
    return ([] if kept is None else [_build_field(kept, 0)]), end


@cache
def _wanted() -> frozenset[bytes]:
    return frozenset(name.encode("ascii") for name in (*allowed("image"), *PROTOCOLS))


def _cleaned(field: CsaField, own: OwnNumbers) -> CsaField | None:
    """The field as it may stay: what stands beside its texts is checked as they are."""
    if field.vr.split(b"\0")[0] not in VRS or not (
        0 <= field.multiplicity <= MOST_ITEMS and 0 <= field.syngo_type < 100
    ):
        return None
    if field.name in PROTOCOLS:
        protocol = clean_protocol("".join(field.values), own)
        return replace(field, values=(protocol,)) if protocol else None
    told = [value for value in field.values if value]
    may_stay = bool(told) and all(is_allowed("image", field.name, value, own) for value in told)
    return field if may_stay and not own.are_inside("".join(told)) else None


@lru_cache(maxsize=16)
def clean_protocol(text: str, own: OwnNumbers) -> str:
    """The allowed lines between ASCCONV BEGIN and END, in their order; empty where there are none.

    The last few answers are kept: all instances of a series carry the same protocol.
    """
    lines = text.partition(BEGIN)[2].partition(END)[0].splitlines()[1:]
    kept = [f"{key}\t = \t{value}\n" for key, value in map(_assignment, lines) if _may_stay(key, value, own)]
    return f"{HEAD}\n{BEGIN} ###\n{''.join(kept)}{END} ###\n" if kept else ""


def _assignment(line: str) -> tuple[str, str]:
    key, _, value = line.partition("=")
    return key.strip(), value.partition("#")[0].strip()


def _may_stay(key: str, value: str, own: OwnNumbers) -> bool:
    return is_allowed("protocol", key, value.strip('"'), own)


def parse_csa(content: bytes, *, only: Container[bytes] | None = None) -> Iterator[CsaField]:
    """The fields of a CSA1 or CSA2 header in order, or those with the names asked for, which is quicker.

    Raises struct.error or ValueError where the bytes are not one.
    """
    old = not content.startswith(MAGIC)
    place = 0 if old else len(MAGIC)
    count = _count(content, place)
    place += COUNT.size
    extra = TAG.unpack_from(content, place)[4] if old and count else None
    for _ in range(count):
        field, place = _field_at(content, place, extra, only)
        if field is not None:
            yield field


def _count(content: bytes, place: int) -> int:
    count, marker = COUNT.unpack_from(content, place)
    if count > MOST_TAGS or marker not in MARKERS:
        raise ValueError("not a CSA header")
    return int(count)


def _field_at(
    content: bytes, place: int, extra: int | None, only: Container[bytes] | None
) -> tuple[CsaField | None, int]:
    """The field at a place, None where it is not asked for, and where the next begins."""
    end = content.find(b"\0", place, place + NAME_BYTES)
    label = content[place : place + NAME_BYTES if end < 0 else end]
    _, multiplicity, vr, syngo_type, items, _ = TAG.unpack_from(content, place)
    place += TAG.size
    if only is not None and label not in only:
        return None, _past_items(content, place, items, extra)
    values, place = _parse_items(content, place, items, extra)
    return CsaField(label.decode("ascii", "replace"), multiplicity, vr, syngo_type, values), place


def _past_items(content: bytes, place: int, items: int, extra: int | None) -> int:
    if items > MOST_ITEMS:
        raise ValueError("too many items")
    for _ in range(items):
        told = ITEM.unpack_from(content, place)
        length = told[1] if extra is None else told[0] - extra
        place += ITEM.size + length
        if length < 0 or place > len(content):
            raise ValueError("an item ends outside the header")
        place += -length % 4
    return place


def _parse_items(content: bytes, place: int, items: int, extra: int | None) -> tuple[tuple[str, ...], int]:
    if items > MOST_ITEMS:
        raise ValueError("too many items")
    values = []
    for _ in range(items):
        told = ITEM.unpack_from(content, place)
        length = told[1] if extra is None else told[0] - extra
        place += ITEM.size
        if length < 0 or place + length > len(content):
            raise ValueError("an item ends outside the header")
        values.append(content[place : place + length].split(b"\0")[0].decode("latin-1").strip())
        place += length + -length % 4
    return tuple(values), place


def build_csa(fields: list[CsaField], *, old: bool = False) -> bytes:
    """A CSA2 header of these fields, or an `old` one (CSA1).

    All fields of an old one get equally many items, as Siemens wrote them: readers differ in which field they count.
    """
    items = max((len(field.values) for field in fields), default=0) if old else 0
    parts = [b"" if old else MAGIC, COUNT.pack(len(fields), MARKERS[0])]
    return _even(b"".join((*parts, *(_build_field(field, items) for field in fields))))


def _build_field(field: CsaField, items: int) -> bytes:
    """One field, with so many items at least, which is also what each adds to its length in an old header."""
    name = field.name.encode("ascii").ljust(NAME_BYTES, b"\0")
    vr = field.vr.split(b"\0")[0].ljust(4, b"\0")
    values = field.values + ("",) * (items - len(field.values))
    head = TAG.pack(name, field.multiplicity, vr, field.syngo_type, len(values), MARKERS[0])
    return b"".join((head, *(_build_item(value, items) for value in values)))


def _build_item(value: str, extra: int) -> bytes:
    text = value.encode("ascii") + b"\0" if value else b""
    return ITEM.pack(len(text) + extra, len(text), MARKERS[0], len(text)) + text + b"\0" * (-len(text) % 4)


def _even(content: bytes) -> bytes:
    return content + b"\0" * (len(content) % 2)
