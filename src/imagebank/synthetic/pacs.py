"""A pretend PACS: serves the DICOM files of a folder over associations (C-ECHO, C-FIND, C-MOVE, C-GET).

It is for the demo where Orthanc is not installed, and for tests, which teach it bad manners: `answers` and `outgoing`
are there to be overridden. It listens on loopback only.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

LOOPBACK = "127.0.0.1"
SUCCESS, PENDING, CANCELLED, NOT_OF_THIS_MODEL = 0x0000, 0xFF00, 0xFE00, 0xA900
NAMES = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
STUDY_ROOT = (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelGet,
)
PATIENT_ROOT = (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelMove,
    PatientRootQueryRetrieveInformationModelGet,
)
NOT_KEYS = ("QueryRetrieveLevel", "SpecificCharacterSet", "ModalitiesInStudy")
MATCHED = ("AE", "CS", "DA", "DS", "IS", "LO", "PN", "SH", "TM", "UI")  # value representations that a key may have
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]  # of the files that it holds
SENT = ImplicitVRLittleEndian  # every data set can be written in it, also one whose VRs are ambiguous


class PretendPacs:
    """A PACS that holds instances in memory or by path. Start it with `serving`."""

    title = "PRETEND"

    def __init__(self, paths: Iterable[Path] = (), destinations: dict[str, int] | None = None) -> None:
        self.headers: list[tuple[Dataset, Path | None]] = []
        self.destinations = dict(destinations or {})  # title to port, on loopback
        for path in paths:
            self._add_file(path)

    def _add_file(self, path: Path) -> None:
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            whole = all(header.get(name) for level, name in NAMES.items() if level != "PATIENT") and header.SOPClassUID
        except Exception:  # whatever pydicom raises: a PACS holds only what it can read
            return
        if whole and header.file_meta.get("TransferSyntaxUID") in SYNTAXES:
            self.headers.append((header, path))

    def add(self, instance: Dataset) -> None:
        """Hold an instance in memory."""
        self.headers.append((instance, None))

    def matching(self, query: Dataset) -> Iterator[tuple[Dataset, Path | None]]:
        """Every instance that a query's keys name; what it does not hold of a study cannot be asked for."""
        asked = [each for each in query if each.VR in MATCHED and each.value and each.keyword not in NOT_KEYS]
        for header, path in self.headers:
            if all(_matches(header.get(each.keyword), each) for each in asked):
                yield header, path

    def answers(self, query: Dataset) -> Iterator[Dataset]:
        """What C-FIND answers, in order."""
        level = NAMES[query.QueryRetrieveLevel]
        groups: dict[str, list[Dataset]] = {}
        for header, _ in self.matching(query):
            groups.setdefault(str(header.get(level, "")), []).append(header)
        for group in groups.values():
            yield _answer(query, group)

    def outgoing(self, query: Dataset) -> list[Dataset]:
        """What C-MOVE and C-GET send."""
        return [pydicom.dcmread(path) if path else header for header, path in self.matching(query)]

    def on_find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """Answer a C-FIND."""
        if not _is_of_its_model(event):
            yield NOT_OF_THIS_MODEL, None
            return
        for answer in self.answers(event.identifier):
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, answer

    def on_move(self, event: Any) -> Iterator[Any]:
        """Answer a C-MOVE."""
        port = self.destinations.get(event.move_destination)
        if port is None:
            yield None, None
            return
        told = {"ae_title": event.move_destination, "evt_handlers": [(evt.EVT_CONN_OPEN, _send_at_once)]}
        yield LOOPBACK, port, told
        yield from self._send(event)

    def on_get(self, event: Any) -> Iterator[Any]:
        """Answer a C-GET."""
        yield from self._send(event)

    def _send(self, event: Any) -> Iterator[Any]:
        instances = self.outgoing(event.identifier)
        yield len(instances)
        for instance in instances:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, instance

    @contextmanager
    def serving(self, port: int = 0, tls: Any = None) -> Iterator[int]:
        """Serve while the block runs; gives the port."""
        _config.LOG_HANDLER_LEVEL = "none"
        entity = AE(ae_title=self.title)
        entity.network_timeout = entity.dimse_timeout = entity.acse_timeout = 30
        for service in (Verification, *STUDY_ROOT, *PATIENT_ROOT):
            entity.add_supported_context(service)
        for storage in sorted({str(header.SOPClassUID) for header, _ in self.headers}):
            entity.add_supported_context(storage, SENT, scu_role=True, scp_role=True)
            entity.add_requested_context(storage, SENT)
        handlers = [
            (evt.EVT_CONN_OPEN, _send_at_once),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_FIND, self.on_find),
            (evt.EVT_C_MOVE, self.on_move),
            (evt.EVT_C_GET, self.on_get),
        ]
        server = entity.start_server((LOOPBACK, port), block=False, evt_handlers=handlers, ssl_context=tls)
        try:
            yield int(server.socket.getsockname()[1])
        finally:
            server.shutdown()
            entity.shutdown()


def _send_at_once(event: Any) -> None:
    """Nagle's algorithm off: it would hold each small answer back for 40 ms."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _is_of_its_model(event: Any) -> bool:
    """Whether the level of a query exists in the model that it came by."""
    level = event.identifier.get("QueryRetrieveLevel", "")
    return level in NAMES and (level != "PATIENT" or event.context.abstract_syntax in PATIENT_ROOT)


def _matches(held: Any, asked: DataElement) -> bool:
    """Matching as PS3.4 has it: a list of UIDs, a range of dates, wildcards, and else the value itself."""
    value = str(held or "")
    if asked.VR == "UI":
        return value in {str(each) for each in ([asked.value] if asked.VM == 1 else asked.value)}
    pattern = str(asked.value)
    if asked.VR in ("DA", "TM") and "-" in pattern:
        first, _, last = pattern.partition("-")
        return bool(value) and first <= value and (not last or value <= last)
    if asked.VR == "PN":
        value, pattern = value.upper(), pattern.upper()
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _answer(query: Dataset, group: list[Dataset]) -> Dataset:
    first, told = group[0], Dataset()
    told.QueryRetrieveLevel = query.QueryRetrieveLevel
    if "SpecificCharacterSet" in first:
        told.SpecificCharacterSet = first.SpecificCharacterSet
    for element in query:
        if element.keyword in first and element.keyword != "QueryRetrieveLevel":
            told[element.tag] = first[element.tag]
    for name in (NAMES["STUDY"], NAMES["SERIES"]):
        if name in query and query.QueryRetrieveLevel != "PATIENT":
            setattr(told, name, first[name].value)
    if query.QueryRetrieveLevel == "PATIENT":
        told.NumberOfPatientRelatedStudies = len({str(each.StudyInstanceUID) for each in group})
    if query.QueryRetrieveLevel == "STUDY":
        told.ModalitiesInStudy = sorted({str(each.get("Modality", "")) for each in group})
        told.NumberOfStudyRelatedInstances = len(group)
    if query.QueryRetrieveLevel == "SERIES":
        told.NumberOfSeriesRelatedInstances = len(group)
    return told
