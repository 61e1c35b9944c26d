"""Identifiers where real headers leak them: the rarer places, each visited in some of the series.

Every function plants one kind of leak. They take turns over the series, so that three patients already show them all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pydicom.dataset import Dataset

from imagebank.synthetic.headers import MR_IMAGE, SERIES_MINUTES
from imagebank.synthetic.studies import SeriesPlan, StudyPlan, clock, compact

TURNS = 3  # each leak appears in one series of three
OCCUPATIONS = (
    "Retired bus conductor Camberwell garage",
    "Former seamstress Rye Lane workshop",
    "Lighterman Surrey Quays",
    "Peripatetic clarinet teacher",
)
Plant = Callable[[Dataset, StudyPlan, SeriesPlan], None]


def plant(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    """Plant the leaks whose turn it is."""
    turn = int(study.key.split("-")[0]) + series.number
    for index, each in enumerate(PLANTS):
        if (index + turn) % TURNS == 0:
            each(dataset, study, series)


def _patient_module(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    person = study.person
    dataset.PatientAddress = f"{person.address} {person.postcode}"
    dataset.PatientTelephoneNumbers = person.phone
    dataset.PatientMotherBirthName = person.mother_name
    if person.birth_name:
        dataset.PatientBirthName = f"{person.birth_name}^{person.given_name}"
    dataset.OtherPatientNames = f"{person.family_name}^{person.given_name}^alias"
    dataset.EthnicGroup = f"ETH {person.ethnic_category}"
    dataset.Occupation = OCCUPATIONS[series.number % len(OCCUPATIONS)][:16]


def _visit_module(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    person = study.person
    dataset.PatientComments = f"{person.relative} {person.relative_name} rings {person.phone}"
    dataset.AdditionalPatientHistory = f"{person.condition.impression}, {OCCUPATIONS[series.number % len(OCCUPATIONS)]}"
    dataset.MedicalAlerts = "No pacemaker"
    dataset.Allergies = "Penicillin"
    dataset.PregnancyStatus = 4
    dataset.SmokingStatus = "UNKNOWN"
    dataset.AdmissionID = f"ADM-{study.accession}"
    dataset.CurrentPatientLocation = f"Ward of {study.staff['practitioner']}"
    dataset.CountryOfResidence = "United Kingdom"
    dataset.AdmittingDiagnosesDescription = person.condition.impression


def _descriptions(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    person = study.person
    dataset.StudyDescription = f"MRI Head {person.family_name.upper()} {person.given_name.upper()}"
    dataset.SeriesDescription = f"{series.protocol.description} {person.family_name}"
    dataset.ImageComments = f"moved a lot, {person.given_name} {person.family_name}, repeat if poor"


def _protocol_name(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    dataset.ProtocolName = f"{series.protocol.protocol} {study.person.hospital_number}"
    dataset.PerformedProcedureStepDescription = f"Head for {study.staff['practitioner']}"
    dataset.RequestedProcedureDescription = f"MRI Head {study.person.postcode}"


def _request(dataset: Dataset, study: StudyPlan, _series: SeriesPlan) -> None:
    """Nested two deep: the request, and in it the code of what was asked for."""
    item, code = Dataset(), Dataset()
    item.AccessionNumber = study.accession
    item.RequestedProcedureID = f"RP-{study.accession}"
    item.ScheduledProcedureStepID = f"SPS-{study.accession}"
    item.ScheduledProcedureStepDescription = f"MRI {study.person.family_name}"
    item.ScheduledProcedureStepStartDate = compact(study.day)
    item.RequestingPhysician = study.staff["practitioner"]
    item.ReasonForTheRequestedProcedure = f"{study.person.given_name} {study.person.family_name}: memory"
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "MRHEAD", "LOCAL", f"Head {study.accession}"
    item.ScheduledProtocolCodeSequence = [code]
    dataset.RequestAttributesSequence = [item]
    dataset.RequestingPhysician = study.staff["practitioner"]


def _references(dataset: Dataset, study: StudyPlan, _series: SeriesPlan) -> None:
    """References point to an instance that exists: the first of the study's first series."""
    first = study.series[0]
    item, patient, source = Dataset(), Dataset(), Dataset()
    for each in (item, source):
        each.ReferencedSOPClassUID = MR_IMAGE
        each.ReferencedSOPInstanceUID = f"{first.uid}.{first.keep[0] + 1 if first.keep else 1}"
    patient.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.1.1"
    patient.ReferencedSOPInstanceUID = f"{study.uid}.99"
    patient.PatientName = study.identity.name
    dataset.ReferencedImageSequence = [item]
    dataset.SourceImageSequence = [source]
    dataset.ReferencedPatientSequence = [patient]


def _dates(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    """Dates as DT with and without a zone, and with several values."""
    before = [compact(study.day - timedelta(days)) for days in (30, 2)]
    start = clock(study.seconds + 60 * SERIES_MINUTES * series.number)
    dataset.AcquisitionDateTime = f"{compact(study.day)}{start}.250000"
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.DateOfLastCalibration, dataset.TimeOfLastCalibration = before, ["070000", "071500"]
    dataset.PerformedProcedureStepStartDate = compact(study.day)
    dataset.PerformedProcedureStepStartTime = study.time
    dataset.PerformedProcedureStepEndDateTime = f"{compact(study.day)}{start}+0100"
    dataset.LastMenstrualDate = before[0]


def _unknown_private(dataset: Dataset, study: StudyPlan, _series: SeriesPlan) -> None:
    """A creator that nobody knows, with text, an element of unknown VR, and a nested name."""
    person = study.person
    item = Dataset()
    item.PatientBirthName = f"{person.family_name}^{person.given_name}"
    item.add_new((0x0099, 0x0010), "LO", "PRETEND WORKLIST 7")
    item.add_new((0x0099, 0x1002), "DA", study.identity.birth_date)
    dataset.add_new((0x0099, 0x0010), "LO", "PRETEND WORKLIST 7")
    dataset.add_new((0x0099, 0x1001), "UN", _even(f"{person.family_name};{person.nhs_number};"))
    dataset.add_new((0x0099, 0x1003), "LT", f"booked by {person.relative_name} on {person.phone}")
    dataset.add_new((0x0099, 0x1004), "SQ", [item])
    dataset.add_new((0x0099, 0x1005), "DT", f"{compact(study.day)}{study.time}")


def _even(text: str) -> bytes:
    raw = text.encode()
    return raw + b" " * (len(raw) % 2)


def _overlay(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    """An overlay plane and a curve whose comments name the patient."""
    rows, columns = series.protocol.rows, series.protocol.columns
    dataset.add_new((0x5000, 0x0005), "US", 1)
    dataset.add_new((0x5000, 0x0010), "US", 2)
    dataset.add_new((0x5000, 0x0022), "LO", f"pulse {study.person.family_name}")
    dataset.add_new((0x5000, 0x0103), "US", 0)
    dataset.add_new((0x5000, 0x3000), "OW", bytes(8))
    dataset.add_new((0x6000, 0x0010), "US", rows)
    dataset.add_new((0x6000, 0x0011), "US", columns)
    dataset.add_new((0x6000, 0x0022), "LO", f"Text {study.person.family_name} {study.person.hospital_number}")
    dataset.add_new((0x6000, 0x0040), "CS", "G")
    dataset.add_new((0x6000, 0x0050), "SS", [1, 1])
    dataset.add_new((0x6000, 0x0100), "US", 1)
    dataset.add_new((0x6000, 0x0102), "US", 0)
    dataset.add_new((0x6000, 0x3000), "OW", bytes(rows * columns // 8))
    dataset.add_new((0x6000, 0x4000), "LT", f"{study.person.given_name} {study.person.family_name}")


def _graphics(dataset: Dataset, study: StudyPlan, _series: SeriesPlan) -> None:
    text, layer = Dataset(), Dataset()
    text.UnformattedTextValue = f"{study.person.family_name} {compact(study.person.birth_date)}"
    text.AnchorPoint = [1.0, 1.0]
    layer.TextObjectSequence = [text]
    layer.GraphicLayer = "NAMES"
    dataset.GraphicAnnotationSequence = [layer]
    dataset.ContentCreatorName = study.staff["operator"]


def _people(dataset: Dataset, study: StudyPlan, _series: SeriesPlan) -> None:
    dataset.PhysiciansOfRecord = [study.staff["referrer"], study.staff["radiologist"]]
    dataset.NameOfPhysiciansReadingStudy = study.staff["radiologist"]
    dataset.RequestingService = study.scanner.department
    dataset.PerformedStationName = study.scanner.station
    dataset.PerformedStationAETitle = study.scanner.station.replace("-", "")
    dataset.IssuerOfPatientID = "SOUTH THAMES"
    dataset.ReferringPhysicianTelephoneNumbers = "020 7946 0999"


PLANTS: tuple[Plant, ...] = (
    _patient_module,
    _visit_module,
    _descriptions,
    _request,
    _protocol_name,
    _references,
    _dates,
    _unknown_private,
    _overlay,
    _graphics,
    _people,
)
"""Every kind of leak, in the order in which they take turns."""
