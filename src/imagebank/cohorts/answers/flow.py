"""The attrition as a flow chart: a box a step with what is left, and beside the arrow what was lost.

Only shown numbers are drawn. What a step takes away is the difference of two of them, so it tells nothing that they do
not. Where they are equal, nobody or a few were lost. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from imagebank.cohorts.answers.cells import HIDDEN
from imagebank.cohorts.marks import FONT, GRID, INK, QUIET

BOX, SIDE, GAP, MARGIN = 430, 220, 46, 16  # pixels
LINE, PADDING = 17, 12
LETTERS = 62  # of a line of a box


@dataclass(frozen=True)
class SafeStage:
    """One step of the attrition as it may be shown; `lost` says what the step took away, in the cohort's own unit."""

    name: str
    sentence: str
    units: str
    patients: str
    lost: str


def lost_text(before: int | None, after: int | None, minimum: int, *, exact: bool) -> str:
    """What lies between two shown numbers, in words."""
    if before is None or after is None:
        return HIDDEN
    lost = before - after
    return f"{lost:,}" if exact or lost >= minimum else HIDDEN


@dataclass(frozen=True)
class _Box:
    lines: tuple[str, ...]
    top: int

    @property
    def height(self) -> int:
        return 2 * PADDING + LINE * len(self.lines)


def flow_chart(stages: Sequence[SafeStage], unit: str) -> str:
    """The flow chart as SVG, with a title for those who do not see it."""
    boxes: list[_Box] = []
    top = MARGIN
    for stage in stages:
        counts = (
            f"{stage.patients} patients" if unit == "patients" else f"{stage.units} {unit}, {stage.patients} patients"
        )
        boxes.append(_Box((*textwrap.wrap(stage.name, LETTERS), counts), top))
        top += boxes[-1].height + GAP
    width, height = BOX + SIDE + 2 * MARGIN, top - GAP + MARGIN
    told = "; ".join(f"{each.name}: {each.units} {unit}" for each in stages)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{escape(FONT)}" font-size="13">',
        f"<title>Attrition: {escape(told)}.</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        *(_box(box) for box in boxes),
        *(
            _arrow(before, after, f"lost: {stage.lost} {unit}" if stage.lost != HIDDEN else f"lost: {HIDDEN}")
            for before, after, stage in zip(boxes, boxes[1:], stages[1:], strict=False)
        ),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _box(box: _Box) -> str:
    x = MARGIN + BOX / 2
    lines = [
        f'<text x="{x:g}" y="{box.top + PADDING + LINE * place + 13}" text-anchor="middle" fill="{INK}"'
        f"{_weight(place == len(box.lines) - 1)}>{escape(line)}</text>"
        for place, line in enumerate(box.lines)
    ]
    frame = (
        f'<rect x="{MARGIN}" y="{box.top}" width="{BOX}" height="{box.height}" rx="4" fill="none" stroke="{QUIET}"/>'
    )
    return "\n".join([frame, *lines])


def _weight(bold: bool) -> str:
    return ' font-weight="600"' if bold else ""


def _arrow(before: _Box, after: _Box, lost: str) -> str:
    x, top, end = MARGIN + BOX / 2, before.top + before.height, after.top
    middle = (top + end) / 2
    return "\n".join(
        [
            f'<path d="M{x:g} {top}V{end - 6}" stroke="{QUIET}" fill="none"/>',
            f'<path d="M{x - 4:g} {end - 8}L{x:g} {end - 1}L{x + 4:g} {end - 8}Z" fill="{QUIET}"/>',
            f'<path d="M{x:g} {middle:g}H{MARGIN + BOX + 14}" stroke="{GRID}" stroke-width="2" fill="none"/>',
            f'<text x="{MARGIN + BOX + 20}" y="{middle + 4:g}" fill="{INK}">{escape(lost)}</text>',
        ]
    )
