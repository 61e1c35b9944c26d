"""Unpacks the zip of a banked series into files that the converter reads.

Banked instances are stored, not compressed, so each is one range of the archive: it is checked and written in one
piece. An entry's name is never a path here. The checksum is that of isal, several times quicker than the standard one.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import zipfile
from pathlib import Path

LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Signature, and the lengths of name and extra field, of a local file header (APPNOTE.TXT 4.3.7)."""


def unpack(archive: Path, folder: Path) -> None:
    """Write the instances under names of our own, in the order of theirs. Raises BadZipFile for any damage."""
    folder.mkdir(parents=True, exist_ok=True)
    if not archive.stat().st_size:
        raise zipfile.BadZipFile("an empty file")
    with zipfile.ZipFile(archive) as file, open(archive, "rb") as raw:
        entries = sorted(file.infolist(), key=lambda entry: entry.filename)
        with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content, memoryview(content) as view:
            for number, entry in enumerate(entries, start=1):
                target = folder / f"{number:06d}.dcm"
                if entry.compress_type == zipfile.ZIP_STORED:
                    _write_stored(view, entry, target)
                else:
                    with file.open(entry) as source, open(target, "wb") as copy:
                        shutil.copyfileobj(source, copy)


def _write_stored(view: memoryview, entry: zipfile.ZipInfo, target: Path) -> None:
    from isal import isal_zlib

    signature, name, extra = LOCAL_HEADER.unpack_from(view, entry.header_offset)
    start = entry.header_offset + LOCAL_HEADER.size + name + extra
    with view[start : start + entry.file_size] as instance:
        if signature != zipfile.stringFileHeader or len(instance) != entry.file_size:  # type: ignore[attr-defined]
            raise zipfile.BadZipFile("an entry does not lie where the directory says")
        if isal_zlib.crc32(instance) != entry.CRC:
            raise zipfile.BadZipFile("an entry is damaged")
        with open(target, "wb", buffering=0) as file:
            file.write(instance)
