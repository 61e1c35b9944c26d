"""The rows of the record extracts, each declared once.

The first five tables keep the columns that a bank must find (see `docs/settings.md`); further columns and tables carry
what else hospitals export. An empty text is no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - a field that is called date hides the type
from typing import Any

from imagebank.core.columns import column

DEPRIVATION_RELEASE = "IoD2019"


def _number() -> Any:
    return column("Hospital number under which the row is filed.")


def _day(of: str) -> Any:
    return column(f"Day of the {of}.")


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One registration: what the record system holds of somebody, with its errors. A person may have several."""

    hospital_number: str = column("Hospital number of the registration.", key=True)
    nhs_number: str | None = column("NHS number as typed; empty when it is missing.")
    given_name: str | None = column("Given name as typed.")
    family_name: str | None = column("Family name as typed.")
    birth_date: Day | None = column("Birth date as typed; may be a placeholder such as 1900-01-01.")
    sex: str | None = column("Sex as recorded.")
    postcode: str | None = column("Postcode of the last address that the system knows.")
    address: str | None = column("That address, in one line.")
    phone: str | None = column("Telephone number.")
    ethnic_category: str | None = column("Ethnic category, NHS code of 2001: one letter, or 99 for not known.")
    deprivation_decile: int | None = column("Tenth of deprivation of the address, 1 is the most deprived.")
    deprivation_release: str | None = column("Release of the index of deprivation.")
    death_date: Day | None = column("Day of death; a registration that is not in use does not learn of it.")
    title: str | None = column("Title.")
    middle_name: str | None = column("Middle names.")
    known_as: str | None = column("What the person likes to be called.")
    birth_family_name: str | None = column("Family name at birth.")
    general_practitioner: str | None = column("General practitioner.")


@dataclass(frozen=True, slots=True)
class DiagnosisRow:
    """One coded diagnosis as typed. Wrong codes stand among the others; withdrawn ones are in a table of their own."""

    hospital_number: str = _number()
    date: Day = _day("diagnosis")
    code: str = column("Code as typed: the dot may be missing, letters small, a dagger or an asterisk behind.")
    role: str = column("Role.", values=("primary", "secondary"))
    code_system: str = column("Code system.")
    end_date: Day | None = column("Day on which a later diagnosis of the same role replaced it.")


@dataclass(frozen=True, slots=True)
class WithdrawnDiagnosisRow:
    """One diagnosis that was entered and taken back; only the audit trail of the record system still shows it."""

    hospital_number: str = _number()
    date: Day = _day("diagnosis")
    code: str = column("Code as typed.")
    role: str = column("Role.", values=("primary", "secondary"))
    code_system: str = column("Code system.")


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """One score as recorded; a slip of the pen may be above the highest score."""

    hospital_number: str = _number()
    date: Day = _day("assessment")
    name: str = column("Instrument, such as MMSE.")
    score: float | None = column("Score; empty where it could not be totalled.")
    out_of: float | None = column("Highest score that could be reached.")
    version: str | None = column("Version of the instrument.")
    assessment_id: str = column("Number of the assessment in the record system.", key=True)


@dataclass(frozen=True, slots=True)
class AssessmentItemRow:
    """One item of an assessment that has items, such as HoNOS; 9 is not known and never part of a total."""

    hospital_number: str = _number()
    date: Day = _day("assessment")
    name: str = column("Instrument.")
    assessment_id: str = column("Number of the assessment: somebody may be assessed twice on one day.", key=True)
    item: str = column("Item, as numbered on the form.", key=True)
    score: int = column("Score of the item.")


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One document of the free text: letters, progress notes, summaries."""

    hospital_number: str = _number()
    date: Day = _day("note")
    kind: str = column("Kind of document, such as progress note.")
    text: str = column("The text.")
    note_id: str = column("Number of the document in the record system.", key=True)
    author: str | None = column("Who signed it.")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One radiology report."""

    hospital_number: str = _number()
    date: Day = _day("report")
    kind: str = column("Kind of report.")
    text: str = column("The text.")
    note_id: str = column("Number of the document in the record system.", key=True)
    author: str | None = column("Radiologist.")
    accession_number: str | None = column("Accession number of the examination.")


@dataclass(frozen=True, slots=True)
class OptOutRow:
    """One objection to uses beyond the person's own care."""

    hospital_number: str = _number()
    kind: str = column("Kind.", values=("national", "local", "gp-type-1"))
    list_date: Day = column("Day of the list that says so.")


@dataclass(frozen=True, slots=True)
class MergedNumberRow:
    """One hospital number that another one replaced."""

    hospital_number: str = column("The number that was replaced.", key=True)
    merged_into: str = column("The number that replaced it.")


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address and the day from which the record system knew it."""

    hospital_number: str = _number()
    since: Day = column("First day at the address.")
    address: str = column("Address in one line.")
    postcode: str = column("Postcode.")
    lsoa: str = column("Lower layer super output area.")
    deprivation_decile: int | None = column("Tenth of deprivation, 1 is the most deprived.")


@dataclass(frozen=True, slots=True)
class RelativeRow:
    """One person close to the patient."""

    hospital_number: str = _number()
    relation: str = column("Relation to the patient.")
    name: str = column("Full name.")
    phone: str | None = column("Telephone number.")


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One request for help."""

    hospital_number: str = _number()
    date: Day = _day("referral")
    source: str = column("Who referred.")
    reason: str = column("Why.")
    accepted: bool = column("Whether the service accepted.")


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One spell of care."""

    hospital_number: str = _number()
    start_date: Day = column("First day.")
    end_date: Day | None = column("Last day; empty while it is open.")
    kind: str = column("Kind.", values=("inpatient", "outpatient", "community"))
    team: str = column("Team or ward.")
    site: str = column("Site.")


@dataclass(frozen=True, slots=True)
class SymptomRow:
    """One structured symptom."""

    hospital_number: str = _number()
    date: Day = _day("record")
    name: str = column("Symptom.")
    state: str = column("State.", values=("present", "absent", "past"))


@dataclass(frozen=True, slots=True)
class MedicationRow:
    """One drug from a day until a day."""

    hospital_number: str = _number()
    start_date: Day = column("First day.")
    end_date: Day | None = column("Last day; empty while it continues.")
    drug: str = column("Drug.")
    dose: float = column("Amount of one dose.")
    unit: str = column("Unit of the dose.")
    route: str = column("Route.")
    frequency: str = column("How often, as prescribers write it.")


@dataclass(frozen=True, slots=True)
class BloodRow:
    """One laboratory result."""

    hospital_number: str = _number()
    date: Day = _day("sample")
    name: str = column("What was measured.")
    value: float = column("Value, in the unit of the row.")
    unit: str = column("Unit.")
    low: float | None = column("Lower end of the reference range.")
    high: float | None = column("Upper end of the reference range.")


@dataclass(frozen=True, slots=True)
class DeathRow:
    """One death as registered."""

    hospital_number: str = _number()
    date: Day = _day("death")
    place: str = column("Place.")
    position: int = column("1 is the direct cause, 2 what led to it, and so on.")
    cause: str | None = column("ICD-10 code of the cause; empty where none was registered.")


EXTRACT_ROWS: dict[str, type] = {
    "patients": PatientRow,
    "diagnoses": DiagnosisRow,
    "assessments": AssessmentRow,
    "notes": NoteRow,
    "opt_outs": OptOutRow,
    "merged_numbers": MergedNumberRow,
    "addresses": AddressRow,
    "relatives": RelativeRow,
    "referrals": ReferralRow,
    "episodes": EpisodeRow,
    "withdrawn_diagnoses": WithdrawnDiagnosisRow,
    "assessment_items": AssessmentItemRow,
    "symptoms": SymptomRow,
    "medications": MedicationRow,
    "bloods": BloodRow,
    "reports": ReportRow,
    "deaths": DeathRow,
}
"""Name of each extract, and the record that declares it."""
