"""The answers that follow from written files: series, files, and every identifying text with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning import Oddity, OtherFiles, Planted, VisitFiles
from imagebank.synthetic.scanning.scan import scan_of
from imagebank.synthetic.truth.people import link_answer, yes_no
from imagebank.synthetic.truth.series import SHOWS, expected_of, series_answer
from imagebank.synthetic.truth.tables import Answer, FileAnswer, IdentifierAnswer, LinkAnswer, SeriesAnswer
from imagebank.synthetic.visits import SERIES_KINDS, Ordered, Visit

DIRECTORY = "dicom directory"
NOBODYS = frozenset(("staff", "station", "serial number", "institution"))
NOT_IMAGES = {"screenshot": "secondary", "dose-report": "non-image", "presentation-state": "non-image"}


def visit_file_answers(person: Person, written: VisitFiles) -> Iterator[Answer]:
    """Series, files and identifiers of one examination."""
    visit = written.visit
    ordered = {each.uid: each for each in visit.series}
    for each in written.series:
        expected, reason = expected_of(person, visit, ordered[each.series_uid])
        yield SeriesAnswer(
            series_uid=each.series_uid,
            study_uid=each.study_uid,
            kind=each.kind,
            sequence=SHOWS[each.kind][0],
            plane=each.plane or None,
            dimension=each.dimension or None,
            agent=yes_no(each.agent),
            fault=each.fault or None,
            files=0,
            manufacturer=each.manufacturer,
            scanner=visit.scanner,
            expected=expected,
        )
        yield from (FileAnswer(path.as_posix(), expected, reason, each.series_uid, None) for path in each.paths)
        yield from identifier_answers(person, each.planted)


def planned_series_answers(person: Person, visit: Visit, *, seed: int, size: str) -> Iterator[Answer]:
    """The series of one examination as they would be written, where no image is."""
    for ordered in visit.series:
        if ordered.kind in SERIES_KINDS:
            scan = scan_of(person, visit, ordered, seed=seed, size=size)
            maker, plane = scan.era.manufacturer, scan.protocol.plane
            yield series_answer(person, visit, ordered, manufacturer=maker, plane=plane)


def other_file_answers(person: Person, visit: Visit, written: OtherFiles) -> Iterator[Answer]:
    """What stands beside the brain images, and what should become of it."""
    if not written.series_uid:
        yield from (FileAnswer(path.as_posix(), "excluded", DIRECTORY, None, None) for path in written.paths)
    else:
        yield from _other_series(person, visit, written)
    yield from identifier_answers(person, written.planted)


def _other_series(person: Person, visit: Visit, written: OtherFiles) -> Iterator[Answer]:
    stray = written.study_uid != visit.uid
    if stray:
        yield LinkAnswer(
            study_uid=written.study_uid,
            person_key="",
            hospital_number=None,
            told_patient_id=None,
            accession=None,
            date=visit.day,
            age_years=None,
            deprivation_decile=None,
            scanner=visit.scanner,
            in_records="no",
            linkable="no",
            trap="not-in-records",
        )
    expected, reason = ("unlinked", "not-in-records") if stray else expected_of(person, visit, _ordered(written))
    if written.kind in NOT_IMAGES:
        expected, reason = "excluded", written.kind
    yield SeriesAnswer(
        series_uid=written.series_uid,
        study_uid=written.study_uid,
        kind=written.kind,
        sequence=NOT_IMAGES.get(written.kind, "other"),
        plane=None,
        dimension=SHOWS[written.kind][1] if written.kind not in NOT_IMAGES else None,
        agent="no",
        fault=None,
        files=0,
        manufacturer="",
        scanner=visit.scanner,
        expected=expected,
    )
    yield from (FileAnswer(path.as_posix(), expected, reason, written.series_uid, None) for path in written.paths)


def _ordered(written: OtherFiles) -> Ordered:
    return Ordered(written.series_uid, 0, written.kind)


def oddity_answers(person: Person, visit: Visit, path: str, odd: Oddity) -> Iterator[Answer]:
    """One file that is broken, double or strange on purpose."""
    yield FileAnswer(path, odd.expected, odd.reason, odd.series_uid or None, None)
    if odd.series_uid:
        yield replace(link_answer(person, visit), study_uid=odd.study_uid)
        yield SeriesAnswer(
            series_uid=odd.series_uid,
            study_uid=odd.study_uid,
            kind="odd",
            sequence=odd.sequence,
            plane=None,
            dimension=None,
            agent="no",
            fault=None,
            files=0,
            manufacturer="",
            scanner=visit.scanner,
            expected=odd.expected,
        )


def identifier_answers(person: Person, planted: Iterable[Planted]) -> Iterator[IdentifierAnswer]:
    """Each identifying text with its place; of staff, machines and sites it is nobody's in the records."""
    for each in planted:
        yield IdentifierAnswer(
            value=each.value,
            kind=each.kind,
            hospital_number=each.owner or None,
            place=each.place,
            person_key=None if each.kind in NOBODYS else person.key,
            path=each.path,
            encoding=each.encoding,
            box=" ".join(map(str, each.box)) if each.box else None,
        )
