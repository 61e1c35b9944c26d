"""Which series an examination has: what was asked for, what the machine could do in its year, what went wrong.

How many series there are is given by the plan; one entry is one DICOM series. Kinds stand in the order in which they
matter for the question; the later ones are left out more often. Maps follow the images that they are made from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random

from imagebank.synthetic.register.chances import pick, share
from imagebank.synthetic.register.openings import Opening
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.tables import running_sums, table, weighted, words
from imagebank.synthetic.visits import FAULTS, Ordered

JITTER = 6.5  # places in the order of importance by which a kind may move
WITH_ADDITION = 0.15  # of examinations: a set of further kinds comes before the rest
SITE_OF_HABIT = "Ladywell Pretend Unit"  # where patients' names are typed into descriptions
MOST_SERIES = 32  # of an examination, to number the draws
OTHER_OBJECTS = {"spine": "spine", "knee": "knee", "phantom": "phantom"}
LATE_OBJECTS = {"screenshot": "screenshot", "dose_report": "dose-report"}
REPEATABLE = ("T1w-3D", "T2w-2D", "FLAIR-2D", "T1w-2D", "DWI")


@cache
def _group(family: str) -> tuple[str, ...]:
    return next(words(row["kinds"]) for row in table("orders") if family in words(row["families"]))


@cache
def _parents() -> dict[str, str]:
    return {row["kind"]: row["parent"] for row in table("parents")}


@cache
def able(machine: str, year: int) -> frozenset[str]:
    """The kinds of series that a machine made in a year."""
    return frozenset(
        row["kind"] for row in table("abilities") if row["machine"] == machine and int(row["since"]) <= year
    )


@cache
def _wanted(family: str, machine: str, year: int) -> tuple[str, ...]:
    """The kinds to choose from, with any others that the machine can make at the end."""
    possible = able(machine, year)
    first = [kind for kind in _group(family) if kind in possible]
    rest = [kind for row in table("orders") for kind in words(row["kinds"]) if kind in possible]
    return tuple(dict.fromkeys((*first, *rest)))


def ordered_kinds(chance: Random, family: str, machine: str, year: int, count: int) -> list[str]:
    """So many kinds, in the order of scanning; a map is only made where its images are."""
    wanted = _wanted(family, machine, year)
    keys = {kind: place + chance.random() * JITTER for place, kind in enumerate(wanted)}
    if chance.random() < WITH_ADDITION:
        keys |= {kind: -1.0 for kind in _addition(chance) if kind in keys}
    chosen = set(sorted(wanted, key=keys.__getitem__)[:count])
    for kind in wanted:
        parent = _parents().get(kind, "")
        if kind in chosen and parent and parent not in chosen:
            chosen = chosen - {kind} | {parent}
    return [kind for kind in wanted if kind in chosen]


def _addition(chance: Random) -> tuple[str, ...]:
    """Kinds that are asked for together."""
    rows = table("additions")
    return words(weighted(chance, rows, running_sums(rows, lambda row: float(row["weight"])))["kinds"])


def order(seed: int, uid: str, kinds: list[str], rates: Rates, draw: int, *, site: str) -> tuple[Ordered, ...]:
    """The series of examination `draw`, with contrast agent, a repeat, faults and other objects by their rates."""
    series = [Ordered(f"{uid}.{k}", k, kind) for k, kind in enumerate(kinds, start=1)]
    if len(series) >= 3:
        if rates.plants("agent", seed, draw):
            series[-1] = replace(series[-1], kind="T1w-2D", agent=True)
        elif rates.plants("repeated_series", seed, draw):
            series = _with_repeat(series)
    series = [_with_traits(seed, each, rates, draw * MOST_SERIES + each.number, site) for each in series]
    return (*series, *_others(seed, uid, rates, draw, len(series)))


def _with_repeat(series: list[Ordered]) -> list[Ordered]:
    """The last series is a second try of one that was spoilt by motion."""
    at = next((k for k, each in enumerate(series[:-1]) if each.kind in REPEATABLE), None)
    if at is None:
        return series
    spoilt = replace(series[at], fault="motion")
    again = replace(series[-1], kind=spoilt.kind)
    return [*series[:at], spoilt, *series[at + 1 : -1], again]


def _with_traits(seed: int, series: Ordered, rates: Rates, draw: int, site: str) -> Ordered:
    fault = series.fault
    if not fault and rates.plants("fault", seed, draw):
        fault = FAULTS[int(share(seed, "which fault", draw) * len(FAULTS))]
    named = site == SITE_OF_HABIT and rates.plants("patient_in_description", seed, draw)
    burned = rates.plants("burned_in", seed, draw)
    if not (fault or named or burned):
        return series
    return replace(series, fault=fault, patient_in_description=named, burned_in=burned)


def _others(seed: int, uid: str, rates: Rates, draw: int, number: int) -> Iterator[Ordered]:
    """What a brain bank must not take, after the rest."""
    for rate, kind in {**OTHER_OBJECTS, **LATE_OBJECTS}.items():
        if rates.plants(rate, seed, draw):
            number += 1
            yield Ordered(f"{uid}.{number}", number, kind)


def opening_order(uid: str, opening: Opening) -> tuple[Ordered, ...]:
    """The series of a first visit that is written down."""
    kinds = (*opening.kinds, *opening.other)
    return tuple(
        Ordered(
            f"{uid}.{k}",
            k,
            kind,
            agent=kind == opening.agent,
            patient_in_description=kind == opening.described,
            burned_in=kind == opening.burned_in,
        )
        for k, kind in enumerate(kinds, start=1)
    )


def pick_machine(chance: Random, standing: list[tuple[str, str]], near: str) -> tuple[str, str]:
    """One of the (machine, site) that stood on the day; people go to the nearest site three times as often."""
    close = [each for each in standing if each[1] == near]
    return pick(chance, close) if close and chance.random() < 0.6 else pick(chance, standing)
