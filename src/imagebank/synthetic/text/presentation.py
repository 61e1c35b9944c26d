"""How a finished text lies on the page: slips, case, line width, line ends; here the offsets are counted.

Laws: every span's text stands at its offsets, counted in Unicode code points of the final text; slips and lost full
stops touch only what is not marked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from imagebank.synthetic.documents import Span
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.vocabulary import rows

LONG_WORD = re.compile(r"\b[a-z]{7,}\b")
GUARDED_WORDS = frozenset({"without", "nothing", "neither", "previously", "possible", "possibly"})
"""Words that carry a status are never misspelt."""
MOST_SLIPS = 4


@dataclass(frozen=True)
class Presentation:
    """`case` is as is, capitals or small; `width` 0 leaves lines long; `slips` is how likely a text has any."""

    name: str
    weight: float
    case: str
    width: int
    crlf: bool
    slips: float
    stops_lost: bool


@cache
def presentations() -> tuple[tuple[Presentation, ...], tuple[float, ...]]:
    """Every way to lie on the page, and their weights summed up to 1."""
    found = tuple(
        Presentation(
            row["name"],
            float(row["weight"]),
            row["case"],
            int(row["width"]),
            row["line_end"] == "crlf",
            float(row["slips"]),
            row["stops"] == "lost",
        )
        for row in rows("presentations")
    )
    total = sum(each.weight for each in found)
    return found, tuple(accumulate(each.weight / total for each in found))


def draw_presentation(scribe: Scribe) -> Presentation:
    """One of them, by weight."""
    found, weights = presentations()
    return found[min(bisect_left(weights, scribe.draw()), len(found) - 1)]


@cache
def _slips() -> tuple[re.Pattern[str], dict[str, str]]:
    wrong = {row["right"]: row["wrong"] for row in rows("slips")}
    return re.compile(r"\b(?:" + "|".join(wrong) + r")\b"), wrong


def finish(scribe: Scribe, presentation: Presentation) -> tuple[str, tuple[Span, ...]]:
    """The text and its spans."""
    marked = {mark.piece for mark in scribe.marks}
    if presentation.slips and scribe.draw() < presentation.slips:
        _misspell(scribe, marked)
    if presentation.stops_lost:
        _lose_stops(scribe, marked)
    _tidy(scribe.parts, marked)
    if presentation.case != "as is":
        change = str.upper if presentation.case == "capitals" else str.lower
        scribe.parts = [change(part) for part in scribe.parts]
    return _lay_out(scribe, presentation)


def _misspell(scribe: Scribe, marked: set[int]) -> None:
    known, wrong = _slips()
    parts = scribe.parts
    for _ in range(1 + int(scribe.draw() * MOST_SLIPS)):
        at = int(scribe.draw() * len(parts))
        if at in marked:
            continue
        found = known.search(parts[at])
        if found:
            parts[at] = parts[at][: found.start()] + wrong[found[0]] + parts[at][found.end() :]
        else:
            parts[at] = _swap_letters(parts[at], scribe)


def _swap_letters(text: str, scribe: Scribe) -> str:
    found = LONG_WORD.search(text)
    if not found or found[0] in GUARDED_WORDS:
        return text
    at = found.start() + 2 + int(scribe.draw() * (len(found[0]) - 4))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _lose_stops(scribe: Scribe, marked: set[int]) -> None:
    """Full stops go, or become a line end where without one two meanings would run into each other."""
    parts = scribe.parts
    for at, part in enumerate(parts):
        if part[:1] == "." and at not in marked and scribe.draw() < 0.6:
            parts[at] = f"\n{part[1:].lstrip(' ')}" if at - 1 in marked else part[1:]


def _tidy(parts: list[str], marked: set[int]) -> None:
    """Take away the doubled spaces and stops that optional pieces leave."""
    last, before = "\n", -1
    for at, part in enumerate(parts):
        if not part:
            continue
        if part[0] in _LOOSE and at not in marked:
            part = parts[at] = _joined(part, last)
            if part[:1] in _CLOSING and last == " " and before not in marked:
                parts[before] = parts[before].rstrip(" ")
            if not part:
                continue
        last, before = part[-1], at


_LOOSE = frozenset(" .,;")
_CLOSING = frozenset(".,;")


def _joined(part: str, last: str) -> str:
    while part[:1] == " " and last in " \n":
        part = part[1:]
    return part[1:] if part[:1] in ".," and part and last in ".?!:," else part


def _lay_out(scribe: Scribe, presentation: Presentation) -> tuple[str, tuple[Span, ...]]:
    parts = scribe.parts
    ends = list(accumulate(map(len, parts)))
    text = "".join(parts).rstrip()
    if presentation.width:
        text = _wrap(text, presentation.width)
    if not presentation.crlf:
        return text, tuple(
            Span(ends[at] - len(parts[at]), ends[at], kind, value, owner, status)
            for at, kind, value, owner, status in scribe.marks
        )
    breaks = [at for at, letter in enumerate(text) if letter == "\n"]
    spans = []
    for at, kind, value, owner, status in scribe.marks:
        start, end = ends[at] - len(parts[at]), ends[at]
        start, end = start + bisect_left(breaks, start), end + bisect_left(breaks, end)
        spans.append(Span(start, end, kind, value, owner, status))
    return text.replace("\n", "\r\n"), tuple(spans)


def _wrap(text: str, width: int) -> str:
    """Turn the last space before the width into a line end; the length stays the same."""
    lines = []
    for line in text.split("\n"):
        start = 0
        while len(line) - start > width:
            at = line.rfind(" ", start + 1, start + width)
            if at < 0:
                break
            lines.append(line[start:at])
            start = at + 1
        lines.append(line[start:])
    return "\n".join(lines)
