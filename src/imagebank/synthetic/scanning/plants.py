"""Identifiers where real headers leak them: the rarer places of the standard, each visited in some of the series.

Every function plants one kind of leak. They take turns over the series, so that three patients already show them all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from imagebank.synthetic.scanning.elements import Header, code, header_of, put
from imagebank.synthetic.scanning.plants_beyond import (
    plant_coerced,
    plant_graphics,
    plant_icon,
    plant_overlay,
    plant_own_script,
    plant_unknown_private,
)
from imagebank.synthetic.scanning.scan import Scan, uid_below
from imagebank.synthetic.visits import compact

TURNS = 3  # each leak appears in one series of three
SHORT = 16  # characters of an SH
LINE = 64  # characters of an LO
DETACHED = "1.2.840.10008.3.1.2.1.1"  # the retired class of a detached patient
OCCUPATIONS = (
    "Retired bus conductor Camberwell garage",
    "Former seamstress Rye Lane workshop",
    "Lighterman Surrey Quays",
    "Peripatetic clarinet teacher",
)
Plant = Callable[[Header, Scan], None]


def plant(header: Header, scan: Scan) -> None:
    """Plant the leaks whose turn it is."""
    for index, each in enumerate(PLANTS):
        if (index + scan.turn) % TURNS == 0:
            each(header, scan)


def plant_patient_module(header: Header, scan: Scan) -> None:
    """Address, telephone, mother, birth name, aliases."""
    person, home = scan.person, scan.person.home_on(scan.visit.day)
    put(
        header,
        PatientAddress=f"{home.address} {home.postcode}"[:LINE],
        PatientTelephoneNumbers=person.phone[:SHORT],
        OtherPatientNames=f"{person.name.family}^{person.name.given}^alias",
        EthnicGroup=f"ETH {person.ethnic_category}",
        Occupation=OCCUPATIONS[scan.ordered.number % len(OCCUPATIONS)][:SHORT],
    )
    if person.relatives:
        put(header, PatientMotherBirthName=person.relatives[0].name)
    if person.name.birth_family:
        put(header, PatientBirthName=f"{person.name.birth_family}^{person.name.given}")


def plant_visit_module(header: Header, scan: Scan) -> None:
    """What reception and ward typed."""
    visit, person = scan.visit, scan.person
    relative = person.relatives[0] if person.relatives else None
    rings = f"{relative.relation} {relative.name}" if relative else f"{person.name.given} {person.name.family}"
    phone = relative.phone if relative and relative.phone else person.phone
    occupation = OCCUPATIONS[scan.ordered.number % len(OCCUPATIONS)]
    put(
        header,
        PatientComments=f"{rings} rings {phone}",
        AdditionalPatientHistory=f"{visit.reason}, {occupation}",
        MedicalAlerts="No pacemaker",
        Allergies="Penicillin",
        PregnancyStatus=4,
        SmokingStatus="UNKNOWN",
        AdmissionID=f"ADM-{visit.accession}",
        CurrentPatientLocation=f"Ward of {visit.staff_of('practitioner')}"[:LINE],
        CountryOfResidence="United Kingdom",
        AdmittingDiagnosesDescription=visit.reason[:LINE],
    )


def plant_descriptions(header: Header, scan: Scan) -> None:
    """Names typed into descriptions and comments."""
    name = scan.person.name
    put(
        header,
        StudyDescription=f"MRI Head {name.family.upper()} {name.given.upper()}"[:LINE],
        SeriesDescription=f"{scan.wording.series[: LINE - len(name.family) - 1]} {name.family}",
        ImageComments=f"moved a lot, {name.given} {name.family}, repeat if poor",
    )


def plant_protocol_name(header: Header, scan: Scan) -> None:
    """Hospital number and postcode typed where the protocol's name stands."""
    put(
        header,
        ProtocolName=f"{scan.wording.protocol[:40]} {scan.person.hospital_number}",
        PerformedProcedureStepDescription=f"Head for {scan.visit.staff_of('practitioner')}"[:LINE],
        RequestedProcedureDescription=f"MRI Head {scan.person.home_on(scan.visit.day).postcode}",
    )


def plant_request(header: Header, scan: Scan) -> None:
    """Nested two deep: the request, and in it the code of what was asked for."""
    visit, name = scan.visit, scan.person.name
    item = header_of(
        AccessionNumber=visit.accession,
        RequestedProcedureID=f"RP-{visit.accession}"[:SHORT],
        ScheduledProcedureStepID=f"SPS-{visit.accession}"[:SHORT],
        ScheduledProcedureStepDescription=f"MRI {name.family}",
        ScheduledProcedureStepStartDate=compact(visit.day),
        RequestingPhysician=visit.staff_of("practitioner"),
        ReasonForTheRequestedProcedure=f"{name.given} {name.family}: memory"[:LINE],
        ScheduledProtocolCodeSequence=[code("MRHEAD", "99LOCAL", f"Head {visit.accession}")],
    )
    put(header, RequestAttributesSequence=[item], RequestingPhysician=visit.staff_of("practitioner"))


def plant_references(header: Header, scan: Scan) -> None:
    """References point to an instance that exists: the first of the study's first series."""
    if not scan.visit.series:  # a phantom is a study of its own
        return
    first = scan.visit.series[0]
    target = uid_below(first.uid, 1 if scan.era.enhanced else min(first.slices, default=0) + 1)
    purpose = code("121311", "DCM", "Localizer")
    image = header_of(
        ReferencedSOPClassUID=scan.sop_class,
        ReferencedSOPInstanceUID=target,
        PurposeOfReferenceCodeSequence=[purpose],
    )
    source = {**image, **header_of(PurposeOfReferenceCodeSequence=[code("121322", "DCM", "Source image")])}
    patient = header_of(
        ReferencedSOPClassUID=DETACHED,
        ReferencedSOPInstanceUID=uid_below(scan.visit.uid, 99),
        PatientName=scan.visit.told.name,
    )
    put(header, ReferencedImageSequence=[image], SourceImageSequence=[source], ReferencedPatientSequence=[patient])


def plant_dates(header: Header, scan: Scan) -> None:
    """Dates as DT with and without a zone, and with several values."""
    day, before = compact(scan.visit.day), [compact(scan.visit.day - timedelta(days)) for days in (30, 2)]
    put(
        header,
        AcquisitionDateTime=f"{day}{scan.start}.250000",
        TimezoneOffsetFromUTC="+0000",
        DateOfLastCalibration="\\".join(before),
        TimeOfLastCalibration="070000\\071500",
        PerformedProcedureStepStartDate=day,
        PerformedProcedureStepStartTime=scan.visit.time,
        PerformedProcedureStepEndDateTime=f"{day}{scan.start}+0100",
        LastMenstrualDate=before[0],
    )


def plant_people(header: Header, scan: Scan) -> None:
    """Staff and stations."""
    visit, machine = scan.visit, scan.machine
    put(
        header,
        PhysiciansOfRecord="\\".join([visit.staff_of("referrer"), scan.person.general_practitioner]),
        NameOfPhysiciansReadingStudy=visit.staff_of("radiologist"),
        RequestingService=machine.department,
        PerformedStationName=machine.station,
        PerformedStationAETitle=machine.station.replace("-", ""),
        IssuerOfPatientID="SOUTH THAMES",
        ReferringPhysicianTelephoneNumbers="020 7946 0999",
    )


PLANTS: tuple[Plant, ...] = (
    plant_patient_module,
    plant_visit_module,
    plant_descriptions,
    plant_request,
    plant_protocol_name,
    plant_references,
    plant_dates,
    plant_unknown_private,
    plant_overlay,
    plant_graphics,
    plant_people,
    plant_own_script,
    plant_coerced,
    plant_icon,
)
"""Every kind of leak, in the order in which they take turns."""
