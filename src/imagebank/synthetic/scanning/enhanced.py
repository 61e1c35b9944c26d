"""Enhanced MR images: what one multi-frame file says at its top, once for all frames.

Siemens XA writes one file for each volume, Philips one file for the whole series (but one for each plane of a survey).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from imagebank.synthetic.scanning.agents import Agent
from imagebank.synthetic.scanning.elements import Header, code, header_of, named, put
from imagebank.synthetic.scanning.scan import Scan, uid_below
from imagebank.synthetic.scanning.standard import equipment, patient_and_study, series
from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.scanning.volumes import Frame, Volume
from imagebank.synthetic.visits import compact

ORGANIZATION = 77  # of the dimensions, below the series
FRAME_CONTENT = "FrameContentSequence"
DIMENSIONS = (
    ("StackID", FRAME_CONTENT),
    ("InStackPositionNumber", FRAME_CONTENT),
    ("TemporalPositionIndex", FRAME_CONTENT),
    ("EffectiveEchoTime", "MREchoSequence"),
)


@dataclass(frozen=True)
class Nature:
    """How the standard describes a kind of series: words for image type, contrast and pulse sequence."""

    flavour: str
    derived: str
    contrast: str
    echo_pulse: str
    steady_state: str
    spoiling: str


@cache
def nature_of(kind: str) -> Nature:
    """The words for a kind."""
    row = next(row for row in rows("enhanced") if row["kind"] == kind)
    return Nature(*list(row.values())[1:])


def files_of(scan: Scan, volumes: tuple[Volume, ...], frames: list[Frame]) -> list[list[Frame]]:
    """Which frames go into which file."""
    if scan.machine.maker == "philips" and scan.protocol.plane != "several":
        return [frames]
    return [[frame for frame in frames if frame.volume == number] for number in range(len(volumes))]


def shared_header(scan: Scan) -> Header:
    """Everything standard that all files of an enhanced series share."""
    header = {**patient_and_study(scan.person, scan.visit), **equipment(scan), **series(scan)}
    header.update(_image_module(scan))
    if nature_of(scan.protocol.kind).derived == "NONE":  # what was computed has no pulse sequence
        header.update(_pulse_sequence(scan))
    header.update(_dimensions(scan))
    if scan.agent and claims_agent(scan):
        put(header, ContrastBolusAgentSequence=[_agent(scan.agent)])
    return header


def image_type(scan: Scan, volume: Volume) -> str:
    """Four values; what was computed from other images is derived."""
    nature = nature_of(scan.protocol.kind)
    origin = "ORIGINAL" if nature.derived == "NONE" else "DERIVED"
    if scan.machine.maker == "siemens" and volume.component == "P":
        return f"{origin}\\PRIMARY\\{nature.flavour}\\PHASE"
    return f"{origin}\\PRIMARY\\{nature.flavour}\\{nature.derived}"


def component_of(volume: Volume) -> str:
    """MAGNITUDE or PHASE."""
    return "PHASE" if volume.component == "P" else "MAGNITUDE"


def frame_type(scan: Scan, volume: Volume) -> Header:
    """What kind of image a frame is."""
    return header_of(
        FrameType=image_type(scan, volume),
        PixelPresentation="MONOCHROME",
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique={"MAXIMUM": "MAX_IP", "MINIMUM": "MIN_IP", "RESAMPLED": "MPR"}.get(
            nature_of(scan.protocol.kind).derived, "NONE"
        ),
        ComplexImageComponent=component_of(volume),
        AcquisitionContrast=nature_of(scan.protocol.kind).contrast,
    )


def _image_module(scan: Scan) -> Header:
    return header_of(
        ResonantNucleus="1H",
        KSpaceFiltering="NONE" if scan.machine.maker == "siemens" else "RIESZ",
        ApplicableSafetyStandardAgency="IEC",
        ContentQualification="PRODUCT",
        AcquisitionDateTime=f"{compact(scan.visit.day)}{scan.start}.000000",
        ContentTime=scan.start,
        BurnedInAnnotation="NO",
        LossyImageCompression="00",
        PresentationLUTShape="IDENTITY",
        AcquisitionContextSequence=[],
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
    )


def _pulse_sequence(scan: Scan) -> Header:
    protocol, nature = scan.protocol, nature_of(scan.protocol.kind)
    planar = protocol.kind in ("DWI", "BOLD")
    header = header_of(
        PulseSequenceName=protocol.sequence_name[:16],
        MRAcquisitionType=protocol.acquisition,
        EchoPulseSequence=nature.echo_pulse,
        MultiPlanarExcitation="NO",
        PhaseContrast="NO",
        TimeOfFlightContrast="YES" if nature.contrast == "TOF" else "NO",
        SteadyStatePulseSequence=nature.steady_state,
        EchoPlanarPulseSequence="YES" if planar else "NO",
        SaturationRecovery="NO",
        SpectrallySelectedSuppression="FAT" if "FS" in protocol.scan_options.split("\\") else "NONE",
        OversamplingPhase="NONE",
        GeometryOfKSpaceTraversal="RECTILINEAR",
        RectilinearPhaseEncodeReordering="LINEAR",
        SegmentedKSpaceTraversal="SINGLE" if planar else "PARTIAL",
        NumberOfKSpaceTrajectories=1,
    )
    if nature.echo_pulse == "SPIN":
        put(header, MultipleSpinEcho="YES" if protocol.te2_ms else "NO")
    if protocol.acquisition == "3D":
        put(header, CoverageOfKSpace="FULL")
    return header


def _dimensions(scan: Scan) -> Header:
    organization = uid_below(scan.ordered.uid, 0, ORGANIZATION)
    return header_of(
        DimensionOrganizationSequence=[header_of(DimensionOrganizationUID=organization)],
        DimensionIndexSequence=[
            header_of(
                DimensionOrganizationUID=organization,
                DimensionIndexPointer=named(pointer)[0],
                FunctionalGroupPointer=named(group)[0],
                DimensionDescriptionLabel=pointer,
            )
            for pointer, group in DIMENSIONS
        ],
    )


def claims_agent(scan: Scan) -> bool:
    """Whether an enhanced header names an agent: coded, so that the word `none` leads to no entry."""
    return scan.agent is not None and scan.agent.text.lower() != "none"


def _agent(agent: Agent) -> Header:
    """The agent as a code, whose meaning is what was typed."""
    item = code("C-17800", "SRT", agent.text or "Gadolinium")
    return put(
        item,
        ContrastBolusAgentNumber=1,
        ContrastBolusIngredientCodeSequence=[code("C-17800", "SRT", "Gadolinium")],
        ContrastBolusAdministrationRouteSequence=[code("G-D101", "SRT", "Intravenous route")],
        ContrastBolusVolume=agent.volume,
        ContrastBolusIngredientConcentration="",
    )


def file_elements(scan: Scan, volumes: tuple[Volume, ...], frames: list[Frame], instance: int) -> Header:
    """What one multi-frame file says of itself."""
    volume = volumes[frames[0].volume]
    mixed = len({volumes[frame.volume].component for frame in frames}) > 1
    kind = frame_type(scan, volume)
    header = {tag: value for tag, value in kind.items() if tag != named("FrameType")[0]}
    put(header, ImageType=image_type(scan, volume))
    if mixed:
        put(header, ComplexImageComponent="MIXED")
    put(
        header,
        SOPInstanceUID=scan.instance_uid(instance),
        InstanceNumber=str(instance),
        AcquisitionNumber=str(volume.time),
        AcquisitionDuration=scan.protocol.tr_ms * max(each.time for each in volumes) / 1000,
        NumberOfFrames=str(len(frames)),
        Rows=volume.grid.rows,
        Columns=volume.grid.columns,
    )
    return header
