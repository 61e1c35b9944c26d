"""The landing zone: received instances become files, each once, safely on the disk before they are counted.

Laws: a file appears whole or not at all; nothing is overwritten; no part of a path comes from data, only keyed ids; the
same content again is counted, other content under the same UID is set aside beside the first, and the bank then
quarantines both; when the quota or the disk is used up, nothing more is accepted.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path

from imagebank.core.errors import DiskFull
from imagebank.core.files import disk_errors, sync_disk, sync_folder
from imagebank.core.groups import Groups
from imagebank.core.processes import is_running, own_mark
from imagebank.dicom.pacs.arrival import Arrival, TooLarge
from imagebank.dicom.pacs.book import Book, InstanceRow
from imagebank.dicom.pacs.book_schema import UNKNOWN_DIGEST
from imagebank.dicom.pacs.landed_file import Whole, digest_of_file, is_whole, whole_file
from imagebank.dicom.pacs.part10 import Ids, Unnamed
from imagebank.dicom.pacs.sameness import same_content
from imagebank.identities.pseudonyms import UidMap, letters

PARTIAL = ".partial"
SUFFIX = ".dcm"
Names = tuple[str, str, str]
"""The bank's own ids of study, series and instance."""
IN_FLIGHT = 24  # instances that wait to be written, of up to 1 MB each
GROUP = 256  # files that are flushed at once; while a disk is flushed, it makes no new ones

__all__ = ["Arrival", "Kept", "Landing", "Limits", "TooLarge", "Unrequested", "landing_full"]


def landing_full() -> DiskFull:
    """The quota of the landing zone, or the disk, is used up: nothing was kept of what came."""
    return DiskFull(
        "The landing zone is full.",
        "run imagebank update, which deletes what is banked, or raise [landing] quota_gb; then run it again",
    )


class Unrequested(Exception):
    """An instance of a study that nobody asked for."""


class Kept(Enum):
    """What became of an instance."""

    NEW = "new"
    COPY = "copy"
    ASIDE = "aside"


@dataclass(frozen=True)
class Limits:
    """What the landing zone holds at most, in bytes; 0 means no limit."""

    quota: int = 0
    free: int = 0
    largest: int = 2 << 30


@dataclass
class _Usage:
    """Bytes that have their place, and bytes that are on their way to it."""

    held: int
    coming: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, held: int = 0, coming: int = 0) -> None:
        with self.lock:
            self.held += held
            self.coming += coming


class Landing:
    """Where one source lands; for several threads.

    `asked` says whether a study (by keyed id) was asked for; `needs`, whether files of a series that were deleted once
    banked are taken back.
    """

    def __init__(self, root: Path, source: str, uids: UidMap, book: Book, limits: Limits) -> None:
        self.root, self.source, self.book = root, source, book
        self.folder, self._partial = root / source, root / PARTIAL
        self.asked: Callable[[str], bool] = lambda _: True
        self.needs: Callable[[str], bool] = lambda _: True
        self.counted: Counter[str] = Counter()
        self.arrived = self.arrived_bytes = 0  # whatever became of them
        self.turned_away = 0  # instances for which there was no room
        self._uids, self.limits = uids, limits
        self._item = lru_cache(maxsize=64)(uids.item)  # of many instances it is the same
        self._usage = _Usage(book.bytes_kept())
        for folder in (self.folder, self._partial):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        self._owner, self._number = own_mark(), 0
        self._lock = threading.Lock()
        self._taken = Groups(self._write_all, IN_FLIGHT // 2, gather_seconds=0.0)
        self._written = Groups(self._settle_all, GROUP)

    def ids(self, ids: Ids) -> Names:
        """The bank's own ids of study, series and instance."""
        reason = "derive the name of a file from a keyed UID"
        study, series = (self._item(each.reveal(reason)) for each in (ids.study, ids.series))
        return study, series, letters(self._uids.bits(ids.instance.reveal(reason)), 26)

    def begin(self, head: bytes = b"") -> Arrival:
        """An instance is about to arrive. Raises DiskFull where there is no room."""
        self.check_room(0)
        with self._lock:
            self._number += 1
            name = f"{self._owner}-{self.source}-{self._number}"
        arrival = Arrival(self, self._partial / name)
        arrival.write(head)
        return arrival

    def reserve(self, size: int) -> None:
        """So many bytes more are on their way to the disk. Raises DiskFull where there is no room for them."""
        self.check_room(size)
        self._usage.add(coming=size)

    def release(self, size: int) -> None:
        """So many bytes are no longer on their way."""
        self._usage.add(coming=-size)

    def check_room(self, coming: int) -> None:
        """Raises DiskFull where the quota or the disk has no room for more."""
        quota, free = self.limits.quota, self.limits.free
        over = quota and self._usage.held + self._usage.coming + coming > quota
        if over or (free and shutil.disk_usage(self.root).free < free + coming):
            raise landing_full()

    @property
    def largest(self) -> int:
        """The largest instance that is accepted, in bytes."""
        return self.limits.largest

    def path_of(self, study: str, series: str, instance: str) -> Path:
        """Where an instance lies."""
        return self.folder / study / series / f"{instance}{SUFFIX}"

    def take(self, arrival: Arrival) -> None:
        """All came of an instance that was fetched: written and flushed with others, it has its place soon.

        `drain` waits for that. Raises what an earlier one ended with, Unnamed and Unrequested.
        """
        names = self._named(arrival.ids(), arrival.size)
        self._taken.add((arrival, names))

    def drain(self) -> None:
        """Wait until all that was taken before has its place, and the book knows. Raises what it ended with."""
        self._taken.wait()
        try:
            self._written.drain()
        finally:
            self._taken.drain()

    def _write_all(self, group: list[tuple[Arrival, Names]]) -> None:
        """Files of what was taken, in a thread of their own: a peer need not wait for them."""
        done = 0
        try:
            for arrival, names in group:
                self._written.add((arrival.end(), names))
                done += 1
        finally:
            for arrival, _ in group[done:]:
                arrival.forget()

    def _settle_all(self, group: list[tuple[Whole, Names]]) -> None:
        done = 0
        try:
            with disk_errors():
                sync_disk([whole.path for whole, _ in group])
                with self.book.together():
                    for whole, names in group:
                        self._settle(whole, names)
                        self.release(
                            whole.size
                        )  # at once: counted twice, it would make a full landing zone of a half one
                        done += 1
        finally:
            self.release(sum(whole.size for whole, _ in group[done:]))

    def settle(self, whole: Whole) -> Kept:
        """Give a file on the disk its place. Raises Unrequested, and removes it then."""
        try:
            names = self._named(whole.ids, whole.size)
        except Unrequested:
            whole.path.unlink(missing_ok=True)
            raise
        return self._settle(whole, names)

    def _named(self, ids: Ids, size: int) -> Names:
        names = self.ids(ids)
        if not self.asked(names[0]):
            self._count("unrequested")
            raise Unrequested
        with self._lock:
            self.arrived += 1
            self.arrived_bytes += size
        return names

    def _settle(self, whole: Whole, names: Names) -> Kept:
        study, series, instance = names
        path = self.path_of(study, series, instance)
        row = InstanceRow(series, whole.digest, whole.size)
        known = self.book.instance(self.source, instance, series)
        if known and not known.kept:
            kept = self._again(whole.path, path, instance, known, row)
        elif self._place(whole.path, path):
            self._note(instance, row)
            kept = Kept.NEW
        else:
            kept = self._meet(whole.path, path, instance, known, row)
        whole.path.unlink(missing_ok=True)
        return kept

    def _again(self, partial: Path, path: Path, instance: str, known: InstanceRow, row: InstanceRow) -> Kept:
        """The file was deleted after it was banked; it is taken back where the whole series may be wanted."""
        if known.digest not in (row.digest, UNKNOWN_DIGEST):
            return self._aside(partial, path, instance, row)
        if self.needs(row.series):
            self._place(partial, path)
            self._note(instance, row)
        else:
            self.book.add_copy(self.source, instance, row.series)
        return Kept.COPY

    def _meet(self, partial: Path, path: Path, instance: str, known: InstanceRow | None, row: InstanceRow) -> Kept:
        """A file lies there: a copy of this one, or another under the same UID."""
        there = known.digest if known and known.digest != UNKNOWN_DIGEST else digest_of_file(path)
        if there != row.digest and not same_content(path, partial):
            return self._aside(partial, path, instance, row)
        if known:
            self.book.add_copy(self.source, instance, row.series)
        else:  # it came before a crash that kept it from the book
            self._note(instance, replace(row, digest=there))
        return Kept.COPY

    def _aside(self, partial: Path, path: Path, instance: str, row: InstanceRow) -> Kept:
        if self.book.add_aside(self.source, instance, row.digest, row.size):
            self._usage.add(held=row.size)
        self._place(partial, path.with_name(f"{instance}-{row.digest[:5].hex()}{SUFFIX}"))
        return Kept.ASIDE

    def _place(self, partial: Path, path: Path) -> bool:
        """Give a file its name, unless a file of that name is there.

        Its content is on the disk; should the machine lose power before the name is too, `recover` finds it again.
        """
        try:
            os.link(partial, path)
        except FileExistsError:
            return False
        except FileNotFoundError:  # the first of its series
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_folder(folder.parent)
            return self._place(partial, path)
        return True

    def _note(self, instance: str, row: InstanceRow) -> None:
        self.book.add_instance(self.source, instance, row)
        self._usage.add(held=row.size)

    def _count(self, what: str) -> None:
        with self._lock:
            self.counted[what] += 1

    def recover(self) -> None:
        """Settle what processes that died had whole, and remove what they left half-written; others' files stay."""
        for path in sorted(self._partial.iterdir()):
            owner, _, rest = path.name.partition("-")
            if rest.rpartition("-")[0] == self.source and not is_running(owner):
                with suppress(Unnamed, Unrequested):
                    if is_whole(path):
                        self.settle(whole_file(path))
                path.unlink(missing_ok=True)
