"""The standard elements of an MR header: patient, study, series, equipment, frame and physics.

One dataset describes what all instances of a series share; `slice_elements` gives the few that differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from imagebank.synthetic.dicom_files import Values
from imagebank.synthetic.geometry import Placement, decimals
from imagebank.synthetic.scanners import B_VALUE, Protocol
from imagebank.synthetic.studies import SeriesPlan, StudyPlan, clock, compact

MR_IMAGE = UID("1.2.840.10008.5.1.4.1.1.4")
SERIES_MINUTES = 5


@dataclass(frozen=True)
class Frame:
    """One image of a series: its number, where it lies, its diffusion weighting (s/mm2) and direction."""

    instance: int
    acquisition: int
    placement: Placement
    b_value: int = 0
    direction: tuple[float, float, float] | None = None


def charset_of(study: StudyPlan) -> str:
    """The scanner's character set, or UTF-8 where it cannot spell the texts."""
    person = study.person
    names = [study.identity.name, person.given_name, person.family_name, person.birth_name, *study.staff.values()]
    try:
        "".join([*names, person.mother_name, person.relative_name]).encode("latin-1")
    except UnicodeEncodeError:
        return "ISO_IR 192"
    return study.scanner.charset


def series_dataset(study: StudyPlan, series: SeriesPlan) -> Dataset:
    """Everything that the instances of a series share."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = charset_of(study)
    dataset.SOPClassUID = MR_IMAGE
    dataset.Modality = "MR"
    _add_patient(dataset, study)
    _add_study(dataset, study, series)
    _add_equipment(dataset, study)
    _add_physics(dataset, series.protocol)
    _add_pixel_description(dataset, series.protocol)
    return dataset


def _add_patient(dataset: Dataset, study: StudyPlan) -> None:
    told = study.identity
    dataset.PatientName = told.name
    dataset.PatientID = told.patient_id
    dataset.PatientBirthDate = told.birth_date
    dataset.PatientSex = told.sex
    if told.birth_date:
        dataset.PatientAge = f"{max(0, (study.day.year - int(told.birth_date[:4]))):03d}Y"
    dataset.PatientWeight = f"{52 + study.seconds % 45}"
    dataset.PatientPosition = "HFS"
    if told.other_ids and not told.other_ids_nested:
        dataset.add_new("OtherPatientIDs", "LO", [number for number, _ in told.other_ids])
    elif told.other_ids:
        dataset.OtherPatientIDsSequence = [_other_id(*each) for each in told.other_ids]


def _other_id(number: str, issuer: str) -> Dataset:
    item = Dataset()
    item.PatientID = number
    item.IssuerOfPatientID = issuer
    item.TypeOfPatientID = "TEXT"
    return item


def _add_study(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    start = clock(study.seconds + 60 * SERIES_MINUTES * series.number)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study.uid, series.uid
    dataset.FrameOfReferenceUID = f"{study.uid}.0"
    dataset.StudyID, dataset.AccessionNumber = study.study_id, study.accession
    dataset.SeriesNumber = str(series.number)
    for name in ("Study", "Series", "Acquisition", "Content", "InstanceCreation"):
        dataset.add_new(f"{name}Date", "DA", compact(study.day))
    dataset.StudyTime, dataset.SeriesTime, dataset.InstanceCreationTime = study.time, start, start
    dataset.StudyDescription = "MRI Head"
    dataset.SeriesDescription, dataset.ProtocolName = series.protocol.description, series.protocol.protocol
    dataset.BodyPartExamined = "HEAD"
    dataset.ReferringPhysicianName = study.staff["referrer"]
    dataset.PerformingPhysicianName = study.staff["radiologist"]
    dataset.OperatorsName = study.staff["operator"]


def _add_equipment(dataset: Dataset, study: StudyPlan) -> None:
    scanner = study.scanner
    dataset.Manufacturer, dataset.ManufacturerModelName = scanner.manufacturer, scanner.model
    dataset.StationName, dataset.DeviceSerialNumber = scanner.station, scanner.serial
    dataset.SoftwareVersions = scanner.software.split("\\")
    dataset.InstitutionName, dataset.InstitutionAddress = scanner.institution, scanner.institution_address
    dataset.InstitutionalDepartmentName = scanner.department
    dataset.MagneticFieldStrength, dataset.ImagingFrequency = scanner.field_strength, scanner.frequency
    dataset.TransmitCoilName = "Body"
    dataset.ReceiveCoilName = "HEAD 8CH"


def _add_physics(dataset: Dataset, protocol: Protocol) -> None:
    dataset.ImageType = protocol.image_type.split("\\")
    dataset.ScanningSequence = protocol.scanning_sequence.split("\\")
    dataset.SequenceVariant = protocol.sequence_variant.split("\\")
    dataset.ScanOptions = protocol.scan_options.split("\\")
    dataset.MRAcquisitionType = protocol.acquisition
    if protocol.scanner.startswith("siemens"):
        dataset.SequenceName = protocol.sequence_name
    dataset.RepetitionTime, dataset.EchoTime = f"{protocol.tr:g}", f"{protocol.te:g}"
    if protocol.ti is not None:
        dataset.InversionTime = f"{protocol.ti:g}"
    dataset.FlipAngle, dataset.EchoTrainLength = f"{protocol.flip:g}", str(protocol.etl)
    dataset.NumberOfAverages, dataset.EchoNumbers, dataset.ImagedNucleus = "1", "1", "1H"
    dataset.PixelBandwidth = f"{protocol.bandwidth:g}"
    dataset.PercentSampling = dataset.PercentPhaseFieldOfView = "100"
    dataset.InPlanePhaseEncodingDirection = "COL" if protocol.sequence == "DWI" else "ROW"
    dataset.SAR = f"{protocol.etl / 20:.4f}"


def _add_pixel_description(dataset: Dataset, protocol: Protocol) -> None:
    dataset.Rows, dataset.Columns = protocol.rows, protocol.columns
    dataset.AcquisitionMatrix = [protocol.rows, 0, 0, protocol.columns]
    dataset.PixelSpacing = [f"{protocol.pixel:g}"] * 2
    dataset.SliceThickness = f"{protocol.thickness:g}"
    dataset.SpacingBetweenSlices = f"{protocol.spacing:g}"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.WindowCenter, dataset.WindowWidth = "450", "900"


def slice_elements(study: StudyPlan, series: SeriesPlan, frame: Frame) -> Values:
    """What one instance says that its neighbours do not."""
    placement = frame.placement
    waited = round(frame.acquisition * series.protocol.tr / 1000)
    start = clock(study.seconds + 60 * SERIES_MINUTES * series.number + waited)
    moment = f"{start}.{frame.instance % 1000:03d}000"
    values: Values = {
        0x00080018: ("UI", f"{series.uid}.{frame.instance}"),
        0x00080032: ("TM", moment),
        0x00080033: ("TM", moment),
        0x00200012: ("IS", str(frame.acquisition)),
        0x00200013: ("IS", str(frame.instance)),
        0x00200032: ("DS", "\\".join(decimals(placement.origin))),
        0x00200037: ("DS", "\\".join(decimals((*placement.row, *placement.column)))),
        0x00201041: ("DS", decimals((placement.location,))[0]),
    }
    if series.protocol.sequence == "DWI" and series.protocol.scanner.startswith("siemens"):
        suffix = f"#{frame.acquisition - 1}" if frame.b_value else ""
        values[0x00180024] = ("SH", f"*ep_b{frame.b_value}{suffix}")
    return values


def directions(count: int) -> tuple[tuple[float, float, float], ...]:
    """Unit vectors of a diffusion scheme of 3 or 6 directions."""
    half = 0.5**0.5
    if count == 3:
        return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return (
        (half, half, 0.0),
        (half, -half, 0.0),
        (half, 0.0, half),
        (half, 0.0, -half),
        (0.0, half, half),
        (0.0, half, -half),
    )


def diffusion_scheme(protocol: Protocol) -> tuple[tuple[int, tuple[float, float, float] | None], ...]:
    """b-value and direction of each volume: one unweighted volume, then the weighted ones."""
    if not protocol.directions:
        return ((0, None),)
    return ((0, None), *((B_VALUE, direction) for direction in directions(protocol.directions)))
