"""The members of a zip, in the order of its directory. Each is checked against its sum when it ends."""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from imagebank.core.archives.model import CHUNK, REST, Allowance, Broken, Member
from imagebank.core.private import Private

MOST_DIRECTORY_BYTES = 128 << 20  # of the list of members, which is read as a whole
TAIL = 65_535 + 22 + 20 + 56  # bytes in which the end of a zip is found: comment, end, and those of a large zip
UNIX = 3  # who made a member, where its mode is told
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, ValueError, OverflowError)


def zip_members(file: IO[bytes], allowed: Allowance) -> Iterator[Member]:
    """Every member of a zip that is no folder. Raises OSError where the disk fails."""
    try:
        if _directory_size(file) > MOST_DIRECTORY_BYTES:
            yield Member(REST, "too-many-members")
            return
        archive = zipfile.ZipFile(file)
    except (*DAMAGE, NotImplementedError):  # the latter of zipfile, for a zip in several files or of a later version
        yield Member(REST, "damaged-archive")
        return
    with archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            reason = _objection(info)
            yield Member(Private(info.filename), reason, info.file_size, _pieces(archive, info, allowed))


def _directory_size(file: IO[bytes]) -> int:
    """The size of the list of members, as the end of a zip tells it. Raises BadZipFile."""
    whole = file.seek(0, 2)
    file.seek(max(0, whole - TAIL))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise zipfile.BadZipFile
    size: int = struct.unpack_from("<I", tail, at + 12)[0]
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\x06\x07" and tail[at - 76 : at - 72] == b"PK\x06\x06":
        size = struct.unpack_from("<Q", tail, at - 36)[0]  # zip64
    return size


def _objection(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 1:
        return "encrypted-member"
    if info.compress_type == zipfile.ZIP_LZMA:  # the standard library bounds neither its memory nor its pieces
        return "unknown-compression"
    mode = stat.S_IFMT(info.external_attr >> 16) if info.create_system == UNIX else 0
    return "" if mode in (0, stat.S_IFREG) else "not-a-file"


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo, allowed: Allowance) -> Iterator[bytes]:
    try:
        with archive.open(info) as member:
            while piece := member.read(CHUNK):
                allowed.spend(len(piece))
                yield piece
    except NotImplementedError:  # of zipfile, for a packing that it does not know
        raise Broken("unknown-compression") from None
    except (*DAMAGE, RuntimeError):
        raise Broken("damaged-member") from None
    except OSError as error:  # of bzip2, where it has no number
        if error.errno is not None:
            raise
        raise Broken("damaged-member") from None
