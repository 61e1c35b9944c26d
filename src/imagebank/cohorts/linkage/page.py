"""The report on the linkage as one page that needs nothing else, and as JSON. Styles inline, no script.

It names the weights that made it and no time of day, so that an unchanged bank gives an unchanged page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagebank.cohorts.disclosure import Count, Disclosure, Mark, Shown, show
from imagebank.cohorts.linkage.lines import ENDS, LINKED, Line, Tally
from imagebank.cohorts.page import pages

WIDEST_BITS = 20  # of the chart; heavier weights run to its edge


@dataclass(frozen=True)
class Truth:
    """What the answers of a pretend hospital say of the links, with 95 % intervals."""

    findable: int
    right: int
    wrong: int
    sensitivity: tuple[float, float, float]
    misidentification: tuple[float, float, float]
    unseen: int  # studies filed under another patient's whole identity, which no rule can see


@dataclass(frozen=True)
class Report:
    """Everything that the page says."""

    name: str
    synthetic: bool
    tally: Tally
    meanings: Mapping[str, str]
    merging: Mapping[str, Any]
    weights: Sequence[tuple[str, str, float]]  # comparison, level, bits
    model: str
    trained: bool
    needed_bits: float
    false_link_weighs: float
    truth: Truth | None = None


def render(report: Report, rule: Disclosure) -> str:
    """The page as HTML."""
    text: str = (
        pages()
        .get_template("linkage.html")
        .render(
            report=report,
            rule=rule,
            ends=ENDS,
            linked=len(LINKED),
            safe=lambda count: _safe(count, rule).text,
            bars=_bars(report.weights),
            widest=WIDEST_BITS,
        )
    )
    return text


def _safe(count: int, rule: Disclosure) -> Shown:
    """A count of registrations that belongs to no sum which is shown: as if each were of a patient of its own."""
    return Shown(count, Mark.SHOWN) if rule.exact else show(Count(count, count), rule)


def _bars(weights: Sequence[tuple[str, str, float]]) -> list[dict[str, Any]]:
    """Each weight as a bar to the right or to the left of the middle, in per cent of half the chart."""
    rows, before = [], ""
    for comparison, level, bits in weights:
        share = min(abs(bits), WIDEST_BITS) / WIDEST_BITS * 100
        title = comparison.replace("_", " ") if comparison != before else ""
        rows.append({"title": title, "level": level, "bits": bits, "share": round(share, 1), "for": bits >= 0})
        before = comparison
    return rows


def report_json(report: Report, rule: Disclosure) -> str:
    """The same as JSON: counts as they are shown, weights in bits."""
    told = report.tally
    content = {
        "name": report.name,
        "disclosure": {"minimum": rule.minimum, "round_to": rule.round_to, "exact": rule.exact},
        "studies": told.studies.text,
        "ends": _cells(told.everybody),
        "patients": {
            "linked": told.linked_patients.text,
            "opted_out": told.held_back.text,
            "others": told.in_bank.text,
        },
        "by": {name: {line.label: _cells(line) for line in lines} for name, lines in told.breakdowns.items()},
        "why": {end: {name: cell.text for name, cell in cells.items()} for end, cells in told.why.items()},
        "merging": {
            kind: {name: _safe(count, rule).text for name, count in report.merging.get(kind, {}).items()}
            for kind in ("rules", "guards")
        },
        "model": {"hash": report.model, "trained": report.trained, "needed_bits": round(report.needed_bits, 3)},
        "weights": [list(each) for each in report.weights],
        "truth": vars(report.truth) if report.truth else None,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _cells(line: Line) -> dict[str, str]:
    return {end: cell.text for end, cell in zip(ENDS, line.cells, strict=True)}
