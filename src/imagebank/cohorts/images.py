"""The sections of a profile that describe studies and series: from shown counts to labelled rows. Pure."""

from __future__ import annotations

from imagebank.catalogue.tables import CONVERSIONS
from imagebank.cohorts.disclosure import Disclosure, Mark, Shown
from imagebank.cohorts.facts import FINE_T1, FINE_VOXEL_MM, Facts
from imagebank.cohorts.model import Heading, Measure, Row, Section
from imagebank.cohorts.people import enough, quartiles
from imagebank.cohorts.safe import Safe, year_step
from imagebank.dicom.classify import SEQUENCES

NONE = Shown(0, Mark.SHOWN)
FEW = "“few”: the images come from fewer patients than may be shown."
STATES = {
    "bids": "converted, BIDS name",
    "unsorted": "converted, no certain BIDS name",
    "failed": "conversion failed",
    "pending": "not yet converted",
}


def image_sections(facts: Facts, safe: Safe, rule: Disclosure) -> tuple[Section, ...]:
    """What was scanned, where and when, and what the images are like."""
    return (
        scanners(facts, safe, rule),
        sequences(facts, safe, rule),
        coverage(safe),
        voxels(facts, safe, rule),
        conversion(safe),
    )


def scanners(facts: Facts, safe: Safe, rule: Disclosure) -> Section:
    """Studies by scanner and year of the shifted dates."""
    used = [scanner for scanner in facts.scanners if ("scanner", scanner) in safe]
    rows = [Row("all years", tuple(safe[("scanner", scanner)] for scanner in used))] if used else []
    for label, year in _years(safe, year_step(facts, rule)):
        rows.append(Row(label, tuple(safe.get(("scanner_year", scanner, year), NONE) for scanner in used), level=1))
    return Section(
        id="scanners",
        title="Studies by scanner and year",
        unit="studies",
        denominator=f"none ({safe[('studies',)].text} studies in all)",
        headings=tuple(Heading(facts.scanners[scanner]) for scanner in used),
        rows=tuple(rows),
        notes=(f"Years of shifted dates, not calendar years. {FEW}",),
    )


def _years(safe: Safe, step: int) -> list[tuple[str, int | None]]:
    """Label and first year of every period between the first and the last, and of the studies without a date."""
    found = {key[2] for key in safe if key[0] == "scanner_year"}
    years = sorted(year for year in found if isinstance(year, int))
    span = range(years[0], years[-1] + 1, step) if years else ()
    labelled: list[tuple[str, int | None]] = [
        (str(year) if step == 1 else f"{year}–{year + step - 1}", year) for year in span
    ]
    return [*labelled, ("undated", None)] if None in found else labelled


def sequences(facts: Facts, safe: Safe, rule: Disclosure) -> Section:
    """Series by sequence and manufacturer."""
    makers = sorted({str(key[2]) for key in safe if key[0] == "maker"})
    rows = tuple(
        Row(sequence, (safe[("sequence", sequence)], *(safe.get(("maker", sequence, maker), NONE) for maker in makers)))
        for sequence in SEQUENCES
        if ("sequence", sequence) in safe
    )
    spread = facts.spreads["series_each"].get(("all",))
    each = (Measure("Median series per study [quartiles]", quartiles(spread, "series")),) if spread else ()
    return Section(
        id="sequences",
        title="Series by sequence and manufacturer",
        unit="series",
        denominator="all series in the bank (first column)",
        headings=(Heading("all manufacturers", safe[("series",)]), *(Heading(maker or "unnamed") for maker in makers)),
        rows=rows,
        measures=each if enough(spread, rule) else (),
        notes=(f"What a series shows is decided from its header; the rule is part of the bank. {FEW}",),
    )


def coverage(safe: Safe) -> Section:
    """Patients with at least one series of each sequence."""
    shown = [sequence for sequence in SEQUENCES if ("coverage", sequence) in safe]
    rows = [Row(sequence, (safe[("coverage", sequence)],)) for sequence in shown]
    if "T1w" in shown:
        fine = safe.get(("coverage", FINE_T1), NONE)
        rows.insert(shown.index("T1w") + 1, Row(f"voxel edges of at most {FINE_VOXEL_MM} mm", (fine,), level=1))
    return Section(
        id="coverage",
        title="Patients with each sequence",
        unit="patients",
        denominator="all patients in the bank",
        headings=(Heading("patients", safe[("patients",)]),),
        rows=tuple(rows),
        notes=("Patients with at least one series of the sequence, in any study.",),
    )


def voxels(facts: Facts, safe: Safe, rule: Disclosure) -> Section:
    """Resolution by sequence: how many series are three-dimensional, and the median voxel."""
    shown = [sequence for sequence in SEQUENCES if ("sequence", sequence) in safe]
    rows = tuple(
        Row(
            sequence,
            (_volume(safe, sequence, "3D"), _volume(safe, sequence, "other")),
            note=_voxel_text(facts, sequence, rule),
        )
        for sequence in shown
    )
    return Section(
        id="voxels",
        title="Voxel sizes",
        unit="series",
        denominator="none",
        headings=(Heading("acquired in 3D"), Heading("2D or not stated")),
        rows=rows,
        notes=(f"Median distance of rows × median distance of columns × median slice thickness, in mm. {FEW}",),
    )


def _volume(safe: Safe, sequence: str, kind: str) -> Shown:
    return safe.get(("volume", sequence, kind), NONE)


def _voxel_text(facts: Facts, sequence: str, rule: Disclosure) -> str:
    edges = ("row_spacing_mm", "column_spacing_mm", "slice_thickness_mm")
    spreads = [facts.spreads["voxels"].get((sequence, edge)) for edge in edges]
    medians = [f"{spread.median:.2f}" for spread in spreads if spread is not None and enough(spread, rule)]
    return f"{' × '.join(medians)} mm" if len(medians) == len(edges) else ""


def conversion(safe: Safe) -> Section:
    """What became of the series when they were converted to NIfTI."""
    return Section(
        id="conversion",
        title="Conversion to NIfTI",
        unit="series",
        denominator="all series in the bank",
        headings=(Heading("series", safe[("series",)]),),
        rows=tuple(Row(STATES[state], (safe[("conversion", state)],)) for state in CONVERSIONS),
        notes=(f"Localizers and derived maps often have no BIDS name; nothing is lost by that. {FEW}",),
    )
