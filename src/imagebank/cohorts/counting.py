"""The facts of a profile, counted with ibis on the tables of a snapshot (DuckDB by default).

Every choice of one row among several has a total order, so that the answer never depends on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
from imagebank.cohorts.grouping import band, everybody, one, rows, spread, tally


def count_facts(connection: Any) -> Facts:
    """Every fact of the profile. `connection` is an ibis connection with one table for each table of the bank."""
    machines = connection.table("scanners").select("scanner", "manufacturer", "model", "field_strength_t")
    patients = connection.table("patients")
    releases = patients.filter(patients.deprivation_release.notnull()).select("deprivation_release").distinct()
    return Facts(
        counts={topic: count(connection) for topic, count in COUNTS.items()},
        spreads={topic: measure(connection) for topic, measure in SPREADS.items()},
        scanners=scanner_names([tuple(row.values()) for row in rows(machines)]),
        releases=tuple(sorted(row["deprivation_release"] for row in rows(releases))),
    )


def first_studies(connection: Any) -> Any:
    """The first study of each patient: earliest date, undated ones last, then study id."""
    import ibis

    studies = connection.table("studies")
    order = [studies.study_date.isnull(), studies.study_date, studies.study]
    place = ibis.row_number().over(group_by=studies.patient, order_by=order)
    ranked = studies.mutate(place=place)
    return ranked.filter(ranked.place == 0).drop("place")


def _aged(connection: Any) -> Any:
    """Sex and age at the first study of every patient."""
    import ibis

    first = first_studies(connection).select("patient", "age_years")
    joined = connection.table("patients").select("patient", "sex").left_join(first, "patient")
    aged = joined.select("patient", "sex", "age_years")
    start = (aged.age_years / BAND_YEARS).floor().cast("int64") * BAND_YEARS
    band_start = ibis.greatest(ibis.least(start, OLDEST_BAND), 0)
    return aged.mutate(band=aged.age_years.isnull().ifelse(None, band_start), everybody=ibis.literal("all"))


def _age(connection: Any) -> Counts:
    aged = _aged(connection)
    return tally(aged, {"sex": aged.sex, "band": aged.band})


def _by(table: str, column: str) -> Callable[[Any], Counts]:
    def count(connection: Any) -> Counts:
        source = connection.table(table)
        return tally(source, {column: source[column]})

    return count


def _whole(connection: Any) -> Counts:
    found: dict[Key, Count] = {}
    for table in ("patients", "studies", "series"):
        found |= one(connection.table(table), table)
    series = connection.table("series")
    sums = rows(series.aggregate(instances=series.instances.sum(), bytes=series["bytes"].sum()))[0]
    patients = found.get(("series",), Count(0, 0)).patients
    return found | {(name,): Count(int(total or 0), patients) for name, total in sums.items()}


def _diagnosed(connection: Any) -> Counts:
    return one(connection.table("diagnoses"), "any", of_patients=True)


def _blocks(connection: Any) -> Counts:
    diagnoses = connection.table("diagnoses")
    return tally(diagnoses, {"block": diagnoses.block}, of_patients=True)


def _icd10(connection: Any) -> Any:
    diagnoses = connection.table("diagnoses")
    return diagnoses.filter(diagnoses.code_system == ICD10)


def _codes(connection: Any) -> Counts:
    coded = _icd10(connection)
    families = tally(coded, {"code": coded.code.substr(0, 3)}, of_patients=True)
    longer = coded.filter(coded.code.length() > 3)
    return families | tally(longer, {"code": longer.code}, of_patients=True)


def _conditions(connection: Any) -> Counts:
    import ibis

    coded = _icd10(connection)
    found: dict[Key, Count] = {}
    for condition in conditions():
        matches = ibis.or_(*(coded.code.startswith(prefix) for prefix in condition.prefixes))
        found |= one(coded.filter(matches), condition.name, of_patients=True)
    return found


def _scored(connection: Any) -> Any:
    scores = connection.table("assessments")
    return scores.filter(scores.name == SCORE, scores.out_of == SCORE_OUT_OF, scores.assessment_date.notnull())


def _near(connection: Any) -> Any:
    """Scores within the window of a patient's first study, with the gap in days (negative: before the study)."""
    first = first_studies(connection).select("patient", "study_date")
    joined = _scored(connection).inner_join(first, "patient")
    joined = joined.mutate(gap=joined.assessment_date.delta(joined.study_date, unit="day"))
    return joined.filter(joined.gap.abs() <= SCORE_WINDOW_DAYS)


def nearest_scores(connection: Any) -> Any:
    """The score nearest to each patient's first study: least gap, before the study first, then source and score."""
    import ibis

    near = _near(connection)
    order = [near.gap.abs(), near.gap > 0, near.source, near.score]
    ranked = near.mutate(place=ibis.row_number().over(group_by=near.patient, order_by=order))
    return ranked.filter(ranked.place == 0).mutate(distance=ranked.gap.abs(), kind=ibis.literal("near"))


def _score(connection: Any) -> Counts:
    near = _near(connection)
    within = one(near, "near", of_patients=True)
    before = one(near.filter(near.gap <= 0), "before", of_patients=True)
    return within | before | one(_scored(connection), "ever", of_patients=True)


def _score_bands(connection: Any) -> Counts:
    nearest = nearest_scores(connection)
    return tally(nearest, {"band": band(nearest.score, SCORE_BANDS)})


def _scanner_years(connection: Any) -> Counts:
    studies = connection.table("studies")
    return tally(studies, {"scanner": studies.scanner, "year": studies.study_date.year()})


def _scanner_periods(connection: Any) -> Counts:
    studies = connection.table("studies")
    year = studies.study_date.year().cast("int64")
    return tally(studies, {"scanner": studies.scanner, "period": year - year % PERIOD_YEARS})


def _sequences(connection: Any) -> Counts:
    makers = connection.table("scanners").select("scanner", "manufacturer")
    joined = connection.table("series").inner_join(makers, "scanner")
    return tally(joined, {"sequence": joined.sequence, "manufacturer": joined.manufacturer})


def _coverage(connection: Any) -> Counts:
    series = connection.table("series")
    fine = series.filter(
        series.sequence == "T1w",
        series.row_spacing_mm <= FINE_VOXEL_MM,
        series.column_spacing_mm <= FINE_VOXEL_MM,
        series.slice_thickness_mm <= FINE_VOXEL_MM,
    )
    return tally(series, {"sequence": series.sequence}, of_patients=True) | one(fine, FINE_T1, of_patients=True)


def _volumes(connection: Any) -> Counts:
    series = connection.table("series")
    volume = (series.acquisition == "3D").fill_null(False).ifelse("3D", "other")
    return tally(series, {"sequence": series.sequence, "volume": volume})


def _studies_each(connection: Any) -> Counts:
    import ibis

    each = connection.table("studies").group_by("patient").aggregate(lambda table: table.count().name("studies"))
    return tally(each, {"studies": ibis.least(each.studies, MOST_STUDIES)})


def _repeats(connection: Any) -> Any:
    """Days from the first to the last dated study of patients who have two or more."""
    studies = connection.table("studies")
    dated = studies.filter(studies.study_date.notnull())
    ends = dated.group_by("patient").aggregate(
        first=dated.study_date.min(), last=dated.study_date.max(), studies=dated.count()
    )
    return ends.filter(ends.studies > 1).mutate(days=ends["last"].delta(ends["first"], unit="day"))


def _gaps(connection: Any) -> Counts:
    repeats = _repeats(connection)
    return tally(repeats, {"band": band(repeats.days, GAP_BANDS_DAYS)})


def _linked(connection: Any) -> Counts:
    scores = connection.table("assessments")
    named = tally(scores, {"name": scores.name}, of_patients=True)
    found: dict[Key, Count] = {("assessments", name): count for (name,), count in named.items()}
    for table in ("diagnoses", "notes"):
        found |= {
            (table, key[0]): count for key, count in one(connection.table(table), "any", of_patients=True).items()
        }
    return found


def _ages(connection: Any) -> dict[Key, Spread]:
    aged = _aged(connection)
    return spread(aged, "age_years", ("everybody",)) | spread(aged, "age_years", ("sex",))


def _voxels(connection: Any) -> dict[Key, Spread]:
    series = connection.table("series")
    found: dict[Key, Spread] = {}
    for edge in ("row_spacing_mm", "column_spacing_mm", "slice_thickness_mm"):
        found |= {(*key, edge): spread for key, spread in spread(series, edge, ("sequence",)).items()}
    return found


COUNTS: dict[str, Callable[[Any], Counts]] = {
    "whole": _whole,
    "sex": _by("patients", "sex"),
    "age": _age,
    "ethnicity": _by("patients", "ethnic_group"),
    "deprivation": _by("patients", "deprivation_decile"),
    "diagnosed": _diagnosed,
    "blocks": _blocks,
    "codes": _codes,
    "conditions": _conditions,
    "score": _score,
    "score_bands": _score_bands,
    "scanners": _by("studies", "scanner"),
    "scanner_years": _scanner_years,
    "scanner_periods": _scanner_periods,
    "sequence_totals": _by("series", "sequence"),
    "sequences": _sequences,
    "coverage": _coverage,
    "volumes": _volumes,
    "conversion": _by("series", "conversion"),
    "studies_each": _studies_each,
    "gaps": _gaps,
    "linked": _linked,
}
"""Every topic that is counted."""

SPREADS: dict[str, Callable[[Any], Mapping[Key, Spread]]] = {
    "age": _ages,
    "score": lambda connection: spread(nearest_scores(connection), "score", ("kind",)),
    "score_distance": lambda connection: spread(nearest_scores(connection), "distance", ("kind",)),
    "voxels": _voxels,
    "gap_days": lambda connection: spread(everybody(_repeats(connection)), "days", ("everybody",)),
    "series_each": lambda connection: spread(everybody(connection.table("studies")), "series_count", ("everybody",)),
}
"""Every topic that is measured."""
