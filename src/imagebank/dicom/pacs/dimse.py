"""A PACS asked over DICOM associations: C-ECHO, C-FIND, and C-MOVE or C-GET.

One association is kept for all questions of a thread, and released in order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pydicom.dataset import Dataset

from imagebank.core.errors import DiskFull
from imagebank.core.private import Private
from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.answers import series_answer, study_answer, text_of
from imagebank.dicom.pacs.association import FIND, FIND_PATIENT, GET, MOVE, Association, Peer
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import Fetched, PacsError, Request, SeriesAnswer, Stopped, StudyAnswer
from imagebank.dicom.pacs.negotiation import VERIFICATION

__all__ = ["Dimse", "Peer"]

ASKED = "ask a PACS"


NO_PROGRESS = 10  # times timeout_seconds in which a PACS may say `pending` while nothing comes
END_SECONDS = 10.0  # that it has to answer to C-CANCEL


class _Ending:
    """Ends a retrieval in order when `stop` says so: C-CANCEL, whose answer is waited for, but not for long."""

    def __init__(self, association: Association, stop: Callable[[], bool]) -> None:
        self._association, self._stop = association, stop
        self._until = float("inf")

    @property
    def is_cancelled(self) -> bool:
        """Whether C-CANCEL was sent."""
        return self._until < float("inf")

    def look(self) -> None:
        """Send C-CANCEL once it is to end. Raises Stopped where no answer comes."""
        if not self.is_cancelled and self._stop():
            self._association.cancel()
            self._until = time.monotonic() + END_SECONDS
        elif time.monotonic() > self._until:
            raise Stopped


class _Patience:
    """A PACS may say `pending` for ever: it is silent if nothing moves for long. An archive on tape takes its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._since = seconds, time.monotonic()
        self._seen: tuple[int, ...] = ()

    def see(self, *counts: int) -> None:
        """What was done so far. Raises PacsError."""
        if counts != self._seen:
            self._seen, self._since = counts, time.monotonic()
        elif time.monotonic() > self._since + self._seconds:
            raise PacsError("silent")


class Dimse:
    """A client of one thread."""

    def __init__(self, peer: Peer, landing: Landing) -> None:
        self._peer, self._landing = peer, landing
        self._association: Association | None = None
        self._arrived = 0
        self._ending: _Ending | None = None  # of a retrieval that is under way
        self.syntaxes: set[str] = set()

    def echo(self) -> None:
        """C-ECHO."""
        with self._asking() as association:
            for reply in association.ask(VERIFICATION):
                _check(reply.command)

    def patients(self, number: Private) -> int | None:
        """C-FIND at patient level."""
        asked = Dataset()
        asked.QueryRetrieveLevel, asked.PatientID = "PATIENT", number.reveal(ASKED)
        _in_its_letters(asked)
        try:
            return len(self._find(asked, FIND_PATIENT))
        except PacsError as error:
            if error.reason != "not-offered":
                raise
            return None

    def studies(self, request: Request) -> list[StudyAnswer]:
        """C-FIND at study level."""
        asked = Dataset()
        asked.QueryRetrieveLevel = "STUDY"
        for keyword in ("StudyInstanceUID", "PatientID", "AccessionNumber", "StudyDate", "StudyDescription"):
            setattr(asked, keyword, "")
        asked.ModalitiesInStudy = ""
        asked.NumberOfStudyRelatedInstances = None
        keyword = {
            "patient": "PatientID",
            "accession": "AccessionNumber",
            "study": "StudyInstanceUID",
            "day": "StudyDate",
        }[request.by]
        setattr(asked, keyword, request.value.reveal(ASKED))
        _in_its_letters(asked)
        return [study_answer(each) for each in self._find(asked) if each.get("StudyInstanceUID")]

    def series(self, study: Private) -> list[SeriesAnswer]:
        """C-FIND at series level."""
        asked = Dataset()
        asked.QueryRetrieveLevel = "SERIES"
        asked.StudyInstanceUID = study.reveal(ASKED)
        for keyword in ("SeriesInstanceUID", "Modality", "SeriesDescription", "BodyPartExamined"):
            setattr(asked, keyword, "")
        asked.NumberOfSeriesRelatedInstances = None
        return [series_answer(each) for each in self._find(asked) if each.get("SeriesInstanceUID")]

    def instances(self, study: Private, series: Private) -> list[Private]:
        """C-FIND at image level."""
        asked = Dataset()
        asked.QueryRetrieveLevel = "IMAGE"
        asked.StudyInstanceUID, asked.SeriesInstanceUID = study.reveal(ASKED), series.reveal(ASKED)
        asked.SOPInstanceUID = ""
        try:
            answers = self._find(asked)
        except PacsError as error:
            if error.reason == "failed":
                raise PacsError("unlisted") from None
            raise
        found = (text_of(each, "SOPInstanceUID") for each in answers)
        return list(dict.fromkeys(Private(uid) for uid in found if uid))

    def fetch(self, study: Private, series: Private, instances: Sequence[Private], stop: Callable[[], bool]) -> Fetched:
        """C-MOVE to our own node, or C-GET."""
        asked = Dataset()
        asked.QueryRetrieveLevel = "IMAGE" if instances else "SERIES"
        asked.StudyInstanceUID, asked.SeriesInstanceUID = study.reveal(ASKED), series.reveal(ASKED)
        if instances:
            asked.SOPInstanceUID = [each.reveal(ASKED) for each in instances]
        last = self._retrieve(asked, stop)
        if self._peer.retrieve == "move":
            last = replace(last, apart=True)
        try:
            self._landing.drain()
        except DiskFull:
            raise PacsError("landing-full") from None
        return last

    def _retrieve(self, asked: Dataset, stop: Callable[[], bool]) -> Fetched:
        turned_away = self._landing.turned_away
        self._arrived = self._landing.arrived
        moves = self._peer.retrieve == "move"

        def is_full() -> bool:
            return self._landing.turned_away > turned_away

        with self._asking() as association:
            self._ending = ending = _Ending(association, lambda: is_full() or stop())
            patience = _Patience(NO_PROGRESS * self._peer.timeout_seconds)
            try:
                for reply in association.ask(MOVE if moves else GET, asked, self._peer.calling if moves else ""):
                    if reply.command.status in wire.PENDING:
                        ending.look()
                        patience.see(reply.command.completed, reply.command.failed, self._landing.arrived)
            except Stopped:
                raise PacsError("landing-full") if is_full() else Stopped from None
            finally:
                self._ending = None
            self.syntaxes |= association.syntaxes
        if is_full():
            raise PacsError("landing-full")
        if ending.is_cancelled:
            raise Stopped
        return _fetched(reply.command)

    def _look(self) -> None:
        if self._ending:
            self._ending.look()

    def _still_coming(self) -> bool:
        """Many a PACS is silent while its C-MOVE goes on; what it sends to our node shows that it does."""
        before, self._arrived = self._arrived, self._landing.arrived
        return self._peer.retrieve == "move" and before != self._arrived

    def _find(self, asked: Dataset, model: str = FIND) -> list[Dataset]:
        found: list[Dataset] = []
        with self._asking() as association:
            for reply in association.ask(model, asked):
                if reply.command.status in wire.PENDING:
                    answer = reply.data_set()
                    if answer is None:
                        raise PacsError("bad-answer")
                    found.append(answer)
                    if len(found) > self._peer.most_answers:
                        raise PacsError("too-many-answers")
        _check(reply.command)
        return found

    @contextmanager
    def _asking(self) -> Iterator[Association]:
        """The association of this thread, opened anew where it is gone; after an error it is given up."""
        if self._association is not None and not self._association.is_open:
            self._give_up()
        self._association = self._association or Association(self._peer, self._landing, self._still_coming, self._look)
        try:
            yield self._association
        except PacsError as error:
            if error.reason != "not-offered":
                self._give_up()
            raise
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        association, self._association = self._association, None
        if association:
            association.abort()

    def close(self) -> None:
        """Release the association."""
        association, self._association = self._association, None
        if association:
            association.release()


def _in_its_letters(asked: Dataset) -> None:
    """Name the letters of a question outside ASCII: what cannot be written would be `?`, and ask for everybody."""
    if not all(str(each.value).isascii() for each in asked):
        asked.SpecificCharacterSet = "ISO_IR 192"


def _check(last: wire.Command) -> None:
    """Raises PacsError unless the last answer is one of success."""
    if last.status == wire.DESTINATION_UNKNOWN:
        raise PacsError("destination-unknown")
    if last.status != wire.SUCCESS:
        raise PacsError("failed")


def _fetched(last: wire.Command) -> Fetched:
    """What the last answer to C-MOVE or C-GET tells. Raises PacsError where nothing at all was done."""
    if last.status not in (wire.WARNING, wire.CANCELLED):
        _check(last)
    if last.status == wire.WARNING and not last.completed and not last.failed:
        raise PacsError("failed")
    return Fetched(last.completed, last.failed)
