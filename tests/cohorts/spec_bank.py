"""The little bank of the printed examples: four people and five scans; days are counted from the first scan."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from made_rows import made

from imagebank.catalogue.tables import TABLES, Assessment, Diagnosis, Episode, Patient, Series, Study
from imagebank.records.codes import icd10_block

SCAN = date(2020, 6, 1)
PEOPLE = (("a", "female", 71.0), ("b", "male", 34.5), ("c", "female", None), ("d", "male", 66.0))
SCANS = (("a", "a", 0), ("b", "b", 0), ("c", "c1", 0), ("c", "c2", 400), ("d", "d", 0))
SERIES = (("a", "T1w", "3D"), ("a", "FLAIR", "2D"), ("b", "T1w", "2D"), ("c1", "FLAIR", "3D"), ("d", "T2w", "2D"))
SCORES = (("a", -10, 28), ("a", 10, 24), ("a", 200, 20), ("c", -200, 26), ("d", 0, 22))
DIAGNOSES = (
    ("a", 100, "F00.1", "structured"),
    ("b", -30, "F20", "structured"),
    ("b", -30, "F20.0", "structured"),
    ("b", -30, "F20.00", "extracted"),
    ("b", 30, "F25.1", "structured"),
    ("d", 0, "F06.7", "structured"),
)
EPISODES = (
    ("a", -50, 300, "outpatient", "memory"),
    ("b", -5, 20, "inpatient", "acute"),
    ("c", -20, None, "inpatient", "acute"),
    ("d", -90, -80, "community", "Memory clinic"),
)


def spec_bank() -> dict[str, list[Any]]:
    """The tables."""
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    ages = {patient: age for patient, _, age in PEOPLE}
    tables["patients"] = [made(Patient, patient=patient, sex=sex) for patient, sex, _ in PEOPLE]
    tables["studies"] = [
        made(Study, study=study, patient=patient, study_date=on(day), age_years=ages[patient])
        for patient, study, day in SCANS
    ]
    owners = {study: patient for patient, study, _ in SCANS}
    tables["series"] = [
        made(Series, series=f"x{place}", study=study, patient=owners[study], sequence=sequence, dimension=dimension)
        for place, (study, sequence, dimension) in enumerate(SERIES)
    ]
    tables["assessments"] = [
        made(Assessment, patient=patient, assessment_date=on(day), name="MMSE", score=float(score), out_of=30.0)
        for patient, day, score in SCORES
    ]
    tables["diagnoses"] = [
        made(
            Diagnosis,
            patient=patient,
            diagnosis_date=on(day),
            code=code,
            code_system="ICD-10",
            block=icd10_block(code),
            origin=origin,
        )
        for patient, day, code, origin in DIAGNOSES
    ]
    tables["episodes"] = [
        made(
            Episode, patient=patient, start_date=on(start), end_date=end if end is None else on(end), kind=k, service=s
        )
        for patient, start, end, k, s in EPISODES
    ]
    return tables


def on(day: int) -> date:
    """A day, counted from the first scan."""
    return SCAN + timedelta(day)


def described() -> list[tuple[str, str, str, str, str]]:
    """The bank in words, one line a person."""

    def of(patient: str, rows: Any, text: str) -> str:
        return ", ".join(text.format(*row[1:]) for row in rows if row[0] == patient) or "none"

    shown = {study: of(study, SERIES, "{0} {1}") for _, study, _ in SCANS}
    scans = {p: "; ".join(f"{s} (day {d}: {shown[s]})" for q, s, d in SCANS if q == p) for p, _, _ in PEOPLE}
    return [
        (
            f"{patient}: {sex}, {'age not known' if age is None else f'{age:g} years'}",
            scans[patient],
            of(patient, SCORES, "{1} (day {0})"),
            of(
                patient,
                [(p, d, c, "" if o == "structured" else ", from a text") for p, d, c, o in DIAGNOSES],
                "{1} (day {0}{2})",
            ),
            of(
                patient,
                [(p, a, "open" if b is None else b, k, s) for p, a, b, k, s in EPISODES],
                "{2}, {3} (day {0} to {1})",
            ),
        )
        for patient, sex, age in PEOPLE
    ]
