"""Unpacks the zip of a banked series into files that the converter reads.

Banked instances are stored, not compressed, so each is one range of the archive: it is checked and written in one
piece. An entry's name is never a path here. The checksum is that of isal, several times quicker than the standard one,
and the directory of the archive is read in one go; one that is not as the bank writes it is left to `zipfile`.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Signature, and the lengths of name and extra field, of a local file header (APPNOTE.TXT 4.3.7)."""

DIRECTORY_HEADER = struct.Struct("<4s4x2H4x3L3H8xL")
"""Signature, flags, method, checksum, sizes, lengths of name, extra field and comment, offset (4.3.12)."""

DIRECTORY_END = struct.Struct("<4s6xH2LH")
"""Signature, entries, size and offset of the directory, length of the comment (4.3.16)."""

UTF_8_NAMES = 0x0800
MOST = 0xFFFF  # entries; more are counted elsewhere
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)


class Entry(NamedTuple):
    """One stored instance: its name in the archive, its checksum and size, and where its own header is."""

    name: bytes
    checksum: int
    size: int
    offset: int


def unpack(archive: Path, folder: Path) -> int:
    """Write the instances under names of our own, in the order of theirs, and tell how many bytes they have.

    Raises BadZipFile for any damage.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.stat().st_size:
        raise zipfile.BadZipFile("an empty file")
    with open(archive, "rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content:
        entries = stored_entries(content)
        if entries is None:
            return _unpack_patiently(archive, folder, content[-DIRECTORY_END.size :])
        with memoryview(content) as view:
            for number, entry in enumerate(sorted(entries), start=1):
                _write(view, entry, f"{folder}/{number:06d}.dcm")
    return sum(entry.size for entry in entries)


def stored_entries(content: bytes | mmap.mmap) -> list[Entry] | None:
    """The directory of an archive; None where it is not that of a whole archive of stored entries with plain names."""
    if len(content) < DIRECTORY_END.size:
        return None
    signature, count, size, place, comment = DIRECTORY_END.unpack_from(content, len(content) - DIRECTORY_END.size)
    if signature != b"PK\5\6" or comment or count == MOST or place + size + DIRECTORY_END.size != len(content):
        return None
    found = []
    if size < count * DIRECTORY_HEADER.size:
        return None
    for _ in range(count):
        if place + DIRECTORY_HEADER.size > len(content):
            return None
        signature, flags, method, checksum, packed, whole, name, extra, note, offset = DIRECTORY_HEADER.unpack_from(
            content, place
        )
        place += DIRECTORY_HEADER.size
        told = content[place : place + name]
        place += name + extra + note
        if signature != b"PK\1\2" or flags & ~UTF_8_NAMES or method or extra or packed != whole or not told.isascii():
            return None
        found.append(Entry(told, checksum, whole, offset))
    return found if place + DIRECTORY_END.size == len(content) else None


def _write(view: memoryview, entry: Entry, target: str) -> None:
    from isal import isal_zlib

    if entry.offset + LOCAL_HEADER.size > len(view):
        raise zipfile.BadZipFile("an entry does not lie where the directory says")
    signature, name, extra = LOCAL_HEADER.unpack_from(view, entry.offset)
    start = entry.offset + LOCAL_HEADER.size + name + extra
    with view[start : start + entry.size] as instance:
        if signature != b"PK\3\4" or len(instance) != entry.size:
            raise zipfile.BadZipFile("an entry does not lie where the directory says")
        if isal_zlib.crc32(instance) != entry.checksum:
            raise zipfile.BadZipFile("an entry is damaged")
        descriptor = os.open(target, FLAGS, 0o600)
        try:
            written = 0
            while written < entry.size:
                written += os.write(descriptor, instance[written:])
        finally:
            os.close(descriptor)


def _unpack_patiently(archive: Path, folder: Path, last: bytes) -> int:
    """The same with the standard library, which does not count: for archives that are compressed, large or damaged."""
    written = 0
    with zipfile.ZipFile(archive) as file:
        entries = sorted(file.infolist(), key=lambda entry: entry.filename)
        if last.startswith(b"PK\5\6") and DIRECTORY_END.unpack(last)[1] not in (len(entries), MOST):
            raise zipfile.BadZipFile("entries are missing from the directory")
        for number, entry in enumerate(entries, start=1):
            with file.open(entry) as source, open(folder / f"{number:06d}.dcm", "wb") as copy:
                shutil.copyfileobj(source, copy)
                written += copy.tell()
    return written
