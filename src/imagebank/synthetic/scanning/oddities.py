"""Files that are no ordinary MR images: broken, foreign, doubled or incomplete. All belong to one host visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning.directory import directory_bytes
from imagebank.synthetic.scanning.elements import Coding, Elements, encode_each, header_of
from imagebank.synthetic.scanning.ge import stored_gzip
from imagebank.synthetic.scanning.objects import Made, dose_report, screenshot
from imagebank.synthetic.scanning.painting import head_of, paint
from imagebank.synthetic.scanning.part10 import PIXELS, Envelope, file_bytes
from imagebank.synthetic.scanning.protocols import sequence_of
from imagebank.synthetic.scanning.scan import MR_IMAGE, Scan, scan_of, uid_below
from imagebank.synthetic.scanning.writing import envelope_of, made_series
from imagebank.synthetic.visits import Visit

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
HEADER_CUT, PIXEL_CUT = 700, 1_000  # bytes that remain, bytes that are lost
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


@dataclass(frozen=True)
class Host:
    """Whose files are odd: a person with a visit of one classic series, which is written elsewhere."""

    person: Person
    visit: Visit
    seed: int
    size: str

    def scan(self, number: int = 0, count: int = 1) -> Scan:
        """The host's series, or a further one of its first slices."""
        first = self.visit.series[0]
        if number:
            kept = first.slices or tuple(range(count))
            first = replace(first, uid=uid_below(self.visit.uid, number), number=number, slices=kept[:count])
        return scan_of(self.person, self.visit, first, seed=self.seed, size=self.size)

    def instances(self, scan: Scan) -> list[tuple[Elements, str]]:
        """The encoded elements of each instance of a series, with its UID."""
        painter = partial(paint, head_of(self.visit.anatomy, self.size))
        made = made_series(scan, painter, seed=self.seed)
        return [(elements, uid) for _, uid, elements in made.instances]

    def file(self, elements: Elements, uid: str, sop_class: str = MR_IMAGE) -> bytes:
        """A whole file."""
        return file_bytes(elements, envelope_of(self.scan()), sop_class, uid)


def oddities(person: Person, visit: Visit, *, seed: int, size: str) -> Iterator[Oddity]:
    """Every odd file of a host visit, whose own small series is written elsewhere."""
    host = Host(person, visit, seed, size)
    yield from _copies(host)
    yield from _conflict(host)
    yield from _broken(host)
    yield from _incomplete(host)
    yield from _not_dicom(host)
    yield from _ct(host)
    yield _object(host, "captures/SC1.dcm", screenshot(person, visit, 21, size), "secondary capture", "secondary")
    yield _object(host, "reports/SR1.dcm", dose_report(person, visit, 22), "structured report", "non-MR")
    yield _directory(host)


def _of(scan: Scan, path: str, content: bytes, expected: str, reason: str) -> Oddity:
    sequence = sequence_of(scan.ordered.kind)
    return Oddity(path, content, expected, reason, sequence, scan.ordered.uid, scan.visit.uid)


def _copies(host: Host) -> Iterator[Oddity]:
    scan = host.scan()
    for index, (elements, uid) in enumerate(host.instances(scan), start=1):
        yield _of(scan, f"copies/IM{index}", host.file(elements, uid), "excluded", "duplicate")


def _conflict(host: Host) -> Iterator[Oddity]:
    """One SOPInstanceUID, two contents."""
    scan = host.scan(11)
    elements, uid = host.instances(scan)[0]
    other = elements | {PIXELS: elements[PIXELS][:-PIXEL_CUT] + bytes(PIXEL_CUT)}
    for name, each in (("a", elements), ("b", other)):
        yield _of(scan, f"conflict/{name}.dcm", host.file(each, uid), "quarantined", "one uid two contents")


def _broken(host: Host) -> Iterator[Oddity]:
    yield Oddity("broken/IM000001", b"", "quarantined", "zero bytes")
    scan = host.scan(12)
    elements, uid = host.instances(scan)[0]
    content = host.file(elements, uid)
    yield Oddity("broken/IM000002", content[:HEADER_CUT], "quarantined", "truncated in the header")
    yield _of(scan, "broken/IM000003", content[:-PIXEL_CUT], "quarantined", "truncated in the pixels")


def _incomplete(host: Host) -> Iterator[Oddity]:
    for number, tag, name in ((13, SERIES_UID, "no series uid"), (14, SOP_UID, "no instance uid")):
        scan = host.scan(number)
        elements, uid = host.instances(scan)[0]
        rest = {key: value for key, value in elements.items() if key != tag}
        content = host.file(rest, uid if tag != SOP_UID else "")
        path = f"incomplete/{number}.dcm"
        if tag == SERIES_UID:
            yield Oddity(path, content, "quarantined", name, study_uid=host.visit.uid)
        else:
            yield _of(scan, path, content, "quarantined", name)


def _not_dicom(host: Host) -> Iterator[Oddity]:
    name = host.person.name
    text = f"Scans of {name.given} {name.family} ({host.person.hospital_number}), burnt for the family.\n"
    yield Oddity("README.TXT", text.encode(), "excluded", "not dicom")
    elements, uid = host.instances(host.scan(15))[0]
    yield Oddity("zipped/IM000001.dcm.gz", stored_gzip(host.file(elements, uid)), "quarantined", "compressed file")


def _ct(host: Host) -> Iterator[Oddity]:
    """A CT study of the same patient, of two slices."""
    study_uid = uid_below(host.visit.uid, 7)
    scan = host.scan(16, count=2)
    scan = replace(scan, ordered=replace(scan.ordered, uid=uid_below(study_uid, 1)))
    changes = header_of(
        SOPClassUID=CT_IMAGE,
        Modality="CT",
        StudyInstanceUID=study_uid,
        ImageType="ORIGINAL\\PRIMARY\\AXIAL",
        KVP="120",
        SeriesDescription="CT Head",
    )
    changed = encode_each(changes, Coding(envelope_of(scan).syntax == "implicit"))
    for index, (elements, uid) in enumerate(host.instances(scan), start=1):
        content = host.file(elements | changed, uid, CT_IMAGE)
        yield Oddity(f"ct/CT{index}.dcm", content, "excluded", "modality CT", "non-MR", scan.ordered.uid, study_uid)


def _object(host: Host, path: str, made: Made, reason: str, sequence: str) -> Oddity:
    """Something that is no MR image, of the host's study."""
    charset = str(made.header[0x00080005][1])
    uid, series_uid = (str(made.header[tag][1]) for tag in (SOP_UID, SERIES_UID))
    elements = encode_each(made.header, Coding(charset=charset))
    content = file_bytes(elements, Envelope(source_title=host.scan().machine.station), made.sop_class, uid)
    return Oddity(path, content, "excluded", reason, sequence, series_uid, host.visit.uid)


def _directory(host: Host) -> Oddity:
    """The index of a CD, which names the patient as well."""
    first = host.visit.series[0]
    listed = [(first.uid, first.number, [Path("copies") / "IM1"])]
    content = directory_bytes(host.visit, listed, MR_IMAGE, uid_below(host.visit.uid, 8))
    return Oddity("DICOMDIR", content, "excluded", "dicom directory")
