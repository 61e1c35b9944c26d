"""An archive and the archives within it, as one row of members in an order that does not change.

An archive within an archive is written to a nameless file first, because a zip is read from its end.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Any

from imagebank.core.archives.kinds import START, UNKNOWN, is_tar, kind_of
from imagebank.core.archives.model import CHUNK, REST, UNPACKED, UNPACKED_AT_ONCE, Allowance, Broken, Member
from imagebank.core.archives.tars import DAMAGE, tar_members
from imagebank.core.archives.zips import zip_members
from imagebank.core.files import disk_errors
from imagebank.core.private import Private

MOST_NESTED = 3  # archives within archives; exports of a PACS have one or two
MOST_DICTIONARY = 256 << 20  # bytes of memory that an xz may ask for; `xz -9` asks for 65 MB

Spool = Callable[[Iterator[bytes]], AbstractContextManager[IO[bytes]]]
"""Writes pieces to a file that is read from its beginning, and is gone when the block ends."""


def unpack(file: IO[bytes], kind: str, allowed: Allowance, spool: Spool, depth: int = 0) -> Iterator[Member]:
    """Every member of an archive, and behind an archive within it, which is `unpacked`, its members.

    Raises OSError where the disk fails, and what `spool` raises.
    """
    for member in _members(file, kind, allowed):
        allowed.members -= 1
        if allowed.members < 0:
            yield Member(REST, "too-many-members")
            return
        yield from (member,) if member.reason else _look_into(member, allowed, spool, depth)
        if allowed.size < 0:
            return


def _look_into(member: Member, allowed: Allowance, spool: Spool, depth: int) -> Iterator[Member]:
    try:
        first = next(member.pieces, b"")
    except Broken as broken:
        yield Member(member.name, broken.reason)
        return
    kind = kind_of(first)
    if not kind:
        yield Member(member.name, "", member.size, chain((first,), member.pieces))
    elif kind == UNKNOWN:
        yield Member(member.name, "unknown-archive")
    elif depth + 1 >= MOST_NESTED:
        yield Member(member.name, "nested-too-deep")
    else:
        yield from _nested(member, chain((first,), member.pieces), kind, allowed, spool, depth + 1)


def _nested(
    member: Member, pieces: Iterator[bytes], kind: str, allowed: Allowance, spool: Spool, depth: int
) -> Iterator[Member]:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(spool(pieces))
        except Broken as broken:
            yield Member(member.name, broken.reason)
            return
        yield Member(member.name, UNPACKED)
        for each in unpack(file, kind, allowed, spool, depth):
            yield replace(each, name=_within(member.name, each.name))


def _within(archive: Private, name: Private) -> Private:
    """Names are told with the archive that holds them: two archives may each have an `IM1`."""
    why = "name a member of an archive within an archive"
    return Private(f"{archive.reveal(why)}/{name.reveal(why)}")


@contextmanager
def spooled(folder: Path, pieces: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """A `Spool` into nameless files of a folder. Raises DiskFull."""
    with disk_errors(), tempfile.TemporaryFile(dir=folder) as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        yield file


def _members(file: IO[bytes], kind: str, allowed: Allowance) -> Iterator[Member]:
    if kind == UNKNOWN:
        return iter((Member(REST, "unknown-archive"),))
    if kind == "zip":
        return zip_members(file, allowed)
    return tar_members(file, allowed) if kind == "tar" else _compressed(file, kind, allowed)


def _compressed(file: IO[bytes], kind: str, allowed: Allowance) -> Iterator[Member]:
    """A compressed tar, or one compressed file."""
    opened: dict[str, Callable[[Any], Any]] = {
        "gz": lambda each: gzip.GzipFile(fileobj=each),
        "bz2": bz2.BZ2File,
        "xz": _Xz,
    }
    stream = io.BufferedReader(opened[kind](file), UNPACKED_AT_ONCE)
    try:
        start = stream.peek(START)
    except (*DAMAGE, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        return iter((Member(REST, "damaged-archive"),))
    if is_tar(start):
        return tar_members(stream, allowed)
    return iter((Member(Private("(the content of the file)"), pieces=_pieces(stream, allowed)),))


def _pieces(stream: IO[bytes], allowed: Allowance) -> Iterator[bytes]:
    try:
        while piece := stream.read(CHUNK):
            allowed.spend(len(piece))
            yield piece
    except (*DAMAGE, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise Broken("damaged-member") from None


class _Xz(io.RawIOBase):
    """An xz as a stream, with a bound on its memory: the standard library's own reader has none."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decompressor = lzma.LZMADecompressor(memlimit=MOST_DICTIONARY)
        self._packed = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes; none at the end. Raises LZMAError, EOFError."""
        while True:
            if self._decompressor.eof and not self._next_stream():
                return 0
            if self._decompressor.needs_input and not self._packed:
                self._packed = self._file.read(CHUNK)
                if not self._packed:
                    raise EOFError
            piece = self._decompressor.decompress(self._packed, len(buffer))
            self._packed = b""
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)

    def _next_stream(self) -> bool:
        """Whether another stream follows: several may be joined, with padding between."""
        rest = self._decompressor.unused_data
        while rest := (rest or self._file.read(CHUNK)):
            rest = rest.lstrip(b"\0")
            if rest:
                self._decompressor, self._packed = lzma.LZMADecompressor(memlimit=MOST_DICTIONARY), rest
                return True
        return False
