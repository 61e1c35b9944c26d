"""An archive is known by how it begins, never by its name. Pure."""

from __future__ import annotations

import tarfile

START = 512  # bytes that are enough to know a kind by; a tar begins with a header of this size
UNKNOWN = "unknown"
_MAGIC = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",  # without members
    b"PK\x07\x08": UNKNOWN,  # a part of a zip that was split
    b"\x1f\x8b\x08": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"(\xb5/\xfd": UNKNOWN,  # zstd
    b"7z\xbc\xaf'\x1c": UNKNOWN,
    b"Rar!\x1a\x07": UNKNOWN,
}


def kind_of(start: bytes) -> str:
    """zip, tar, gz, bz2, xz, `unknown` for an archive of another kind, or nothing for what is none."""
    if start[128:132] == b"DICM":  # whatever its preamble looks like
        return ""
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    return "tar" if is_tar(start) else ""


def is_tar(start: bytes) -> bool:
    """Whether a header of a tar stands there whose sum is right."""
    try:
        tarfile.TarInfo.frombuf(start[:START], "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):  # a name or number that cannot be read; zeros are no header
        return False
    return True
