"""The facts of a profile, counted in plain Python, one patient after the other: slow, and easy to check by eye.

The twin of `counting`; tests hold the two to the same answer on random banks.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from imagebank.catalogue.tables import Assessment, Patient, Study
from imagebank.cohorts.codes import ICD10, conditions
from imagebank.cohorts.disclosure import Count
from imagebank.cohorts.facts import (
    BAND_YEARS,
    FINE_T1,
    FINE_VOXEL_MM,
    GAP_BANDS_DAYS,
    MOST_STUDIES,
    OLDEST_BAND,
    PERIOD_YEARS,
    SCORE,
    SCORE_BANDS,
    SCORE_OUT_OF,
    SCORE_WINDOW_DAYS,
    Counts,
    Facts,
    Key,
    Spread,
    scanner_names,
)

Tables = Mapping[str, Sequence[Any]]


def plain_facts(tables: Tables) -> Facts:
    """Every fact of the profile, from lists of records."""
    machines = [(each.scanner, each.manufacturer, each.model, each.field_strength_t) for each in tables["scanners"]]
    releases = {each.deprivation_release for each in tables["patients"] if each.deprivation_release}
    return Facts(
        counts={topic: count(tables) for topic, count in COUNTS.items()},
        spreads={topic: measure(tables) for topic, measure in SPREADS.items()},
        scanners=scanner_names(machines),
        releases=tuple(sorted(releases)),
    )


def tally(pairs: Iterable[tuple[Hashable, str]], *, of_patients: bool = False) -> dict[Key, Count]:
    """Count (key, patient) pairs by key; with `of_patients` each patient counts once a key."""
    found: dict[Any, list[str]] = defaultdict(list)
    for key, patient in pairs:
        found[key if isinstance(key, tuple) else (key,)].append(patient)
    return {
        key: Count(len(set(patients)) if of_patients else len(patients), len(set(patients)))
        for key, patients in found.items()
    }


def spread(triples: Iterable[tuple[Hashable, str, float | None]]) -> dict[Key, Spread]:
    """Quantiles of (key, patient, value) triples by key, without the values that are missing."""
    found: dict[Any, list[tuple[str, float]]] = defaultdict(list)
    for key, patient, value in triples:
        if value is not None:
            found[key if isinstance(key, tuple) else (key,)].append((patient, float(value)))
    return {
        key: Spread(len({patient for patient, _ in pairs}), len(pairs), *_five([value for _, value in pairs]))
        for key, pairs in found.items()
    }


def _five(values: list[float]) -> tuple[float, float, float, float, float]:
    if len(values) == 1:
        return (values[0],) * 5
    lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
    return min(values), lower, middle, upper, max(values)


def band(value: float, lower_ends: Sequence[int]) -> int:
    """The lower end of the band that a number falls into."""
    return max((end for end in lower_ends if end <= value), default=lower_ends[0])


def first_study(tables: Tables, patient: str) -> Study | None:
    """The patient's earliest study; undated ones come last, and the id decides between equals."""
    mine = [study for study in tables["studies"] if study.patient == patient]
    return min(
        mine, key=lambda study: (study.study_date is None, study.study_date or date.min, study.study), default=None
    )


def _ages(tables: Tables) -> list[tuple[Patient, float | None]]:
    firsts = ((patient, first_study(tables, patient.patient)) for patient in tables["patients"])
    return [(patient, first.age_years if first else None) for patient, first in firsts]


def _age_band(age: float | None) -> int | None:
    return None if age is None else max(0, min(int(age // BAND_YEARS) * BAND_YEARS, OLDEST_BAND))


def _whole(tables: Tables) -> Counts:
    found = tally((name, row.patient) for name in ("patients", "studies", "series") for row in tables[name])
    patients = len({row.patient for row in tables["series"]})
    instances = sum(row.instances for row in tables["series"])
    size = sum(row.bytes for row in tables["series"])
    return found | {("instances",): Count(instances, patients), ("bytes",): Count(size, patients)}


def _by(table: str, column: str) -> Callable[[Tables], Counts]:
    return lambda tables: tally((getattr(row, column), row.patient) for row in tables[table])


def _icd10(tables: Tables) -> list[Any]:
    return [row for row in tables["diagnoses"] if row.code_system == ICD10]


def _codes(tables: Tables) -> Counts:
    families = [(row.code[:3], row.patient) for row in _icd10(tables)]
    longer = [(row.code, row.patient) for row in _icd10(tables) if len(row.code) > 3]
    return tally(families + longer, of_patients=True)


def _conditions(tables: Tables) -> Counts:
    pairs = ((each.name, row.patient) for each in conditions() for row in _icd10(tables) if each.has(row.code))
    return tally(pairs, of_patients=True)


def _scored(tables: Tables) -> list[Assessment]:
    return [
        row
        for row in tables["assessments"]
        if row.name == SCORE and row.out_of == SCORE_OUT_OF and row.assessment_date is not None
    ]


def _near(tables: Tables, patient: str) -> list[tuple[int, Assessment]]:
    """The patient's scores within the window of the first study, each with its gap in days."""
    first = first_study(tables, patient)
    if first is None or first.study_date is None:
        return []
    mine = [row for row in _scored(tables) if row.patient == patient and row.assessment_date]
    gaps = [((row.assessment_date - first.study_date).days, row) for row in mine if row.assessment_date]
    return [(gap, row) for gap, row in gaps if abs(gap) <= SCORE_WINDOW_DAYS]


def nearest_score(tables: Tables, patient: str) -> tuple[int, Assessment] | None:
    """The score nearest to the first study, before it rather than after it; then source and score decide."""
    near = _near(tables, patient)
    return min(near, key=lambda each: (abs(each[0]), each[0] > 0, each[1].source, each[1].score), default=None)


def _nearest(tables: Tables) -> list[tuple[str, int, Assessment]]:
    found = ((patient.patient, nearest_score(tables, patient.patient)) for patient in tables["patients"])
    return [(patient, *nearest) for patient, nearest in found if nearest]


def _score(tables: Tables) -> Counts:
    pairs = [("ever", row.patient) for row in _scored(tables)]
    for patient in tables["patients"]:
        near = _near(tables, patient.patient)
        pairs += [("near", patient.patient)] * len(near)
        pairs += [("before", patient.patient) for gap, _ in near if gap <= 0]
    return tally(pairs, of_patients=True)


def _scanner_years(tables: Tables, width: int = 1) -> Counts:
    years = ((study, study.study_date.year if study.study_date else None) for study in tables["studies"])
    return tally(
        ((study.scanner, None if year is None else year - year % width), study.patient) for study, year in years
    )


def _sequences(tables: Tables) -> Counts:
    makers = {each.scanner: each.manufacturer for each in tables["scanners"]}
    return tally(((row.sequence, makers[row.scanner]), row.patient) for row in tables["series"])


def _is_fine(row: Any) -> bool:
    edges = (row.row_spacing_mm, row.column_spacing_mm, row.slice_thickness_mm)
    return row.sequence == "T1w" and all(edge is not None and edge <= FINE_VOXEL_MM for edge in edges)


def _coverage(tables: Tables) -> Counts:
    pairs = [(row.sequence, row.patient) for row in tables["series"]]
    return tally(pairs + [(FINE_T1, row.patient) for row in tables["series"] if _is_fine(row)], of_patients=True)


def _volumes(tables: Tables) -> Counts:
    kinds = (((row.sequence, "3D" if row.acquisition == "3D" else "other"), row.patient) for row in tables["series"])
    return tally(kinds)


def _studies_each(tables: Tables) -> Counts:
    each = tally((row.patient, row.patient) for row in tables["studies"])
    return tally((min(count.count, MOST_STUDIES), str(key[0])) for key, count in each.items())


def _repeats(tables: Tables) -> list[tuple[str, int]]:
    """Patients with two or more dated studies, and the days from the first to the last."""
    dates: dict[str, list[date]] = defaultdict(list)
    for study in tables["studies"]:
        if study.study_date:
            dates[study.patient].append(study.study_date)
    return [(patient, (max(each) - min(each)).days) for patient, each in dates.items() if len(each) > 1]


def _linked(tables: Tables) -> Counts:
    pairs = [((table, "any"), row.patient) for table in ("diagnoses", "notes") for row in tables[table]]
    pairs += [(("assessments", row.name), row.patient) for row in tables["assessments"]]
    return tally(pairs, of_patients=True)


def _age_spreads(tables: Tables) -> dict[Key, Spread]:
    ages = _ages(tables)
    return spread(
        [("all", each.patient, age) for each, age in ages] + [(each.sex, each.patient, age) for each, age in ages]
    )


def _voxels(tables: Tables) -> dict[Key, Spread]:
    edges = ("row_spacing_mm", "column_spacing_mm", "slice_thickness_mm")
    return spread(((row.sequence, edge), row.patient, getattr(row, edge)) for row in tables["series"] for edge in edges)


COUNTS: dict[str, Callable[[Tables], Counts]] = {
    "whole": _whole,
    "sex": _by("patients", "sex"),
    "age": lambda tables: tally(((each.sex, _age_band(age)), each.patient) for each, age in _ages(tables)),
    "ethnicity": _by("patients", "ethnic_group"),
    "deprivation": _by("patients", "deprivation_decile"),
    "diagnosed": lambda tables: tally((("any", row.patient) for row in tables["diagnoses"]), of_patients=True),
    "blocks": lambda tables: tally(((row.block, row.patient) for row in tables["diagnoses"]), of_patients=True),
    "codes": _codes,
    "conditions": _conditions,
    "score": _score,
    "score_bands": lambda tables: tally((band(row.score, SCORE_BANDS), who) for who, _, row in _nearest(tables)),
    "scanners": _by("studies", "scanner"),
    "scanner_years": _scanner_years,
    "scanner_periods": lambda tables: _scanner_years(tables, PERIOD_YEARS),
    "sequence_totals": _by("series", "sequence"),
    "sequences": _sequences,
    "coverage": _coverage,
    "volumes": _volumes,
    "conversion": _by("series", "conversion"),
    "studies_each": _studies_each,
    "gaps": lambda tables: tally((band(days, GAP_BANDS_DAYS), patient) for patient, days in _repeats(tables)),
    "linked": _linked,
}
"""Every topic that is counted."""

SPREADS: dict[str, Callable[[Tables], Mapping[Key, Spread]]] = {
    "age": _age_spreads,
    "score": lambda tables: spread(("near", who, row.score) for who, _, row in _nearest(tables)),
    "score_distance": lambda tables: spread(("near", who, abs(gap)) for who, gap, _ in _nearest(tables)),
    "voxels": _voxels,
    "gap_days": lambda tables: spread(("all", patient, days) for patient, days in _repeats(tables)),
    "series_each": lambda tables: spread(("all", row.patient, row.series_count) for row in tables["studies"]),
}
"""Every topic that is measured."""
