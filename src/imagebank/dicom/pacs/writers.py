"""Instances of one web answer go to the disk while the next ones are read: a few threads write, one reads.

A web service waits for no acknowledgement, so whatever was written since the last flush is flushed at once, and then
has its place. What is in flight is bounded; an instance that is larger than that is written as it comes. The first
error of a writer stops the reader; those after it add nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from imagebank.core.errors import DiskFull
from imagebank.dicom.pacs.landing import Arrival, Landing, TooLarge, Unrequested
from imagebank.dicom.pacs.model import PacsError
from imagebank.dicom.pacs.part10 import Unnamed

THREADS = 2
IN_FLIGHT = 24  # instances that wait to be written
SMALL = 4 << 20  # bytes; larger ones are written by the reader itself


class Writers:
    """The threads of one client."""

    def __init__(self, landing: Landing) -> None:
        self._landing = landing
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="landing")

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """The instances of one answer. All of them have their places, and the book knows, when the block ends."""
        batch = Batch(self._landing, self._pool)
        try:
            yield batch
            batch.settle()
        except DiskFull:
            raise PacsError("landing-full") from None
        finally:
            batch.end()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


class Batch:
    """One answer on its way to the disk. `done` counts what was kept, `refused` what was not wanted or not named."""

    def __init__(self, landing: Landing, pool: ThreadPoolExecutor) -> None:
        self.done = self.refused = 0
        self._landing, self._pool = landing, pool
        self._pieces: list[bytes] = []
        self._size = 0
        self._large: Arrival | None = None
        self._refuse_rest = False
        self._waiting: deque[Future[bool]] = deque()

    def write(self, content: bytes, *, ends: bool) -> None:
        """The next bytes of an instance. Raises what an earlier one ended with: DiskFull."""
        self._size += len(content)
        if self._large is None and self._size <= SMALL:
            self._pieces.append(content)
        elif not self._refuse_rest:
            self._write_large(content)
        if ends:
            self._end_instance()

    def _write_large(self, content: bytes) -> None:
        try:
            if self._large is None:
                self._large = self._landing.begin()
                for each in self._pieces:
                    self._large.write(each)
                self._pieces.clear()
            self._large.write(content)
        except (TooLarge, Unnamed):
            self._refuse_rest = True

    def _end_instance(self) -> None:
        if self._large is None:
            self._waiting.append(self._pool.submit(self._land, self._pieces))
        else:
            with self._large as arrival:
                self._count(not self._refuse_rest and self._take(arrival))
        self._pieces, self._size, self._large, self._refuse_rest = [], 0, None, False
        while len(self._waiting) > IN_FLIGHT:
            self._count(self._waiting.popleft().result())

    def settle(self) -> None:
        """Wait until everything that was given has its place."""
        while self._waiting:
            self._count(self._waiting.popleft().result())
        self._landing.drain()

    def _count(self, kept: bool) -> None:
        self.done += kept
        self.refused += not kept

    def _land(self, pieces: list[bytes]) -> bool:
        with self._landing.begin() as arrival:
            try:
                for each in pieces:
                    arrival.write(each)
            except (TooLarge, Unnamed):
                return False
            return self._take(arrival)

    def _take(self, arrival: Arrival) -> bool:
        try:
            self._landing.take(arrival.end())
        except (Unnamed, Unrequested):
            return False
        return True

    def end(self) -> None:
        """Nothing more comes: what is half-written is forgotten, what is whole is let finish."""
        if self._large is not None:
            self._large.__exit__()
        for each in self._waiting:
            each.exception()
