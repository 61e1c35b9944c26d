"""Files that are no ordinary MR images: broken, foreign, doubled or incomplete. All belong to one host patient."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset
from pydicom.uid import UID

from imagebank.synthetic.dicom_files import PIXELS, Elements, Envelope, encode, file_bytes, long_element
from imagebank.synthetic.examination import envelope_of, instances, series_header
from imagebank.synthetic.headers import MR_IMAGE, charset_of
from imagebank.synthetic.studies import SeriesPlan, StudyPlan, compact

CT_IMAGE = UID("1.2.840.10008.5.1.4.1.1.2")
SECONDARY_CAPTURE = UID("1.2.840.10008.5.1.4.1.1.7")
BASIC_TEXT_SR = UID("1.2.840.10008.5.1.4.1.1.88.11")
DIRECTORY = UID("1.2.840.10008.1.3.10")
HEADER_CUT, PIXEL_CUT = 700, 4_000  # bytes that remain, bytes that are lost
SERIES_UID, SOP_UID = 0x0020000E, 0x00080018


@dataclass(frozen=True)
class Oddity:
    """One file to be written: where, what, and what should become of it."""

    path: str
    content: bytes
    expected: str
    reason: str
    sequence: str = ""
    series_uid: str = ""
    study_uid: str = ""


def oddities(host: StudyPlan, *, seed: int) -> Iterator[Oddity]:
    """Every odd file of the host patient, whose own small series is written elsewhere."""
    yield from _copies(host, seed)
    yield from _conflict(host, seed)
    yield from _broken(host, seed)
    yield from _incomplete(host, seed)
    yield from _not_dicom(host, seed)
    yield from _ct(host, seed)
    yield _capture(host)
    yield _report(host)
    yield _directory(host)


def _made(host: StudyPlan, series: SeriesPlan, seed: int) -> list[tuple[Elements, str]]:
    """The encoded elements of each instance of a series, with its UID."""
    shared = encode(series_header(host, series), syntax=host.scanner.syntax, charset=charset_of(host))
    return [({**shared, **own}, f"{series.uid}.{frame.instance}") for frame, own in instances(host, series, seed=seed)]


def _another(host: StudyPlan, number: int, count: int = 1) -> SeriesPlan:
    """A further series of the host's study, of its first slices."""
    first = host.series[0]
    return replace(first, uid=f"{host.uid}.{number}", number=number, keep=first.keep[:count])


def _file(host: StudyPlan, elements: Elements, sop_uid: str, sop_class: str = MR_IMAGE) -> bytes:
    return file_bytes(elements, envelope_of(host, host.series[0]), sop_class, sop_uid)


def _of(host: StudyPlan, series: SeriesPlan, path: str, content: bytes, expected: str, reason: str) -> Oddity:
    return Oddity(path, content, expected, reason, series.protocol.sequence, series.uid, host.uid)


def _copies(host: StudyPlan, seed: int) -> Iterator[Oddity]:
    for index, (elements, uid) in enumerate(_made(host, host.series[0], seed), start=1):
        content = _file(host, elements, uid)
        yield _of(host, host.series[0], f"copies/IM{index}", content, "excluded", "duplicate")


def _conflict(host: StudyPlan, seed: int) -> Iterator[Oddity]:
    """One SOPInstanceUID, two contents."""
    series = _another(host, 11)
    elements, uid = _made(host, series, seed)[0]
    other = elements | {PIXELS: elements[PIXELS][:-2_000] + bytes(2_000)}
    for name, each in (("a", elements), ("b", other)):
        yield _of(host, series, f"conflict/{name}.dcm", _file(host, each, uid), "quarantined", "one uid two contents")


def _broken(host: StudyPlan, seed: int) -> Iterator[Oddity]:
    yield Oddity("broken/IM000001", b"", "quarantined", "zero bytes")
    series = _another(host, 12)
    elements, uid = _made(host, series, seed)[0]
    content = _file(host, elements, uid)
    yield Oddity("broken/IM000002", content[:HEADER_CUT], "quarantined", "truncated in the header")
    yield _of(host, series, "broken/IM000003", content[:-PIXEL_CUT], "quarantined", "truncated in the pixels")


def _incomplete(host: StudyPlan, seed: int) -> Iterator[Oddity]:
    for number, tag, name in ((13, SERIES_UID, "no series uid"), (14, SOP_UID, "no instance uid")):
        series = _another(host, number)
        elements, uid = _made(host, series, seed)[0]
        rest = {key: value for key, value in elements.items() if key != tag}
        content = _file(host, rest, uid if tag != SOP_UID else "")
        path = f"incomplete/{number}.dcm"
        if tag == SERIES_UID:
            yield Oddity(path, content, "quarantined", name, study_uid=host.uid)
        else:
            yield _of(host, series, path, content, "quarantined", name)


def _not_dicom(host: StudyPlan, seed: int) -> Iterator[Oddity]:
    person = host.person
    text = f"Scans of {person.given_name} {person.family_name} ({person.hospital_number}), burnt for the family.\n"
    yield Oddity("README.TXT", text.encode(), "excluded", "not dicom")
    elements, uid = _made(host, _another(host, 15), seed)[0]
    yield Oddity("zipped/IM000001.dcm.gz", _gzip(_file(host, elements, uid)), "quarantined", "compressed file")


def _gzip(content: bytes) -> bytes:
    """A gzip file of stored blocks, so that its bytes depend on no version of zlib."""
    blocks = [content[start : start + 0xFFFF] for start in range(0, len(content), 0xFFFF)]
    body = b"".join(
        struct.pack("<BHH", index == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for index, block in enumerate(blocks)
    )
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(content), len(content))


def _ct(host: StudyPlan, seed: int) -> Iterator[Oddity]:
    """A CT study of the same patient, of two slices."""
    study_uid = f"{host.uid}.7"
    series = replace(_another(host, 16, count=2), uid=f"{study_uid}.1")
    changes = Dataset()
    changes.SOPClassUID, changes.Modality, changes.StudyInstanceUID = CT_IMAGE, "CT", study_uid
    changes.ImageType, changes.KVP, changes.SeriesDescription = ["ORIGINAL", "PRIMARY", "AXIAL"], "120", "CT Head"
    changed = encode(changes, syntax=host.scanner.syntax, charset=charset_of(host))
    for index, (elements, uid) in enumerate(_made(host, series, seed), start=1):
        content = _file(host, elements | changed, uid, CT_IMAGE)
        yield Oddity(f"ct/CT{index}.dcm", content, "excluded", "modality CT", "non-MR", series.uid, study_uid)


def _other_object(host: StudyPlan, sop_class: UID, modality: str, number: int) -> Dataset:
    """Patient and study of the host, for something that is no MR image."""
    told, dataset = host.identity, Dataset()
    dataset.SpecificCharacterSet = charset_of(host)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, f"{host.uid}.{number}.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = host.uid, f"{host.uid}.{number}"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = modality, str(number), "1"
    dataset.PatientName, dataset.PatientID = told.name, told.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = told.birth_date, told.sex
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = compact(host.day)
    dataset.StudyTime = dataset.ContentTime = host.time
    dataset.StudyID, dataset.AccessionNumber = host.study_id, host.accession
    dataset.ReferringPhysicianName = host.staff["referrer"]
    dataset.Manufacturer, dataset.StationName = host.scanner.manufacturer, host.scanner.station
    return dataset


def _object_file(host: StudyPlan, dataset: Dataset, extra: Elements | None = None) -> bytes:
    elements = encode(dataset, syntax="explicit", charset=charset_of(host)) | (extra or {})
    envelope = Envelope(source_title=host.scanner.station)
    return file_bytes(elements, envelope, dataset.SOPClassUID, dataset.SOPInstanceUID)


def _capture(host: StudyPlan) -> Oddity:
    """A colour screenshot that says that text is burned in."""
    size = 64
    dataset = _other_object(host, SECONDARY_CAPTURE, "MR", 21)
    dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", "YES"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.SeriesDescription = f"Screen save {host.person.family_name}"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.Rows = dataset.Columns = size
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    stripes = b"".join((b"\xff\xff\xff" if (k // 4) % 3 == 0 else b"\x10\x10\x30") * size for k in range(size))
    content = _object_file(host, dataset, {PIXELS: long_element(PIXELS, "OB", stripes, syntax="explicit")})
    reason = "secondary capture"
    return Oddity("captures/SC1.dcm", content, "excluded", reason, "secondary", dataset.SeriesInstanceUID, host.uid)


def _report(host: StudyPlan) -> Oddity:
    """A structured report whose text names the patient."""
    person = host.person
    dataset, text, code = _other_object(host, BASIC_TEXT_SR, "SR", 22), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "121071", "DCM", "Finding"
    text.RelationshipType, text.ValueType, text.ConceptNameCodeSequence = "CONTAINS", "TEXT", [code]
    text.TextValue = f"{person.given_name} {person.family_name}: mild atrophy. Reported by {host.staff['radiologist']}."
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    dataset.ConceptNameCodeSequence, dataset.ContentSequence = [code], [text]
    content = _object_file(host, dataset)
    reason = "structured report"
    return Oddity("reports/SR1.dcm", content, "excluded", reason, "non-MR", dataset.SeriesInstanceUID, host.uid)


def _directory(host: StudyPlan) -> Oddity:
    """The index of a CD, which names the patient as well."""
    dataset, record = Dataset(), Dataset()
    dataset.FileSetID = "PRETENDCD"
    dataset.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    dataset.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    dataset.FileSetConsistencyFlag = 0
    record.OffsetOfTheNextDirectoryRecord, record.RecordInUseFlag = 0, 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity, record.DirectoryRecordType = 0, "PATIENT"
    record.PatientName, record.PatientID = host.identity.name, host.identity.patient_id
    record.SpecificCharacterSet = charset_of(host)
    dataset.DirectoryRecordSequence = [record]
    elements = encode(dataset, syntax="explicit", charset=charset_of(host))
    content = file_bytes(elements, Envelope(source_title=host.scanner.station), DIRECTORY, f"{host.uid}.8")
    return Oddity("DICOMDIR", content, "excluded", "dicom directory")
