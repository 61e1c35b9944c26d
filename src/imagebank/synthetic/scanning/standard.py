"""The standard elements of MR headers: patient, study, series, equipment, and the physics of a classic MR image."""

from __future__ import annotations

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning.elements import Header, header_of, put
from imagebank.synthetic.scanning.placing import decimals
from imagebank.synthetic.scanning.scan import Scan, uid_below
from imagebank.synthetic.scanning.volumes import Frame, Volume
from imagebank.synthetic.visits import Visit, clock, compact

PHASE_ALONG_ROWS = ("T2w-2D", "FLAIR-2D", "PD+T2", "T1w-2D", "T1w-3D", "STIR")  # the shorter way through a head

SIDES = {"KNEE": "L", "PHANTOM": ""}  # body parts for which the standard asks for a side, in classic images


def is_own(person: Person, visit: Visit) -> bool:
    """Whether the header is about the person who really lay there."""
    return visit.told.patient_id in (person.hospital_number, person.nhs_number)


def told_name(person: Person, visit: Visit) -> str:
    """The name of the header; with the groups in the person's own script, where the console can show them."""
    name, native = visit.told.name, person.name.native
    if not native or "=" in name or not is_own(person, visit):
        return name
    return "=".join([name, native, person.name.phonetic]).rstrip("=")


def patient_and_study(person: Person, visit: Visit) -> Header:
    """Who lies there, says the console, and for what examination."""
    told = visit.told
    header = header_of(
        PatientName=told_name(person, visit),
        PatientID=told.patient_id,
        PatientBirthDate=told.birth_date,
        PatientSex=told.sex,
        PatientWeight=f"{52 + visit.seconds % 45}",
        StudyInstanceUID=visit.uid,
        StudyDate=compact(visit.day),
        StudyTime=visit.time,
        StudyID=visit.study_id,
        AccessionNumber=visit.accession,
        ReferringPhysicianName=visit.staff_of("referrer"),
    )
    if len(told.birth_date) == 8:
        put(header, PatientAge=f"{_age(told.birth_date, compact(visit.day)):03d}Y")
    return _with_other_ids(header, visit)


def _age(born: str, day: str) -> int:
    return max(0, int(day[:4]) - int(born[:4]) - (day[4:] < born[4:]))


def _with_other_ids(header: Header, visit: Visit) -> Header:
    others = visit.told.other_ids
    if others and not visit.told.other_ids_nested:
        header[0x00101000] = ("LO", "\\".join(number for number, _ in others))
    elif others:
        items = [header_of(PatientID=each, IssuerOfPatientID=by, TypeOfPatientID="TEXT") for each, by in others]
        put(header, OtherPatientIDsSequence=items)
    return header


def equipment(scan: Scan) -> Header:
    """Which machine, where."""
    machine, era = scan.machine, scan.era
    return header_of(
        Manufacturer=era.manufacturer,
        ManufacturerModelName=era.model,
        StationName=machine.station,
        DeviceSerialNumber=machine.serial,
        SoftwareVersions=era.software,
        InstitutionName=machine.site,
        InstitutionAddress=machine.address,
        InstitutionalDepartmentName=machine.department,
        MagneticFieldStrength=f"{machine.field_t:g}",
    )


def series(scan: Scan) -> Header:
    """What the series is called, who made it and when; classic and enhanced alike."""
    visit, day = scan.visit, compact(scan.visit.day)
    header = header_of(
        SOPClassUID=scan.sop_class,
        Modality="MR",
        SeriesInstanceUID=scan.ordered.uid,
        SeriesNumber=str(scan.ordered.number),
        FrameOfReferenceUID=uid_below(visit.uid, 0),
        PositionReferenceIndicator="",
        SeriesDate=day,
        ContentDate=day,
        InstanceCreationDate=day,
        SeriesTime=scan.start,
        InstanceCreationTime=scan.start,
        StudyDescription=scan.wording.study,
        SeriesDescription=scan.wording.series,
        ProtocolName=scan.wording.protocol,
        BodyPartExamined=scan.body_part or ("BRAIN" if scan.machine.maker == "philips" else "HEAD"),
        PatientPosition="FFS" if scan.ordered.fault == "wrong-position" else "HFS",
        PerformingPhysicianName=visit.staff_of("radiologist"),
        OperatorsName=visit.staff_of("operator"),
    )
    asked = scan.body_part in SIDES and not scan.era.enhanced
    return put(header, Laterality=SIDES[scan.body_part]) if asked else header


def shared_header(scan: Scan) -> Header:
    """Everything standard that the instances of a classic series share."""
    header = {**patient_and_study(scan.person, scan.visit), **equipment(scan), **series(scan)}
    header.update(_physics(scan))
    header.update(_pixel_description(scan))
    _add_agent(header, scan)
    put(header, AcquisitionDate=compact(scan.visit.day))
    return header


def _physics(scan: Scan) -> Header:
    protocol = scan.protocol
    header = header_of(
        ScanningSequence=protocol.scanning_sequence,
        SequenceVariant=protocol.sequence_variant,
        ScanOptions=protocol.scan_options,
        MRAcquisitionType=protocol.acquisition,
        RepetitionTime=f"{protocol.tr_ms:g}",
        FlipAngle=f"{protocol.flip_deg:g}",
        EchoTrainLength=str(protocol.etl),
        NumberOfAverages="1",
        ImagingFrequency=scan.machine.frequency,
        ImagedNucleus="1H",
        PixelBandwidth=f"{protocol.bandwidth:g}",
        PercentSampling="100",
        PercentPhaseFieldOfView="100",
        InPlanePhaseEncodingDirection=phase_direction(scan),
        SAR=f"{min(protocol.etl, 60) / 25:.4f}",
        TransmitCoilName="Body",
        ReceiveCoilName=scan.machine.coil,
    )
    if protocol.ti_ms and (scan.machine.maker != "philips" or "IR" in protocol.scanning_sequence):
        put(header, InversionTime=f"{protocol.ti_ms:g}")
    if scan.machine.maker == "siemens":
        put(header, SequenceName=protocol.sequence_name, AngioFlag="Y" if protocol.kind == "TOF" else "N")
    return header


def phase_direction(scan: Scan) -> str:
    """ROW or COL: along which axis of the image the phase is encoded."""
    return "ROW" if scan.protocol.kind in PHASE_ALONG_ROWS else "COL"


def _pixel_description(scan: Scan) -> Header:
    signed = scan.machine.maker == "ge"
    return header_of(
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16,
        BitsStored=16 if signed else 12,
        HighBit=15 if signed else 11,
        PixelRepresentation=int(signed),
        WindowCenter="450",
        WindowWidth="900",
    )


def _add_agent(header: Header, scan: Scan) -> None:
    if scan.agent:
        put(header, ContrastBolusAgent=scan.agent.text)
        if scan.agent.volume:
            put(header, ContrastBolusVolume=scan.agent.volume)
        if scan.agent.dose:
            put(header, ContrastBolusTotalDose=scan.agent.dose)


def volume_elements(scan: Scan, volume: Volume) -> Header:
    """What the slices of one volume share."""
    grid = volume.grid
    return header_of(
        ImageType=image_type(scan, volume),
        EchoTime=f"{volume.physics.echo_ms:g}",
        EchoNumbers=str(volume.echo),
        Rows=grid.rows,
        Columns=grid.columns,
        AcquisitionMatrix=(grid.rows, 0, 0, grid.columns)
        if phase_direction(scan) == "ROW"
        else (0, grid.rows, grid.columns, 0),
        PixelSpacing=f"{grid.pixel_mm:g}\\{grid.pixel_mm:g}",
        SliceThickness=f"{grid.thickness_mm or grid.slice_mm:g}",
        SpacingBetweenSlices=f"{grid.slice_mm:g}",
    )


def image_type(scan: Scan, volume: Volume) -> str:
    """The image type of a volume; phase where the series holds magnitude too."""
    text = scan.protocol.image_type
    if scan.protocol.kind == "fieldmap" and volume.component == "P":
        return {
            "siemens": "ORIGINAL\\PRIMARY\\P\\ND",
            "ge": "DERIVED\\PRIMARY\\OTHER\\FIELDMAPHZ",
            "philips": "ORIGINAL\\PRIMARY\\B0 MAP\\B0\\UNSPECIFIED",
        }[scan.machine.maker]
    return text


def frame_elements(scan: Scan, volume: Volume, frame: Frame) -> Header:
    """What one instance says that its neighbours do not."""
    placement = frame.placement
    moment = moment_of(scan, volume, frame)
    return header_of(
        SOPInstanceUID=scan.instance_uid(frame.instance),
        AcquisitionTime=moment,
        ContentTime=moment,
        AcquisitionNumber=str(volume.time),
        InstanceNumber=str(frame.instance),
        ImagePositionPatient=decimals(placement.origin),
        ImageOrientationPatient=decimals((*placement.row, *placement.column)),
        SliceLocation=decimals((placement.location,)),
    )


def moment_of(scan: Scan, volume: Volume, frame: Frame) -> str:
    """When a slice was acquired, HHMMSS.FFFFFF."""
    seconds = scan.start_seconds + ((volume.time - 1) * scan.protocol.tr_ms + frame.milliseconds) / 1000
    whole = int(seconds)
    return f"{clock(whole)}.{round((seconds - whole) * 1_000_000) % 1_000_000:06d}"
