"""The texts of a value straight from its bytes, where they are plain enough to need no help. Pure.

Plain are ASCII texts without escapes and well-formed numbers, which nearly all values are. Of anything else the answer
is None, and pydicom, which is slower and knows everything, is asked instead; tests hold the two to the same texts.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import cache

from pydicom.datadict import dictionary_VR

Texts = tuple[str, ...]

PADDING = "\0 "
ESCAPE = b"\x1b"
TEXT_VRS = frozenset(b"AS CS DA DT LO SH TM UC".split())
NUMBERS = {b"US": "H", b"SS": "h", b"UL": "L", b"SL": "l", b"FL": "f", b"FD": "d"}
LONGEST_NUMBERS = 64  # bytes; longer lists of binary numbers are tables, of which nobody asks for a text


def _list_of(number: str) -> re.Pattern[bytes]:
    """Numbers of this form parted by backslashes, each of which may be missing, and padding."""
    one = rf" *+(?:{number} *+)?"
    return re.compile(rf"{one}(?:\\{one})*+[\0 ]*+".encode("ascii"))


_WHOLE = _list_of(r"[+-]?[0-9]{1,9}")
_UID = re.compile(rb"[0-9.]*+(?:\\[0-9.]*+)*+[\0 ]*+")
_DECIMAL = _list_of(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")


def plain_texts(vr: bytes, value: bytes) -> Texts | None:
    """The trimmed parts of a value, or None where it is not plain. Nothing where it is empty."""
    if not value:
        return ()
    if vr in TEXT_VRS:
        return _texts(value)
    if vr == b"DS":
        return _checked(value, _DECIMAL)
    if vr == b"IS":
        return _checked(value, _WHOLE)
    if vr == b"UI":
        return _checked(value, _UID)
    form = NUMBERS.get(vr)
    return _numbers(form, value) if form else None


def _texts(value: bytes) -> Texts | None:
    if not value.isascii() or ESCAPE in value:
        return None
    text = value.decode("ascii")
    if "\\" not in text:
        return (text.strip(PADDING),)
    return tuple([part.strip(PADDING) for part in text.split("\\")])


def _checked(value: bytes, form: re.Pattern[bytes]) -> Texts | None:
    """The parts of a text of numbers or UIDs where each is empty or of the form."""
    if not form.fullmatch(value):
        return None
    return tuple([part.strip(" ") for part in value.decode("ascii").rstrip(PADDING).split("\\")])


def _numbers(form: str, value: bytes) -> Texts | None:
    read = _reader(form, len(value))
    return None if read is None else tuple(map(str, read(value)))


@cache
def _reader(form: str, length: int) -> Callable[[bytes], tuple[float, ...]] | None:
    size = struct.calcsize(f"<{form}")
    return (
        struct.Struct(f"<{length // size}{form}").unpack if length <= LONGEST_NUMBERS and length % size == 0 else None
    )


@cache
def vr_of(tag: int) -> bytes:
    """The VR that the dictionary gives a tag; empty where it knows none or leaves a choice."""
    try:
        told = dictionary_VR(tag)
    except KeyError:
        return b""
    return told.encode("ascii") if len(told) == 2 else b""
