"""How varied the texts are: sentences with everything that is marked taken out, and how often each comes again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from imagebank.synthetic.documents import Note

SENTENCE_END = re.compile(r"(?<=[.?!;])\s+|\s*[\r\n]+\s*")
FEWEST_WORDS = 4  # of a skeleton; shorter ones, such as headings, repeat by nature


@dataclass(frozen=True)
class Variety:
    """Of some notes: sentence skeletons in all, different ones, and how often the commonest comes."""

    notes: int
    skeletons: int
    different: int
    commonest: int

    @property
    def different_per_1000_notes(self) -> float:
        """Distinct skeletons for a thousand notes."""
        return 1000 * self.different / self.notes


def skeletons(note: Note) -> list[str]:
    """The sentences of a note in small letters, with the kind of each mark in its place and figures as 0."""
    shown, at = [], 0
    for span in sorted(note.spans, key=lambda span: span.start):
        shown += [note.text[at : span.start], f"<{span.kind.replace(' ', '-')}>"]
        at = span.end
    text = re.sub(r"\d+", "0", "".join([*shown, note.text[at:]]).lower())
    return [each.strip(" .") for each in SENTENCE_END.split(text) if len(each.split()) >= FEWEST_WORDS]


def measure_variety(notes: Iterable[Note]) -> Variety:
    """Count the skeletons of some notes."""
    counted: Counter[str] = Counter()
    number = 0
    for note in notes:
        number += 1
        counted.update(skeletons(note))
    return Variety(number, counted.total(), len(counted), max(counted.values(), default=0))
