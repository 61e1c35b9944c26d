"""One instance on its way into the landing zone: written as it comes, then given its place or forgotten."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from imagebank.core.files import disk_errors, sync_file
from imagebank.dicom.pacs.landed_file import HEAD_BYTES, Whole, new_hash
from imagebank.dicom.pacs.part10 import Ids, ids_of

if TYPE_CHECKING:
    from imagebank.dicom.pacs.landing import Kept, Landing

NO_FILE = -1


class TooLarge(Exception):
    """An instance is larger than the settings allow."""


class Arrival:
    """Use as a context manager; what was not finished is gone when it ends."""

    def __init__(self, landing: Landing, path: Path, head: bytes) -> None:
        self._landing, self._path = landing, path
        self._head: list[bytes] = [head] if head else []
        self.size = len(head)
        self._file = NO_FILE
        self._hash = new_hash()
        self._unhashed: bytes | memoryview = b""
        self._ids: Ids | None = None

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file != NO_FILE:
            self._close()
            self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """The next bytes of the file. Raises DiskFull, TooLarge, Unnamed."""
        self.size += len(chunk)
        if self.size > self._landing.largest:
            raise TooLarge
        if self._file == NO_FILE:
            self._head.append(chunk)
            if self.size >= HEAD_BYTES:
                self._begin_file()
        else:
            self._hash.update(self._unhashed)
            self._unhashed = chunk
            self._put(chunk)

    def _begin_file(self) -> None:
        head = b"".join(self._head)
        self._ids = ids_of(head)
        self._hash.update(self._ids.syntax.encode())
        self._unhashed = memoryview(head)[self._ids.start :]
        with disk_errors():
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._put(head)
        self._head.clear()

    def _put(self, chunk: bytes) -> None:
        self._landing.check_room(len(chunk))
        with disk_errors():
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._file, view) :]

    def ids(self) -> Ids:
        """What names the instance, once enough of it came. Raises Unnamed."""
        return self._ids or ids_of(b"".join(self._head))

    def finish(self) -> Kept:
        """All of it came: it is flushed to the disk and given its place. Raises as `write`, and Unrequested."""
        whole = self.end()
        with disk_errors():
            sync_file(whole.path)
            return self._landing.settle(whole)

    def end(self) -> Whole:
        """All of it came. Whoever takes the file flushes it before it has its place. Raises as `write`."""
        if self._file == NO_FILE:
            self._begin_file()
        if self._ids is None:
            raise AssertionError("a begun file has ids")
        self._close()
        return Whole(self._path, self._ids, self.size, self._hash, [self._unhashed])

    def _close(self) -> None:
        os.close(self._file)
        self._file = NO_FILE
