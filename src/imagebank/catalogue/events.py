"""The tables of what happened to patients, each declared once: what record sources bring, and what texts will bring.

Every row says which record source it came from, which import brought it, whether it was typed as data or found in a
text, and what was repaired in it on the way in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from imagebank.core.columns import Risk, column

ORIGINS = ("structured", "extracted")
ROLES = ("primary", "secondary", "unknown")
STATES = ("present", "absent", "past", "unknown")
EPISODE_KINDS = ("inpatient", "outpatient", "community", "unknown")


def patient_column(*, key: bool = False) -> str:
    """The column that says whom a row is about."""
    return column("Pseudonym of the patient.", risk=Risk.LINKABLE, key=key)  # type: ignore[no-any-return]


def _day(what: str) -> date:
    return column(f"{what}, moved by the patient's offset.", risk=Risk.QUASI, key=True)  # type: ignore[no-any-return]


def _end(what: str) -> date | None:
    return column(f"{what}, moved by the patient's offset.", risk=Risk.QUASI)  # type: ignore[no-any-return]


def _source() -> str:
    return column("Record source.", risk=Risk.NONE, key=True)  # type: ignore[no-any-return]


def _origin() -> str:
    text = "Whether the row was typed as data or found in a text."
    return column(text, values=ORIGINS, risk=Risk.NONE)  # type: ignore[no-any-return]


def _application() -> str:
    text = "Program and version that found it in a text; empty for what was typed as data."
    return column(text, risk=Risk.NONE)  # type: ignore[no-any-return]


def _imported() -> str:
    text = "Import that brought the row: a keyed hash of the content that was read and of the mapping."
    return column(text, risk=Risk.NONE)  # type: ignore[no-any-return]


def _repairs() -> str:
    text = "Codes of what was repaired or is odd, in order, with blanks between; empty for a clean row."
    return column(text, risk=Risk.NONE)  # type: ignore[no-any-return]


def _study() -> str | None:
    text = "Keyed id of the banked study that it is about; empty where none is told."
    return column(text, risk=Risk.LINKABLE)  # type: ignore[no-any-return]


def _text() -> str | None:
    text = "Redacted text; empty unless the bank lets texts in and the redactor passed it."
    return column(text, risk=Risk.QUASI)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Diagnosis:
    """One recorded diagnosis of a patient."""

    patient: str = patient_column(key=True)
    diagnosis_date: date | None = _day("Date of the diagnosis")
    end_date: date | None = _end("Day on which it ended or another one replaced it")
    code: str = column("Code, normalised: F00.1.", key=True)
    code_system: str = column("Code system, such as ICD-10, ICD-11 or SNOMED.", risk=Risk.NONE, key=True)
    block: str = column("ICD-10 block of the code, such as F00-F09; `other` outside chapter V and G30-G32.")
    role: str = column("Role of the diagnosis in its episode.", values=ROLES, key=True)
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Assessment:
    """One score of a patient."""

    patient: str = patient_column(key=True)
    assessment_date: date | None = _day("Date of the assessment")
    name: str = column("Instrument, such as MMSE.", risk=Risk.NONE, key=True)
    score: float = column("Score.", unit="point")
    out_of: float = column("Highest score that could be reached.", unit="point", risk=Risk.NONE)
    version: str = column("Version of the instrument; empty where untold.", risk=Risk.NONE)
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class AssessmentItem:
    """One item of an assessment that has items, such as HoNOS."""

    patient: str = patient_column(key=True)
    assessment_date: date | None = _day("Date of the assessment")
    name: str = column("Instrument, such as HoNOS.", risk=Risk.NONE, key=True)
    item: str = column("Item, as numbered on the form.", risk=Risk.NONE, key=True)
    score: float | None = column("Score of the item; empty where the rater did not know.", unit="point")
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Symptom:
    """One symptom that was looked for in a patient."""

    patient: str = patient_column(key=True)
    symptom_date: date | None = _day("Date of the record")
    name: str = column("Symptom, as the registry names it.", key=True)
    state: str = column("Whether the patient had it.", values=STATES)
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Medication:
    """One drug of a patient from a day until a day."""

    patient: str = patient_column(key=True)
    start_date: date | None = _day("First day")
    end_date: date | None = _end("Last day; empty while it continues")
    drug: str = column("Drug, as the registry names it; `other` where it has no such drug.", key=True)
    drug_class: str = column("Class of the drug in the registry, such as antipsychotic.")
    code: str | None = column("Code of the drug, where the source gives one.")
    code_system: str | None = column("Code system of that code, such as dm+d, SNOMED or RxNorm.", risk=Risk.NONE)
    dose: float | None = column("Amount of one dose.")
    unit: str = column("Unit of the dose; empty where untold.", risk=Risk.NONE)
    route: str = column("Route; empty where untold.", risk=Risk.NONE)
    frequency: str = column("How often, as prescribers write it; empty where untold.", risk=Risk.NONE)
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Episode:
    """One spell of care of a patient."""

    patient: str = patient_column(key=True)
    start_date: date | None = _day("First day")
    end_date: date | None = _end("Last day; empty while it is open")
    kind: str = column("Kind of care.", values=EPISODE_KINDS, key=True)
    service: str = column("Kind of service, as the registry names it, such as memory; never the team's own name.")
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Biomarker:
    """One measured value of a patient: a blood test, a genetic score, an EEG."""

    patient: str = patient_column(key=True)
    biomarker_date: date | None = _day("Date of the sample or measurement")
    name: str = column("What was measured, as the registry names it.", risk=Risk.NONE, key=True)
    kind: str = column("Kind of measurement, such as blood, genetic or EEG.", risk=Risk.NONE)
    value: float | None = column("Value, in the unit of the row; empty for results that are no number.")
    result: str = column("Result in words that the registry allows, such as e3/e4; empty for numbers.")
    bound: str = column("Whether the true value lies below or above the number.", values=("", "<", ">"))
    unit: str = column("Unit, as the registry writes it; empty where there is none.", risk=Risk.NONE)
    low: float | None = column("Lower end of the laboratory's reference range.", risk=Risk.NONE)
    high: float | None = column("Upper end of the laboratory's reference range.", risk=Risk.NONE)
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Note:
    """One note of a patient: that it exists, how long it is, and what it says once redacted."""

    patient: str = patient_column(key=True)
    note_date: date | None = _day("Date of the note")
    kind: str = column("Kind of note, such as progress note.", risk=Risk.NONE, key=True)
    characters: int = column("Length of the original text.", unit="character")
    text: str | None = _text()
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Report:
    """One report on an examination: that it exists, how long it is, and what it says once redacted."""

    patient: str = patient_column(key=True)
    report_date: date | None = _day("Date of the report")
    kind: str = column("Kind of report, such as radiology report.", risk=Risk.NONE, key=True)
    study: str | None = _study()
    characters: int = column("Length of the original text.", unit="character")
    text: str | None = _text()
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


@dataclass(frozen=True)
class Finding:
    """One finding that a report or a rater states of an examination, such as a Fazekas grade."""

    patient: str = patient_column(key=True)
    finding_date: date | None = _day("Date of the report or rating")
    name: str = column("Finding, as the registry names it.", key=True)
    state: str = column("Whether it was found.", values=STATES)
    grade: float | None = column("Grade on the scale of the finding; empty where it has none.", unit="point")
    study: str | None = _study()
    source: str = _source()
    origin: str = _origin()
    application: str = _application()
    imported: str = _imported()
    repairs: str = _repairs()


EVENT_TABLES: dict[str, type] = {
    "diagnoses": Diagnosis,
    "assessments": Assessment,
    "assessment_items": AssessmentItem,
    "symptoms": Symptom,
    "medications": Medication,
    "episodes": Episode,
    "biomarkers": Biomarker,
    "notes": Note,
    "reports": Report,
    "findings": Finding,
}
"""Name of each table of events, and the record that declares it."""
