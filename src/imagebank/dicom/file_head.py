"""What stands before the data set of a new file: preamble, prefix and file meta (PS3.10, section 7.1). Pure."""

from __future__ import annotations

from functools import lru_cache

from imagebank.dicom.method import IMPLEMENTATION_NAME, IMPLEMENTATION_UID
from imagebank.dicom.plan import header

_GROUP_LENGTH = header(0x00020000, "UL", 4, implicit=False)


def file_head(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    """The bytes before a data set, with nothing in them but what it says itself."""
    before, behind = _around(sop_class, syntax)
    meta = before + _element(0x00020003, "UI", sop_instance) + behind
    return b"\0" * 128 + b"DICM" + _GROUP_LENGTH + len(meta).to_bytes(4, "little") + meta


@lru_cache(maxsize=64)
def _around(sop_class: str, syntax: str) -> tuple[bytes, bytes]:
    """The file meta before the UID of the instance and behind it: the same in a whole series."""
    version = header(0x00020001, "OB", 2, implicit=False) + b"\0\1"
    syntaxes = _element(0x00020010, "UI", syntax) + _element(0x00020012, "UI", IMPLEMENTATION_UID)
    return version + _element(0x00020002, "UI", sop_class), syntaxes + _element(0x00020013, "SH", IMPLEMENTATION_NAME)


def _element(tag: int, vr: str, text: str) -> bytes:
    value = text.encode("ascii")
    value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    return header(tag, vr, len(value), implicit=False) + value
