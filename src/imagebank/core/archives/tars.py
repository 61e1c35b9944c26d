"""The members of a tar, from front to back, as it streams by.

The standard library takes a damaged header for the end of a tar, and so loses what follows without a word. Here a tar
has ended only behind its empty block, or it is damaged; and several tars that were joined are read as one.
"""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from imagebank.core.archives.model import CHUNK, REST, UNPACKED_AT_ONCE, Allowance, Broken, Member
from imagebank.core.private import Private

HEADER_BYTES = 16 << 20  # between two members: names, sparse maps, and the padding of a tape
DAMAGE = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError, IndexError)


class _Header(tarfile.TarInfo):
    """Says whether a tar ended, instead of taking a damaged header for its end."""

    @classmethod
    def fromtarfile(cls, tar: Any) -> _Header:
        """The next header. Raises ReadError for one that is damaged or missing."""
        try:
            found = super().fromtarfile(tar)
        except tarfile.HeaderError as error:
            is_end, is_nothing = (type(error).__name__ == name for name in ("EOFHeaderError", "EmptyHeaderError"))
            if not is_end and not (is_nothing and tar.ended):
                raise tarfile.ReadError from None
            tar.ended = True
            raise
        tar.ended = False
        return found


class _Tar(tarfile.TarFile):
    ended = False
    tarinfo = _Header


class _Metered:
    """A stream that ends with an error where more is read from it than was expected."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.left = HEADER_BYTES

    def read(self, size: int) -> bytes:
        """The next bytes. Raises ReadError."""
        if self.left < 0:
            raise tarfile.ReadError
        piece = self._stream.read(size)
        self.left -= len(piece)
        return piece


def tar_members(stream: IO[bytes], allowed: Allowance) -> Iterator[Member]:
    """Every member of a tar that is no folder. Raises OSError where the disk fails."""
    metered = _Metered(stream)
    try:
        with _Tar.open(fileobj=metered, mode="r|", bufsize=UNPACKED_AT_ONCE, ignore_zeros=True) as tar:  # type: ignore[call-overload]
            while info := _next(tar, metered):
                if not info.isdir():
                    pieces = _pieces(tar, info, metered, allowed)
                    yield Member(Private(info.name), _objection(info), info.size, pieces)
                    for _ in pieces:  # what nobody asked for
                        pass
    except Broken as broken:  # of a member that nobody asked for; with it the stream ends
        yield Member(REST, "damaged-archive" if broken.reason == "damaged-member" else broken.reason)
    except DAMAGE:
        yield Member(REST, "damaged-archive")
    except OSError as error:
        if error.errno is not None:
            raise
        yield Member(REST, "damaged-archive")


def _next(tar: Any, metered: _Metered) -> tarfile.TarInfo | None:
    metered.left = HEADER_BYTES
    info: tarfile.TarInfo | None = tar.next()
    tar.members.clear()  # or it would remember each
    if info is not None and info.size < 0:
        raise tarfile.ReadError
    return info


def _objection(info: tarfile.TarInfo) -> str:
    return "" if _has_content(info) else "not-a-file"


def _has_content(info: tarfile.TarInfo) -> bool:
    return info.isreg() or info.type not in tarfile.SUPPORTED_TYPES


def _pieces(tar: Any, info: tarfile.TarInfo, metered: _Metered, allowed: Allowance) -> Iterator[bytes]:
    if not _has_content(info):
        return
    try:
        with tar.extractfile(info) as member:
            while piece := _piece(member, metered):
                allowed.spend(len(piece))
                yield piece
    except DAMAGE:
        raise Broken("damaged-member") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise Broken("damaged-member") from None


def _piece(member: IO[bytes], metered: _Metered) -> bytes:
    metered.left = HEADER_BYTES
    return member.read(CHUNK)
