"""What the index learns of each file: is it an MR image, of which series, of whom, from which machine.

Each file is opened once. Whatever cannot be read becomes a verdict with a reason; nothing here raises for a bad file.
The verdicts below are the whole list: those of `EXCLUDED` are understood and not wanted, those of `QUARANTINED` need a
person to look.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Any

import pydicom
from pydicom.dataset import FileDataset

from imagebank.core.digests import DIGEST_BYTES, digest_of, new_digest
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.body_parts import header_part
from imagebank.dicom.dates import day_of
from imagebank.dicom.elements import Odd
from imagebank.dicom.fields import number_of, tesla, texts_of
from imagebank.dicom.original import Original, read_original
from imagebank.engine.failures import failure_of
from imagebank.engine.model import NEVER_READ
from imagebank.identities.model import Claim

VERSION = "2"

IMAGE = "image"
EXCLUDED = {
    "not-dicom": "Not a DICOM file.",
    "dicomdir": "A DICOM directory: it lists files, it is no image.",
    "not-mr": "DICOM of another modality than MR.",
    "not-an-image": "MR data that is no image: report, presentation state, raw data.",
    "spectroscopy": "MR spectroscopy, which has no image.",
    "secondary-capture": "A secondary capture or screen shot, which may show text.",
    "burned-in-text": "The header says that text is burned into the pixels.",
    "colour-image": "A colour map, in which text may be drawn.",
    "other-body-part": "The header names a body part far from the head.",
}
QUARANTINED = {
    "empty-file": "The file has no content.",
    "compressed-file": "A gzip or zip file: unpack it and offer the content.",
    "unreadable-header": "It begins as DICOM, but its header cannot be read.",
    "incomplete-header": "An MR image whose header ends early, or does not describe its pixels.",
    "missing-uid": "An MR object without study, series or instance UID.",
    "no-permission": "The file may not be read.",
    "file-vanished": "The file was there and is gone.",
    "read-error": "The disk or the network failed while the file was read.",
    "worker-died": "The worker process ended without a word while it was at work on the file or its series.",
}
POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}\b")  # of the United Kingdom
PASSING = ("no-permission", "file-vanished", "read-error", "worker-died")  # looked at again by the next run

IMAGE_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.4",  # MR Image Storage
    "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR Image Storage
    "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR Image Storage
)
COLOUR_CLASS = "1.2.840.10008.5.1.4.1.1.4.3"
SPECTROSCOPY_CLASS = "1.2.840.10008.5.1.4.1.1.4.2"
SECONDARY_CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
HEADLESS_GROUPS = (b"\x02\x00", b"\x08\x00")  # how DICOM begins that was stored without its preamble
AT_ONCE = 1 << 20  # bytes; holds the header of nearly every file
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class Machine:
    """The scanner as the header names it. Station and serial number may identify a site and are kept hidden."""

    manufacturer: str = ""
    model: str = ""
    station: Private = NOBODY
    serial: Private = NOBODY
    field_strength_t: float | None = None


@dataclass(frozen=True)
class SeriesHeader:
    """What all files of a series should agree on."""

    study_uid: Private
    claim: Claim
    machine: Machine


@dataclass(frozen=True)
class FileFacts:
    """What one file turned out to be. `verdict` is `image` or a reason; UIDs are empty where the file has none."""

    verdict: str
    size: int
    digest: bytes = NEVER_READ
    series_uid: Private = NOBODY
    instance_uid: Private = NOBODY
    header: SeriesHeader | None = field(default=None, repr=False)


def read_facts(path: Path) -> FileFacts:
    """Open a file once: hash all of it, parse its header, and judge it."""
    try:
        with open(path, "rb") as file:
            content = file.read(AT_ONCE)
            digest = _digest(file, content)
            return _judge(file, content, file.tell(), digest)
    except OSError as error:
        return FileFacts(failure_of(error).reason, 0)


def _digest(file: IO[bytes], content: bytes) -> bytes:
    """The digest of what was read of a file and of the rest of it."""
    digest = new_digest()
    digest.update(content)
    while len(content) == AT_ONCE:
        content = file.read(AT_ONCE)
        digest.update(content)
    return digest.digest(DIGEST_BYTES)


def facts_of(content: bytes) -> FileFacts:
    """`read_facts` of a file that is in memory already: the member of an archive."""
    return _judge(io.BytesIO(content), content[:AT_ONCE], len(content), digest_of(content))


def _judge(file: IO[bytes], content: bytes, size: int, digest: bytes) -> FileFacts:
    verdict = verdict_of_start(content[:132])
    if verdict:
        return FileFacts(verdict, size, digest)
    try:
        return _facts(read_original(content, cut=size > len(content)), size, digest)
    except Odd:  # or its header ends behind what was read: pydicom is more patient
        file.seek(0)
    prefixed = content[128:132] == b"DICM"
    try:
        dataset = read_header(file, force=not prefixed)
    except OSError:
        raise
    except Exception:  # pydicom raises many kinds; whichever it is, the header cannot be read
        return FileFacts("unreadable-header" if prefixed else "not-dicom", size, digest)
    return _facts(dataset, size, digest)


def verdict_of_start(start: bytes) -> str:
    """What the first 132 bytes alone decide; empty when the header must be read."""
    if not start:
        return "empty-file"
    if start[:2] == b"\x1f\x8b" or start[:4] == b"PK\x03\x04":
        return "compressed-file"
    return "" if start[128:132] == b"DICM" or start[:2] in HEADLESS_GROUPS else "not-dicom"


def read_header(file: IO[bytes], *, force: bool) -> FileDataset:
    """The elements before the pixels. Raises what pydicom raises; its warnings, which quote values, are silenced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(file, stop_before_pixels=True, force=force)


def _facts(dataset: FileDataset | Original, size: int, digest: bytes) -> FileFacts:
    uids = [Private(_text(dataset, name)) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    verdict = verdict_of(dataset)
    if verdict == IMAGE and not all(uids):
        verdict = "missing-uid"
    study, series, instance = uids
    if verdict == "missing-uid" or not (study and series):
        return FileFacts(verdict, size, digest)
    header = SeriesHeader(study, _claim(dataset), _machine(dataset))
    return FileFacts(verdict, size, digest, series, instance, header)


def verdict_of(dataset: FileDataset | Original) -> str:
    """`image` for an MR image that may be banked, else the reason."""
    sop_class = _text(dataset, "SOPClassUID") or str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    modality = _text(dataset, "Modality")
    if sop_class == DIRECTORY_CLASS:
        return "dicomdir"
    if not sop_class and not modality:
        return "missing-uid"
    if f"{sop_class}.".startswith(f"{SECONDARY_CAPTURE_CLASS}.") or _text(dataset, "ConversionType"):
        return "secondary-capture"
    if modality not in ("MR", "") and sop_class not in IMAGE_CLASSES:
        return "not-mr"
    if sop_class == SPECTROSCOPY_CLASS:
        return "spectroscopy"
    if sop_class == COLOUR_CLASS:
        return "colour-image"
    if sop_class not in IMAGE_CLASSES:
        return "not-an-image" if modality == "MR" else "not-mr"
    return _verdict_of_pixels(dataset)


def _verdict_of_pixels(dataset: FileDataset | Original) -> str:
    shown = _text(dataset, "PhotometricInterpretation")
    if not shown or "Rows" not in dataset or "BitsAllocated" not in dataset:
        return "incomplete-header"
    if not shown.startswith("MONOCHROME"):
        return "colour-image"
    if _text(dataset, "BurnedInAnnotation").upper() == "YES":
        return "burned-in-text"
    return "other-body-part" if header_part(_text(dataset, "BodyPartExamined")).excluded else IMAGE


def _claim(dataset: FileDataset | Original) -> Claim:
    others = [Private(number) for number in texts_of(_value(dataset, "OtherPatientIDs"))]
    for item in _items(dataset, "OtherPatientIDsSequence"):
        others.append(Private(_text(item, "PatientID")))
    return Claim(
        patient_id=Private(_text(dataset, "PatientID")),
        other_ids=tuple(sorted({number for number in others if number})),
        name=Private(_text(dataset, "PatientName")),
        birth_date=_date(dataset, "PatientBirthDate"),
        sex=_text(dataset, "PatientSex")[:1].upper(),
        accession=Private(_text(dataset, "AccessionNumber")),
        study_date=_date(dataset, "StudyDate"),
        postcode=Private(_postcode(_text(dataset, "PatientAddress"))),
    )


def _postcode(address: str) -> str:
    """The British postcode at the end of an address, or nothing."""
    found = POSTCODE.findall(address.upper())
    return "".join(found[-1].split()) if found else ""


def _machine(dataset: FileDataset | Original) -> Machine:
    return Machine(
        manufacturer=_text(dataset, "Manufacturer"),
        model=_text(dataset, "ManufacturerModelName"),
        station=Private(_text(dataset, "StationName")),
        serial=Private(_text(dataset, "DeviceSerialNumber")),
        field_strength_t=tesla(number_of(_text(dataset, "MagneticFieldStrength"))),
    )


def _value(dataset: Any, keyword: str) -> Any:
    """A value, or None where it is absent or cannot be decoded: a claim that cannot be read claims nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dataset.get(keyword)
    except Exception:
        return None


def _text(dataset: Any, keyword: str) -> str:
    """All of a value; several are parted by a backslash, as in the file."""
    return "\\".join(texts_of(_value(dataset, keyword)))


def _date(dataset: Any, keyword: str) -> date | None:
    return day_of(_text(dataset, keyword))


def _items(dataset: Any, keyword: str) -> list[Any]:
    value = _value(dataset, keyword)
    return list(value) if isinstance(value, pydicom.Sequence) else []
