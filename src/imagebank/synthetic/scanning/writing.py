"""One examination becomes files: each series is painted, encoded and laid out as a PACS export would.

What a series shares is encoded once, what a volume shares once a volume; each image adds its own few elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning import classic, multiframe
from imagebank.synthetic.scanning.elements import Coding, Elements, Header, can_spell, foreign_texts, named, put
from imagebank.synthetic.scanning.exporting import file_name, series_folder
from imagebank.synthetic.scanning.lettering import Burned
from imagebank.synthetic.scanning.painting import head_of, paint
from imagebank.synthetic.scanning.part10 import Envelope, file_bytes, write
from imagebank.synthetic.scanning.pixels import Painter, burn_in, stored_volumes
from imagebank.synthetic.scanning.planted import Planted, places_of, planted_in, texts_of_person, texts_of_visit
from imagebank.synthetic.scanning.plants import TURNS, plant
from imagebank.synthetic.scanning.plants_beyond import burned_icon, drawn_overlay
from imagebank.synthetic.scanning.protocols import sequence_of
from imagebank.synthetic.scanning.scan import Scan, scan_of
from imagebank.synthetic.scanning.volumes import volumes_of
from imagebank.synthetic.visits import Visit

OVERLAY = 0x60003000
UNICODE = "ISO_IR 192"
PREAMBLE = 128  # bytes
SAID_TO_BE_BURNED_IN = 2  # one in so many of the classic images with text says so; enhanced ones never may


@dataclass(frozen=True)
class SeriesFiles:
    """What was written for one series: paths below the images folder, what it truly is, and what identifies anyone.

    `sequence` is a class of the bank's vocabulary or PD+T2, `kind` one of SERIES_KINDS. `agent` is the truth, whatever
    the header says. `manufacturer` is as the header spells it. `plane` is axial, sagittal, coronal or several.
    """

    series_uid: str
    study_uid: str
    kind: str
    sequence: str
    plane: str
    dimension: str
    agent: bool
    fault: str
    manufacturer: str
    enhanced: bool
    paths: tuple[Path, ...]
    planted: tuple[Planted, ...]


@dataclass(frozen=True)
class VisitFiles:
    """What was written for one examination."""

    visit: Visit
    series: tuple[SeriesFiles, ...]


def write_visit(images: Path, person: Person, visit: Visit, *, seed: int, size: str) -> VisitFiles:
    """Write every ordered series of an examination below the folder `images`."""
    painter = partial(paint, head_of(visit.anatomy, size))
    scans = [scan_of(person, visit, each, seed=seed, size=size) for each in visit.series]
    return VisitFiles(visit, tuple(write_series(images, scan, painter, seed=seed) for scan in scans))


def write_series(images: Path, scan: Scan, painter: Painter, *, seed: int) -> SeriesFiles:
    """Write one series; returns what was written."""
    made = made_series(scan, painter, seed=seed)
    folder = series_folder(
        scan.visit, scan.person.hospital_number, scan.ordered.number, scan.ordered.kind, scan.ordered.uid
    )
    paths = []
    for instance, uid, elements in made.instances:
        paths.append(folder / file_name(scan.visit, scan.ordered.number, instance, uid))
        write(images / paths[-1], file_bytes(elements, made.envelope, scan.sop_class, uid))
    return SeriesFiles(
        series_uid=scan.ordered.uid,
        study_uid=scan.visit.uid,
        kind=scan.ordered.kind,
        sequence=sequence_of(scan.ordered.kind),
        plane=scan.protocol.plane,
        dimension=scan.protocol.acquisition,
        agent=scan.ordered.agent,
        fault=scan.ordered.fault,
        manufacturer=scan.era.manufacturer,
        enhanced=scan.era.enhanced,
        paths=tuple(paths),
        planted=planted_of(scan, made, paths[0].as_posix() if paths else ""),
    )


@dataclass(frozen=True)
class Made:
    """A series in memory: its header, what its first image adds, what stands around it, and its instances."""

    header: Header
    own: Header
    envelope: Envelope
    charset: str
    burned: tuple[Burned, ...]
    instances: Iterator[tuple[int, str, Elements]]  # instance number, UID, encoded elements


def made_series(scan: Scan, painter: Painter, *, seed: int) -> Made:
    """Everything of a series but its place; the instances are made one by one."""
    volumes = volumes_of(scan)
    stored = stored_volumes(scan, painter, volumes, seed=seed)
    burned = burn_in(scan, stored)
    writer = multiframe if scan.era.enhanced else classic
    header = writer.shared(scan)
    plant(header, scan)
    if burned and scan.turn % SAID_TO_BE_BURNED_IN == 0 and not scan.era.enhanced:
        put(header, BurnedInAnnotation="YES")
    charset = charset_of(scan, header)
    put(header, SpecificCharacterSet=charset)
    envelope = envelope_of(scan)
    coding = Coding(envelope.syntax == "implicit", charset)
    instances = writer.instances(scan, header, volumes, stored, coding)
    return Made(header, writer.own_of_first(scan, volumes), envelope, charset, burned, instances)


def charset_of(scan: Scan, header: Header) -> str:
    """The machine's character set, the one that the person's name needs, or else UTF-8: the first that spells all."""
    texts = list(foreign_texts(header))
    candidates = [scan.machine.charset]
    if scan.person.name.native:
        candidates.append(scan.person.name.charset)
    return next((each for each in candidates if can_spell(each, texts)), UNICODE)


def envelope_of(scan: Scan) -> Envelope:
    """Preamble and file meta information, leaky in one series of three."""
    leaky = scan.turn % TURNS == 1
    told = scan.visit.told
    name = told.name.split("=")[0]
    return Envelope(
        syntax=scan.machine.syntax,
        preamble=f"{name} {told.patient_id}".encode()[:PREAMBLE] if leaky else bytes(128),
        source_title=scan.machine.station,
        private_information=f"{name} {told.birth_date}".encode() if leaky else b"",
        padding_bytes=126 if leaky else 0,
    )


def planted_of(scan: Scan, made: Made, path: str) -> tuple[Planted, ...]:
    """Every identifying text that the files of a series show, and where."""
    known = {**texts_of_visit(scan.visit, scan.machine), **texts_of_person(scan.person)}
    owner = scan.person.hospital_number if scan.visit.in_records else ""
    places = places_of({**made.header, **made.own}, made.envelope, path, made.charset)
    burned = {"(7fe0,0010) pixels": made.burned}
    if named("IconImageSequence")[0] in made.header:
        burned["(0088,0200)/(7fe0,0010) pixels"] = burned_icon(scan)
    if OVERLAY in made.header:
        burned["(6000,3000) pixels"] = drawn_overlay(scan)
    return planted_in(places, known, owner, path, burned)
