"""The answers, each declared once: what is true of the pretend hospital, so that what reads it can be judged.

Yes and no are written out. An empty text is no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - a field that is called date would hide the type
from typing import Any

from imagebank.core.columns import column

YES_NO = ("yes", "no")
OUTCOMES = ("banked", "excluded", "unlinked", "quarantined")
SEQUENCES = (
    "T1w",
    "T2w",
    "FLAIR",
    "PDw",
    "PD+T2",
    "T2starw",
    "SWI",
    "DWI",
    "ADC",
    "derived-DWI",
    "BOLD",
    "fieldmap",
    "localizer",
    "MRA",
    "derived-MRA",
    "derived",
    "other",
    "non-image",
)


def _person() -> Any:
    return column("Key of the person.", key=True)


def _study() -> Any:
    return column("Study Instance UID.", key=True)


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """One pretend person as they truly are."""

    person_key: str = _person()
    hospital_number: str = column("Current hospital number.")
    in_records: str = column("Whether the record system knows the person.", values=YES_NO)
    nhs_number: str = column("True NHS number.")
    given_name: str = column("True given name.")
    family_name: str = column("True family name.")
    birth_date: Day = column("True birth date.")
    sex: str = column("Sex.")
    ethnic_category: str = column("Ethnic category, NHS code of 2001.")
    deprivation_decile: int | None = column("Tenth of deprivation of the last home, 1 is the most deprived.")
    condition: str = column("Clinical picture that the person has.")
    subtype: str = column("True symptom cluster within it.")
    onset: Day = column("When it began.")
    first_contact: Day = column("First contact with the service.")
    last_contact: Day = column("Last contact.")
    dementia_day: Day | None = column("When dementia truly began; empty when it had not by the end of follow-up.")
    death_date: Day | None = column("Day of death.")
    main_diagnosis: str | None = column(
        "Last primary code that stayed, as the book has it; where its dagger code was typed, the asterisk code."
    )
    opt_outs: str | None = column("Kinds of objection, separated by |.")
    studies: int = column("Examinations in which this person lay in the scanner.", unit="study")


@dataclass(frozen=True, slots=True)
class RegistrationAnswer:
    """One registration, with whose it is and what is wrong with it."""

    person_key: str = _person()
    hospital_number: str = column("Hospital number of the registration.", key=True)
    nhs_number: str | None = column("NHS number as recorded.")
    given_name: str | None = column("Given name as recorded.")
    family_name: str | None = column("Family name as recorded.")
    birth_date: Day | None = column("Birth date as recorded.")
    sex: str | None = column("Sex as recorded.")
    postcode: str | None = column("Postcode as recorded.")
    merged_into: str | None = column("The hospital number that replaced this one.")
    errors: str | None = column("What is wrong with it, separated by |.")


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """One study: whose it truly is, and whether the documented rules suffice to say so."""

    study_uid: str = _study()
    person_key: str = column("Who lay in the scanner.")
    hospital_number: str | None = column("Current number of that person; empty when the person is in no record.")
    told_patient_id: str | None = column("PatientID that the scanner was told.")
    accession: str | None = column("Accession number.")
    date: Day = column("Day of the examination.")
    age_years: float | None = column("True age on that day; empty where nobody lay in the scanner.", unit="year")
    deprivation_decile: int | None = column("Tenth of deprivation of the home on that day, 1 is the most deprived.")
    scanner: str = column("Machine.")
    in_records: str = column("Whether the record system knows the person.", values=YES_NO)
    linkable: str = column(
        "Whether a valid NHS number with agreeing name or without another birth date, or a hospital number with birth "
        "date (also with day and month swapped, or 1 January), suffices and nothing speaks against it.",
        values=YES_NO,
    )
    trap: str | None = column("What stands against the link, or that the person opted out.")


@dataclass(frozen=True, slots=True)
class IdentifierAnswer:
    """One identifying text and one place where it stands."""

    value: str = column("The text.")
    kind: str = column("What it is, such as family name.")
    hospital_number: str | None = column("Current number of the person whose it is; empty for nobody in the records.")
    place: str = column(
        "Element such as (0010,0010), nested as (0040,0275)/(0040,1001), preamble, path, or a record column."
    )
    person_key: str | None = column("Person whose it is; empty for staff, sites and machines.")
    path: str | None = column("File below the images folder; empty when all files of a series share it.")
    encoding: str | None = column("Character set in which it stands; bitmap for burned-in text.")
    box: str | None = column("First row, first column, last row, last column of burned-in text.")


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """One series: what it shows and what should become of it."""

    series_uid: str = column("Series Instance UID.", key=True)
    study_uid: str = _study()
    kind: str = column("Kind that was ordered, such as T1w-3D.")
    sequence: str = column("What it shows.", values=SEQUENCES)
    plane: str | None = column("Plane of the slices.")
    dimension: str | None = column("How it was acquired.", values=("2D", "3D"))
    agent: str = column("Whether contrast agent was in the blood.", values=YES_NO)
    fault: str | None = column("What is wrong with the images.")
    files: int = column("Files of table files that carry its UID.", unit="file")
    manufacturer: str = column("Manufacturer as the header spells it.")
    scanner: str = column("Machine.")
    expected: str = column("Right outcome.", values=OUTCOMES)


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """One file below the images folder, and what should become of it."""

    path: str = column("Path below the images folder.", key=True)
    expected: str = column("Right outcome.", values=OUTCOMES)
    reason: str | None = column("Why it is not banked, or what is odd about it.")
    series_uid: str | None = column("Series; empty where a reader cannot know it.")
    duplicate_of: str | None = column("Path of the file that it repeats.")


@dataclass(frozen=True, slots=True)
class VolumeAnswer:
    """One structure of one head on the day of a study: what was specified, and what the images show."""

    study_uid: str = _study()
    person_key: str = column("Whose head it is.")
    structure: str = column("Structure, such as ventricles.", key=True)
    specified_ml: float = column("Volume that the head was to have.", unit="ml")
    painted_ml: float | None = column("Volume of the voxels that were painted; empty without images.", unit="ml")


@dataclass(frozen=True, slots=True)
class SpanAnswer:
    """One marked piece of a document."""

    note_key: str = column("Document: note_id of the extracts.", key=True)
    person_key: str = column("About whom the document is.")
    hospital_number: str = column("Number under which it is filed.")
    start: int = column("First character.", key=True)
    end: int = column("Character behind the last one.", key=True)
    kind: str = column("Kind of identifier or of meaning.")
    value: str = column("Canonical value.")
    owner: str = column("Whose it is.", values=("patient", "relative", "staff", "nobody"))
    status: str = column("How it is meant: affirmed, negated, historical, family, uncertain or planned.")


@dataclass(frozen=True, slots=True)
class SurvivalAnswer:
    """One person at risk of dementia at the first study, and the true time from it to dementia or the last contact."""

    person_key: str = _person()
    study_uid: str = _study()
    index_date: Day = column("Day of the study.")
    age_years: float = column("Age on that day.", unit="year")
    brain_ml: float = column("True brain volume on that day.", unit="ml")
    intracranial_ml: float = column("True intracranial volume.", unit="ml")
    time_days: int = column("Days until dementia began, else until the last contact.", unit="day")
    event: str = column("Whether the time ended with dementia.", values=YES_NO)
    linear_predictor: float | None = column("Logarithm of the true hazard ratio of age and brain volume.")


@dataclass(frozen=True, slots=True)
class SubtypeAnswer:
    """One person's true symptom cluster."""

    person_key: str = _person()
    condition: str = column("Clinical picture.")
    subtype: str = column("Cluster within it.")


@dataclass(frozen=True, slots=True)
class PlantedAnswer:
    """One thing that was made wrong on purpose, and where."""

    kind: str = column("What is wrong.", key=True)
    unit: str = column("What one row counts.", values=("person", "study", "series"))
    member: str = column("The person key or UID that has it.", key=True)


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """How often something was planted: the rate asked for and the rate that came out."""

    kind: str = column("What was planted.", key=True)
    unit: str = column("What is counted; a person is one who is in the records.", key=True)
    planted: int = column("How many have it.")
    of: int = column("How many could have had it.")
    configured: float | None = column("Share asked for; empty where a fixed number was planted.")


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """One number that answers a reference question; its definition stands in the README."""

    question: str = column("Identifier of the question.", key=True)
    group: str = column("Group of the answer, `all` where there is one number.", key=True)
    unit: str = column("What is counted.", values=("patient", "study", "series"))
    value: int = column("How many.")


@dataclass(frozen=True, slots=True)
class QuestionMemberAnswer:
    """One member of the answer to a reference question."""

    question: str = column("Identifier of the question.", key=True)
    group: str = column("Group.", key=True)
    member: str = column("Current hospital number, Study or Series Instance UID, by the unit.", key=True)


ANSWER_ROWS: dict[str, type] = {
    "people": PersonAnswer,
    "registrations": RegistrationAnswer,
    "links": LinkAnswer,
    "identifiers": IdentifierAnswer,
    "series": SeriesAnswer,
    "files": FileAnswer,
    "volumes": VolumeAnswer,
    "spans": SpanAnswer,
    "survival": SurvivalAnswer,
    "subtypes": SubtypeAnswer,
    "planted": PlantedAnswer,
    "rates": RateAnswer,
    "questions": QuestionAnswer,
    "question_members": QuestionMemberAnswer,
}
"""Name of each table of answers, and the record that declares it."""
Answer = (
    PersonAnswer
    | RegistrationAnswer
    | LinkAnswer
    | IdentifierAnswer
    | SeriesAnswer
    | FileAnswer
    | VolumeAnswer
    | SpanAnswer
    | SurvivalAnswer
    | SubtypeAnswer
    | PlantedAnswer
    | RateAnswer
    | QuestionAnswer
    | QuestionMemberAnswer
)
