"""How fast notes are written, on one core, and how varied they are: prints one line for each kind of document."""

from __future__ import annotations

import sys
import time
from collections import defaultdict

from imagebank.synthetic.documents import Note
from imagebank.synthetic.text import notes_of, report_of
from imagebank.synthetic.text.language import text_grammar
from imagebank.synthetic.text.samples import sample_people
from imagebank.synthetic.text.variety import measure_variety

SEEDS = 1000


def main() -> int:
    """Write notes for the sample people with many seeds."""
    people = sample_people()
    grammar = text_grammar()
    print(f"{grammar.productions} productions in {len(grammar.rules)} rules")
    start = time.process_time()
    found = [note for seed in range(SEEDS) for person in people for note in notes_of(person, seed=seed)]
    spent = time.process_time() - start
    print(f"{len(found)} notes, {len(found) / spent:.0f} a second of one core")
    start = time.process_time()
    reports = [report_of(each, each.visits[0], seed=seed) for seed in range(SEEDS) for each in people]
    print(f"{len(reports)} reports, {len(reports) / (time.process_time() - start):.0f} a second of one core")
    _print_variety(found + reports)
    return 0


def _print_variety(notes: list[Note]) -> None:
    by_kind: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        by_kind[note.kind].append(note)
    print("kind: notes, characters each, sentence skeletons, different in the first 1000 notes, share of the commonest")
    for kind, each in sorted(by_kind.items()):
        first = measure_variety(each[:1000])
        length = sum(len(note.text) for note in each) / len(each)
        share = first.commonest / first.skeletons
        print(
            f"{kind}: {len(each)}, {length:.0f}, {first.skeletons}, {first.different_per_1000_notes:.0f}, {share:.1%}"
        )


if __name__ == "__main__":
    sys.exit(main())
