"""Identifiers outside the places that readers look at: private blocks, overlays, graphics, other scripts, pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.scanning.elements import Header, can_spell, header_of, put
from imagebank.synthetic.scanning.lettering import Burned, burn
from imagebank.synthetic.scanning.protocols import grid_of
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.visits import Grid, compact

WORKLIST = "PRETEND WORKLIST 7"
ICON = 48  # rows and columns of an icon
GREY, WHITE = 40, 255


def plant_unknown_private(header: Header, scan: Scan) -> None:
    """A creator that nobody knows, with text, an element of unknown VR, and a nested name."""
    person, visit = scan.person, scan.visit
    relative = person.relatives[0].name if person.relatives else person.name.given
    item = header_of(PatientBirthName=f"{person.name.family}^{person.name.given}")
    item[0x00990010] = ("LO", WORKLIST)
    item[0x00991002] = ("DA", visit.told.birth_date)
    item[0x00991006] = ("DT", f"{compact(person.birth_date)}120000+0000")
    header[0x00990010] = ("LO", WORKLIST)
    header[0x00991001] = ("UN", f"{person.name.family};{person.nhs_number};".encode())
    header[0x00991003] = ("LT", f"booked by {relative} on {person.phone}")
    header[0x00991004] = ("SQ", [item])
    header[0x00991005] = ("DT", f"{compact(visit.day)}{visit.time}")


def plant_overlay(header: Header, scan: Scan) -> None:
    """An overlay plane and a curve whose comments name the patient."""
    grid, name = _overlay_grid(scan), scan.person.name
    drawn, _ = _drawn_overlay(scan, grid)
    header.update(
        {
            0x50000005: ("US", 1),
            0x50000010: ("US", 2),
            0x50000020: ("CS", "ECG"),
            0x50000022: ("LO", f"pulse {name.family}"),
            0x50000103: ("US", 0),
            0x50003000: ("OW", bytes(4)),
            0x60000010: ("US", grid.rows),
            0x60000011: ("US", grid.columns),
            0x60000022: ("LO", f"Text {name.family} {scan.person.hospital_number}"),
            0x60000040: ("CS", "G"),
            0x60000050: ("SS", (1, 1)),
            0x60000100: ("US", 1),
            0x60000102: ("US", 0),
            0x60003000: ("OW", np.packbits(drawn, bitorder="little").tobytes()),
            0x60004000: ("LT", f"{name.given} {name.family}"),
        }
    )


def _drawn_overlay(scan: Scan, grid: Grid) -> tuple[NDArray[np.uint8], tuple[Burned, ...]]:
    """The dots of the overlay, and what they spell."""
    dots = np.zeros((grid.rows, grid.columns), dtype=np.uint8)
    return dots, burn(dots, (scan.person.name.family, scan.person.hospital_number), 1)


def drawn_overlay(scan: Scan) -> tuple[Burned, ...]:
    """What is drawn in the overlay plane, and where."""
    return _drawn_overlay(scan, _overlay_grid(scan))[1]


def _overlay_grid(scan: Scan) -> Grid:
    plane = "axial" if scan.protocol.plane == "several" else scan.protocol.plane
    return grid_of(scan.protocol, scan.size, plane)


def plant_graphics(header: Header, scan: Scan) -> None:
    """Text laid over the image by whoever looked at it."""
    person = scan.person
    text = header_of(
        UnformattedTextValue=f"{person.name.family} {compact(person.birth_date)}",
        AnchorPointAnnotationUnits="PIXEL",
        AnchorPoint=(1.0, 1.0),
        AnchorPointVisibility="Y",
    )
    layer = header_of(TextObjectSequence=[text], GraphicLayer="NAMES")
    put(header, GraphicAnnotationSequence=[layer], ContentCreatorName=scan.visit.staff_of("operator"))


def plant_own_script(header: Header, scan: Scan) -> None:
    """The name in the person's own letters, also as bytes of unknown VR, where the person has such a name."""
    name = scan.person.name
    if not name.native:
        return
    groups = "=".join([f"{name.family}^{name.given}", name.native, name.phonetic]).rstrip("=")
    if can_spell(name.charset, [groups]):
        put(header, OtherPatientNames=groups)
    header[0x00990010] = ("LO", WORKLIST)
    header[0x00991007] = ("UN", name.native.encode())


def plant_coerced(header: Header, scan: Scan) -> None:
    """What the archive replaced, kept beside what replaced it: an older number of the patient."""
    older = [each.hospital_number for each in scan.person.recorded if each.merged_into] or [scan.person.hospital_number]
    before = header_of(PatientName=scan.visit.told.name, PatientID=older[0])
    item = header_of(
        SourceOfPreviousValues="",
        AttributeModificationDateTime=f"{compact(scan.visit.day)}235900",
        ModifyingSystem=scan.machine.station,
        ReasonForTheAttributeModification="COERCE",
        ModifiedAttributesSequence=[before],
    )
    put(header, OriginalAttributesSequence=[item])


def plant_icon(header: Header, scan: Scan) -> None:
    """A small picture of the image, with the name in it."""
    picture, _ = _picture(scan)
    icon = header_of(
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=ICON,
        Columns=ICON,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    icon[0x7FE00010] = ("OB" if scan.machine.syntax != "implicit" else "OW", picture.tobytes())
    put(header, IconImageSequence=[icon])


def burned_icon(scan: Scan) -> tuple[Burned, ...]:
    """What is drawn in the icon, and where."""
    return _picture(scan)[1]


def _picture(scan: Scan) -> tuple[NDArray[np.uint8], tuple[Burned, ...]]:
    picture = np.full((ICON, ICON), GREY, dtype=np.uint8)
    return picture, burn(picture, (scan.person.name.family, scan.person.name.given), WHITE)
