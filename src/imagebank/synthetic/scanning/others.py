"""What a visit leaves on the PACS beside its brain images: spines, knees, phantoms, screenshots, reports, an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning.directory import directory_bytes
from imagebank.synthetic.scanning.elements import Coding, Header, encode_each, header_of
from imagebank.synthetic.scanning.exporting import file_name, series_folder
from imagebank.synthetic.scanning.machines import all_machines
from imagebank.synthetic.scanning.objects import Made, dose_report, presentation_state, screenshot
from imagebank.synthetic.scanning.painting import Image, paint_other
from imagebank.synthetic.scanning.part10 import Envelope, file_bytes, write
from imagebank.synthetic.scanning.planted import Planted, places_of, planted_in, texts_of_person, texts_of_visit
from imagebank.synthetic.scanning.scan import MR_IMAGE, Scan, number_of, scan_of, uid_below
from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.scanning.writing import write_series
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import Grid, Ordered, Physics, Visit

IMAGES = ("spine", "knee", "phantom")
FIRST_NUMBER = 901  # series numbers of what is beside the brain images
PIXEL_PLACE = "(7fe0,0010) pixels"
SAID_TO_BE_A_HEAD = 4  # one in so many of other body parts stands under HEAD, as the console was left


@dataclass(frozen=True)
class OtherFiles:
    """What was written beside the brain images: one series, or an index without series (empty `series_uid`)."""

    series_uid: str
    study_uid: str
    kind: str
    modality: str
    paths: tuple[Path, ...]
    planted: tuple[Planted, ...]


def write_others(
    images: Path, person: Person, visit: Visit, kinds: Sequence[str], *, seed: int, size: str
) -> tuple[OtherFiles, ...]:
    """Write one series of each kind: OTHER_KINDS, `presentation-state` or `directory`."""
    return tuple(
        _written(images, person, visit, kind, FIRST_NUMBER + index, seed=seed, size=size)
        for index, kind in enumerate(kinds)
    )


def _written(images: Path, person: Person, visit: Visit, kind: str, number: int, *, seed: int, size: str) -> OtherFiles:
    match kind:
        case "screenshot":
            return _write_object(images, person, visit, kind, number, screenshot(person, visit, number, size))
        case "dose-report":
            return _write_object(images, person, visit, kind, number, dose_report(person, visit, number))
        case "presentation-state":
            return _write_object(images, person, visit, kind, number, presentation_state(person, visit, number))
        case "directory":
            return _write_directory(images, person, visit)
    scan = _other_scan(person, visit, kind, number, seed=seed, size=size)
    written = write_series(images, scan, partial(_painted, kind), seed=seed)
    return OtherFiles(written.series_uid, visit.uid, kind, "MR", written.paths, written.planted)


def _painted(kind: str, physics: Physics, grid: Grid) -> Image:
    return paint_other(kind, physics, grid)


def _other_scan(person: Person, visit: Visit, kind: str, number: int, *, seed: int, size: str) -> Scan:
    """A T2-weighted scan of something else, under its own words; some consoles still say HEAD."""
    if kind not in IMAGES:
        raise ValueError(f"the pretend scanners make no {kind}")
    row = next(row for row in rows("others") if row["kind"] == kind)
    scan = scan_of(person, visit, Ordered(uid_below(visit.uid, number), number, "T2w-2D"), seed=seed, size=size)
    words = stream(seed, "other words", scan.ordered.uid).choice(row["descriptions"].split("|"))
    return replace(
        scan,
        protocol=replace(scan.protocol, plane=row["plane"]),
        wording=replace(scan.wording, study=row["study"], series=words, protocol=words),
        body_part="HEAD" if number_of(visit.key) % SAID_TO_BE_A_HEAD == 0 else row["body_part"],
        ordered=replace(scan.ordered, kind="T2w-2D"),
    )


def _write_object(images: Path, person: Person, visit: Visit, kind: str, number: int, made: Made) -> OtherFiles:
    charset = str(made.header[0x00080005][1])
    uid, series_uid = uid_below(visit.uid, number, 1), uid_below(visit.uid, number)
    envelope = Envelope(source_title=all_machines()[visit.scanner].station)
    path = series_folder(visit, person.hospital_number, number, kind, series_uid) / file_name(visit, number, 1, uid)
    write(images / path, file_bytes(encode_each(made.header, Coding(charset=charset)), envelope, made.sop_class, uid))
    known = {**texts_of_visit(visit, all_machines()[visit.scanner]), **texts_of_person(person)}
    planted = planted_in(
        places_of(made.header, envelope, path.as_posix(), charset),
        known,
        person.hospital_number if visit.in_records else "",
        path.as_posix(),
        {PIXEL_PLACE: made.burned},
    )
    return OtherFiles(series_uid, visit.uid, kind, str(made.header[0x00080060][1]), (path,), planted)


def _write_directory(images: Path, person: Person, visit: Visit) -> OtherFiles:
    """An index beside the folders of the series, which it lists by their first images."""
    series = [
        (
            each.uid,
            each.number,
            [
                series_folder(visit, person.hospital_number, each.number, each.kind, each.uid)
                / file_name(visit, each.number, 1, uid_below(each.uid, 1))
            ],
        )
        for each in visit.series
    ]
    folder = series[0][2][0].parent.parent
    path = folder / "DICOMDIR"
    listed = [(uid, number, [each.relative_to(folder) for each in paths]) for uid, number, paths in series]
    content = directory_bytes(visit, listed, MR_IMAGE, uid_below(visit.uid, FIRST_NUMBER, 0))
    write(images / path, content)
    header = header_of(PatientName=visit.told.name, PatientID=visit.told.patient_id)
    below: Header = {0x00041220: ("SQ", [header])}
    known = {**texts_of_visit(visit, all_machines()[visit.scanner]), **texts_of_person(person)}
    places = places_of(below, Envelope(source_title=""), path.as_posix(), "ISO_IR 192")
    owner = person.hospital_number if visit.in_records else ""
    return OtherFiles("", visit.uid, "directory", "", (path,), planted_in(places, known, owner, path.as_posix(), {}))
