"""Siemens' own header within the header (CSA, second form), as its consoles write it.

A block is a list of named elements; values are text. Layout: nibabel's description of the format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MARK = 77  # what Siemens writes after each count
EMPTY_MARK = 205  # after the count of an element without values
SYNGO_TYPES = {"DS": 3, "FD": 4, "FL": 5, "IS": 6, "SL": 7, "SS": 8, "UL": 9, "US": 10, "CS": 16, "LO": 19, "LT": 20}
SYNGO_TYPES |= {"SH": 22, "ST": 23, "UI": 25, "UN": 0, "UT": 27}
LEAST_ITEMS = 6  # Siemens writes at least six, mostly empty


@dataclass(frozen=True)
class Field:
    """One element of a block: name, VR, values as text, and how many values there should be."""

    name: str
    vr: str
    values: tuple[str, ...] = ()
    multiplicity: int = 1


def numbers(name: str, vr: str, *values: float, multiplicity: int | None = None) -> Field:
    """An element with numbers, written with eight decimals, or none for whole ones."""
    form = "{:.0f}" if vr in ("IS", "US", "UL", "SL", "SS") else "{:.8f}"
    return Field(name, vr, tuple(form.format(each) for each in values), multiplicity or max(1, len(values)))


def block(fields: list[Field]) -> bytes:
    """A whole block."""
    return start(len(fields)) + b"".join(encode(field) for field in fields)


def start(count: int) -> bytes:
    """What stands before the elements."""
    return b"SV10\4\3\2\1" + struct.pack("<II", count, MARK)


def encode(field: Field) -> bytes:
    """One element of a block."""
    if not field.values:
        return _head(field, 0, EMPTY_MARK)
    count = max(LEAST_ITEMS, len(field.values))
    parts = [_head(field, count, MARK)]
    for text in (*field.values, *[""] * (count - len(field.values))):
        content = text.encode() + b"\0" if text else b""
        size = len(content)
        parts.append(struct.pack("<IIII", size, size, MARK, size) + content + b"\0" * (-size % 4))
    return b"".join(parts)


def _head(field: Field, count: int, mark: int) -> bytes:
    kind = SYNGO_TYPES[field.vr]
    return struct.pack("<64sI4sIII", field.name.encode(), field.multiplicity, field.vr.encode(), kind, count, mark)
