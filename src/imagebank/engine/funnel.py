"""The funnel: how many files and series were offered and where they ended, from the lots of the ledger. Pure.

A series counts once, by the best that became of its files: banked, then quarantined, then unlinked, then excluded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from imagebank.engine.model import Lot, Outcome

BY_WORTH = (Outcome.BANKED, Outcome.QUARANTINED, Outcome.UNLINKED, Outcome.EXCLUDED)


@dataclass(frozen=True)
class Count:
    """Files, series and bytes."""

    files: int = 0
    series: int = 0
    size: int = 0


@dataclass(frozen=True)
class Funnel:
    """Where everything offered ended; `by_reason`, `by_source` and `by_scanner` split the same files."""

    outcomes: dict[Outcome, Count]
    by_reason: dict[tuple[Outcome, str], Count]
    by_source: dict[str, dict[Outcome, Count]]
    by_scanner: dict[str, dict[Outcome, Count]] = field(repr=False)

    @property
    def offered(self) -> Count:
        """All files and series."""
        return _sum(self.outcomes.values())


def funnel(lots: Iterable[Lot]) -> Funnel:
    """Count the lots of a ledger."""
    every = list(lots)
    worth = _worth_of_series(every)
    sources: dict[str, list[Lot]] = defaultdict(list)
    scanners: dict[str, list[Lot]] = defaultdict(list)
    for lot in every:
        sources[lot.source].append(lot)
        scanners[lot.scanner].append(lot)
    return Funnel(
        outcomes=_by_outcome(every, worth),
        by_reason=_by_reason(every),
        by_source={name: _by_outcome(some, _worth_of_series(some)) for name, some in sorted(sources.items())},
        by_scanner={name: _by_outcome(some, _worth_of_series(some)) for name, some in sorted(scanners.items())},
    )


def _worth_of_series(lots: Iterable[Lot]) -> dict[str, Outcome]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for lot in lots:
        if lot.is_series:
            found[lot.item].append(lot.outcome)
    return {item: min(outcomes, key=BY_WORTH.index) for item, outcomes in found.items()}


def _by_outcome(lots: Iterable[Lot], worth: dict[str, Outcome]) -> dict[Outcome, Count]:
    files: Counter[Outcome] = Counter()
    size: Counter[Outcome] = Counter()
    for lot in lots:
        files[lot.outcome] += lot.files
        size[lot.outcome] += lot.size
    series = Counter(worth.values())
    return {outcome: Count(files[outcome], series[outcome], size[outcome]) for outcome in Outcome}


def _by_reason(lots: Iterable[Lot]) -> dict[tuple[Outcome, str], Count]:
    """Here a series counts under each reason that some of its files have."""
    counts: dict[tuple[Outcome, str], list[Lot]] = defaultdict(list)
    for lot in lots:
        counts[(lot.outcome, lot.reason)].append(lot)
    return {
        key: Count(sum(x.files for x in some), len({x.item for x in some if x.is_series}), sum(x.size for x in some))
        for key, some in sorted(counts.items())
    }


def _sum(counts: Iterable[Count]) -> Count:
    every = list(counts)
    return Count(sum(c.files for c in every), sum(c.series for c in every), sum(c.size for c in every))
