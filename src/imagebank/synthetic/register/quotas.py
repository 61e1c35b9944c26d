"""The plan of all 12,547 imaged people, in which every published marginal is exact.

Each property is dealt out by rank: every person has a point on a line of their own for each property (an additive
recurrence, whose first N points spread evenly for every N), people are sorted by it, and the first so many of a
condition get the property. The plan is always made for the whole hospital, so that a person is the same in a hospital
of any size, and the first N people are a fair sample of all. It takes well under a second and is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from imagebank.synthetic.register import survival
from imagebank.synthetic.register.chances import share
from imagebank.synthetic.register.clinical import AT_RISK_AGES, Condition, age_at, conditions
from imagebank.synthetic.register.days import FIRST_DAY, LAST_DAY, RECORDS_END, next_working_day, scan_day
from imagebank.synthetic.register.heads import brain_percent_at_risk
from imagebank.synthetic.register.openings import DEMONSTRATED, openings
from imagebank.synthetic.register.slots import IMAGED, NON_WHITE, UNSTATED, WHITE, Slot
from imagebank.synthetic.streams import stream

STUDIES, SERIES = 14_649, 58_620
UNSTATED_PATIENTS = 702  # categories Z and 99
FURTHER_SCANS = {3: 52, 2: 240, 1: 1_466}  # people with so many scans after the first; 2,102 scans in all
SERIES_SHARES = {1: 4, 2: 9, 3: 24, 4: 32, 5: 18, 6: 7, 7: 3, 8: 1.5, 9: 1, 10: 0.5}  # percent of examinations
AT_RISK_MORTALITY = 1.2
OLDEST_REPEATED = 104  # nobody grows older than the oldest by being scanned again
GOLDEN = 1.0681841788576  # root of x**11 = x + 1: ten lines that spread evenly together
AXES = ("picture", "scans", "day", "age", "outcome", "sex", "ethnic", "deprived", "unstated", "series")


@dataclass
class _Draft:
    """The columns of the plan while it is made; a list entry a person."""

    seed: int
    kinds: list[Condition | None] = field(default_factory=list)  # None: at risk of dementia, outcome not yet known
    days: list[list[date]] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    brains: list[float] = field(default_factory=list)
    deaths: list[date | None] = field(default_factory=list)
    last: list[date] = field(default_factory=list)
    dementia: list[date | None] = field(default_factory=list)

    def line(self, axis: str) -> list[float]:
        """The points of all people on one line."""
        step = GOLDEN ** -(AXES.index(axis) + 1)
        start = share(self.seed, f"line {axis}", 0)
        return [(start + step * k) % 1.0 for k in range(IMAGED)]

    def chance(self, purpose: str) -> Random:
        """Ordinary random numbers for one column."""
        return stream(self.seed, "plan", purpose)


@lru_cache(maxsize=4)
def plan(seed: int) -> tuple[Slot, ...]:
    """The slot of every imaged person, by number."""
    draft = _Draft(seed)
    _deal_pictures(draft)
    _deal_days(draft)
    _deal_ages(draft)
    _deal_ends(draft)
    draft.brains = list(_bells(draft.chance("brain")))
    at_risk = [k for k, kind in enumerate(draft.kinds) if kind is None]
    _deal_dementia(draft, at_risk)
    kinds = [kind for kind in draft.kinds if kind is not None]
    return _slots(draft, kinds, frozenset(at_risk))


def _bells(chance: Random) -> Iterable[float]:
    return (round(max(-2.6, min(2.6, chance.gauss(0, 1))), 4) for _ in range(IMAGED))


def _ranked(people: Iterable[int], line: Sequence[float]) -> list[int]:
    return sorted(people, key=line.__getitem__)


def _deal(people: Sequence[int], hands: Iterable[tuple[Condition, int]], kinds: list[Condition | None]) -> None:
    """Give each condition to so many of the people, in order."""
    start = 0
    for condition, count in hands:
        for k in people[start : start + count]:
            kinds[k] = condition
        start += count


def _deal_pictures(draft: _Draft) -> None:
    """Those who are left over are at risk of dementia, and get their picture by what becomes of them."""
    draft.kinds = [None] * IMAGED
    _deal(_ranked(range(IMAGED), draft.line("picture")), ((each, each.direct) for each in conditions()), draft.kinds)


def _deal_days(draft: _Draft) -> None:
    """One to four scans a person, each on a day on which the scanners run."""
    chance, line = draft.chance("gaps"), draft.line("day")
    further = [0] * IMAGED
    ranked, start = _ranked(range(IMAGED), draft.line("scans")), 0
    for count, people in FURTHER_SCANS.items():
        for k in ranked[start : start + people]:
            further[k] = count
        start += people
    draft.days = [_days(line[k], [_gap(chance) for _ in range(further[k])], k) for k in range(IMAGED)]


def _gap(chance: Random) -> int:
    """Days between scans: 14 months in the middle, from three months to five years."""
    return int(min(max(chance.lognormvariate(6.05, 0.6), 90), 1_400))


def _days(point: float, gaps: list[int], number: int) -> list[date]:
    start, end = FIRST_DAY, LAST_DAY
    if number < DEMONSTRATED:
        start, end = openings()[number].start, openings()[number].end
    day = scan_day(point, start=start, end=min(end, LAST_DAY - timedelta(sum(gaps) + 10)))
    found = [day]
    for gap in gaps:
        found.append(next_working_day(found[-1] + timedelta(gap)))
    return found


def _deal_ages(draft: _Draft) -> None:
    """By quantile within a picture. The oldest have one scan, and nobody who comes again passes them."""
    line = draft.line("age")
    groups: dict[str, list[int]] = {}
    for k, kind in enumerate(draft.kinds):
        groups.setdefault(kind.name if kind else "", []).append(k)
    quantiles = {"": AT_RISK_AGES, **{each.name: each.ages for each in conditions()}}
    draft.ages = [0.0] * IMAGED
    for name, people in groups.items():
        ranked = sorted(people, key=lambda k: line[k] * (1.0 if len(draft.days[k]) == 1 else 0.99))
        for rank, k in enumerate(ranked):
            span = (draft.days[k][-1] - draft.days[k][0]).days / 365.25
            age = age_at(rank / max(1, len(ranked) - 1), quantiles[name])
            draft.ages[k] = age if not span else min(age, OLDEST_REPEATED - span)


def _deal_ends(draft: _Draft) -> None:
    """Death by Gompertz' law after the last scan; contact is lost three years after it on average."""
    chance = draft.chance("ends")
    for kind, days, age in zip(draft.kinds, draft.days, draft.ages, strict=True):
        multiplier = kind.mortality if kind else AT_RISK_MORTALITY
        years = survival.years_to_death(chance.random(), age + (days[-1] - days[0]).days / 365.25, multiplier)
        death = days[-1] + timedelta(1 + int(min(years, 120) * 365.25))
        contact = min(days[-1] + timedelta(20 + int(chance.expovariate(1 / 1_100))), death, RECORDS_END)
        draft.deaths.append(death if death <= RECORDS_END else None)
        draft.last.append(contact)


def _deal_dementia(draft: _Draft, at_risk: list[int]) -> None:
    """Who of those at risk converts, when, and what each of them and of the others turns out to have."""
    _before_first_scan(draft)
    chance, line = draft.chance("dementia"), draft.line("outcome")
    follow_up = [float((draft.last[k] - draft.days[k][0]).days) for k in at_risk]
    predictors = (survival.log_hazard(draft.ages[k], _brain_percent(draft, k)) for k in at_risk)
    times = [survival.unscaled_time(chance.random(), predictor) for predictor in predictors]
    events = sum(each.converted for each in conditions())
    scale = survival.common_scale(times, follow_up, events)
    converted = []
    for k, time, end in zip(at_risk, times, follow_up, strict=True):
        if time * scale < end:
            draft.dementia[k] = draft.days[k][0] + timedelta(int(time * scale) + 1)
            converted.append(k)
    _deal(_ranked(converted, line), ((each, each.converted) for each in conditions()), draft.kinds)
    stayed = _ranked(set(at_risk) - set(converted), line)
    _deal(stayed, ((each, each.stayed) for each in conditions()), draft.kinds)


def _before_first_scan(draft: _Draft) -> None:
    """Who has dementia at the first scan has had it for a year and a half on average."""
    chance = draft.chance("already ill")
    ill = (kind is not None and kind.is_dementia for kind in draft.kinds)
    gaps = (20 + int(min(chance.expovariate(1 / 500), 3_000)) for _ in range(IMAGED))
    draft.dementia = [
        days[0] - timedelta(gap) if each else None for each, days, gap in zip(ill, draft.days, gaps, strict=True)
    ]


def _brain_percent(draft: _Draft, k: int) -> float:
    return brain_percent_at_risk(draft.ages[k], draft.brains[k])


def _some(kinds: list[Condition], line: Sequence[float], count: Callable[[Condition], int]) -> set[int]:
    """The first so many people of each condition, in the order of a line."""
    groups: dict[str, list[int]] = {}
    for k in _ranked(range(IMAGED), line):
        groups.setdefault(kinds[k].name, []).append(k)
    return {k for each in conditions() for k in groups[each.name][: count(each)]}


def _series_counts(draft: _Draft, kinds: list[Condition]) -> list[list[int]]:
    """How many series each scan has: those of the opening examinations are given, the rest add up exactly."""
    chance, line = draft.chance("series"), draft.line("series")
    counts = [[0] * len(days) for days in draft.days]
    for number, each in enumerate(openings()):
        counts[number][0] = len(each.kinds)
    visits = [(k, v) for k, days in enumerate(draft.days) for v in range(len(days)) if not counts[k][v]]
    thorough = {"neurological": 0.3, "dementia": 0.1, "cognitive": 0.1}
    keys = [line[k] * (v == 0) + chance.random() * (v > 0) + thorough.get(kinds[k].family, 0) for k, v in visits]
    ranked = sorted(range(len(visits)), key=keys.__getitem__)
    for index, count in zip(ranked, _spread(len(visits), SERIES - sum(map(sum, counts))), strict=True):
        k, v = visits[index]
        counts[k][v] = count
    return counts


def _spread(visits: int, total: int) -> list[int]:
    """Counts in rising order near the shares, which add up to the total."""
    counts = [count for count, percent in SERIES_SHARES.items() for _ in range(int(visits * percent / 100))]
    counts += [4] * (visits - len(counts))
    missing = total - sum(counts)
    step, chosen = (1, 4) if missing > 0 else (-1, 5)
    for index in [k for k, count in enumerate(counts) if count == chosen][: abs(missing)]:
        counts[index] += step
    return sorted(counts)


def _slots(draft: _Draft, kinds: list[Condition], at_risk: frozenset[int]) -> tuple[Slot, ...]:
    female = _some(kinds, draft.line("sex"), lambda each: each.female)
    non_white = _some(kinds, draft.line("ethnic"), lambda each: each.non_white)
    deprived = _some(kinds, draft.line("deprived"), lambda each: each.deprived)
    unstated = set(_ranked(set(range(IMAGED)) - non_white, draft.line("unstated"))[:UNSTATED_PATIENTS])
    series = _series_counts(draft, kinds)
    return tuple(
        Slot(
            number=k,
            condition=kinds[k].name,
            sex="female" if k in female else "male",
            group=NON_WHITE if k in non_white else UNSTATED if k in unstated else WHITE,
            deprived=k in deprived,
            entry=draft.days[k][0],
            age_years=draft.ages[k],
            brain_z=draft.brains[k],
            at_risk=k in at_risk,
            dementia_day=draft.dementia[k],
            last_contact=draft.last[k],
            death=draft.deaths[k],
            scans=tuple(zip(draft.days[k], series[k], strict=True)),
        )
        for k in range(IMAGED)
    )
