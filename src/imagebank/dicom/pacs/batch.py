"""The instances of one web answer on their way to the landing zone, which writes them while the next ones are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imagebank.core.errors import DiskFull
from imagebank.dicom.pacs.landing import Arrival, Landing, TooLarge, Unrequested
from imagebank.dicom.pacs.model import PacsError
from imagebank.dicom.pacs.part10 import Unnamed


class Batch:
    """One answer. `done` counts what is kept, `refused` what was not wanted, not named or too large."""

    def __init__(self, landing: Landing) -> None:
        self.done = self.refused = 0
        self._landing = landing
        self._arrival: Arrival | None = None
        self._is_refused = False

    def write(self, content: bytes, *, ends: bool) -> None:
        """The next bytes of an instance. Raises what an earlier one ended with: DiskFull."""
        try:
            if not self._is_refused:
                self._take(content, ends=ends)
        except (TooLarge, Unnamed, Unrequested):
            self._is_refused = True
            self.refused += 1
            self.forget()
        if ends:
            self._is_refused = False

    def _take(self, content: bytes, *, ends: bool) -> None:
        self._arrival = self._arrival or self._landing.begin()
        self._arrival.write(content)
        if ends:
            self._landing.take(self._arrival)
            self._arrival = None
            self.done += 1

    def forget(self) -> None:
        """What is half-written is gone."""
        if self._arrival:
            self._arrival.forget()
            self._arrival = None


@contextmanager
def batch(landing: Landing) -> Iterator[Batch]:
    """The instances of one answer. All of them have their places, and the book knows, when the block ends."""
    under_way = Batch(landing)
    try:
        yield under_way
        landing.drain()
    except DiskFull:
        raise PacsError("landing-full") from None
    finally:
        under_way.forget()
