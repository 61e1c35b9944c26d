"""How one instance was acquired: the MR facts of a classic or an enhanced (multi-frame) image, in one shape.

Whatever is empty, absurd or unreadable is None: a damaged header may leave a series unknown, it never stops it. Nothing
here touches the disk, and no identifier of a person is read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagebank.dicom.fields import Fields, number_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from imagebank.dicom.original import Original

MANUFACTURERS = (
    ("siemens", "Siemens"),
    ("ge ", "GE"),
    ("general electric", "GE"),
    ("philips", "Philips"),
    ("canon", "Canon"),
    ("toshiba", "Canon"),
    ("uih", "UIH"),
    ("united imaging", "UIH"),
    ("hitachi", "Hitachi"),
    ("fujifilm", "Hitachi"),
    ("hyperfine", "Hyperfine"),
)
"""How a manufacturer's name begins, and the one spelling. Canon took over Toshiba's scanners, Fujifilm Hitachi's."""

NO_AGENT = {"", "NO", "NONE", "N", "N/A", "NA", "NIL", "OFF", "0", "WITHOUT"}
"""What technicians type into the contrast agent field when none was given."""

POSITION_DIGITS = 1
"""Slice positions closer than 0.1 mm are one position."""

DIFFUSION_PRIVATE = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x0043, "GEMS_PARM_01", 0x39),
    (0x2001, "Philips Imaging DD 001", 0x03),
    (0x0065, "Image Private Header", 0x09),
)
"""Where vendors wrote the b-value before DICOM had an element for it: group, creator, element (dcm2niix's source)."""

GE_PULSE_SEQUENCE = ((0x0019, "GEMS_ACQU_01", 0x9C), (0x0019, "GEMS_ACQU_01", 0x9E))
"""GE's names of the pulse sequence: as the site calls it, and as GE calls it."""

GE_B_VALUE_FLAG = 100_000
"""GE adds multiples of this to the b-value to say how it was made."""

Orientation = tuple[float, float, float, float, float, float]
Position = tuple[float, float, float]


@dataclass(frozen=True)
class Acquisition:
    """The MR facts of one instance; None, empty or False where the header does not say."""

    modality: str
    sop_class_uid: str
    manufacturer: str
    image_type: tuple[str, ...] = ()
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    sequence_name: str = ""
    acquisition_contrast: str = ""
    spin_labelling: bool = False
    acquisition_type: str | None = None
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    echo_times_ms: tuple[float, ...] = ()
    inversion_time_ms: float | None = None
    flip_angle_deg: float | None = None
    echo_train_length: int | None = None
    echo_number: int | None = None
    b_value: float | None = None
    field_strength_t: float | None = None
    orientation: Orientation | None = None
    position: Position | None = None
    orientations: tuple[Orientation, ...] = ()
    positions: tuple[Position, ...] = ()
    row_spacing_mm: float | None = None
    column_spacing_mm: float | None = None
    slice_thickness_mm: float | None = None
    spacing_between_slices_mm: float | None = None
    rows: int | None = None
    columns: int | None = None
    frames: int = 1
    temporal_position: int | None = None
    temporal_positions: int | None = None
    instance_number: int | None = None
    contrast_agent: bool | None = None
    photometric_interpretation: str = ""
    burned_in: bool | None = None
    software: str = ""
    text: str = field(default="", repr=False)


def read_acquisition(dataset: Dataset | Original) -> Acquisition:
    """The facts of one instance; pixel data need not have been read. Never raises for what the header says."""
    fields = Fields(dataset)
    return Acquisition(
        modality=fields.text("Modality").upper(),
        sop_class_uid=fields.text("SOPClassUID"),
        manufacturer=_manufacturer(fields.text("Manufacturer")),
        software=" ".join(fields.values("SoftwareVersions")),
        field_strength_t=fields.positive("MagneticFieldStrength"),
        text=" ".join((fields.text("SeriesDescription"), fields.text("ProtocolName"))).strip(),
        **_pulse_sequence(fields),
        **_times(fields),
        **_geometry(fields),
        contrast_agent=_contrast_agent(fields),
        photometric_interpretation=fields.text("PhotometricInterpretation").upper(),
        burned_in={"YES": True, "NO": False}.get(fields.text("BurnedInAnnotation").upper()),
    )


def _pulse_sequence(fields: Fields) -> dict[str, Any]:
    return {
        "image_type": _image_type(fields),
        "scanning_sequence": _scanning_sequence(fields),
        "sequence_variant": _sequence_variant(fields),
        "scan_options": fields.words("ScanOptions"),
        "sequence_name": _sequence_name(fields),
        "acquisition_contrast": fields.text("AcquisitionContrast").upper(),
        "spin_labelling": bool(fields.values("ArterialSpinLabelingContrast")),
        "acquisition_type": fields.one_of("MRAcquisitionType", ("2D", "3D")),
        "b_value": _b_value(fields),
    }


def _times(fields: Fields) -> dict[str, Any]:
    return {
        "repetition_time_ms": fields.positive("RepetitionTime"),
        "echo_time_ms": fields.positive("EchoTime", "EffectiveEchoTime"),
        "echo_times_ms": _echo_times(fields),
        "inversion_time_ms": fields.positive("InversionTime", "InversionTimes"),
        "flip_angle_deg": fields.positive("FlipAngle"),
        "echo_train_length": fields.count("EchoTrainLength", "RFEchoTrainLength", "GradientEchoTrainLength"),
        "echo_number": fields.count("EchoNumbers"),
        "temporal_position": fields.count("TemporalPositionIdentifier", "TemporalPositionIndex"),
        "temporal_positions": fields.count("NumberOfTemporalPositions"),
        "instance_number": fields.count("InstanceNumber"),
    }


def _geometry(fields: Fields) -> dict[str, Any]:
    orientations = tuple(dict.fromkeys(filter(None, map(_orientation, fields.each("ImageOrientationPatient")))))
    positions = tuple(dict.fromkeys(filter(None, map(_position, fields.each("ImagePositionPatient")))))
    row_spacing, column_spacing = _pair(fields.values("PixelSpacing"))
    return {
        "orientation": orientations[0] if orientations else None,
        "position": positions[0] if positions else None,
        "orientations": orientations,
        "positions": positions,
        "row_spacing_mm": row_spacing,
        "column_spacing_mm": column_spacing,
        "slice_thickness_mm": fields.positive("SliceThickness"),
        "spacing_between_slices_mm": fields.positive("SpacingBetweenSlices"),
        "rows": fields.count("Rows"),
        "columns": fields.count("Columns"),
        "frames": fields.count("NumberOfFrames") or 1,
    }


def _pair(texts: tuple[str, ...]) -> tuple[float | None, float | None]:
    numbers = [number_of(text) for text in texts]
    if len(numbers) != 2 or any(number is None or number <= 0 for number in numbers):
        return None, None
    return numbers[0], numbers[1]


def _orientation(texts: tuple[str, ...]) -> Orientation | None:
    """Six direction cosines to two digits, or None when they are not two unit vectors at a right angle."""
    numbers = [number for number in map(number_of, texts) if number is not None]
    if len(numbers) != 6 or len(texts) != 6:
        return None
    row, column = numbers[:3], numbers[3:]
    unit = all(abs(math.hypot(*vector) - 1) < 0.05 for vector in (row, column))
    square = abs(sum(a * b for a, b in zip(row, column, strict=True))) < 0.05
    return tuple(round(number, 2) + 0.0 for number in numbers) if unit and square else None  # type: ignore[return-value]


def _position(texts: tuple[str, ...]) -> Position | None:
    numbers = [number for number in map(number_of, texts) if number is not None]
    if len(numbers) != 3 or len(texts) != 3:
        return None
    return tuple(round(number, POSITION_DIGITS) + 0.0 for number in numbers)  # type: ignore[return-value]


def _manufacturer(text: str) -> str:
    name = text.strip().lower()
    return next((spelling for start, spelling in MANUFACTURERS if f"{name} ".startswith(start)), "other")


def _image_type(fields: Fields) -> tuple[str, ...]:
    """The words of ImageType, and of FrameType where at least half of the frames carry them."""
    counts = Counter(word.upper() for texts in fields.each("FrameType") for word in set(texts) if word)
    frames = max(len(fields.frame_groups), 1)
    common = [word for word, times in sorted(counts.items()) if 2 * times >= frames]
    return tuple(dict.fromkeys((*fields.words("ImageType"), *common)))


def _scanning_sequence(fields: Fields) -> tuple[str, ...]:
    """SE, GR, IR, EP, RM as classic images say it; enhanced ones say the same in four elements."""
    said = fields.words("ScanningSequence")
    if said:
        return said
    echo = fields.text("EchoPulseSequence").upper()
    facts = (
        ("SE", echo in ("SPIN", "BOTH")),
        ("GR", echo in ("GRADIENT", "BOTH")),
        ("EP", fields.text("EchoPlanarPulseSequence").upper() == "YES"),
        ("IR", fields.text("InversionRecovery").upper() == "YES"),
    )
    return tuple(word for word, holds in facts if holds)


def _echo_times(fields: Fields) -> tuple[float, ...]:
    """The different echo times of all frames, in ms, the shortest first."""
    keyword = "EchoTime" if any(fields.values("EchoTime")) and not fields.frame_groups else "EffectiveEchoTime"
    numbers = (number_of(text) for texts in fields.each(keyword) for text in texts)
    return tuple(sorted({round(number, 1) for number in numbers if number is not None and number > 0}))


def _sequence_variant(fields: Fields) -> tuple[str, ...]:
    """SK, MTC, SS, SP, MP as classic images say it, or what the enhanced elements say of the same."""
    said = fields.words("SequenceVariant")
    if said:
        return said
    facts = (
        ("SK", fields.text("SegmentedKSpaceTraversal").upper() in ("PARTIAL", "FULL")),
        ("MTC", fields.text("MagnetizationTransfer").upper() not in ("", "NONE")),
        ("SS", fields.text("SteadyStatePulseSequence").upper() not in ("", "NONE")),
        ("SP", fields.text("Spoiling").upper() not in ("", "NONE")),
    )
    return tuple(word for word, holds in facts if holds)


def _sequence_name(fields: Fields) -> str:
    """All names of the pulse sequence that the header has, in lower case, without Siemens' leading star."""
    names = [fields.text("SequenceName"), fields.text("PulseSequenceName")]
    names += [" ".join(fields.private(*place)) for place in GE_PULSE_SEQUENCE]
    cleaned = (re.sub(r"\s+", " ", name).strip("* ").lower() for name in names)
    return " ".join(dict.fromkeys(filter(None, cleaned)))


def _b_value(fields: Fields) -> float | None:
    """The largest b-value of the instance, in s/mm2."""
    texts = [text for value in fields.each("DiffusionBValue") for text in value]
    for place in DIFFUSION_PRIVATE if not any(texts) else ():
        texts += fields.private(*place)[:1]
    numbers = [number % GE_B_VALUE_FLAG for number in map(number_of, texts) if number is not None and number >= 0]
    return max(numbers, default=None)


def _contrast_agent(fields: Fields) -> bool | None:
    """True when an agent is named, False when the header says none was given; the name itself is not kept."""
    named = fields.text("ContrastBolusAgent").strip().upper()
    volume = number_of(fields.text("ContrastBolusVolume"))
    if named in NO_AGENT - {""} or volume == 0:
        return False
    return True if named or volume else None
