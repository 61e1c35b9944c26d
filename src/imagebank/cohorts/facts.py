"""The true numbers behind a profile: what is counted, and the parameters of the counting.

Facts are for the machine, never for people: `sections` turns them into what may be shown. Two engines count them, ibis
on DuckDB (`counting`) and plain Python (`plain`), and tests hold the two to the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imagebank.cohorts.disclosure import AGE_BAND_YEARS, OLDEST_SHOWN_AGE, Count

SCORE = "MMSE"
SCORE_OUT_OF = 30.0
SCORE_WINDOW_DAYS = 180  # on either side of the first study
SCORE_BANDS = (0, 10, 15, 20, 25)  # lower ends; bands for display, not for diagnosis
GAP_BANDS_DAYS = (0, 90, 365, 730, 1826)  # lower ends of the time between first and last study
PERIOD_YEARS = 5  # studies of a bank too small for single years are shown by periods of so many
MOST_STUDIES = 5  # patients with this many studies or more are counted together
FINE_VOXEL_MM = 1.2  # the coarsest edge of a voxel that volumetry of T1-weighted images commonly accepts
FINE_T1 = "T1w, fine"
OLDEST_BAND = OLDEST_SHOWN_AGE
BAND_YEARS = AGE_BAND_YEARS

Key = tuple[str | int | None, ...]
Counts = Mapping[Key, Count]


@dataclass(frozen=True)
class Spread:
    """The distribution of a number: from how many patients and values, and its five quantiles."""

    patients: int
    values: int
    low: float
    lower_quartile: float
    median: float
    upper_quartile: float
    high: float


@dataclass(frozen=True)
class Facts:
    """Everything that a profile is made of; a key that is absent stands for a count of 0.

    `counts` and `spreads` map a topic to its keys; `scanners` names each scanner; `releases` are the editions of the
    deprivation index in the bank.
    """

    counts: Mapping[str, Counts]
    spreads: Mapping[str, Mapping[Key, Spread]]
    scanners: Mapping[str, str]
    releases: tuple[str, ...]


def scanner_names(machines: list[tuple[str, str, str, float | None]]) -> dict[str, str]:
    """A readable, unique name for each scanner, from (id, manufacturer, model, field strength), in display order."""
    named: dict[str, str] = {}
    for scanner, manufacturer, model, tesla in sorted(
        machines, key=lambda each: (each[1], each[2], each[3] or 0, each[0])
    ):
        plain = " ".join(part for part in (manufacturer, model, f"{tesla:g} T" if tesla else "") if part) or "unnamed"
        twins = sum(1 for name in named.values() if name == plain or name.startswith(f"{plain} #"))
        named[scanner] = f"{plain} #{twins + 1}" if twins else plain
    return named
