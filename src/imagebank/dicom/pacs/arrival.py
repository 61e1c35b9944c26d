"""One instance on its way into the landing zone: written as it comes, then given its place or forgotten."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from imagebank.core.digests import DIGEST_BYTES, Digest
from imagebank.core.files import disk_errors, sync_file
from imagebank.dicom.pacs.landed_file import HEAD_BYTES, Whole, digest_of_start
from imagebank.dicom.pacs.part10 import Ids, ids_of_pieces

if TYPE_CHECKING:
    from imagebank.dicom.pacs.landing import Kept, Landing

NO_FILE = -1
SMALL = 4096  # bytes; a smaller piece is copied, so that it does not keep all in memory that came with it
MOST_PIECES = 16  # that are written one by one


class TooLarge(Exception):
    """An instance is larger than the settings allow."""


class Arrival:
    """Use as a context manager; what was not finished is gone when it ends."""

    def __init__(self, landing: Landing, path: Path) -> None:
        self._landing, self._path = landing, path
        self._held: list[bytes | memoryview] = []  # until the file is begun
        self.size = 0
        self._file = NO_FILE
        self._ids: Ids | None = None
        self._digest: Digest | None = None

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def forget(self) -> None:
        """What is half-written is gone."""
        self._landing.release(self.size)
        self.size = 0
        if self._file != NO_FILE:
            self._close()
            self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes | memoryview) -> None:
        """The next bytes of the file. Raises DiskFull, TooLarge, Unnamed."""
        if self.size + len(chunk) > self._landing.largest:
            raise TooLarge
        self._landing.reserve(len(chunk))
        self.size += len(chunk)
        if self._digest:
            self._digest.update(chunk)
            self._put(chunk)
        else:
            self._held.append(chunk if len(chunk) > SMALL else bytes(chunk))
            if self.size >= HEAD_BYTES:
                self._begin()

    def _begin(self) -> Digest:
        """The beginning is here: what names it is known, and the file is begun."""
        ids = self.ids()
        with disk_errors():
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        for piece in self._held if len(self._held) <= MOST_PIECES else [b"".join(self._held)]:
            self._put(piece)
        self._digest = digest_of_start(ids, self._held)
        self._held.clear()
        return self._digest

    def _put(self, chunk: bytes | memoryview) -> None:
        with disk_errors():
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._file, view) :]

    def ids(self) -> Ids:
        """What names the instance, once enough of it came. Raises Unnamed."""
        self._ids = self._ids or ids_of_pieces(self._held)
        return self._ids

    def finish(self) -> Kept:
        """All of it came: it is flushed to the disk and given its place. Raises as `write`, and Unrequested."""
        whole = self.end()
        with disk_errors():
            sync_file(whole.path)
            return self._landing.settle(whole)

    def end(self) -> Whole:
        """All of it came. Whoever takes the file flushes it before it has its place. Raises as `write`."""
        digest = self._digest or self._begin()
        self._close()
        return Whole(self._path, self.ids(), self.size, digest.digest(DIGEST_BYTES))

    def _close(self) -> None:
        os.close(self._file)
        self._file = NO_FILE
