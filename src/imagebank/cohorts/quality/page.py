"""The report on image quality as one page that needs nothing else: styles inline, pictures as data, no script.

The page belongs to the research zone: it shows single images. Its counts of people are safe to show all the same. It
names the snapshot that made it and no time of day, so that an unchanged bank gives an unchanged page.
"""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from imagebank.catalogue.tables import Diagnosis, Patient, Quality, Scanner, Series, Study
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.facts import scanner_names
from imagebank.cohorts.page import pages
from imagebank.cohorts.quality.drift import SoftwareSpan, protocols
from imagebank.cohorts.quality.funnel import ENDS, study_funnel
from imagebank.cohorts.quality.ratings import Rating, agreements
from imagebank.imaging.quality.model import metrics
from imagebank.imaging.quality.verdict import CAUTION, NOT_ASSESSABLE, REASONS, UNUSABLE, USABLE, VERDICTS, limits
from imagebank.imaging.quality.verdict import outlier_reason as reason_of

MOST_OUTLIERS = 60  # pictures on the page: some two megabytes
SHOWN_METRICS = ("snr", "cnr", "efc", "ghosting", "edge_strength", "blur_voxels")
FEWEST_FOR_MEDIAN = 5  # images
LANE_PX, LABEL_PX, PLOT_PX = 22, 250, 620

ReadPicture = Callable[[str], bytes | None]


@dataclass(frozen=True)
class BankRows:
    """The tables of one snapshot, as the page needs them, and what the bank is called."""

    name: str
    version: str
    synthetic: bool
    patients: Sequence[Patient] = field(repr=False)
    scanners: Sequence[Scanner] = field(repr=False)
    studies: Sequence[Study] = field(repr=False)
    series: Sequence[Series] = field(repr=False)
    quality: Sequence[Quality] = field(repr=False)
    diagnoses: Sequence[Diagnosis] = field(repr=False)


def render(
    bank: BankRows,
    ratings: Sequence[Rating],
    offered: Mapping[str, int],
    rule: Disclosure,
    *,
    picture: ReadPicture,
    shift_days: tuple[int, int],
) -> str:
    """The page as HTML. `offered` counts series by outcome; `picture` reads a mosaic by its path in the bank."""
    context = _context(bank, ratings, rule, picture)
    text: str = (
        pages()
        .get_template("quality.html")
        .render(
            bank=bank,
            rule=rule,
            offered=offered,
            shift=max(abs(day) for day in shift_days),
            verdicts=VERDICTS,
            shown_metrics=[metrics()[name] for name in SHOWN_METRICS],
            ends=ENDS,
            **context,
        )
    )
    return text


def _context(bank: BankRows, ratings: Sequence[Rating], rule: Disclosure, picture: ReadPicture) -> dict[str, Any]:
    """What the page says, by the names that its template uses."""
    days = {each.study: each.study_date for each in bank.studies}
    names = scanner_names([(s.scanner, s.manufacturer, s.model, s.field_strength_t) for s in bank.scanners])
    told = protocols(bank.series, bank.quality, days)
    verdicts = {each.image: each.verdict for each in bank.quality}
    return {
        "names": names,
        "counts": Counter(verdicts.values()),
        "by_year": by_scanner_and_year(bank.quality, days),
        "medians": medians(bank.quality),
        "reasons": reason_counts(bank.quality),
        "outliers": outliers(bank.quality, days, picture),
        "flagged": sum(verdict in (CAUTION, UNUSABLE) for verdict in verdicts.values()),
        "lanes": lanes(told.software, names),
        "compliance": told.compliance,
        "agreements": agreements(ratings, verdicts),
        "rated": len({each.image for each in ratings}),
        "funnel": study_funnel(
            bank.studies, bank.series, bank.quality, bank.patients, bank.diagnoses, bank.scanners, rule
        ),
    }


def by_scanner_and_year(quality: Iterable[Quality], days: Mapping[str, date | None]) -> dict[str, Any]:
    """For each scanner and year: images judged, and the share of them that is usable, in per cent."""
    cells: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for each in quality:
        day = days.get(each.study)
        if day and each.verdict != NOT_ASSESSABLE:
            cells[each.scanner, day.year][each.verdict] += 1
    years = sorted({year for _, year in cells})
    rows = {
        scanner: [_cell(cells.get((scanner, year))) for year in years]
        for scanner in sorted({scanner for scanner, _ in cells})
    }
    return {"years": years, "rows": rows}


def _cell(found: Counter[str] | None) -> tuple[int, float] | None:
    return (found.total(), 100 * found[USABLE] / found.total()) if found else None


def medians(quality: Iterable[Quality]) -> list[tuple[str, str, int, list[float | None]]]:
    """Medians of some metrics, by scanner and what the images show."""
    groups: dict[tuple[str, str], list[Quality]] = defaultdict(list)
    for each in quality:
        if each.verdict != NOT_ASSESSABLE:
            groups[each.scanner, each.sequence].append(each)
    return [
        (scanner, sequence, len(members), [_median(getattr(each, name) for each in members) for name in SHOWN_METRICS])
        for (scanner, sequence), members in sorted(groups.items())
        if len(members) >= FEWEST_FOR_MEDIAN
    ]


def _median(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return median(found) if len(found) >= FEWEST_FOR_MEDIAN else None


def reason_counts(quality: Iterable[Quality]) -> list[tuple[str, int, str]]:
    """How many images have each reason, the most frequent first, with its meaning."""
    counts = Counter(reason for each in quality for reason in each.reasons)
    meanings = reason_meanings()
    return [(reason, count, meanings.get(reason, "")) for reason, count in sorted(counts.items(), key=_most_first)]


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return (-item[1], item[0])


def reason_meanings() -> dict[str, str]:
    """What each reason means."""
    judged = (each for each in metrics().values() if each.judged)
    return {
        **{reason_of(each.name): f"Far from images like it. {each.definition}" for each in judged},
        **{each.reason: each.because for each in limits()},
        **REASONS,
    }


@dataclass(frozen=True)
class Outlier:
    """One image that stands out, with its picture as data."""

    row: Quality
    year: int | None
    picture: str


def outliers(quality: Iterable[Quality], days: Mapping[str, date | None], picture: ReadPicture) -> list[Outlier]:
    """The images to look at: unusable before caution, those with most reasons first."""
    flagged = [each for each in quality if each.verdict in (CAUTION, UNUSABLE)]
    flagged.sort(key=lambda each: (each.verdict != UNUSABLE, -len(each.reasons), each.image))
    return [_outlier(each, days.get(each.study), picture) for each in flagged[:MOST_OUTLIERS]]


def _outlier(row: Quality, day: date | None, picture: ReadPicture) -> Outlier:
    content = picture(row.mosaic_path) if row.mosaic_path else None
    shown = f"data:image/png;base64,{base64.b64encode(content).decode()}" if content else ""
    return Outlier(row, day.year if day else None, shown)


@dataclass(frozen=True)
class Lane:
    """One software of a scanner on the time line, in pixels; `new` starts a scanner."""

    scanner: str
    software: str
    new: bool
    top: int
    left: float
    width: float
    title: str


def lanes(spans: Sequence[SoftwareSpan], names: Mapping[str, str]) -> dict[str, Any]:
    """The time line: a lane for each software, from its first to its last image, and a mark for each year."""
    if not spans:
        return {"lanes": [], "years": [], "height": 0, "width": LABEL_PX + PLOT_PX}
    first = date(min(each.first for each in spans).year, 1, 1)
    last = date(max(each.last for each in spans).year + 1, 1, 1)
    scale = PLOT_PX / (last - first).days
    ordered = sorted(spans, key=lambda each: (names.get(each.scanner, ""), each.scanner, each.first, each.software))
    drawn, before = [], ""
    for place, each in enumerate(ordered):
        title = f"{each.software}: {each.images} images, {each.first:%Y-%m} to {each.last:%Y-%m}"
        left, width = (each.first - first).days * scale, max((each.last - each.first).days * scale, 4.0)
        name = names.get(each.scanner, each.scanner)
        drawn.append(Lane(name, each.software, each.scanner != before, 30 + place * LANE_PX, left, width, title))
        before = each.scanner
    step = 1 if last.year - first.year <= 10 else 2
    marks = [(year, (date(year, 1, 1) - first).days * scale) for year in range(first.year, last.year + 1, step)]
    return {"lanes": drawn, "years": marks, "height": 36 + len(drawn) * LANE_PX, "width": LABEL_PX + PLOT_PX}
