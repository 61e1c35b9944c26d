"""The tables of a bank, each declared once.

Rows are these frozen dataclasses; the Parquet schema, the validation and the data dictionary derive from them. No table
holds an identifier: people are pseudonyms, every date is moved by the person's offset, free text stays outside until it
has been redacted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from imagebank.catalogue.events import (
    EVENT_TABLES,
    Assessment,
    AssessmentItem,
    Biomarker,
    Diagnosis,
    Episode,
    Finding,
    Medication,
    Note,
    Report,
    Symptom,
    patient_column,
)
from imagebank.core.columns import Risk, column
from imagebank.dicom.agents import AGENT_ANSWERS
from imagebank.dicom.body_parts import part_names
from imagebank.dicom.geometry import COVERAGES, DIMENSIONS, PLANES
from imagebank.dicom.rules import SEQUENCES
from imagebank.imaging.quality import VERDICTS, metrics

SEXES = ("female", "male", "other", "unknown")
ETHNIC_GROUPS = ("White", "Mixed", "Asian", "Black", "Other", "not stated", "not known")
CONVERSIONS = ("bids", "unsorted", "failed", "pending")
__all__ = [
    "CONVERSIONS",
    "ETHNIC_GROUPS",
    "EVENT_TABLES",
    "SEXES",
    "TABLES",
    "Assessment",
    "AssessmentItem",
    "Biomarker",
    "Diagnosis",
    "Episode",
    "Finding",
    "Medication",
    "Note",
    "Patient",
    "Quality",
    "Report",
    "Scanner",
    "Series",
    "Study",
    "Symptom",
]


def _metric(name: str) -> float | None:
    declared = metrics()[name]
    return column(declared.definition, unit=declared.unit, risk=Risk.NONE)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Patient:
    """A person in the records who has at least one banked series."""

    patient: str = patient_column(key=True)
    sex: str = column("Sex as recorded in the health record.", values=SEXES, risk=Risk.QUASI)
    birth_year: int | None = column(
        "Year of the birth date moved by the patient's offset.", unit="year", risk=Risk.QUASI
    )
    ethnic_category: str | None = column("NHS ethnic category 2001: A to S, Z not stated, 99 not known.")
    ethnic_group: str = column("Group of the ethnic category.", values=ETHNIC_GROUPS)
    ethnic_grouping: str = column(
        "Grouping that was used: `nhs-2001`, in which Chinese is Other, or `census-2021`, in which it is Asian.",
        values=("nhs-2001", "census-2021"),
        risk=Risk.NONE,
    )
    deprivation_decile: int | None = column(
        "Index of Multiple Deprivation, 1 most deprived to 10 least.", unit="decile"
    )
    deprivation_release: str | None = column("Release of the index, such as IoD2019.", risk=Risk.NONE)
    death_date: date | None = column("Date of death, moved by the patient's offset.", risk=Risk.QUASI)
    last_contact_date: date | None = column(
        "Day of the last recorded event, moved by the patient's offset; whoever is followed up is censored here.",
        risk=Risk.QUASI,
    )
    source: str = column("Record source the person came from.", risk=Risk.NONE)


@dataclass(frozen=True)
class Scanner:
    """One physical machine."""

    scanner: str = column("Keyed id of manufacturer, model, station and serial number.", risk=Risk.NONE, key=True)
    manufacturer: str = column("Manufacturer, in one spelling.", risk=Risk.NONE)
    model: str = column("Manufacturer's model name.", risk=Risk.NONE)
    field_strength_t: float | None = column("Strength of the magnet.", unit="tesla", risk=Risk.NONE)


@dataclass(frozen=True)
class Study:
    """One MR examination with at least one banked series."""

    study: str = column("Keyed id of the study.", risk=Risk.LINKABLE, key=True)
    patient: str = patient_column()
    session: str = column("BIDS session label, unique within the patient.", risk=Risk.LINKABLE)
    study_date: date | None = column("Date of the study, moved by the patient's offset.", risk=Risk.QUASI)
    age_years: float | None = column(
        "Age at the study by the true dates, cut to a tenth.", unit="year", risk=Risk.QUASI
    )
    scanner: str = column("Scanner of the study's first series.", risk=Risk.NONE)
    source: str = column("Image source the study came from.", risk=Risk.NONE)
    series_count: int = column("Number of banked series.", unit="series", risk=Risk.NONE)
    link_rule: str = column("Rule that linked the study to the person.", risk=Risk.NONE)


@dataclass(frozen=True)
class Series:
    """One banked MR series: what it shows and how it was acquired."""

    series: str = column("Keyed id of the series.", risk=Risk.LINKABLE, key=True)
    study: str = column("Keyed id of its study.", risk=Risk.LINKABLE)
    patient: str = patient_column()
    scanner: str = column("Keyed id of its scanner.", risk=Risk.NONE)
    sequence: str = column("What the series shows.", values=SEQUENCES, risk=Risk.NONE)
    sequence_rule: str = column("Classification rule that fired.", risk=Risk.NONE)
    sequence_confidence: float = column("Confidence of that rule, 0 to 1.", risk=Risk.NONE)
    plane: str = column("Plane of the slices.", values=PLANES, risk=Risk.NONE)
    acquisition: str | None = column("MR acquisition type, 2D or 3D.", values=("2D", "3D"), risk=Risk.NONE)
    variant: str = column(
        "Which kind of the sequence, such as STIR, TOF or trace; empty where there is one.", risk=Risk.NONE
    )
    component: str = column("Magnitude, phase, real, imaginary or several; empty where untold.", risk=Risk.NONE)
    dimension: str = column("Slices or a volume, by where the slices lie.", values=DIMENSIONS, risk=Risk.NONE)
    contrast_agent: str = column(
        "Whether contrast agent was in the blood, judged over the whole study.", values=AGENT_ANSWERS
    )
    fat_suppressed: bool | None = column("Whether fat was suppressed; empty where untold.", risk=Risk.NONE)
    inverted: bool | None = column("Whether an inversion pulse prepared it; empty where untold.", risk=Risk.NONE)
    body_part: str = column("Part of the body that is named.", values=part_names(), risk=Risk.NONE)
    coverage: str = column("How much of the brain the slices hold.", values=COVERAGES, risk=Risk.NONE)
    phantom: bool = column("Whether a phantom is named.", risk=Risk.NONE)
    evidence: tuple[str, ...] = column("Facts of the header that made the rule fire.", risk=Risk.NONE)
    runners_up: tuple[str, ...] = column("Labels that rules further down would have given.", risk=Risk.NONE)
    signature: str = column("Signature of its protocol: equal for series made in the same way.", risk=Risk.NONE)
    repetition_time_ms: float | None = column("Repetition time.", unit="ms", risk=Risk.NONE)
    echo_time_ms: float | None = column("Echo time of the first echo.", unit="ms", risk=Risk.NONE)
    inversion_time_ms: float | None = column("Inversion time.", unit="ms", risk=Risk.NONE)
    flip_angle_deg: float | None = column("Flip angle.", unit="degree", risk=Risk.NONE)
    row_spacing_mm: float | None = column("Distance between rows.", unit="mm", risk=Risk.NONE)
    column_spacing_mm: float | None = column("Distance between columns.", unit="mm", risk=Risk.NONE)
    slice_thickness_mm: float | None = column("Slice thickness.", unit="mm", risk=Risk.NONE)
    rows: int | None = column("Height of the matrix.", unit="pixel", risk=Risk.NONE)
    columns: int | None = column("Width of the matrix.", unit="pixel", risk=Risk.NONE)
    instances: int = column("Banked instances.", unit="instance", risk=Risk.NONE)
    frames: int = column("Frames in all banked instances.", unit="frame", risk=Risk.NONE)
    bytes: int = column("Size of the banked zip.", unit="byte", risk=Risk.NONE)
    dicom_path: str = column("Path of the zip in the bank.", risk=Risk.LINKABLE)
    conversion: str = column("Where the converted image went.", values=CONVERSIONS, risk=Risk.NONE)
    nifti_paths: tuple[str, ...] = column("Paths of its NIfTI images in the bank.", risk=Risk.LINKABLE)
    defaced: bool | None = column("Whether the face was removed from its NIfTI images; empty without.", risk=Risk.NONE)
    policy: str = column("Hash of the de-identification policy that made it.", risk=Risk.NONE)


@dataclass(frozen=True)
class Quality:
    """One NIfTI image: what was measured of it, and whether it is usable. A metric without a value has its reason."""

    image: str = column("Path of the NIfTI image in the bank.", risk=Risk.LINKABLE, key=True)
    series: str = column("Keyed id of its series.", risk=Risk.LINKABLE)
    study: str = column("Keyed id of its study.", risk=Risk.LINKABLE)
    patient: str = patient_column()
    scanner: str = column("Keyed id of its scanner.", risk=Risk.NONE)
    software: str = column("Software of the scanner, as the header names it.", risk=Risk.NONE)
    sequence: str = column("What the image shows; the echoes of one series can differ.", risk=Risk.NONE)
    verdict: str = column("Whether the image is usable.", values=VERDICTS, risk=Risk.NONE)
    reasons: tuple[str, ...] = column("Why, the worst first; empty for usable images.", risk=Risk.NONE)
    stratum: str = column("Which images it was compared with; empty when there were too few.", risk=Risk.NONE)
    stratum_images: int = column("How many they are, itself included.", unit="image", risk=Risk.NONE)
    mosaic_path: str | None = column("Path of a small picture of it in the bank.", risk=Risk.LINKABLE)
    not_measured: tuple[str, ...] = column(
        "Metrics without a value, each with its reason: `snr: no-air`.", risk=Risk.NONE
    )
    slices: float | None = _metric("slices")
    coverage_mm: float | None = _metric("coverage_mm")
    missing_slices: float | None = _metric("missing_slices")
    duplicate_slices: float | None = _metric("duplicate_slices")
    spacing_spread: float | None = _metric("spacing_spread")
    shear_deg: float | None = _metric("shear_deg")
    interpolation: float | None = _metric("interpolation")
    padding_share: float | None = _metric("padding_share")
    cut_top: float | None = _metric("cut_top")
    cut_sides: float | None = _metric("cut_sides")
    upside_down: float | None = _metric("upside_down")
    feet_first: float | None = _metric("feet_first")
    saturated_share: float | None = _metric("saturated_share")
    snr: float | None = _metric("snr")
    cnr: float | None = _metric("cnr")
    fber: float | None = _metric("fber")
    efc: float | None = _metric("efc")
    ghosting: float | None = _metric("ghosting")
    edge_strength: float | None = _metric("edge_strength")
    blur_voxels: float | None = _metric("blur_voxels")
    slice_jitter: float | None = _metric("slice_jitter")
    volumes: float | None = _metric("volumes")
    shells: float | None = _metric("shells")
    directions: float | None = _metric("directions")
    dropout_share: float | None = _metric("dropout_share")
    tsnr: float | None = _metric("tsnr")
    spike_share: float | None = _metric("spike_share")
    drift_percent: float | None = _metric("drift_percent")


TABLES: dict[str, type] = {
    "patients": Patient,
    "scanners": Scanner,
    "studies": Study,
    "series": Series,
    "quality": Quality,
    **EVENT_TABLES,
}
"""Name of each table in a snapshot, and the record that declares it."""
