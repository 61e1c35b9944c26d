"""The index of a CD (DICOMDIR): patient, study, series and images as records that point at each other by offset."""

from __future__ import annotations

from pathlib import Path

from imagebank.synthetic.scanning.elements import Coding, Header, encode_element, encode_item, header_of
from imagebank.synthetic.scanning.part10 import Envelope, file_bytes
from imagebank.synthetic.scanning.scan import uid_below
from imagebank.synthetic.visits import Visit, compact

DIRECTORY = "1.2.840.10008.1.3.10"
IN_USE = 0xFFFF
SEQUENCE_HEAD = 12  # bytes of tag, VR and length before the first record
Node = tuple[Header, "list[Node]"]


def directory_bytes(visit: Visit, series: list[tuple[str, int, list[Path]]], sop_class: str, uid: str) -> bytes:
    """A whole DICOMDIR for the series (UID, number, paths from here) of a visit; it names the patient as well."""
    tree = [_patient(visit, [_series(each, sop_class) for each in series])]
    envelope = Envelope(source_title="PRETENDCD")
    before = header_of(
        FileSetID="PRETENDCD",
        OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity=0,
        OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity=0,
        FileSetConsistencyFlag=0,
    )
    coding = Coding(charset="ISO_IR 192")
    empty = file_bytes(
        {tag: encode_element(tag, *value, coding) for tag, value in before.items()}, envelope, DIRECTORY, uid
    )
    flat: list[Node] = []
    _flatten(tree, flat)
    start = len(empty) + SEQUENCE_HEAD
    offsets = _offsets(flat, start, coding)
    _link(tree, offsets)
    before |= header_of(
        OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity=start,
        OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity=start,
        DirectoryRecordSequence=[record for record, _ in flat],
    )
    elements = {tag: encode_element(tag, *value, coding) for tag, value in before.items()}
    return file_bytes(elements, envelope, DIRECTORY, uid)


def _record(kind: str, **values: object) -> Header:
    return header_of(
        OffsetOfTheNextDirectoryRecord=0,
        RecordInUseFlag=IN_USE,
        OffsetOfReferencedLowerLevelDirectoryEntity=0,
        DirectoryRecordType=kind,
        SpecificCharacterSet="ISO_IR 192",
        **values,
    )


def _patient(visit: Visit, series: list[Node]) -> Node:
    study = _record(
        "STUDY",
        StudyDate=compact(visit.day),
        StudyTime=visit.time,
        StudyDescription="MRI Head",
        StudyInstanceUID=visit.uid,
        StudyID=visit.study_id,
        AccessionNumber=visit.accession,
    )
    return (_record("PATIENT", PatientName=visit.told.name, PatientID=visit.told.patient_id), [(study, series)])


def _series(series: tuple[str, int, list[Path]], sop_class: str) -> Node:
    uid, number, paths = series
    images: list[Node] = [
        (
            _record(
                "IMAGE",
                ReferencedFileID="\\".join(path.parts),
                ReferencedSOPClassUIDInFile=sop_class,
                ReferencedSOPInstanceUIDInFile=uid_below(uid, instance),
                ReferencedTransferSyntaxUIDInFile="1.2.840.10008.1.2.1",
                InstanceNumber=str(instance),
            ),
            [],
        )
        for instance, path in enumerate(paths, start=1)
    ]
    return (_record("SERIES", Modality="MR", SeriesInstanceUID=uid, SeriesNumber=str(number)), images)


def _flatten(nodes: list[Node], into: list[Node]) -> None:
    """Records in the order of the file: each before what is below it."""
    for node in nodes:
        into.append(node)
        _flatten(node[1], into)


def _offsets(flat: list[Node], start: int, coding: Coding) -> dict[int, int]:
    """Where each record begins in the file; offsets have a fixed length, so that filling them in moves nothing."""
    found, at = {}, start
    for record, _ in flat:
        found[id(record)] = at
        at += len(encode_item(record, coding))
    return found


def _link(nodes: list[Node], offsets: dict[int, int]) -> None:
    for index, (record, below) in enumerate(nodes):
        following = nodes[index + 1][0] if index + 1 < len(nodes) else None
        record.update(
            header_of(
                OffsetOfTheNextDirectoryRecord=offsets[id(following)] if following else 0,
                OffsetOfReferencedLowerLevelDirectoryEntity=offsets[id(below[0][0])] if below else 0,
            )
        )
        _link(below, offsets)
