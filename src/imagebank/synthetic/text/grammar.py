r"""A small generative grammar: productions are lines of text, compiled once to nested steps, run by a `Scribe`.

A file holds rules. A rule begins with `== name`; each line below is one production, and `#` begins a comment. Within a
production:

- `[a|b|]` writes one of the alternatives, `<rule>` a production of another rule;
- `<rule*2-4:, >` writes two to four different productions of a rule with `, ` between; a `#` there counts upwards;
- `{slot}` calls a function of the slot table, `{^slot}` does so and begins with a capital;
- `$word` writes a word of the person (he, his, is); `\n` is a line end and `\` spares the next character;
- `3* ` before a production or alternative makes it three times as likely, `?flag ` allows it only where the flag is
  set, `!flag ` only where it is not.

Laws: a grammar that names an unknown rule, slot, word or flag does not compile; every choice has an alternative that
no guard can close.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from imagebank.synthetic.text.scribe import Scribe

Step = Callable[[Scribe], None]
Steps = tuple["str | Step", ...]
PREFIX = re.compile(r"(?:\d+\* |[?!]\w+ )*")
REPEAT = re.compile(r"([\w-]+)\*(\d+)-(\d+):(.*)", re.DOTALL)
TOKEN = re.compile(r"\\(.)|\$(\w+)|<((?:[^<>\\]|\\.)+)>|\{(\^?)([\w.-]+)\}|([\[\]|])", re.DOTALL)


class GrammarError(ValueError):
    """A production cannot be compiled; says which rule and why."""


@dataclass(frozen=True)
class Alternative:
    """One way to go on: how likely, which flags must be set or unset, and what is then written."""

    weight: int
    needs: int
    forbids: int
    steps: Steps

    def is_open(self, flags: int) -> bool:
        """Whether the guards let it pass."""
        return flags & self.needs == self.needs and not flags & self.forbids


def run(steps: Steps, scribe: Scribe) -> None:
    """Write a sequence."""
    add = scribe.parts.append
    for step in steps:
        if step.__class__ is str:
            add(step)
        else:
            step(scribe)  # type: ignore[operator]


class Choice:
    """Several alternatives, of which the open ones are drawn by weight; what is open under which flags is kept."""

    __slots__ = ("_drawn", "alternatives", "mask")

    def __init__(self) -> None:
        self.alternatives: tuple[Alternative, ...] = ()
        self.mask = 0
        self._drawn: dict[int, tuple[list[int], list[Steps]]] = {}

    def fill(self, alternatives: Sequence[Alternative]) -> None:
        """Give the alternatives; a rule is named before its productions are read."""
        if all(each.needs | each.forbids for each in alternatives) and not _covers(alternatives):
            raise GrammarError("a choice has no alternative without a guard: give it one, empty if need be")
        self.alternatives = tuple(alternatives)
        for each in alternatives:
            self.mask |= each.needs | each.forbids

    def __call__(self, scribe: Scribe) -> None:
        """Write one of the open alternatives."""
        key = scribe.flags & self.mask
        weights, steps = self._drawn.get(key) or self._open(key)
        run(steps[bisect(weights, int(scribe.draw() * weights[-1]))], scribe)

    def _open(self, key: int) -> tuple[list[int], list[Steps]]:
        found = [each for each in self.alternatives if each.is_open(key)]
        drawn = list(accumulate(each.weight for each in found)), [each.steps for each in found]
        self._drawn[key] = drawn
        return drawn


def _covers(alternatives: Sequence[Alternative]) -> bool:
    """Whether two alternatives with opposite guards leave no way out."""
    needs = {each.needs for each in alternatives if not each.forbids}
    return any(each.forbids in needs and not each.needs for each in alternatives)


@dataclass(frozen=True)
class Repeat:
    """Several different productions of a rule, with something between."""

    choice: Choice
    least: int
    most: int
    between: str

    def __call__(self, scribe: Scribe) -> None:
        """Write them, each only if it is still open when its turn comes."""
        wanted = self.least + int(scribe.draw() * (self.most - self.least + 1))
        done = 0
        for each in _shuffled(self.choice.alternatives, scribe):
            if done == wanted:
                return
            if each.is_open(scribe.flags):
                done += 1
                if done > 1:
                    scribe.parts.append(self.between.replace("#", str(done)))
                run(each.steps, scribe)


def _shuffled(alternatives: Sequence[Alternative], scribe: Scribe) -> Iterable[Alternative]:
    """All of them in a random order, the heavier ones sooner."""
    left = list(alternatives)
    draw = scribe.draw
    while left:
        at = int(draw() * len(left))
        if left[at].weight < 3:  # a light one may be passed over once for another
            other = int(draw() * len(left))
            at = other if left[other].weight > left[at].weight else at
        left[at], left[-1] = left[-1], left[at]
        yield left.pop()


class Grammar:
    """Rules by name, compiled; `write` runs one."""

    def __init__(self, text: str, slots: Mapping[str, Step], words: Iterable[str], flags: Sequence[str]) -> None:
        self._slots = slots
        self._words = frozenset(words)
        self._bits = {flag: 1 << place for place, flag in enumerate(flags)}
        blocks = _blocks(text)
        self.rules = {name: Choice() for name in blocks}
        self.literals: list[str] = []
        for name, lines in blocks.items():
            try:
                self.rules[name].fill([self._alternative(line) for line in lines])
            except GrammarError as error:
                raise GrammarError(f"rule {name}: {error}") from error

    @property
    def productions(self) -> int:
        """How many lines the grammar has."""
        return sum(len(rule.alternatives) for rule in self.rules.values())

    def write(self, rule: str, scribe: Scribe) -> None:
        """Write one production of a rule."""
        self.rules[rule](scribe)

    def _alternative(self, line: str) -> Alternative:
        reader = _Reader(self, line)
        found = reader.alternative("")
        if reader.at != len(line):
            raise GrammarError("a bracket closes that never opened")
        return found

    def prefix(self, text: str) -> tuple[int, int, int]:
        """The weight, the bits that must be set, and those that must not."""
        weight, needs, forbids = 1, 0, 0
        for word in text.split():
            if word[-1] == "*":
                weight = int(word[:-1])
            elif word[1:] not in self._bits:
                raise GrammarError(f"unknown flag {word[1:]}")
            elif word[0] == "?":
                needs |= self._bits[word[1:]]
            else:
                forbids |= self._bits[word[1:]]
        return weight, needs, forbids

    def reference(self, text: str) -> Step:
        """The step that writes another rule, once or several times."""
        repeat = REPEAT.fullmatch(text)
        name = repeat[1] if repeat else text
        if name not in self.rules:
            raise GrammarError(f"unknown rule {name}")
        if not repeat:
            return self.rules[name]
        between = re.sub(r"\\(.)", lambda spared: "\n" if spared[1] == "n" else spared[1], repeat[4])
        return Repeat(self.rules[name], int(repeat[2]), int(repeat[3]), between)

    def slot(self, capital: str, name: str) -> Step:
        """The step that calls a function of the slot table."""
        if name not in self._slots:
            raise GrammarError(f"unknown slot {name}")
        return _capital(self._slots[name]) if capital else self._slots[name]

    def word(self, name: str) -> Step:
        """The step that writes a word of the person."""
        if name not in self._words:
            raise GrammarError(f"unknown word {name}")
        return lambda scribe: scribe.parts.append(scribe.words[name])


class _Reader:
    """Reads one production from left to right."""

    def __init__(self, grammar: Grammar, line: str) -> None:
        self.grammar = grammar
        self.line = line
        self.at = 0

    def alternative(self, ends: str) -> Alternative:
        """Read up to one of the ends, which is not read."""
        prefix = PREFIX.match(self.line, self.at)
        assert prefix
        self.at = prefix.end()
        weight, needs, forbids = self.grammar.prefix(prefix[0])
        steps: list[str | Step] = []
        while self.at < len(self.line):
            token = TOKEN.search(self.line, self.at)
            self._literal(steps, self.line[self.at : token.start() if token else None])
            self.at = token.start() if token else len(self.line)
            if not token or (token[6] and token[6] in ends):
                break
            self.at = token.end()
            self._take(steps, token)
        return Alternative(weight, needs, forbids, tuple(steps))

    def _take(self, steps: list[str | Step], token: re.Match[str]) -> None:
        escaped, word, rule, capital, slot, bracket = token.groups()
        if escaped:
            self._literal(steps, "\n" if escaped == "n" else escaped)
        elif word:
            steps.append(self.grammar.word(word))
        elif rule:
            steps.append(self.grammar.reference(rule))
        elif slot:
            steps.append(self.grammar.slot(capital, slot))
        elif bracket == "[":
            steps.append(self._choice())
        else:
            raise GrammarError(f"a bracket or bar must be spared with a backslash, or closed, in: {self.line}")

    def _choice(self) -> Choice:
        alternatives = [self.alternative("|]")]
        while self.line[self.at : self.at + 1] == "|":
            self.at += 1
            alternatives.append(self.alternative("|]"))
        if self.line[self.at : self.at + 1] != "]":
            raise GrammarError(f"a bracket never closes in: {self.line}")
        self.at += 1
        found = Choice()
        found.fill(alternatives)
        return found

    def _literal(self, steps: list[str | Step], text: str) -> None:
        if text and steps and isinstance(steps[-1], str):
            steps[-1] += text
        elif text:
            steps.append(text)
        self.grammar.literals.append(text)


def _capital(slot: Step) -> Step:
    def capitalised(scribe: Scribe) -> None:
        first = len(scribe.parts)
        slot(scribe)
        scribe.parts[first] = scribe.parts[first][:1].upper() + scribe.parts[first][1:]

    return capitalised


def _blocks(text: str) -> dict[str, list[str]]:
    blocks: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("== "):
            current = blocks.setdefault(line[3:].strip(), [])
        elif line and not line.startswith("#"):
            current.append("" if line == "EMPTY" else line)
    return blocks
