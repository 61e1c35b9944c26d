"""A PACS asked over DICOM associations: C-ECHO, C-FIND, and C-MOVE or C-GET. pynetdicom does the talking.

One association is kept for all questions of a thread, and released in order. pynetdicom's own logs, which would hold
the numbers of patients, are off in every process that imports this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pydicom.dataset import Dataset

from imagebank.core.errors import DiskFull
from imagebank.core.private import Private
from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.answers import series_answer, study_answer, text_of
from imagebank.dicom.pacs.association import Find, Get, Move, Peer, associate
from imagebank.dicom.pacs.landing import Landing, TooLarge, Unrequested
from imagebank.dicom.pacs.model import Fetched, PacsError, Request, SeriesAnswer, Stopped, StudyAnswer
from imagebank.dicom.pacs.part10 import Unnamed, file_meta

__all__ = ["Dimse", "Peer"]

ASKED = "ask a PACS"
PENDING = (0xFF00, 0xFF01)
WARNING = 0xB000
CANCELLED = 0xFE00
DESTINATION_UNKNOWN = 0xA801


class Dimse:
    """A client of one thread. `arrived` tells how many instances the node has received, for C-MOVE."""

    def __init__(self, peer: Peer, landing: Landing, *, busy: Callable[[], int] = lambda: 0) -> None:
        self._peer, self._landing, self._busy = peer, landing, busy
        self._association: Any = None
        self._heard = time.monotonic()  # when the PACS last gave a sign of life
        self._full, self._turned_away = False, 0
        self.syntaxes: set[str] = set()

    def echo(self) -> None:
        """C-ECHO."""
        status = self._association_now().send_c_echo()
        self._check(status)

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
        self._full = False
        self._turned_away = self._landing.turned_away
        association = self._association_now()
        if self._peer.retrieve == "move":
            model, answers = Move, association.send_c_move(asked, self._peer.calling, Move)
        else:
            model, answers = Get, association.send_c_get(asked, Get)
        last = self._retrieve(association, model, answers, stop)
        if self._peer.retrieve == "move":
            self._wait_for_stragglers()
            return replace(last, apart=True)
        return last

    def _retrieve(self, association: Any, model: str, answers: Iterator[Any], stop: Callable[[], bool]) -> Fetched:
        status, cancelled = Dataset(), False
        try:
            for status, _ in answers:
                self._alive(status)
                if status and status.Status in PENDING and not cancelled and (stop() or self._is_full()):
                    association.send_c_cancel(1, query_model=model)
                    cancelled = True
        except (ValueError, RuntimeError):  # pynetdicom: the service was not accepted, or the association is gone
            self._lost("not-offered" if association.is_established else "aborted")
        if self._is_full():
            raise PacsError("landing-full")
        if cancelled:
            raise Stopped
        self._check(status, also=(WARNING, CANCELLED))
        done, failed = (int(status.get(f"NumberOf{each}Suboperations", 0) or 0) for each in ("Completed", "Failed"))
        if status.Status == WARNING and not done and not failed:
            raise PacsError("failed")
        return Fetched(done, failed)

    def _is_full(self) -> bool:
        return self._full or self._landing.turned_away > self._turned_away

    def _wait_for_stragglers(self) -> None:
        """A PACS may say that it is done while its last association with us is still open."""
        end = time.monotonic() + self._peer.timeout_seconds
        while self._busy() and time.monotonic() < end:
            before = self._landing.arrived
            time.sleep(0.05)
            if before == self._landing.arrived:
                time.sleep(0.2)
                if before == self._landing.arrived:
                    return

    def _find(self, asked: Dataset) -> list[Dataset]:
        association = self._association_now()
        found: list[Dataset] = []
        status = Dataset()
        try:
            for status, answer in association.send_c_find(asked, Find):
                self._alive(status)
                if status and status.Status in PENDING:
                    if answer is None:
                        self._lost("bad-answer")
                    found.append(answer)
                    if len(found) > self._peer.most_answers:
                        self._lost("too-many-answers")
        except (ValueError, RuntimeError):
            self._lost("not-offered" if association.is_established else "aborted")
        self._check(status)
        return found

    def _check(self, status: Dataset, also: Sequence[int] = ()) -> None:
        """Raises PacsError unless the status is one of success."""
        if not status or "Status" not in status:
            waited = time.monotonic() - self._heard  # pynetdicom tells both ends alike
            self._lost("silent" if waited >= 0.9 * self._peer.timeout_seconds else "aborted")
        if status.Status == DESTINATION_UNKNOWN:
            raise PacsError("destination-unknown")
        if status.Status != wire.SUCCESS and status.Status not in also:
            raise PacsError("failed")

    def _alive(self, status: Dataset) -> None:
        if status:
            self._heard = time.monotonic()

    def _lost(self, reason: str) -> None:
        """Give up the association, which is of no more use. Raises PacsError."""
        association, self._association = self._association, None
        if association is not None and association.is_established:
            association.abort()
        raise PacsError(reason)

    def _association_now(self) -> Any:
        self._heard = time.monotonic()
        if self._association is not None and self._association.is_established:
            return self._association
        self._association = associate(self._peer, self._store)
        return self._association

    def _store(self, event: Any) -> int:
        """An instance that C-GET brought: the same path to the disk as of one that was sent to our node."""
        self._heard = time.monotonic()
        request, syntax = event.request, str(event.context.transfer_syntax)
        self.syntaxes.add(syntax)
        meta = file_meta(str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID), syntax)
        try:
            with self._landing.begin(meta) as arrival:
                arrival.write(request.DataSet.getvalue())
                arrival.finish()
            return wire.SUCCESS
        except DiskFull:
            self._full = True
            return wire.OUT_OF_RESOURCES
        except TooLarge:
            return wire.OUT_OF_RESOURCES
        except Unrequested:
            return wire.NOT_AUTHORISED
        except Unnamed:
            return wire.CANNOT_UNDERSTAND

    def close(self) -> None:
        """Release the association."""
        association, self._association = self._association, None
        if association is not None and association.is_established:
            association.release()
