"""Table 1 of a cohort by group: categories with shares, numbers with their spread, what is missing, and how far the
groups lie apart.

`tallies_of` says which counts it needs; `table_one` words them once they have been judged. A table shows the groups or
everybody, never both: of row totals and column totals together hidden cells could be worked out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from imagebank.cohorts.answers.cells import HIDDEN, Safe, common_names, told
from imagebank.cohorts.answers.members import MOST_CATEGORIES, MOST_GROUPS, OTHERS, UNKNOWN, Members
from imagebank.cohorts.answers.numbers import Spread, category_difference, number_difference, read_spread, spread_of
from imagebank.cohorts.answers.tallies import Tally, tally
from imagebank.cohorts.answers.variables import YES_NO, Variable
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.disclosure import Disclosure, Mark, Shown, percent
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import Guard
from imagebank.cohorts.guard.sketch import Array

EVERYBODY = "all"
KNOWN = "known"


@dataclass(frozen=True)
class Line:
    """One line: a label, a text for each group, how far the groups lie apart; `level` 1 belongs to the line above."""

    label: str
    cells: tuple[str, ...]
    difference: str = ""
    level: int = 0


@dataclass(frozen=True)
class TableOne:
    """The table: what the groups are, how many units each has, and the lines."""

    by: str
    unit: str
    groups: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Plan:
    """Which units stand in which group, and the categories of each variable in the order shown."""

    by: tuple[str, ...]
    unit: str
    whole: Key
    groups: dict[str, Array]
    categories: dict[str, tuple[str, ...]]

    def key(self, group: str) -> Key:
        """The count of a group."""
        return ("group", group) if self.by else self.whole


def planned(members: Members, by: tuple[str, ...], unit: str, whole: Key, rule: Disclosure, guard: Guard) -> Plan:
    """How the table is laid out.

    A value that was written by somebody stands in the table only when it has patients enough: its name alone would tell
    that it occurs. The others are put together, in a row that is there whether there are any or not.
    """
    groups = _groups(members, by, rule, guard) if by else {EVERYBODY: members.everybody}
    told = [each for each in members.variables if each.kind == "category" and each.id.removeprefix("column:") not in by]
    return Plan(by, unit, whole, groups, {each.id: _categories(members, each, rule, guard) for each in told})


def _groups(members: Members, by: tuple[str, ...], rule: Disclosure, guard: Guard) -> dict[str, Array]:
    """The groups. Of groups whose names are known beforehand all are there, be they empty or not."""
    found = {"": members.everybody}
    for name in by:
        parts = {before: members.by(f"column:{name}", rows) for before, rows in found.items()}
        found = {
            f"{before} · {category}".removeprefix(" · "): rows
            for before, split in parts.items()
            for category, rows in split.items()
        }
    variable = next(each for each in members.variables if each.id == f"column:{by[0]}")
    if len(by) == 1 and variable.order and len(variable.order) <= MOST_GROUPS:
        named = variable.order if variable.complete else (*variable.order, UNKNOWN)
        return {name: found.get(name, members.everybody[:0]) for name in named}
    kept = common_names(found, members.marks, MOST_GROUPS, rule, guard)
    rest = [rows for name, rows in found.items() if name not in kept]
    return {name: found[name] for name in kept} | {OTHERS: _together(rest)}


def _categories(members: Members, variable: Variable, rule: Disclosure, guard: Guard) -> tuple[str, ...]:
    """The categories in their own order, else by number or letter; of many only the most common."""
    if variable.order:
        return variable.order if variable.complete else (*variable.order, UNKNOWN)
    found = members.by(variable.id, members.everybody)
    kept = common_names(found, members.marks, MOST_CATEGORIES, rule, guard)
    return (*(name for name in kept if name != UNKNOWN), OTHERS, UNKNOWN)


def _together(parts: list[Array]) -> Array:
    return np.sort(np.concatenate([np.array([], np.int64), *parts]))


def tallies_of(members: Members, plan: Plan) -> tuple[dict[Key, Tally], list[Group]]:
    """Every count that the table needs, and which of them add up."""
    tallies: dict[Key, Tally] = {}
    groups: list[Group] = []
    if plan.by:
        for name, rows in plan.groups.items():
            tallies[plan.key(name)] = tally(members.marks, rows, plan.unit, plan.whole, members.everybody)
        groups.append(Group(plan.whole, tuple(tallies)))
    for name, rows in plan.groups.items():
        for variable in members.variables:
            cells = dict(_parts(members, plan, variable, rows))
            keys = {(variable.id, category, name): where for category, where in cells.items()}
            for key, where in keys.items():
                tallies[key] = tally(members.marks, where, plan.unit, plan.key(name), rows)
            if keys:
                groups.append(Group(plan.key(name), tuple(keys)))
    return tallies, groups


def _parts(members: Members, plan: Plan, variable: Variable, rows: Array) -> Iterator[tuple[str, Array]]:
    """The parts of a group by a variable: its categories, or for a number those who have one and those who do not."""
    if variable.kind == "number":
        known, _ = members.numbers(variable.id, rows)
        yield KNOWN, known
        yield UNKNOWN, np.setdiff1d(rows, known, assume_unique=True)
    elif variable.id in plan.categories:
        found = members.by(variable.id, rows)
        wanted = plan.categories[variable.id]
        rest = _together([where for category, where in found.items() if category not in wanted])
        for category in wanted:
            yield category, rest if category == OTHERS else found.get(category, rest[:0])


def table_one(members: Members, plan: Plan, safe: Safe, guard: Guard) -> TableOne:
    """The table in words."""
    lines: list[Line] = []
    for variable in members.variables:
        if variable.kind == "number":
            lines += _number_lines(members, plan, variable, safe, guard)
        elif variable.id in plan.categories:
            lines += _category_lines(plan, variable, safe)
    groups = tuple((name, safe.text(plan.key(name))) for name in plan.groups)
    return TableOne(" and ".join(plan.by), plan.unit, groups, tuple(lines))


def _category_lines(plan: Plan, variable: Variable, safe: Safe) -> list[Line]:
    names = plan.categories[variable.id]
    counts = [_known_counts(plan, variable, group, safe) for group in plan.groups]
    apart = greatest([category_difference(one, other) for one, other in combinations(counts, 2)])
    if set(YES_NO) >= set(names) - {UNKNOWN}:
        asked = [("yes", f"{variable.label}: yes"), *([] if variable.complete else [(UNKNOWN, UNKNOWN)])]
        return [
            Line(label, _cells(plan, safe, variable, name), "" if place else apart, level=int(place > 0))
            for place, (name, label) in enumerate(asked)
        ]
    empty = ("",) * len(plan.groups)
    return [
        Line(variable.label, empty, apart),
        *(Line(name, _cells(plan, safe, variable, name), level=1) for name in names),
    ]


def _known_counts(plan: Plan, variable: Variable, group: str, safe: Safe) -> dict[str, int]:
    """The shown counts of the categories of a group; none where the group is hidden or all in one category."""
    cells = {name: safe.shown[(variable.id, name, group)] for name in plan.categories[variable.id] if name != UNKNOWN}
    if safe.value(plan.key(group)) is None or any(cell.mark is Mark.NEARLY for cell in cells.values()):
        return {}
    return {name: cell.value for name, cell in cells.items() if cell.value is not None}


def _cells(plan: Plan, safe: Safe, variable: Variable, category: str) -> tuple[str, ...]:
    return tuple(
        with_share(safe.shown[(variable.id, category, group)], safe.shown[plan.key(group)]) for group in plan.groups
    )


def with_share(shown: Shown, total: Shown) -> str:
    """A count with its share; both from shown numbers, and neither where it is hidden."""
    share = "" if shown.mark is Mark.NEARLY else percent(shown, total)
    return f"{told(shown)} ({share})" if share else told(shown)


def _number_lines(members: Members, plan: Plan, variable: Variable, safe: Safe, guard: Guard) -> list[Line]:
    spreads = [number_of(members, plan, variable, group, safe, guard) for group in plan.groups]
    apart = greatest([number_difference(one, other) for one, other in combinations(spreads, 2)])
    label = f"{variable.label}, {variable.unit}" if variable.unit else variable.label
    missing = tuple(
        with_share(safe.shown[(variable.id, UNKNOWN, group)], safe.shown[plan.key(group)]) for group in plan.groups
    )
    return [
        Line(f"{label}: mean (standard deviation)", tuple(mean_text(each) for each in spreads), apart),
        Line("median [quartiles]", tuple(median_text(each) for each in spreads), level=1),
        Line("5th to 95th percentile", tuple(range_text(each) for each in spreads), level=1),
        Line(UNKNOWN, missing, level=1),
    ]


def number_of(members: Members, plan: Plan, variable: Variable, group: str, safe: Safe, guard: Guard) -> Spread:
    """The distribution of a number in a group, as it was first told of these patients."""
    key = (variable.id, KNOWN, group)
    if safe.shown[key].value is None:
        return Spread()
    return told_spread(members, variable, plan.groups[group], safe.rule, guard)


def told_spread(members: Members, variable: Variable, rows: Array, rule: Disclosure, guard: Guard) -> Spread:
    """The distribution of a number among some units, as it was first told of these values."""
    known, values = members.numbers(variable.id, rows)
    found = spread_of(values, members.marks.patients[known], rule, variable.nature)
    if rule.exact:
        return found
    return read_spread(guard.statistic(members.with_values(variable.id).of_units(known), found.written()))


def mean_text(spread: Spread) -> str:
    """Mean and standard deviation."""
    return HIDDEN if spread.mean is None else f"{spread.mean:g} ({spread.deviation:g})"


def median_text(spread: Spread) -> str:
    """Median and quartiles, as far as they may be shown."""
    middle, low, high = spread.at(0.5), spread.at(0.25), spread.at(0.75)
    if middle is None:
        return HIDDEN
    return f"{middle:g} [{low:g} to {high:g}]" if low is not None and high is not None else f"{middle:g}"


def range_text(spread: Spread) -> str:
    """What stands for the least and the greatest value."""
    low, high = spread.at(0.05), spread.at(0.95)
    return HIDDEN if low is None or high is None else f"{low:g} to {high:g}"


def greatest(differences: list[float | None]) -> str:
    """The greatest difference between two groups, to two decimals; nothing where none can be told."""
    known = [each for each in differences if each is not None]
    return f"{max(known):.2f}" if known else ""
