"""A PACS asked over DICOM associations: C-ECHO, C-FIND, and C-MOVE or C-GET.

One association is kept for all questions of a thread, and released in order.
"""

from __future__ import annotations

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


class Dimse:
    """A client of one thread."""

    def __init__(self, peer: Peer, landing: Landing) -> None:
        self._peer, self._landing = peer, landing
        self._association: Association | None = None
        self._arrived = 0
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
        found = (text_of(each, "SOPInstanceUID") for each in self._find(asked))
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
        turned_away, cancelled = self._landing.turned_away, False
        self._arrived = self._landing.arrived
        moves = self._peer.retrieve == "move"
        with self._asking() as association:
            for reply in association.ask(MOVE if moves else GET, asked, self._peer.calling if moves else ""):
                full = self._landing.turned_away > turned_away
                if reply.command.status in wire.PENDING and not cancelled and (full or stop()):
                    association.cancel()
                    cancelled = True
            self.syntaxes |= association.syntaxes
        if self._landing.turned_away > turned_away:
            raise PacsError("landing-full")
        if cancelled:
            raise Stopped
        return _fetched(reply.command)

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
        self._association = self._association or Association(self._peer, self._landing, self._still_coming)
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
