"""What lies in the landing zone, read again: its digest, and whether it is whole."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagebank.core.digests import DIGEST_BYTES, Digest, new_digest
from imagebank.dicom.elements import PIXEL_GROUP, Odd, read_layout
from imagebank.dicom.pacs.part10 import Ids, ids_of

HEAD_BYTES = 1 << 20  # of a file; holds the header of nearly every one


@dataclass(frozen=True)
class Whole:
    """A file that holds all of an instance.

    Its digest is that of its transfer syntax and its data set, not of its meta header, which each PACS writes anew.
    """

    path: Path
    ids: Ids
    size: int
    digest: bytes


def is_whole(path: Path) -> bool:
    """Whether a file can be read to its end, with its pixels: a crash may have left only the beginning."""
    try:
        with open(path, "rb") as file, _Mapped(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            layout = read_layout(content)  # type: ignore[arg-type]  # all that is asked of bytes, it answers
    except (Odd, ValueError):  # of an empty file nothing can be mapped
        return False
    return any(element[0] >> 16 == PIXEL_GROUP >> 16 for element in layout.elements)


class _Mapped(mmap.mmap):
    """A file that is read like bytes, and is not in memory."""

    def startswith(self, prefix: bytes, place: int) -> bool:
        """As of bytes."""
        return self[place : place + len(prefix)] == prefix


def digest_of_start(ids: Ids, pieces: Sequence[bytes | memoryview]) -> Digest:
    """The digest of a file of which these pieces are the beginning."""
    digest = new_digest()
    digest.update(ids.syntax.encode())
    for piece in _behind(pieces, ids.start):
        digest.update(piece)
    return digest


def _behind(pieces: Sequence[bytes | memoryview], start: int) -> Iterator[memoryview]:
    """The bytes of these pieces from `start` on."""
    for piece in pieces:
        yield memoryview(piece)[start:]
        start = max(start - len(piece), 0)


def whole_file(path: Path) -> Whole:
    """A file that landed, read again. Raises Unnamed."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
        ids = ids_of(head)
        digest = digest_of_start(ids, [head])
        while chunk := file.read(HEAD_BYTES):
            digest.update(chunk)
    return Whole(path, ids, path.stat().st_size, digest.digest(DIGEST_BYTES))


def digest_of_file(path: Path) -> bytes:
    """The digest of the content of a landed file. Raises Unnamed."""
    return whole_file(path).digest
