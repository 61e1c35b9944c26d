"""What is to happen to the elements at one place of an instance: found out once, then looked up for the whole series.

Instances of a series have the same elements, and most of them the same values. A plan keeps the rule of each element
that it met, and what became of each value that it saw. It decides nothing of its own: rules come from the policy,
values from `rewriting`. A plan belongs to one patient and holds identifying values: it lives and dies in the worker.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from imagebank.dicom.decisions import Decision, decided, label
from imagebank.dicom.policy import DENY_PRIVATE, Action, Policy, Rule
from imagebank.dicom.rewriting import LONG_VRS, Charset, Context, resolve_vr, rewrite
from imagebank.dicom.values import Subject

MOST_REMEMBERED_BYTES = 8 << 20  # of values and their answers; then all is forgotten, so that no series can fill memory
LONGEST_REMEMBERED = 4096
COST_OF_ONE = 200  # bytes that Python needs for an entry of a dictionary and what hangs on it

Answer = tuple[bytes, frozenset[int]]
"""An element as it is to be written, empty where it goes; and the numbers of the decisions that led there."""


def header(tag: int, vr: str, length: int, *, implicit: bool) -> bytes:
    """The bytes before the value of an element, little endian (PS3.5, section 7.1)."""
    if implicit:
        return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length)
    form = "<HH2s2xI" if vr in LONG_VRS else "<HH2sH"
    return struct.pack(form, tag >> 16, tag & 0xFFFF, vr.encode("ascii"), length)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One element at one place: its rule, its VR, and the answers so far, by the bytes of the whole element.

    `kept` and `dropped` are the numbers of the two decisions that may come of it.
    """

    tag: int
    vr: str
    rule: Rule
    kept: int
    dropped: int
    removed: bool
    pixels: bool
    answers: dict[bytes, Answer] = field(default_factory=dict, repr=False)


class Plans:
    """The plans of all places of a series, and the memory that they share."""

    def __init__(self, policy: Policy, subject: Subject, forbidden: frozenset[str], *, implicit: bool) -> None:
        self.policy, self.subject, self.forbidden, self.implicit = policy, subject, forbidden, implicit
        self._plans: dict[tuple[str, Charset], Plan] = {}
        self._numbers: dict[Decision, int] = {}
        self._decisions: list[Decision] = []
        self._sets: dict[frozenset[int], frozenset[Decision]] = {}
        self._remembered = 0

    def at(self, place: str, charset: Charset) -> Plan:
        """The plan of a place: the empty text is the data set itself."""
        plan = self._plans.get((place, charset))
        if plan is None:
            plan = self._plans[(place, charset)] = Plan(self, place, charset)
            self.count(COST_OF_ONE)
        return plan

    def number(self, decision: Decision) -> int:
        """A number that stands for a decision: quicker to gather than the decision."""
        number = self._numbers.setdefault(decision, len(self._decisions))
        if number == len(self._decisions):
            self._decisions.append(decision)
        return number

    def decisions(self, key: frozenset[int]) -> frozenset[Decision]:
        """The decisions for which numbers stand; instances of a series mostly share one set."""
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = frozenset(self._decisions[number] for number in key)
            self.count(COST_OF_ONE * len(key))
        return found

    def count(self, size: int) -> None:
        """Say that so many bytes more are remembered."""
        self._remembered += size

    @property
    def full(self) -> bool:
        """Whether it is time to begin anew."""
        return self._remembered > MOST_REMEMBERED_BYTES


class Plan:
    """What happens to the elements of one place, in one character set."""

    def __init__(self, plans: Plans, place: str, charset: Charset) -> None:
        self.plans, self.place, self.charset = plans, place, charset
        self.context = Context(plans.subject, plans.forbidden, charset)
        self.entries: dict[tuple[int, bytes], Entry] = {}
        self.private: dict[tuple[int, bytes, str], Entry] = {}

    def learn(self, tag: int, vr: bytes) -> Entry:
        """The entry of a standard element that was not met before."""
        entry = self.entries[(tag, vr)] = self._entry(tag, vr, self.plans.policy.rule(tag))
        return entry

    def learn_private(self, tag: int, vr: bytes, creator: str) -> Entry:
        """The entry of a private element that was not met before, in this block of its creator."""
        rule = self.plans.policy.private_rule(tag, creator) if creator else DENY_PRIVATE
        entry = self.private[(tag, vr, creator)] = self._entry(tag, vr, rule)
        return entry

    def _entry(self, tag: int, vr: bytes, rule: Rule) -> Entry:
        kept, dropped = (self.plans.number(decided(self.place, tag, rule, kept=kept)) for kept in (True, False))
        self.plans.count(2 * COST_OF_ONE)
        told = resolve_vr(tag, vr.decode("ascii"), rule)
        removed, pixels = rule.action is Action.REMOVE, rule.action is Action.PIXELS
        return Entry(tag, told, rule, kept, dropped, removed, pixels)

    def inside(self, entry: Entry, charset: Charset) -> Plan:
        """The plan of the items of a sequence."""
        return self.plans.at(f"{self.place}{label(entry.tag)}/", charset)

    def answer(self, entry: Entry, value: bytes | None) -> Answer:
        """What becomes of an element that is not walked and no pixels; `value` is None where it has items."""
        implicit = self.plans.implicit
        new = rewrite(entry.rule, entry.tag, entry.vr, value, self.context, implicit=implicit)
        if new is None:
            return b"", frozenset((entry.dropped,))
        return header(entry.tag, entry.vr, len(new), implicit=implicit) + new, frozenset((entry.kept,))

    def remember(self, entry: Entry, element: bytes, answer: Answer) -> None:
        """Keep an answer for the next instance that has the same element."""
        entry.answers[element] = answer
        self.plans.count(len(element) + len(answer[0]) + COST_OF_ONE)
