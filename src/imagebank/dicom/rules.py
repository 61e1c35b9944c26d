"""The decision list: read from its file, asked, printed and hashed.

A condition holds, does not hold, or cannot be known, because a fact that every MR image states is missing. A rule
fires when all its conditions hold. A rule that might have fired, had the header been whole, does not fire; but what a
later rule then says is not called confident. So a header that loses an attribute may lose its answer, and does not get
another confident one.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from imagebank.core.markdown import table
from imagebank.dicom.body_parts import BODY_PARTS
from imagebank.dicom.data_files import read_data
from imagebank.dicom.series_facts import ALWAYS, Facts, is_stated, series_facts
from imagebank.dicom.words import clean_code, clean_description

RULES = "classification_rules.toml"

SEQUENCES = (
    "T1w",
    "T2w",
    "FLAIR",
    "PDw",
    "PD+T2",
    "T2starw",
    "SWI",
    "DWI",
    "ADC",
    "derived-DWI",
    "BOLD",
    "ASL",
    "derived-ASL",
    "perfusion",
    "derived-perfusion",
    "MRA",
    "derived-MRA",
    "fieldmap",
    "localizer",
    "MRS",
    "qT1",
    "qT2",
    "qT2star",
    "UNIT1",
    "derived",
    "secondary",
    "non-image",
    "non-MR",
    "other",
    "unknown",
)

CONFIDENT = 0.8
"""Answers of at least this confidence count as confident."""

DOUBTFUL = 0.7
"""The most that an answer can claim when a missing fact might have changed it."""

RUNNERS_UP = 3

SAYS_WHAT = frozenset({"image_type", "sop_class", "colour", "contrast", "labelled", "body_part", "described_part"})
"""Facts that say what the pixels are; all others tell how they were, or their source was, measured."""

OUR_WORDS = frozenset({"body_part", "described_part"})
"""Facts whose words are those of our own lists, and no text of a header."""

Conditions = Mapping[str, Any]
Held = bool | None  # None: the fact is missing


@dataclass(frozen=True)
class Rule:
    """One line of the decision list: what it shows when all of `when` holds and none of `unless`."""

    name: str
    shows: str
    confidence: float
    because: str
    when: Conditions
    unless: tuple[Conditions, ...]
    variant: str = ""

    @property
    def label(self) -> tuple[str, str]:
        """What it shows, and which variant of it."""
        return self.shows, self.variant


@dataclass(frozen=True)
class Verdict:
    """The rule that fired, what may be believed of it, and other labels that rules further down would have given."""

    rule: Rule
    confidence: float
    runners_up: tuple[str, ...]


def decide(facts: Facts) -> Verdict | None:
    """The first rule that fires; None where none does."""
    fired: Rule | None = None
    doubtful = False
    unstated = frozenset(name for name in ALWAYS if not is_stated(name, facts[name]))
    others: dict[str, None] = {}
    for rule in rules():
        if len(others) >= RUNNERS_UP:
            break
        held = _state(rule, facts, unstated)
        if held is False or (fired and held is None):
            continue
        if fired:
            others.setdefault(f"{rule.shows} ({rule.name})")
        elif held:
            fired = rule
            doubtful = doubtful or _leans_on_missing(rule, facts, unstated) or _leans_on_source(rule, facts)
        else:
            doubtful = True
    if fired is None:
        return None
    others.pop(f"{fired.shows} ({fired.name})", None)
    told = [other for other in others if not other.startswith(f"{fired.shows} (")]
    return Verdict(fired, min(fired.confidence, DOUBTFUL) if doubtful else fired.confidence, tuple(told))


def _state(rule: Rule, facts: Facts, unstated: AbstractSet[str]) -> Held:
    """Whether a rule fires; None when it might, if the header were whole."""
    held = _hold(rule.when, facts, unstated)
    if held is False or any(_hold(each, facts, unstated) for each in rule.unless):
        return False
    return held


def _leans_on_missing(rule: Rule, facts: Facts, unstated: AbstractSet[str]) -> bool:
    """Whether an exception of the rule cannot be looked at, because its facts are missing."""
    return any(_hold(each, facts, unstated) is None for each in rule.unless)


def _leans_on_source(rule: Rule, facts: Facts) -> bool:
    """Whether an image was computed, and a rule calls it by how its source was measured: a map keeps those times."""
    words = facts["image_type"]
    computed = bool(facts["derived"]) and isinstance(words, frozenset) and "SECONDARY" in words
    return computed and SAYS_WHAT.isdisjoint(rule.when)


def _hold(conditions: Conditions, facts: Facts, unstated: AbstractSet[str]) -> Held:
    """Whether all conditions hold; one that does not hold settles it, whatever is missing."""
    missing = False
    for fact, condition in conditions.items():
        held = None if fact in unstated else _holds(condition, facts[fact])
        if held is False:
            return False
        missing = missing or held is None
    return None if missing else True


def _holds(condition: Any, value: Any) -> bool:
    """Whether one condition holds; a fact that is not told (None) never does."""
    if value is None:
        return False
    match condition:
        case bool():
            return bool(value is condition)
        case list():
            return not value.isdisjoint(condition)
        case dict():
            return bool(condition.get("from", float("-inf")) <= value < condition.get("below", float("inf")))
        case _ if isinstance(value, frozenset):
            return any(map(_compiled(condition).fullmatch, value))
        case _:
            return _text_matches(condition, value)


def _text_matches(pattern: str, value: str) -> bool:
    """Whole match for an empty text, search for names and descriptions."""
    return bool(_compiled(pattern, re.IGNORECASE).search(value) if pattern else value == "")


@cache
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern of the decision list: kept here, as the list has more of them than `re` looks up quickly."""
    return re.compile(pattern, flags)


def evidence_of(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """The facts that made a rule fire, as texts.

    Of names and descriptions only what the rule's own pattern matched is shown, and of that only known words of
    protocols: a header's own text never comes out.
    """
    return tuple(
        f"{fact}={facts[fact] if fact in OUR_WORDS else _shown(condition, facts[fact])}"
        for fact, condition in rule.when.items()
    )


def _shown(condition: Any, value: Any) -> str:
    match value:
        case frozenset() if isinstance(condition, list):
            return "+".join(sorted(value & set(condition)))
        case frozenset():
            return "+".join(sorted({clean_code(word) for word in value if re.fullmatch(condition, word)}))
        case str():
            found = re.search(condition, value, re.IGNORECASE)
            return clean_description(found.group(), frozenset()) or "matched" if found else ""
        case bool():
            return "yes" if value else "no"
        case _:
            return f"{value:g}"


@cache
def rules() -> tuple[Rule, ...]:
    """The decision list, in order. Raises ValueError for a rule that names an unknown fact or sequence."""
    loaded = tuple(_rule(each) for each in tomllib.loads(read_data(RULES))["rule"])
    for rule in loaded:
        _check_rule(rule)
    return loaded


def _rule(told: Mapping[str, Any]) -> Rule:
    return Rule(
        name=told["name"],
        shows=told["shows"],
        confidence=told["confidence"],
        because=told["because"],
        when=told.get("when", {}),
        unless=tuple(told.get("unless", ())),
        variant=told.get("variant", ""),
    )


def _check_rule(rule: Rule) -> None:
    known = series_facts(())
    unknown = {fact for conditions in (rule.when, *rule.unless) for fact in conditions} - set(known)
    if unknown or rule.shows not in SEQUENCES or not 0 < rule.confidence <= 1:
        raise ValueError(f"classification rule {rule.name} names an unknown fact, sequence or confidence")


def rules_hash() -> str:
    """The SHA-256 of the decision list and of the list of body parts, which every result made with them names."""
    return hashlib.sha256((read_data(RULES) + read_data(BODY_PARTS)).encode()).hexdigest()


def describe_rules() -> str:
    """The decision list as a Markdown table."""
    head = ("rule", "shows", "variant", "confidence", "when", "unless", "because")
    told = (
        (r.name, r.shows, r.variant, f"{r.confidence:g}", _describe(r.when), _exceptions(r), r.because) for r in rules()
    )
    return table(head, told)


def _exceptions(rule: Rule) -> str:
    return " **or** ".join(map(_describe, rule.unless))


def _describe(conditions: Conditions) -> str:
    return "; ".join(f"{fact} {_describe_condition(condition)}" for fact, condition in conditions.items())


def _describe_condition(condition: Any) -> str:
    match condition:
        case bool():
            return "yes" if condition else "no"
        case list():
            return "is " + " or ".join(condition)
        case dict():
            return ", ".join(f"{word} {number:g}" for word, number in condition.items())
        case _:
            return f"matches `{condition}`"
