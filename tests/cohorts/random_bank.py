"""A small random bank as lists of records: enough shape to design a page against, no claim to be a hospital."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from imagebank.catalogue.tables import Assessment, Diagnosis, Note, Patient, Scanner, Series, Study

MACHINES = (
    ("sc1", "Siemens", "Skyra", 3.0),
    ("sc2", "Siemens", "Avanto", 1.5),
    ("sc3", "GE", "Signa HDxt", 1.5),
    ("sc4", "Philips", "Achieva", 3.0),
    ("sc5", "Siemens", "Skyra", 3.0),
)
PROTOCOL = ("localizer", "T1w", "T2w", "FLAIR", "DWI", "ADC", "SWI", "T2starw", "BOLD", "unknown")
CODES = (
    ("F00.1", "F00-F09", 20),
    ("F00.2", "F00-F09", 8),
    ("G30.1", "G30-G32", 12),
    ("F01.9", "F00-F09", 9),
    ("F06.7", "F00-F09", 10),
    ("F10.2", "F10-F19", 6),
    ("F20.0", "F20-F29", 14),
    ("F25.9", "F20-F29", 3),
    ("F31.9", "F30-F39", 5),
    ("F32.1", "F30-F39", 10),
    ("F33.2", "F30-F39", 6),
    ("F41.1", "F40-F48", 6),
    ("F60.3", "F60-F69", 3),
    ("F84.5", "F80-F89", 2),
    ("I10", "other", 6),
)
TYPED = ("records", "structured", "", "import", "")  # source, origin, application, import, repairs


def bank(patients: int = 300, seed: int = 7) -> dict[str, list[Any]]:
    """The tables of a bank with so many patients."""
    rng = random.Random(seed)
    tables: dict[str, list[Any]] = {
        "patients": [],
        "scanners": [Scanner(*machine) for machine in MACHINES],
        "studies": [],
        "series": [],
        "diagnoses": [],
        "assessments": [],
        "notes": [],
    }
    for number in range(patients):
        _add_patient(tables, f"p{number:05d}", rng)
    return tables


def _add_patient(tables: dict[str, list[Any]], patient: str, rng: random.Random) -> None:
    sex = rng.choices(("female", "male", "other", "unknown"), (54, 45, 0.7, 0.3))[0]
    group = rng.choices(
        ("White", "Mixed", "Asian", "Black", "Other", "not stated", "not known"), (52, 3, 7, 22, 6, 6, 4)
    )[0]
    category = {
        "White": "A",
        "Mixed": "D",
        "Asian": "H",
        "Black": "M",
        "Other": "S",
        "not stated": "Z",
        "not known": "99",
    }
    decile = rng.choices((None, *range(1, 11)), (6, 14, 17, 16, 12, 10, 8, 6, 5, 4, 2))[0]
    age = min(104.0, max(6.0, rng.choice((rng.gauss(76, 9), rng.gauss(38, 13)))))
    start = date(2008, 3, 1) + timedelta(days=rng.randrange(5200))
    tables["patients"].append(
        Patient(
            patient=patient,
            sex=sex,
            birth_year=start.year - int(age),
            ethnic_category=category[group],
            ethnic_group=group,
            ethnic_grouping="nhs-2001",
            deprivation_decile=decile,
            deprivation_release="IoD2019" if decile else None,
            death_date=None,
            last_contact_date=start,
            source="records",
        )
    )
    for visit in range(rng.choices((1, 2, 3, 6), (84, 12, 3, 1))[0]):
        day = start + timedelta(days=visit * rng.randrange(20, 900))
        _add_study(tables, patient, visit, day, age + (day - start).days / 365.25, rng)
    _add_records(tables, patient, start, rng)


def _add_study(
    tables: dict[str, list[Any]], patient: str, visit: int, day: date | None, age: float | None, rng: random.Random
) -> None:
    study, scanner = f"{patient}s{visit}", rng.choices([each[0] for each in MACHINES], (34, 26, 20, 18, 2))[0]
    if rng.random() < 0.02:
        day, age = None, None
    shown = [
        each for each in PROTOCOL if rng.random() < (0.95 if each in ("localizer", "T1w", "T2w", "FLAIR") else 0.3)
    ]
    shown = shown or ["localizer"]
    for place, sequence in enumerate(shown):
        tables["series"].append(_series(f"{study}x{place}", study, patient, scanner, sequence, rng))
    tables["studies"].append(
        Study(
            study=study,
            patient=patient,
            session=f"{visit + 1:02d}",
            study_date=day,
            age_years=None if age is None else round(age, 1),
            scanner=scanner,
            source="pacs",
            series_count=len(shown),
            link_rule="nhs-number",
        )
    )


def _series(name: str, study: str, patient: str, scanner: str, sequence: str, rng: random.Random) -> Series:
    volume = sequence == "T1w" and rng.random() < 0.7
    spacing, thickness = (
        (1.0, rng.choice((1.0, 1.1, 1.2))) if volume else (rng.choice((0.45, 0.5, 0.9)), rng.choice((4.0, 5.0)))
    )
    return Series(
        series=name,
        study=study,
        patient=patient,
        scanner=scanner,
        sequence=sequence,
        sequence_rule="rule",
        sequence_confidence=0.9,
        plane="axial",
        acquisition="3D" if volume else "2D",
        variant="",
        component="magnitude",
        dimension="3D" if volume else "2D",
        contrast_agent="unknown",
        fat_suppressed=None,
        inverted=False,
        body_part="brain",
        coverage="whole-brain",
        phantom=False,
        evidence=(),
        runners_up=(),
        signature="0" * 16,
        repetition_time_ms=2300.0,
        echo_time_ms=3.0,
        inversion_time_ms=None,
        flip_angle_deg=9.0,
        row_spacing_mm=spacing,
        column_spacing_mm=spacing,
        slice_thickness_mm=None if rng.random() < 0.02 else thickness,
        rows=256,
        columns=256,
        instances=rng.randrange(20, 200),
        frames=rng.randrange(20, 200),
        bytes=rng.randrange(2_000_000, 40_000_000),
        dicom_path=f"dicom/{patient}/{study}/{name}.zip",
        conversion=rng.choices(("bids", "unsorted", "failed"), (80, 17, 3))[0],
        nifti_paths=(f"bids/{name}.nii.gz",),
        defaced=False,
        policy="0" * 64,
    )


def _add_records(tables: dict[str, list[Any]], patient: str, start: date, rng: random.Random) -> None:
    for _ in range(rng.choices((0, 1, 2, 3), (8, 60, 22, 10))[0]):
        code, block, _ = rng.choices(CODES, [each[2] for each in CODES])[0]
        day = start + timedelta(days=rng.randrange(-500, 500))
        role = rng.choice(("primary", "secondary", "unknown"))
        system = ("Read", "ICD-10-CM")[day.day % 2] if day.toordinal() % 29 == 0 else "ICD-10"
        tables["diagnoses"].append(Diagnosis(patient, day, None, code, system, block, role, *TYPED))
    for _ in range(rng.choices((0, 1, 2, 4), (45, 30, 15, 10))[0]):
        name, out_of = rng.choices((("MMSE", 30.0), ("MoCA", 30.0), ("MMSE", 27.0)), (80, 15, 5))[0]
        day = start + timedelta(days=rng.choice((rng.randrange(-60, 61), rng.randrange(-900, 900))))
        undated = None if rng.random() < 0.03 else day
        tables["assessments"].append(
            Assessment(patient, undated, name, float(rng.randrange(4, 31)), out_of, "", *TYPED)
        )
    for _ in range(rng.randrange(3)):
        tables["notes"].append(Note(patient, start, "progress note", rng.randrange(100, 4000), None, *TYPED))
