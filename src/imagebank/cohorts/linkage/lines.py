"""Where studies end in the linkage, by group, in numbers that may be shown. Pure.

Each study ends in exactly one place. Every count is protected together with those it adds up to; totals of rows are
not shown, since with the totals of the columns they would let a hidden count be worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebank.cohorts.bounds import Group
from imagebank.cohorts.breakdown import UNKNOWN, Breakdown, Key, in_order
from imagebank.cohorts.disclosure import Count, Disclosure, Shown
from imagebank.cohorts.suppression import protect

BY_NUMBER, BY_MODEL, ON_REVIEW = "linked by number", "linked by the model", "linked on review"
STOPPED, DOUBTFUL, NOBODY = "stopped by a guard", "in doubt", "nobody found"
ENDS = (BY_NUMBER, BY_MODEL, ON_REVIEW, STOPPED, DOUBTFUL, NOBODY)
"""Where a study can end."""
LINKED = ENDS[:3]
BREAKDOWNS = ("sex", "age", "ethnic group", "deprivation", "scanner", "year")
ENOUGH = 500  # studies, beside which a hidden count changes a share by a point or two at most


@dataclass(frozen=True)
class StudyFact:
    """One study: whose (a label that never leaves here), where it ends, by which rule or reason, and its groups."""

    patient: str = field(repr=False)
    end: str
    why: str
    held_back: bool
    groups: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One group of studies, and how many end in each place of `ENDS`."""

    label: str
    cells: tuple[Shown, ...]

    @property
    def linked_share(self) -> float | None:
        """Linked studies in per cent, from the shown numbers alone; None where hidden ones could change it much."""
        known = [each.value or 0 for each in self.cells]
        hides = any(each.value is None for each in self.cells)
        if not sum(known) or (hides and sum(known) < ENOUGH):
            return None
        return 100 * sum(known[: len(LINKED)]) / sum(known)


@dataclass(frozen=True)
class Tally:
    """All studies, their breakdowns, and the patients: linked, held back because they opted out, and the others."""

    studies: Shown
    everybody: Line
    breakdowns: Mapping[str, tuple[Line, ...]]
    why: Mapping[str, Mapping[str, Shown]]  # rules and reasons by end
    linked_patients: Shown
    held_back: Shown
    in_bank: Shown


def tally(facts: Sequence[StudyFact], rule: Disclosure) -> Tally:
    """Count the studies, safely."""
    shown = [name for name in BREAKDOWNS if any(each.groups.get(name) for each in facts)]
    labels = {name: in_order({each.groups.get(name, UNKNOWN) for each in facts}) for name in shown}
    told = Breakdown()
    told.add(("studies",), facts)
    ended = {end: [each for each in facts if each.end == end] for end in ENDS}
    told.split(("studies",), {("end", end): studies for end, studies in ended.items()})
    for end, studies in ended.items():
        reasons = sorted({each.why for each in studies})
        told.split(("end", end), {("why", end, why): [each for each in studies if each.why == why] for why in reasons})
        for name in shown:
            told.split(("end", end), {(name, end, label): _of(studies, name, label) for label in labels[name]})
    safe = told.shown(rule)
    return Tally(
        safe[("studies",)],
        Line("all studies", tuple(safe[("end", end)] for end in ENDS)),
        {name: tuple(_line(safe, name, label) for label in labels[name]) for name in shown},
        {end: {key[2]: cell for key, cell in safe.items() if key[:2] == ("why", end)} for end in ENDS},
        *_patients(facts, rule),
    )


def _line(safe: Mapping[Key, Shown], name: str, label: str) -> Line:
    return Line(label, tuple(safe[(name, end, label)] for end in ENDS))


def _patients(facts: Sequence[StudyFact], rule: Disclosure) -> tuple[Shown, Shown, Shown]:
    linked = {each.patient for each in facts if each.end in LINKED}
    out = {each.patient for each in facts if each.end in LINKED and each.held_back}
    names: tuple[Key, ...] = (("linked",), ("out",), ("in",))
    sizes = dict(zip(names, (len(linked), len(out), len(linked - out)), strict=True))
    counts = {name: Count(size, size) for name, size in sizes.items()}
    safe = protect(counts, [Group(names[0], names[1:])], rule)
    return safe[names[0]], safe[names[1]], safe[names[2]]


def _of(facts: Sequence[StudyFact], name: str, label: str) -> list[StudyFact]:
    return [each for each in facts if each.groups.get(name, UNKNOWN) == label]
