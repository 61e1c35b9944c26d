"""What lies in the landing zone, read again: its digest, and whether it is whole."""

from __future__ import annotations

import hashlib
import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebank.dicom.elements import PIXEL_GROUP, Odd, read_layout
from imagebank.dicom.pacs.part10 import Ids, ids_of
from imagebank.engine.model import DIGEST_BYTES

HEAD_BYTES = 1 << 20  # of a file; holds the header of nearly every one


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


def new_hash() -> Any:
    """What digests are made with."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


@dataclass(frozen=True)
class Whole:
    """A file that holds all of an instance."""

    path: Path
    ids: Ids
    size: int
    _hash: Any = field(repr=False)
    _unhashed: list[bytes | memoryview] = field(default_factory=list, repr=False)  # one at most

    def digest(self) -> bytes:
        """The digest of its content: of its transfer syntax and its data set, not of its meta header.

        Hashing waits until somebody asks.
        """
        while self._unhashed:
            self._hash.update(self._unhashed.pop())
        return bytes(self._hash.digest())


def whole_file(path: Path) -> Whole:
    """A file that landed, read again. Raises Unnamed."""
    found = new_hash()
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
        ids = ids_of(head)
        found.update(ids.syntax.encode())
        found.update(memoryview(head)[ids.start :])
        while chunk := file.read(HEAD_BYTES):
            found.update(chunk)
    return Whole(path, ids, path.stat().st_size, found)


def digest_of_file(path: Path) -> bytes:
    """The digest of the content of a landed file. Raises Unnamed."""
    return whole_file(path).digest()
