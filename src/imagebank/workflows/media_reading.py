"""One file of a medium: an archive, a DICOMDIR or an instance, read from front to back into the landing zone.

How far it was read, and what became of each member, is written down on the way, so that a run that was killed goes on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

from imagebank.core.archives import ENDS, UNPACKED, Allowance, Broken, Member, kind_of, spooled, unpack
from imagebank.core.private import NOBODY, Private
from imagebank.core.progress import Stage
from imagebank.dicom.pacs.book import MediumRow, StudyRow
from imagebank.dicom.pacs.completeness import LEFT
from imagebank.dicom.pacs.fetching import patient_label
from imagebank.dicom.pacs.filters import is_opted_out
from imagebank.dicom.pacs.landing import PARTIAL, Kept, Landing, TooLarge
from imagebank.dicom.pacs.model import Stopped
from imagebank.dicom.pacs.part10 import Ids, Unnamed, ids_of
from imagebank.identities.pseudonyms import UidMap
from imagebank.workflows.medium_directory import Listing, UnreadDirectory, is_directory

CHUNK = 1 << 20
MB = 1_000_000
MEMBERS_AT_ONCE = 32  # between two notes of how far an archive was read
READ, NOT_READ = "read", "not-read"
TAKEN = {
    "landed": "Came into the landing zone.",
    "copies": "The same instance had come before: counted, not kept twice.",
    "directory": "A DICOMDIR.",
    UNPACKED: "An archive within an archive: its members were taken.",
}
"""What becomes of a member of which nothing is lost."""
_KEPT = {Kept.NEW: "landed", Kept.COPY: "copies", Kept.ASIDE: "set-aside"}


def state_of(size: int, modified: int) -> str:
    """What a file is known by as long as it is unchanged."""
    return f"{size}:{modified}"


@dataclass(frozen=True)
class MediumFile:
    """A file of the medium that is to be read."""

    path: Path = field(repr=False)
    name: bytes = field(repr=False)
    size: int
    state: str


@dataclass(frozen=True)
class LeftOut:
    """Whose images do not land, by the numbers of the opted-out."""

    numbers: frozenset[Private] = field(repr=False)
    uids: UidMap = field(repr=False)
    seconds: float  # now, as the book has it

    def labels(self) -> set[str]:
        """Keyed ids of these numbers."""
        return {patient_label(self.uids, each) for each in self.numbers}

    def row(self, ids: Ids, study: str) -> StudyRow:
        """What is kept of a study that was left out: keyed ids alone."""
        return StudyRow(study, NOBODY, LEFT, "opted-out", None, patient_label(self.uids, ids.patient))


@dataclass
class _Reading:
    """How far a file was read."""

    file: MediumFile
    counts: Counter[str]
    done: int = 0
    end: str = NOT_READ


class Meter:
    """How far the reading is, in whole MB of the files of the medium."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._before = self._told = 0

    def at(self, position: int) -> None:
        """So far in the file that is read."""
        now = (self._before + position) // MB
        if now > self._told:
            self._stage.advance(now - self._told)
            self._told = now

    def end(self, size: int) -> None:
        """A file of that size is done."""
        self.at(size)
        self._before += size


class Reader:
    """Reads the files of one medium."""

    def __init__(
        self, source: str, landing: Landing, left_out: LeftOut, stop: Callable[[], bool], meter: Meter
    ) -> None:
        self._source, self._landing, self._book = source, landing, landing.book
        self._left_out, self._stop, self._meter = left_out, stop, meter

    def read(self, file: MediumFile, row: MediumRow | None) -> Counter[str]:
        """Read one file, from where an earlier run was; gives what did not land, by why."""
        goes_on = row is not None and row.state == file.state and row.end == NOT_READ
        reading = _Reading(file, Counter(row.counts), row.done) if row and goes_on else _Reading(file, Counter())
        before = Counter(reading.counts)
        try:
            self._read(reading)
        except OSError as error:
            if error.errno is None:
                raise
            reading.end = "unreadable"
        finally:
            self._keep(reading)
        self._meter.end(file.size)
        told = reading.counts - before
        if reading.end not in (READ, *told):
            told[reading.end] += 1
        return Counter({why: count for why, count in told.items() if why not in TAKEN})

    def _keep(self, reading: _Reading) -> None:
        row = MediumRow(reading.file.state, reading.done, reading.end, reading.counts)
        self._book.media.keep(self._source, reading.file.name, row)

    def _read(self, reading: _Reading) -> None:
        path = reading.file.path
        with open(path, "rb") as file:
            start = file.read(CHUNK)
            file.seek(0)
            kind = kind_of(start)
            listing = Listing()
            for place, member in enumerate(self._members(file, kind, reading.file)):
                listing.add(member.name)
                if place >= reading.done or is_directory(member.name):
                    self._judge(reading, listing, member, is_new=place >= reading.done)
                    self._meter.at(file.tell())
            missing = listing.missing() if kind else listing.missing_below(path.parent)
            state = os.fstat(file.fileno())
        self._end(reading, missing, state_of(state.st_size, state.st_mtime_ns))

    def _end(self, reading: _Reading, missing: int, state: str) -> None:
        if missing:
            reading.counts["missing-on-medium"] = missing
        bad = [each for each in ENDS if reading.counts[each]]
        reading.end = bad[0] if bad else READ
        if state != reading.file.state:
            reading.end = "changed-while-read"
        elif missing and is_directory(Private(reading.file.path.name)):
            reading.end = "missing-on-medium"

    def _members(self, file: IO[bytes], kind: str, told: MediumFile) -> Iterator[Member]:
        if kind:
            return unpack(file, kind, Allowance.of(told.size), self._spooled)
        pieces = iter(lambda: file.read(CHUNK), b"")
        return iter((Member(Private(told.path.name), size=told.size, pieces=pieces),))

    def _spooled(self, pieces: Iterator[bytes]) -> AbstractContextManager[IO[bytes]]:
        """An archive within an archive, in a nameless file of the landing zone."""
        return spooled(self._landing.root / PARTIAL, self._while_there_is_room(pieces))

    def _while_there_is_room(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._landing.check_room(len(piece))
            yield piece

    def _judge(self, reading: _Reading, listing: Listing, member: Member, *, is_new: bool) -> None:
        if self._stop():
            raise Stopped
        fate = self._fate(listing, member)
        if is_new:
            reading.counts[fate] += 1
            reading.done += 1
            if not reading.done % MEMBERS_AT_ONCE:
                self._keep(reading)

    def _fate(self, listing: Listing, member: Member) -> str:
        """What becomes of a member."""
        if member.reason:
            return member.reason
        try:
            if is_directory(member.name):
                listing.read(member)
                return "directory"
            return self._land(member)
        except Broken as broken:
            return broken.reason
        except UnreadDirectory:
            return "unread-directory"
        except Unnamed:
            return "not-an-instance"
        except TooLarge:
            return "too-large"

    def _land(self, member: Member) -> str:
        """Land one instance. Raises Broken, Unnamed, TooLarge."""
        first = next(member.pieces, b"")
        ids = ids_of(first)
        if is_opted_out(ids.patient, self._left_out.numbers):
            self._leave(ids)
            return "opted-out"
        if member.size > self._landing.largest:
            raise TooLarge
        with self._landing.begin() as arrival:
            for piece in chain((first,), member.pieces):
                arrival.write(piece)
            return _KEPT[arrival.finish()]

    def _leave(self, ids: Ids) -> None:
        row = self._left_out.row(ids, self._landing.ids(ids)[0])
        if self._book.study(self._source, row.study) != row:
            self._book.keep_study(self._source, row, (), self._left_out.seconds)
