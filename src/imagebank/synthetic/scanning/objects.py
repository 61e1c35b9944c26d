"""Objects that are no MR images: a screenshot, a report of the dose of contrast agent, a presentation state.

Each names the patient where such objects do: burned into the pixels, in the tree of the report, in the annotations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning.elements import Header, code, foreign_texts, header_of, put
from imagebank.synthetic.scanning.lettering import Burned, burn
from imagebank.synthetic.scanning.machines import Machine, all_machines, era_of
from imagebank.synthetic.scanning.painting import head_of, paint
from imagebank.synthetic.scanning.part10 import PIXELS
from imagebank.synthetic.scanning.scan import ENHANCED_MR_IMAGE, MR_IMAGE, uid_below
from imagebank.synthetic.scanning.standard import patient_and_study
from imagebank.synthetic.visits import Grid, Physics, Visit, compact

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
PRESENTATION_STATE = "1.2.840.10008.5.1.4.1.1.11.1"
SIDES = {"tiny": 64, "small": 256, "full": 512}  # rows and columns of a screenshot
WHITE = 255
FIELD_OF_VIEW_MM = 240.0


@dataclass(frozen=True)
class Made:
    """An object in memory: its class, header and what is burned into its pixels."""

    sop_class: str
    header: Header
    burned: tuple[Burned, ...] = ()


def plain_object(person: Person, visit: Visit, sop_class: str, modality: str, number: int) -> Header:
    """Patient, study and series of something that is no MR image."""
    machine: Machine = all_machines()[visit.scanner]
    header = patient_and_study(person, visit)
    put(
        header,
        SOPClassUID=sop_class,
        SOPInstanceUID=uid_below(visit.uid, number, 1),
        SeriesInstanceUID=uid_below(visit.uid, number),
        Modality=modality,
        SeriesNumber=str(number),
        InstanceNumber="1",
        BodyPartExamined="HEAD",
        SeriesDate=compact(visit.day),
        ContentDate=compact(visit.day),
        ContentTime=visit.time,
        Manufacturer=era_of(machine, visit.day).manufacturer,
        StationName=machine.station,
        InstitutionName=machine.site,
        SpecificCharacterSet="ISO_IR 100",
    )
    return header


def spelt(made: Made) -> Made:
    """The object with a character set that can spell it."""
    charset = "ISO_IR 192" if any(foreign_texts(made.header)) else "ISO_IR 100"
    return replace(made, header=put(dict(made.header), SpecificCharacterSet=charset))


def screenshot(person: Person, visit: Visit, number: int, size: str) -> Made:
    """A colour screenshot of a console, with the patient's name in the pixels; only some say so."""
    side = SIDES[size]
    header = plain_object(person, visit, SECONDARY_CAPTURE, "MR" if number % 2 else "OT", number)
    picture = _console(visit, side)
    lines = (visit.told.name.replace("^", " "), visit.told.patient_id, visit.day.strftime("%d/%m/%Y"))
    burned = burn(picture, lines, WHITE)
    put(
        header,
        ConversionType="WSD",
        ImageType="DERIVED\\SECONDARY\\SCREEN SAVE",
        SeriesDescription=f"Screen save {person.name.family}",
        PatientOrientation="",
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        Rows=side,
        Columns=side,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    if number % 3:
        put(header, BurnedInAnnotation="YES")
    header[PIXELS] = ("OB", np.repeat(picture[:, :, None], 3, axis=2).tobytes())
    return spelt(Made(SECONDARY_CAPTURE, header, burned))


def _console(visit: Visit, side: int) -> NDArray[Any]:
    """A slice of the head in the middle of a grey screen."""
    grid = Grid("axial", 1, side // 2, side // 2, FIELD_OF_VIEW_MM / (side // 2), 5.0)
    physics = Physics("spin-echo", 4000.0, 100.0)
    head = paint(head_of(visit.anatomy, "tiny"), physics, grid)[0]
    picture: NDArray[Any] = np.full((side, side), 24, dtype="u1")
    inner = slice(side // 2 - side // 8, side // 2 - side // 8 + side // 2)
    picture[inner, inner] = np.clip(head // 4, 0, WHITE - 1)
    return picture


def dose_report(person: Person, visit: Visit, number: int) -> Made:
    """A structured report of the contrast agent given, which names patient and staff."""
    header = plain_object(person, visit, BASIC_TEXT_SR, "SR", number)
    name = person.name
    title = code("121144", "DCM", "Document Title")
    items = [
        _text(code("121111", "DCM", "Summary"), f"{name.given} {name.family} had 10 ml Dotarem i.v. at {visit.time}."),
        _text(
            code("121106", "DCM", "Comment"), f"Given by {visit.staff_of('operator')}. Hosp {person.hospital_number}"
        ),
        {
            **header_of(RelationshipType="HAS OBS CONTEXT", ValueType="PNAME"),
            **header_of(ConceptNameCodeSequence=[code("121029", "DCM", "Subject Name")], PersonName=visit.told.name),
        },
    ]
    put(
        header,
        SeriesDescription="Contrast dose report",
        ReferencedPerformedProcedureStepSequence=[],
        PerformedProcedureCodeSequence=[],
        ValueType="CONTAINER",
        ContinuityOfContent="SEPARATE",
        CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
        ConceptNameCodeSequence=[title],
        ContentSequence=items,
    )
    return spelt(Made(BASIC_TEXT_SR, header))


def _text(concept: Header, text: str) -> Header:
    return header_of(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=[concept], TextValue=text)


def presentation_state(person: Person, visit: Visit, number: int) -> Made:
    """How somebody looked at an image: a window, and text with the patient's name on it."""
    header = plain_object(person, visit, PRESENTATION_STATE, "PR", number)
    first = visit.series[0]
    enhanced = era_of(all_machines()[visit.scanner], visit.day).enhanced
    image = header_of(
        ReferencedSOPClassUID=ENHANCED_MR_IMAGE if enhanced else MR_IMAGE,
        ReferencedSOPInstanceUID=uid_below(first.uid, 1 if enhanced else min(first.slices, default=0) + 1),
    )
    text = header_of(
        UnformattedTextValue=f"{person.name.family} {compact(person.birth_date)}",
        AnchorPointAnnotationUnits="PIXEL",
        AnchorPoint=(1.0, 1.0),
        AnchorPointVisibility="Y",
    )
    put(
        header,
        SeriesDescription="Key images",
        PresentationCreationDate=compact(visit.day),
        PresentationCreationTime=visit.time,
        ContentLabel="PRESENTATION",
        ContentDescription=f"for {visit.staff_of('referrer')}",
        ContentCreatorName=visit.staff_of("radiologist"),
        PresentationLUTShape="IDENTITY",
        GraphicLayerSequence=[header_of(GraphicLayer="NAMES", GraphicLayerOrder="1")],
        GraphicAnnotationSequence=[header_of(GraphicLayer="NAMES", TextObjectSequence=[text])],
        ReferencedSeriesSequence=[header_of(SeriesInstanceUID=first.uid, ReferencedImageSequence=[image])],
        DisplayedAreaSelectionSequence=[
            header_of(
                DisplayedAreaTopLeftHandCorner=(1, 1),
                DisplayedAreaBottomRightHandCorner=(32, 32),
                PresentationSizeMode="SCALE TO FIT",
                PresentationPixelAspectRatio="1\\1",
            )
        ],
    )
    return spelt(Made(PRESENTATION_STATE, header))
