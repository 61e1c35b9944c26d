"""From studies to a usable T1-weighted image: who is lost where, in numbers that may be shown. Pure.

Each study ends in exactly one place. Studies are counted by scanner, year, age, ethnic group and diagnosis, and every
count is protected together with those it adds up to. The total of a row is not shown: with the totals of the columns it
would let a hidden count be worked out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from imagebank.catalogue.tables import Diagnosis, Patient, Quality, Scanner, Series, Study
from imagebank.cohorts.breakdown import UNKNOWN, Breakdown, Key, age_band, in_order
from imagebank.cohorts.codes import block_title
from imagebank.cohorts.disclosure import Disclosure, Shown
from imagebank.cohorts.facts import PERIOD_YEARS, scanner_names
from imagebank.imaging.quality.verdict import CAUTION, NOT_ASSESSABLE, UNUSABLE, USABLE

WANTED = "T1w"
ENDS = ("no T1w", "not converted", UNUSABLE, NOT_ASSESSABLE, CAUTION, USABLE)
"""Where a study can end, from the earliest loss to none."""

BEST_FIRST = (USABLE, CAUTION, NOT_ASSESSABLE, UNUSABLE)
NO_DIAGNOSIS = "no diagnosis recorded"
BREAKDOWNS = ("scanner", "period", "age", "ethnic group", "diagnosis")
OVERLAPPING = ("diagnosis",)  # a patient can have several


@dataclass(frozen=True)
class Line:
    """One group of studies, and how many end in each place of `ENDS`."""

    label: str
    cells: tuple[Shown, ...]

    @property
    def usable_share(self) -> float | None:
        """Usable studies in per cent, from the shown numbers alone; None where any of them is hidden."""
        values = [each.value for each in self.cells]
        if any(value is None for value in values) or not sum(value or 0 for value in values):
            return None
        return 100 * (values[-1] or 0) / sum(value or 0 for value in values)


@dataclass(frozen=True)
class Funnel:
    """All studies, and their breakdowns by name."""

    everybody: Line
    breakdowns: Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True)
class _Placed:
    """One study: whose, where it ends, and the groups it belongs to."""

    patient: str
    end: str
    groups: Mapping[str, tuple[str, ...]]


def study_funnel(
    studies: Sequence[Study],
    series: Iterable[Series],
    quality: Iterable[Quality],
    patients: Iterable[Patient],
    diagnoses: Iterable[Diagnosis],
    scanners: Iterable[Scanner],
    rule: Disclosure,
) -> Funnel:
    """Follow every banked study and count, safely, where it ends."""
    ends = study_ends(studies, series, quality)
    groups = _Groups(patients, diagnoses, scanners)
    placed = [_Placed(each.patient, ends[each.study], groups.of(each)) for each in studies]
    return _shown(placed, rule)


def study_ends(studies: Iterable[Study], series: Iterable[Series], quality: Iterable[Quality]) -> dict[str, str]:
    """Where each study ends: by the best of its T1-weighted images."""
    wanted = {each.study for each in series if each.sequence == WANTED}
    verdicts: dict[str, set[str]] = defaultdict(set)
    for each in quality:
        if each.sequence == WANTED:
            verdicts[each.study].add(each.verdict)
    return {each.study: _end(each.study in wanted, verdicts.get(each.study, set())) for each in studies}


def _end(has_series: bool, verdicts: set[str]) -> str:
    best = next((each for each in BEST_FIRST if each in verdicts), None)
    if best:
        return best
    return ENDS[1] if has_series else ENDS[0]


class _Groups:
    """Which group of each breakdown a study belongs to."""

    def __init__(
        self, patients: Iterable[Patient], diagnoses: Iterable[Diagnosis], scanners: Iterable[Scanner]
    ) -> None:
        self._ethnic = {each.patient: each.ethnic_group for each in patients}
        self._blocks: dict[str, set[str]] = defaultdict(set)
        for each in diagnoses:
            self._blocks[each.patient].add(each.block)
        machines = [(each.scanner, each.manufacturer, each.model, each.field_strength_t) for each in scanners]
        self._scanners = scanner_names(machines)

    def of(self, study: Study) -> dict[str, tuple[str, ...]]:
        blocks = sorted(self._blocks.get(study.patient, set()))
        return {
            "scanner": (self._scanners.get(study.scanner, UNKNOWN),),
            "period": (period(study),),
            "age": (age_band(study.age_years),),
            "ethnic group": (self._ethnic.get(study.patient, UNKNOWN),),
            "diagnosis": tuple(_block(each) for each in blocks) or (NO_DIAGNOSIS,),
        }


def _block(block: str) -> str:
    title = block_title(block)
    return title if block in title or block == "other" else f"{block} {title}"


def period(study: Study) -> str:
    """The five years in which a study lies, by its moved date."""
    if study.study_date is None:
        return UNKNOWN
    start = study.study_date.year // PERIOD_YEARS * PERIOD_YEARS
    return f"{start}–{start + PERIOD_YEARS - 1}"


def _shown(placed: Sequence[_Placed], rule: Disclosure) -> Funnel:
    labels = {name: _in_order({label for each in placed for label in each.groups[name]}) for name in BREAKDOWNS}
    told = Breakdown()
    told.add(("studies",), placed)
    ended = {end: [each for each in placed if each.end == end] for end in ENDS}
    told.split(("studies",), {("end", end): studies for end, studies in ended.items()})
    for end, studies in ended.items():
        for name in BREAKDOWNS:
            parts: dict[Key, Sequence[_Placed]] = {(name, end, lb): _of(studies, name, lb) for lb in labels[name]}
            told.split(("end", end), parts, overlapping=name in OVERLAPPING)
    safe = told.shown(rule)
    return Funnel(
        Line("all studies", tuple(safe[("end", end)] for end in ENDS)),
        {
            name: tuple(Line(label, tuple(safe[(name, end, label)] for end in ENDS)) for label in labels[name])
            for name in BREAKDOWNS
        },
    )


def _in_order(labels: set[str]) -> list[str]:
    return in_order(labels, last=(UNKNOWN, NO_DIAGNOSIS))


def _of(placed: Iterable[_Placed], name: str, label: str) -> list[_Placed]:
    return [each for each in placed if label in each.groups[name]]
