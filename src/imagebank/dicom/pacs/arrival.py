"""One instance on its way into the landing zone: written as it comes, hashed, then settled or forgotten."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from imagebank.core.files import disk_errors
from imagebank.dicom.pacs.landed_file import HEAD_BYTES
from imagebank.dicom.pacs.part10 import Ids, ids_of
from imagebank.engine.model import DIGEST_BYTES

if TYPE_CHECKING:
    from imagebank.dicom.pacs.landing import Kept, Landing


class TooLarge(Exception):
    """An instance is larger than the settings allow."""


class Arrival:
    """Use as a context manager; what was not finished is gone when it ends."""

    def __init__(self, landing: Landing, path: Path, head: bytes) -> None:
        self._landing, self._path = landing, path
        self._head: list[bytes] = [head] if head else []
        self.size = len(head)
        self._file: IO[bytes] | None = None
        self._digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self._ids: Ids | None = None

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """The next bytes of the file. Raises DiskFull, TooLarge, Unnamed."""
        self.size += len(chunk)
        if self.size > self._landing.largest:
            raise TooLarge
        if self._file is None:
            self._head.append(chunk)
            if self.size >= HEAD_BYTES:
                self._begin_file()
        else:
            self._digest.update(chunk)
            self._put(chunk)

    def _begin_file(self) -> None:
        head = b"".join(self._head)
        self._ids = ids_of(head)
        self._digest.update(self._ids.syntax.encode())
        self._digest.update(memoryview(head)[self._ids.start :])
        with disk_errors():
            self._file = open(self._path, "wb", buffering=0)  # noqa: SIM115 - closed when the arrival ends
        self._put(head)
        self._head.clear()

    def _put(self, chunk: bytes) -> None:
        if self._file is None:
            raise AssertionError("the file of an arrival is opened with its head")
        self._landing.check_room(len(chunk))
        with disk_errors():
            view = memoryview(chunk)
            while view:
                view = view[self._file.write(view) :]

    def ids(self) -> Ids:
        """What names the instance, once enough of it came. Raises Unnamed."""
        return self._ids or ids_of(b"".join(self._head))

    def finish(self) -> Kept:
        """All of it came: it is flushed to the disk and given its place. Raises as `write`, and Unrequested."""
        if self._file is None:
            self._begin_file()
        if self._file is None or self._ids is None:
            raise AssertionError("a begun file has ids")
        with disk_errors():
            os.fsync(self._file.fileno())
            return self._landing.settle(self._path, self._ids, self._digest.digest(), self.size)
