"""How one instance was acquired: the MR facts of a classic or an enhanced (multi-frame) image, in one shape.

Whatever is empty, absurd or unreadable is None: a damaged header may leave a series unknown, it never stops it. Nothing
here touches the disk, and no identifier of a person is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagebank.dicom.agents import mentions_agent, named_agent, seconds_of
from imagebank.dicom.byte_places import BytePlaces
from imagebank.dicom.dataset_places import DatasetPlaces
from imagebank.dicom.elements import Odd
from imagebank.dicom.fields import Fields, number_of, tesla
from imagebank.dicom.frames import Frame, Orientation, Position, common_flavours, read_frames
from imagebank.dicom.original import Original
from imagebank.dicom.pulse import (
    b_value,
    component,
    fat_suppressed,
    scanning_sequence,
    sequence_name,
    sequence_variant,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

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

MOSAIC_IMAGES = (0x0019, "SIEMENS MR HEADER", 0x0A)
"""How many slices a Siemens mosaic holds."""


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
    contrast_agent: bool | None = None
    agent_mentioned: bool = False
    photometric_interpretation: str = ""
    burned_in: bool | None = None
    component: str = ""
    fat_suppressed: bool | None = None
    angiography: bool | None = None
    inversion_times: int = 0
    mosaic_slices: int | None = None
    slice_frames: tuple[Frame, ...] = ()
    acquired_s: float | None = None
    bolus_start_s: float | None = None
    body_part: str = ""
    model: str = ""
    software: str = ""
    description: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


def read_acquisition(dataset: Dataset | Original) -> Acquisition:
    """The facts of one instance; pixel data need not have been read. Never raises for what the header says.

    Those of a file in memory are read from its bytes; where these are odd, and of a Dataset, pydicom is asked.
    """
    if isinstance(dataset, Original):
        try:
            return _read(Fields(BytePlaces(dataset)))
        except Odd:
            pass
    return _read(Fields(DatasetPlaces(dataset)))


def _read(fields: Fields) -> Acquisition:
    frames = read_frames(fields)
    return Acquisition(
        modality=fields.text("Modality").upper(),
        sop_class_uid=fields.text("SOPClassUID"),
        manufacturer=_manufacturer(fields.text("Manufacturer")),
        model=fields.text("ManufacturerModelName"),
        software=" ".join(fields.values("SoftwareVersions")),
        field_strength_t=tesla(fields.positive("MagneticFieldStrength")),
        description=fields.text("SeriesDescription"),
        text=" ".join((fields.text("SeriesDescription"), fields.text("ProtocolName"))).strip(),
        **_pulse_sequence(fields, frames),
        **_times(fields, frames),
        **_geometry(fields, frames),
        contrast_agent=named_agent(fields),
        agent_mentioned=mentions_agent(fields),
        acquired_s=seconds_of(fields.text("AcquisitionTime") or fields.text("AcquisitionDateTime")),
        bolus_start_s=seconds_of(fields.text("ContrastBolusStartTime")),
        body_part=fields.text("BodyPartExamined").upper(),
        photometric_interpretation=fields.text("PhotometricInterpretation").upper(),
        burned_in={"YES": True, "NO": False}.get(fields.text("BurnedInAnnotation").upper()),
    )


def _pulse_sequence(fields: Fields, frames: tuple[Frame, ...]) -> dict[str, Any]:
    words = tuple(dict.fromkeys((*fields.words("ImageType"), *common_flavours(frames))))
    weightings = [frame.b_value for frame in frames if frame.b_value is not None]
    return {
        "image_type": words,
        "scanning_sequence": scanning_sequence(fields),
        "sequence_variant": sequence_variant(fields),
        "scan_options": fields.words("ScanOptions"),
        "sequence_name": sequence_name(fields),
        "acquisition_contrast": fields.text("AcquisitionContrast").upper(),
        "spin_labelling": bool(fields.values("ArterialSpinLabelingContrast")),
        "acquisition_type": fields.one_of("MRAcquisitionType", ("2D", "3D")),
        "b_value": max(weightings) if weightings else b_value(fields),
        "component": component(fields, words),
        "fat_suppressed": fat_suppressed(fields),
        "angiography": {"Y": True, "N": False}.get(fields.text("AngioFlag").upper()),
        "slice_frames": frames,
    }


def _times(fields: Fields, frames: tuple[Frame, ...]) -> dict[str, Any]:
    return {
        "repetition_time_ms": fields.positive("RepetitionTime"),
        "echo_time_ms": fields.positive("EchoTime", "EffectiveEchoTime"),
        "echo_times_ms": tuple(sorted({frame.echo_time_ms for frame in frames if frame.echo_time_ms})),
        "inversion_time_ms": fields.positive("InversionTime", "InversionTimes"),
        "inversion_times": _several(fields.values("InversionTimes")),
        "flip_angle_deg": fields.positive("FlipAngle"),
        "echo_train_length": fields.count("EchoTrainLength", "RFEchoTrainLength", "GradientEchoTrainLength"),
    }


def _geometry(fields: Fields, frames: tuple[Frame, ...]) -> dict[str, Any]:
    orientations = tuple(dict.fromkeys(frame.orientation for frame in frames if frame.orientation))
    positions = tuple(dict.fromkeys(frame.position for frame in frames if frame.position))
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
        "mosaic_slices": _count_of(fields.private(*MOSAIC_IMAGES)) if "MOSAIC" in fields.words("ImageType") else None,
    }


def _several(texts: tuple[str, ...]) -> int:
    """How many different values there are, or 0 where it is not more than one."""
    different = len(set(filter(None, texts)))
    return different if different > 1 else 0


def _count_of(texts: tuple[str, ...]) -> int | None:
    number = number_of(texts[0]) if texts else None
    return int(number) if number and number > 0 else None


def _pair(texts: tuple[str, ...]) -> tuple[float | None, float | None]:
    numbers = [number_of(text) for text in texts]
    if len(numbers) != 2 or any(number is None or number <= 0 for number in numbers):
        return None, None
    return numbers[0], numbers[1]


def _manufacturer(text: str) -> str:
    name = text.strip().lower()
    return next((spelling for start, spelling in MANUFACTURERS if f"{name} ".startswith(start)), "other")
