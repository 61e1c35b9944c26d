"""From true counts to shown ones: which counts of a profile add up to which, so that none can be worked out.

Patients, studies and series are protected apart, each kind in one piece, because its tables share their totals. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imagebank.catalogue.tables import CONVERSIONS, ETHNIC_GROUPS, SEXES
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.codes import blocks
from imagebank.cohorts.disclosure import AGE_BAND_YEARS, Count, Disclosure, Shown, rounded
from imagebank.cohorts.facts import PERIOD_YEARS, Facts, Key
from imagebank.cohorts.suppression import protect

NOBODY = Count(0, 0)
DECILES = tuple(range(1, 11))
PEOPLE_BY_AGE = ("female", "male")  # ages of smaller groups are not broken down
NOT_WHITE = ("Mixed", "Asian", "Black", "Other")
NARROW_BANDS_FROM = 2000  # patients; five-year bands by sex are then of fifty patients or so
SINGLE_YEARS_FROM = 1000  # patients; single years of a scanner are then of twenty patients or so
UNSTATED = ("not stated", "not known")

Safe = Mapping[Key, Shown]


def safe_counts(facts: Facts, rule: Disclosure) -> dict[Key, Shown]:
    """Every count of the profile as it may be shown, by (topic, ...)."""
    people, people_groups = _people(facts, rule)
    studies, study_groups = _studies(facts, rule)
    series, series_groups = _series(facts)
    return {
        **protect(people, people_groups, rule),
        **protect(studies, study_groups, rule, in_patients=False),
        **protect(series, series_groups, rule, in_patients=False),
    }


def _people(facts: Facts, rule: Disclosure) -> tuple[dict[Key, Count], list[Group]]:
    everybody = _get(facts, "whole", "patients")
    counts: dict[Key, Count] = {("patients",): everybody}
    groups: list[Group] = []
    for more, added in (
        _sex_and_age(facts, rule),
        _ethnicity(facts),
        _deprivation(facts),
        _diagnoses(facts, everybody),
        _scores(facts, everybody),
        _visits(facts, everybody),
    ):
        counts |= more
        groups += added
    alone = {("condition", *key): count for key, count in facts.counts["conditions"].items()}
    alone |= {("code", *key): count for key, count in facts.counts["codes"].items()}
    alone |= {("coverage", *key): count for key, count in facts.counts["coverage"].items()}
    alone |= {("linked", *key): count for key, count in facts.counts["linked"].items()}
    return counts | alone, groups


def band_years(facts: Facts, rule: Disclosure) -> int:
    """The width of age bands: a bank of few patients gets wide ones, or most of them would be hidden.

    Decided from the rounded number of patients, which everybody may know.
    """
    patients = rounded(_get(facts, "whole", "patients").count, rule.round_to)
    return AGE_BAND_YEARS if patients >= NARROW_BANDS_FROM else 2 * AGE_BAND_YEARS


def _sex_and_age(facts: Facts, rule: Disclosure) -> tuple[dict[Key, Count], list[Group]]:
    counts = _all(facts, "sex", ((sex,) for sex in SEXES))
    width, ages = band_years(facts, rule), dict[Key, Count]()
    for (sex, start), count in facts.counts["age"].items():
        if sex in PEOPLE_BY_AGE:
            band = ("age", sex, start // width * width if isinstance(start, int) else None)
            ages[band] = _sum((ages.get(band, NOBODY), count))
    groups = [Group(("patients",), tuple(counts))]
    groups += [Group(("sex", sex), tuple(key for key in ages if key[1] == sex)) for sex in PEOPLE_BY_AGE]
    return counts | ages, groups


def _ethnicity(facts: Facts) -> tuple[dict[Key, Count], list[Group]]:
    counts = _all(facts, "ethnicity", ((group,) for group in ETHNIC_GROUPS))
    other = ("ethnicity", "non-White")
    known = ("ethnicity", "stated")
    counts[other] = _sum(counts[("ethnicity", group)] for group in NOT_WHITE)
    counts[known] = _sum((counts[other], counts[("ethnicity", "White")]))
    return counts, [
        Group(other, tuple(("ethnicity", group) for group in NOT_WHITE)),
        Group(known, (other, ("ethnicity", "White"))),
        Group(("patients",), (known, *(("ethnicity", group) for group in UNSTATED))),
    ]


def _deprivation(facts: Facts) -> tuple[dict[Key, Count], list[Group]]:
    counts = _all(facts, "deprivation", ((decile,) for decile in (*DECILES, None)))
    pairs = {("quintile", five): tuple(("deprivation", 2 * five + each) for each in (-1, 0)) for five in range(1, 6)}
    fifths: dict[Key, Count] = {key: _sum(counts[part] for part in parts) for key, parts in pairs.items()}
    groups = [Group(key, parts) for key, parts in pairs.items()]
    return counts | fifths, [*groups, Group(("patients",), (*fifths, ("deprivation", None)))]


def _diagnoses(facts: Facts, everybody: Count) -> tuple[dict[Key, Count], list[Group]]:
    counts = _all(facts, "blocks", ((block,) for block in blocks()))
    counts |= {("blocks", *key): count for key, count in facts.counts["blocks"].items()}
    some = _get(facts, "diagnosed", "any")
    partition: dict[Key, Count] = {("diagnosed", "any"): some, ("diagnosed", "none"): _less(everybody, some)}
    return counts | partition, [
        Group(("diagnosed", "any"), tuple(counts), overlapping=True),
        Group(("patients",), tuple(partition)),
    ]


def _scores(facts: Facts, everybody: Count) -> tuple[dict[Key, Count], list[Group]]:
    near, before, ever = (_get(facts, "score", name) for name in ("near", "before", "ever"))
    bands = {("score_band", *key): count for key, count in facts.counts["score_bands"].items()}
    counts: dict[Key, Count] = {
        ("score", "near"): near,
        ("score", "before"): before,
        ("score", "after"): _less(near, before),
        ("score", "elsewhere"): _less(ever, near),
        ("score", "never"): _less(everybody, ever),
    }
    return counts | bands, [
        Group(("patients",), (("score", "near"), ("score", "elsewhere"), ("score", "never"))),
        Group(("score", "near"), (("score", "before"), ("score", "after"))),
        Group(("score", "near"), tuple(bands)),
    ]


def _visits(facts: Facts, everybody: Count) -> tuple[dict[Key, Count], list[Group]]:
    visits = {("studies_each", *key): count for key, count in facts.counts["studies_each"].items()}
    none: dict[Key, Count] = {("studies_each", 0): _less(everybody, _sum(visits.values()))}
    gaps = {("gap", *key): count for key, count in facts.counts["gaps"].items()}
    total: dict[Key, Count] = {("repeats",): _sum(gaps.values())}
    groups = [Group(("patients",), (*visits, *none)), Group(("repeats",), tuple(gaps))]
    return visits | none | gaps | total, groups


def year_step(facts: Facts, rule: Disclosure) -> int:
    """How many years are shown together; like `band_years`, decided from the rounded number of patients."""
    patients = rounded(_get(facts, "whole", "patients").count, rule.round_to)
    return 1 if patients >= SINGLE_YEARS_FROM else PERIOD_YEARS


def _studies(facts: Facts, rule: Disclosure) -> tuple[dict[Key, Count], list[Group]]:
    counts: dict[Key, Count] = {("studies",): _get(facts, "whole", "studies")}
    topic = "scanner_years" if year_step(facts, rule) == 1 else "scanner_periods"
    scanners = {("scanner", *key): count for key, count in facts.counts["scanners"].items()}
    years = {("scanner_year", *key): count for key, count in facts.counts[topic].items()}
    groups = [Group(key, tuple(year for year in years if year[1] == key[1])) for key in scanners]
    return counts | scanners | years, [Group(("studies",), tuple(scanners)), *groups]


def _series(facts: Facts) -> tuple[dict[Key, Count], list[Group]]:
    counts: dict[Key, Count] = {("series",): _get(facts, "whole", "series")}
    totals = {("sequence", *key): count for key, count in facts.counts["sequence_totals"].items()}
    makers = {("maker", *key): count for key, count in facts.counts["sequences"].items()}
    volumes = {("volume", *key): count for key, count in facts.counts["volumes"].items()}
    states = _all(facts, "conversion", ((state,) for state in CONVERSIONS))
    groups = [Group(("series",), tuple(totals)), Group(("series",), tuple(states))]
    for parts in (makers, volumes):
        groups += [Group(key, tuple(part for part in parts if part[1] == key[1])) for key in totals]
    return counts | totals | makers | volumes | states, groups


def _get(facts: Facts, topic: str, *key: str | int | None) -> Count:
    return facts.counts[topic].get(key, NOBODY)


def _all(facts: Facts, topic: str, keys: Iterable[Key]) -> dict[Key, Count]:
    return {(topic, *key): _get(facts, topic, *key) for key in keys}


def _sum(counts: Iterable[Count]) -> Count:
    """The sum of counts of patients that have nobody in common."""
    total = sum(each.count for each in counts)
    return Count(total, total)


def _less(whole: Count, part: Count) -> Count:
    """The patients of a whole who are not in a part of it."""
    return Count(whole.count - part.count, whole.count - part.count)
