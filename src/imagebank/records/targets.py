"""What a record source can bring: the tables that a mapping fills, each with its columns. Pure.

A mapping says where each of these columns comes from. People, opt-outs and what belongs to people go to the vault; the
others are events, which go to the tables.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """A column that a mapping may fill. `required`: the table cannot be read without it."""

    name: str
    meaning: str
    required: bool = False
    also: tuple[str, ...] = ()  # names that other systems use, for guessing


@dataclass(frozen=True)
class Target:
    """A table that a mapping may fill."""

    name: str
    meaning: str
    columns: tuple[Wanted, ...]
    event: bool = True

    @property
    def also(self) -> tuple[str, ...]:
        """Names that other systems use for the table, for guessing."""
        return ALSO.get(self.name, ())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(each.name for each in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that must be filled."""
        return tuple(each.name for each in self.columns if each.required)

    def column(self, name: str) -> Wanted:
        """The column of a name."""
        return next(each for each in self.columns if each.name == name)


ALSO = {
    "patients": ("patient", "person", "demographics", "clients", "patient_index"),
    "merged_numbers": ("merged_patient", "merges"),
    "addresses": ("patient_address", "address"),
    "deaths": ("death", "mortality"),
    "opt_outs": ("opt_out", "objections"),
    "diagnoses": ("diagnosis", "condition_occurrence", "icd10"),
    "assessments": ("assessment", "scores", "mmse", "honos"),
    "assessment_items": ("assessment_item", "honos_items"),
    "symptoms": ("symptom",),
    "medications": ("medication", "drugs", "prescriptions", "drug_exposure"),
    "episodes": ("episode", "spell", "admissions", "visit_occurrence", "referral_spell"),
    "biomarkers": ("laboratory_result", "bloods", "lab_results", "pathology", "measurement"),
    "notes": ("event", "correspondence", "documents", "progress_notes"),
    "reports": ("attachment", "radiology", "radiology_reports"),
    "findings": ("finding", "visual_ratings"),
}
NUMBER = Wanted(
    "hospital_number",
    "Hospital number, or the `person_key` of the patients where the table refers to that.",
    True,
    ("person_id", "brcid", "patient_id", "mrn", "k_number", "client_id", "rio_id", "local_patient_identifier"),
)
KEYS = (
    Wanted("id", "Id of the row in the source: of two rows with the same one, the newest counts."),
    Wanted("updated", "When the row was last changed, to tell which is the newest.", also=("last_updated", "modified")),
    Wanted("withdrawn", "Yes, true or 1 when the row was taken back.", also=("invalid_flag", "deleted", "is_deleted")),
)
DATE = Wanted("date", "Day of the event.", True, ("event_date", "recorded_date", "start_date", "date_recorded"))
END = Wanted("end_date", "Last day; empty while it continues.", also=("end", "stop_date", "discharge_date"))
START = Wanted("start_date", "First day.", True, ("start", "date", "admission_date", "prescribed_date"))


def _event(name: str, meaning: str, *columns: Wanted) -> Target:
    return Target(name, meaning, (NUMBER, *columns, *KEYS))


def _identity(name: str, meaning: str, *columns: Wanted) -> Target:
    return Target(name, meaning, columns, event=False)


PATIENTS = _identity(
    "patients",
    "One registration of a person.",
    Wanted("hospital_number", "Hospital number.", True, NUMBER.also),
    Wanted("person_key", "What other tables call the person, where that is not the hospital number.", also=("brcid",)),
    Wanted("nhs_number", "NHS number.", also=("nhs_no", "nhsnumber")),
    Wanted("given_name", "Given name.", also=("first_name", "forename", "forename1")),
    Wanted("family_name", "Family name.", also=("surname", "last_name")),
    Wanted("birth_date", "Birth date.", also=("date_of_birth", "dob", "cleaneddateofbirth")),
    Wanted("sex", "Sex.", also=("gender", "gender_id")),
    Wanted("postcode", "Postcode.", also=("current_postcode", "post_code", "zip")),
    Wanted("address", "Address in one line.", also=("current_address", "address_1")),
    Wanted("phone", "Telephone number.", also=("telephone", "mobile", "phone_number")),
    Wanted(
        "ethnic_category", "Ethnic category, NHS code of 2001.", also=("ethnicity", "ethnic_code", "ethnicitycleaned")
    ),
    Wanted("lsoa", "Lower layer super output area, where there is no postcode.", also=("lsoa11", "lsoa21")),
    Wanted("deprivation_decile", "Tenth of deprivation, 1 is the most deprived.", also=("imd_decile", "imd")),
    Wanted("deprivation_release", "Release of the index of deprivation."),
    Wanted("death_date", "Day of death.", also=("date_of_death", "dod", "deceased_date")),
    Wanted("known_as", "Another given name in use.", also=("preferred_name", "alias")),
    Wanted("birth_family_name", "Family name at birth.", also=("maiden_name", "previous_surname", "birth_name")),
)
IDENTITIES = (
    PATIENTS,
    _identity(
        "merged_numbers",
        "One hospital number that another one replaced.",
        Wanted("hospital_number", "The number that was replaced.", True, NUMBER.also),
        Wanted("merged_into", "The number that replaced it.", True, ("new_number", "merged_into_brcid")),
    ),
    _identity(
        "addresses",
        "One address of a person, now or in the past.",
        Wanted("hospital_number", "Hospital number.", True, NUMBER.also),
        Wanted("postcode", "Postcode.", True, ("post_code", "zip")),
    ),
    _identity(
        "deaths",
        "One death, where the patients do not have it.",
        Wanted("hospital_number", "Hospital number.", True, NUMBER.also),
        Wanted("date", "Day of death.", True, ("death_date", "date_of_death")),
    ),
    _identity(
        "opt_outs",
        "One person's wish not to be in the bank.",
        Wanted("hospital_number", "Hospital number.", True, NUMBER.also),
        Wanted("kind", "national, local or gp-type-1; any other word counts as well.", also=("opt_out_type",)),
        Wanted("list_date", "Day of the list that says so.", also=("date",)),
    ),
)
EVENTS = (
    _event(
        "diagnoses",
        "One coded diagnosis.",
        DATE,
        Wanted("code", "Code.", True, ("icd10", "icd_10", "diagnosis_code", "diagnosis", "condition_source_value")),
        Wanted("code_system", "Code system; ICD-10 where it is not told.", also=("vocabulary", "coding_system")),
        Wanted("role", "primary or secondary.", also=("diagnosis_type", "position")),
        END,
    ),
    _event(
        "assessments",
        "One score of an instrument.",
        DATE,
        Wanted("name", "Instrument, as the registry knows it.", True, ("form", "instrument", "assessment")),
        Wanted("score", "Score.", True, ("total", "value", "total_score", "result")),
        Wanted("out_of", "Highest score that could be reached.", also=("total_out_of", "denominator", "maximum")),
        Wanted("version", "Version of the instrument.", also=("form_version",)),
    ),
    _event(
        "assessment_items",
        "One item of an assessment.",
        DATE,
        Wanted("name", "Instrument.", True, ("form", "instrument")),
        Wanted("item", "Item, as numbered on the form.", True, ("item_number", "question")),
        Wanted("score", "Score of the item.", True, ("value", "answer")),
    ),
    _event(
        "symptoms",
        "One symptom that was looked for.",
        DATE,
        Wanted("name", "Symptom.", True, ("symptom",)),
        Wanted("state", "present, absent or past.", also=("status", "value")),
    ),
    _event(
        "medications",
        "One drug from a day until a day.",
        START,
        END,
        Wanted("drug", "Drug.", True, ("drug_name", "medication", "drug_source_value", "name")),
        Wanted("code", "Code of the drug.", also=("drug_code", "dmd_code")),
        Wanted("code_system", "Code system of that code, such as dm+d."),
        Wanted("dose", "Amount of one dose.", also=("dose_value", "strength")),
        Wanted("unit", "Unit of the dose.", also=("dose_unit", "units")),
        Wanted("route", "Route."),
        Wanted("frequency", "How often."),
    ),
    _event(
        "episodes",
        "One spell of care.",
        START,
        END,
        Wanted("kind", "inpatient, outpatient or community.", also=("care_type", "spell_type", "visit_source_value")),
        Wanted("team", "Team or ward; only its kind of service is kept.", also=("team_name", "ward", "service")),
    ),
    _event(
        "biomarkers",
        "One measured value: a blood test, a genetic score, an EEG.",
        DATE,
        Wanted("name", "What was measured.", True, ("test", "test_name", "analyte", "measurement_source_value")),
        Wanted("value", "Value, or a result in words.", True, ("result", "value_as_number", "test_result")),
        Wanted("unit", "Unit.", also=("units", "unit_source_value")),
        Wanted("low", "Lower end of the reference range.", also=("reference_low", "range_low")),
        Wanted("high", "Upper end of the reference range.", also=("reference_high", "range_high")),
    ),
    _event(
        "notes",
        "One note or letter.",
        DATE,
        Wanted("kind", "Kind of note.", also=("note_type", "document_type", "note_title")),
        Wanted(
            "text", "The text: measured, and left behind unless redaction is on.", True, ("comments", "body", "note")
        ),
    ),
    _event(
        "reports",
        "One report on an examination.",
        DATE,
        Wanted("kind", "Kind of report.", also=("report_type", "document_type")),
        Wanted(
            "text", "The text: measured, and left behind unless redaction is on.", True, ("report", "extracted_text")
        ),
        Wanted("accession_number", "Accession number of the examination.", also=("accession", "order_number")),
    ),
    _event(
        "findings",
        "One finding of a report or rater.",
        DATE,
        Wanted("name", "Finding, as the registry knows it.", True, ("finding", "rating")),
        Wanted("state", "present or absent.", also=("status",)),
        Wanted("grade", "Grade on the scale of the finding.", also=("value", "score")),
        Wanted("accession_number", "Accession number of the examination.", also=("accession",)),
    ),
)
TARGETS = {each.name: each for each in (*IDENTITIES, *EVENTS)}
"""Every table that a mapping may fill, people first."""
