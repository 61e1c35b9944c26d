"""The landing zone of a bank: who may write there, what it holds at most, and its log of associations."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imagebank.core.clock import Clock
from imagebank.core.config import Bank
from imagebank.core.errors import BankError
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.landing import Landing, Limits
from imagebank.dicom.pacs.recovery import open_landing
from imagebank.identities.pseudonyms import Keys

if TYPE_CHECKING:
    from imagebank.dicom.pacs.node import Ended

GB, MB = 1_000_000_000, 1_000_000
_WRITING = threading.Lock()


def limits_of(bank: Bank) -> Limits:
    """What the landing zone holds at most."""
    settings = bank.config.landing
    return Limits(int(settings.quota_gb * GB), int(settings.free_gb * GB), settings.largest_mb * MB)


def landing_of(bank: Bank, source: str, keys: Keys, book: Book) -> Landing:
    """Where one source lands, after what a crash left is put right."""
    return open_landing(bank.layout.landing, source, keys.uid_map, book, limits_of(bank))


@contextmanager
def locked_landing(bank: Bank) -> Iterator[None]:
    """Hold the landing zone for one fetching command; the receiving node and `update` may be at work beside it."""
    bank.layout.landing.mkdir(parents=True, exist_ok=True)
    bank.layout.landing.chmod(0o700)
    with open(bank.layout.landing_lock, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BankError(
                "Another acquire is at work on this bank.", "wait until it is done, then run this one again"
            ) from None
        yield


def write_line(bank: Bank, moment: datetime, told: Mapping[str, Any]) -> None:
    """A line of the log of associations: peers, counts and durations only."""
    line = json.dumps({"time": moment.isoformat(), **told})
    with _WRITING, open(bank.layout.landing_log, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def log_of(bank: Bank, clock: Clock) -> Callable[[Ended], None]:
    """Writes a line for each association that a node had."""

    def tell(ended: Ended) -> None:
        told = {"peer": ended.peer, "address": ended.address, "end": ended.end, "seconds": round(ended.seconds, 3)}
        write_line(bank, clock(), {**told, "bytes": ended.size, **dict(sorted(ended.counts.items()))})

    return tell
