"""The functional groups of enhanced MR images: what all frames share, and what each frame says.

Siemens adds its SDS and SDI blocks, Philips its private item, real-world values and stack information.
"""

from __future__ import annotations

from imagebank.synthetic.scanning.elements import Header, code, header_of, put
from imagebank.synthetic.scanning.enhanced import claims_agent, frame_type, nature_of
from imagebank.synthetic.scanning.philips import MR_1, MR_5, SCALE_SLOPE, diffusion, slope_of
from imagebank.synthetic.scanning.placing import decimals
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.siemens import TABLE_MM, b_matrix, phoenix
from imagebank.synthetic.scanning.standard import moment_of, phase_direction
from imagebank.synthetic.scanning.volumes import Frame, Volume
from imagebank.synthetic.visits import compact

SDS, SDI = "SIEMENS MR SDS 01", "SIEMENS MR SDI 02"
STACK = "1"
DIFFUSION_KINDS = ("DWI", "trace", "ADC", "FA")


def shared_groups(scan: Scan, volume: Volume) -> Header:
    """What holds for every frame of a file."""
    grid, machine = volume.grid, scan.machine
    anatomy = header_of(AnatomicRegionSequence=[code("T-A0100", "SRT", "Brain")], FrameLaterality="U")
    groups = header_of(
        PixelMeasuresSequence=[
            header_of(
                PixelSpacing=f"{grid.pixel_mm:g}\\{grid.pixel_mm:g}",
                SliceThickness=f"{grid.thickness_mm or grid.slice_mm:g}",
                SpacingBetweenSlices=f"{grid.slice_mm:g}",
            )
        ],
        FrameAnatomySequence=[anatomy],
        MRTimingAndRelatedParametersSequence=[_timing(scan)],
        MRFOVGeometrySequence=[_field_of_view(scan, volume)],
        MRModifierSequence=[_modifier(scan)],
        MRImagingModifierSequence=[_imaging_modifier(scan)],
        MRReceiveCoilSequence=[_receive_coil(scan)],
        MRTransmitCoilSequence=[
            header_of(TransmitCoilName="Body", TransmitCoilManufacturerName="", TransmitCoilType="BODY")
        ],
        MRAveragesSequence=[header_of(NumberOfAverages="1")],
        FrameVOILUTSequence=[header_of(WindowCenter="450", WindowWidth="900")],
    )
    if claims_agent(scan):
        used = header_of(ContrastBolusAgentNumber=1, ContrastBolusAgentAdministered="YES")
        put(groups, ContrastBolusUsageSequence=[put(used, ContrastBolusAgentDetected="YES")])
    if machine.maker == "siemens":
        groups[0x00210010] = ("LO", SDS)
        groups[0x002110FE] = ("SQ", [_siemens_series(scan)])
    return groups


def _timing(scan: Scan) -> Header:
    protocol, spin = scan.protocol, nature_of(scan.protocol.kind).echo_pulse == "SPIN"
    mode = header_of(OperatingModeType="GRADIENT", OperatingMode="IEC_NORMAL")
    absorbed = header_of(SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=0.09)
    return header_of(
        RepetitionTime=f"{protocol.tr_ms:g}",
        FlipAngle=f"{protocol.flip_deg:g}",
        EchoTrainLength=str(protocol.etl),
        RFEchoTrainLength=protocol.etl if spin else 0,
        GradientEchoTrainLength=0 if spin else protocol.etl,
        OperatingModeSequence=[mode],
        GradientOutputType="PER_NERVE_STIM",
        GradientOutput=0.8,
        SpecificAbsorptionRateSequence=[absorbed],
    )


def _field_of_view(scan: Scan, volume: Volume) -> Header:
    grid = volume.grid
    header = header_of(
        PercentSampling="100",
        PercentPhaseFieldOfView="100",
        InPlanePhaseEncodingDirection="ROW" if phase_direction(scan) == "ROW" else "COLUMN",
        MRAcquisitionFrequencyEncodingSteps=grid.columns,
        MRAcquisitionPhaseEncodingStepsInPlane=grid.rows,
    )
    if scan.protocol.acquisition == "3D":
        put(header, MRAcquisitionPhaseEncodingStepsOutOfPlane=grid.slices)
    return header


def _modifier(scan: Scan) -> Header:
    inverted = bool(scan.protocol.ti_ms)
    header = header_of(
        InversionRecovery="YES" if inverted else "NO",
        FlowCompensation="NONE",
        Spoiling=nature_of(scan.protocol.kind).spoiling,
        T2Preparation="NO",
        SpectrallySelectedExcitation="NONE",
        SpatialPresaturation="NONE",
        PartialFourier="NO",
        ParallelAcquisition="NO",
    )
    return put(header, InversionTimes=scan.protocol.ti_ms) if inverted else header


def _imaging_modifier(scan: Scan) -> Header:
    return header_of(
        PixelBandwidth=f"{scan.protocol.bandwidth:g}",
        MagnetizationTransfer="NONE",
        BloodSignalNulling="NO",
        Tagging="NONE",
        TransmitterFrequency=float(scan.machine.frequency),
    )


def _receive_coil(scan: Scan) -> Header:
    elements = [
        header_of(MultiCoilElementName=f"H{number}", MultiCoilElementUsed="YES")
        for number in range(1, scan.machine.coil_channels + 1)
    ]
    return header_of(
        ReceiveCoilName=scan.machine.coil,
        ReceiveCoilManufacturerName="",
        ReceiveCoilType="MULTICOIL",
        QuadratureReceiveCoil="NO",
        MultiCoilDefinitionSequence=elements,
    )


def _siemens_series(scan: Scan) -> Header:
    """Siemens' private item of the shared groups; its protocol repeats who lies in the scanner."""
    weight = 52 + scan.visit.seconds % 45
    return {
        0x00210010: ("LO", SDS),
        0x00211001: ("IS", str(weight)),
        0x00211005: ("IS", "0\\0\\0"),
        0x0021100C: ("SH", "+LPH"),
        0x00211018: ("SH", "Head"),
        0x00211019: ("OB", phoenix(scan).encode()),
        0x00211022: ("SH", "SIEMENS"),
        0x00211025: ("SL", (0, 0, TABLE_MM)),
        0x0021102B: ("ST", f"1;HFS;{weight};;{scan.visit.told.sex};0;2;-1142650911"),
        0x00211033: ("SH", "AS82"),
        0x0021105A: ("CS", scan.protocol.scanning_sequence),
        0x0021105B: ("CS", scan.protocol.sequence_variant),
        0x0021105C: ("CS", scan.protocol.scan_options),
    }


def frame_groups(scan: Scan, volume: Volume, frame: Frame, position: int) -> Header:
    """What one frame says; `position` counts from 1 within the stack."""
    groups = _volume_groups(scan, volume)
    moment = f"{compact(scan.visit.day)}{moment_of(scan, volume, frame)}"
    content = header_of(
        FrameAcquisitionDateTime=moment,
        FrameReferenceDateTime=moment,
        FrameAcquisitionDuration=scan.protocol.tr_ms,
        FrameAcquisitionNumber=volume.time,
        StackID=STACK,
        InStackPositionNumber=position,
        TemporalPositionIndex=volume.time,
        DimensionIndexValues=(int(STACK), position, volume.time, volume.echo),
    )
    put(
        groups,
        FrameContentSequence=[content],
        PlanePositionSequence=[header_of(ImagePositionPatient=decimals(frame.placement.origin))],
        PlaneOrientationSequence=[
            header_of(ImageOrientationPatient=decimals((*frame.placement.row, *frame.placement.column)))
        ],
    )
    groups.update(_PRIVATE[scan.machine.maker](scan, volume, frame))
    return groups


def _volume_groups(scan: Scan, volume: Volume) -> Header:
    slope, intercept, unit = slope_of(scan, volume) if scan.machine.maker == "philips" else (1.0, 0.0, "US")
    groups = header_of(
        MREchoSequence=[header_of(EffectiveEchoTime=volume.physics.echo_ms)],
        MRImageFrameTypeSequence=[frame_type(scan, volume)],
        PixelValueTransformationSequence=[
            header_of(RescaleIntercept=f"{intercept:g}", RescaleSlope=f"{slope:.7g}", RescaleType=unit)
        ],
    )
    if scan.protocol.kind in DIFFUSION_KINDS:
        put(groups, MRDiffusionSequence=[_diffusion(scan, volume)])
    if scan.machine.maker == "philips":
        put(groups, RealWorldValueMappingSequence=[_real_world(slope, intercept, unit)])
    return groups


def _diffusion(scan: Scan, volume: Volume) -> Header:
    b_value, direction = volume.physics.b_value, volume.physics.direction
    if scan.protocol.kind != "DWI":
        return header_of(DiffusionBValue=b_value, DiffusionDirectionality="ISOTROPIC")
    if direction is None:
        return header_of(DiffusionBValue=b_value, DiffusionDirectionality="NONE")
    header = header_of(
        DiffusionBValue=b_value,
        DiffusionDirectionality="DIRECTIONAL",
        DiffusionGradientDirectionSequence=[header_of(DiffusionGradientOrientation=direction)],
    )
    if scan.machine.maker == "siemens":
        names = [f"DiffusionBValue{axes}" for axes in ("XX", "XY", "XZ", "YY", "YZ", "ZZ")]
        matrix = header_of(**dict(zip(names, b_matrix(volume), strict=True)))
        put(header, DiffusionDirectionality="BMATRIX", DiffusionBMatrixSequence=[matrix])
    return header


def _real_world(slope: float, intercept: float, unit: str) -> Header:
    radians = unit == "mrad"
    return header_of(
        LUTExplanation=f"Real World Value Mapping for {unit}",
        LUTLabel="Philips",
        MeasurementUnitsCodeSequence=[code("mrad" if radians else "1", "UCUM", "mrad" if radians else "no units")],
        RealWorldValueFirstValueMapped=0,
        RealWorldValueLastValueMapped=4095,
        RealWorldValueIntercept=intercept,
        RealWorldValueSlope=slope,
    )


def _siemens_frame(scan: Scan, volume: Volume, frame: Frame) -> Header:
    seconds = ((volume.time - 1) * scan.protocol.tr_ms + frame.milliseconds) / 1000
    suffix = f"#{volume.time - 1}" if volume.physics.b_value else ""
    item: Header = {
        0x00210011: ("LO", SDI),
        0x00211104: ("DS", f"{seconds:.6f}"),
        0x00211106: ("LO", f"X_{volume.echo}_1_1_{volume.time}_1_1_1_1_1_1_1_{frame.slice + 1}"),
        0x0021111C: ("IS", "1"),
        0x00211145: ("SL", (0, 0, TABLE_MM)),
        0x0021114F: ("LO", "HC1-6"),
        0x00211153: ("FD", round(1e6 / (680 * volume.grid.rows), 3)),
        0x00211158: ("SH", f"{volume.grid.rows}*{volume.grid.columns}"),
        0x0021115B: ("FD", frame.placement.origin),
    }
    if scan.protocol.kind == "DWI":
        item[0x00211176] = ("LO", f"ep_b{volume.physics.b_value:.0f}{suffix}")
    return {0x00210011: ("LO", SDI), 0x002111FE: ("SQ", [item])}


def _philips_frame(scan: Scan, volume: Volume, frame: Frame) -> Header:
    """Philips repeats a classic header in a private item of each frame."""
    item = header_of(
        ImageType=scan.protocol.image_type,
        SOPInstanceUID=scan.instance_uid(10_000 + frame.instance),
        ScanningSequence=scan.protocol.scanning_sequence,
        SequenceVariant=scan.protocol.sequence_variant,
        ScanOptions=scan.protocol.scan_options,
        MRAcquisitionType=scan.protocol.acquisition,
        EchoTime=f"{volume.physics.echo_ms:g}",
        RepetitionTime=f"{scan.protocol.tr_ms:g}",
        SliceLocation=decimals((frame.placement.location,)),
        InstanceNumber=str(frame.instance),
        PatientName=scan.visit.told.name,
    )
    item |= {
        0x20010010: ("LO", "Philips Imaging DD 001"),
        0x2001100A: ("IS", str(frame.slice + 1)),
        0x20050010: ("LO", MR_1),
        0x2005100D: ("FL", slope_of(scan, volume)[1]),
        0x2005100E: ("FL", SCALE_SLOPE),
    }
    if scan.protocol.kind == "DWI":
        item.update(diffusion(volume))
    return {0x20050014: ("LO", MR_5), 0x2005140F: ("SQ", [item])}


_PRIVATE = {"siemens": _siemens_frame, "philips": _philips_frame}
