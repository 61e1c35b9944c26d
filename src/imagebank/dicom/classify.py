"""What a series shows, decided from its headers alone.

The decision list is data (`data/classification_rules.toml`): it can be read, printed, compared and hashed, and every
answer names the rule that gave it and the facts it used. The order of the instances never matters, a fact that no
header states never counts, and where no rule fires the answer is `unknown`: the bank does not guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.agents import UNKNOWN, AgentFacts, agent_alone, text_says
from imagebank.dicom.body_parts import BodyPart, body_part
from imagebank.dicom.geometry import PLANES, coverage, dimension, plane, stack_of
from imagebank.dicom.rules import SEQUENCES, Rule, Verdict, decide, describe_rules, evidence_of, rules, rules_hash
from imagebank.dicom.series_facts import Facts, most_common, series_facts
from imagebank.dicom.volumes import Part, split_volumes

__all__ = [
    "NO_RULE",
    "PLANES",
    "SEQUENCES",
    "Classification",
    "Rule",
    "VolumeLabel",
    "classify",
    "describe_rules",
    "plane",
    "rules",
    "rules_hash",
    "series_facts",
]

NO_RULE = "no-rule"
IMAGE_OBJECT = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.(4|4\.1|4\.3|4\.4|7|7\.\d)")

DUAL_ECHO = "PD+T2"
PROTON_DENSITY_BELOW_MS = 45.0
"""Of the two echoes of a dual-echo spin echo, one below this is proton-density weighted, the other T2-weighted."""

MOST_VOLUMES_TOLD = 32
STIR_BELOW_MS = 300.0
"""Inversion times of spin echoes below this null fat at all field strengths in use."""


@dataclass(frozen=True)
class VolumeLabel:
    """What one kind of volume in a series shows; several of them differ in echo, component or frame type."""

    sequence: str
    component: str
    echo_time_ms: float | None
    plane: str
    b_values: tuple[float, ...]
    volumes: int
    slices: int


@dataclass(frozen=True)
class Classification:
    """What a series shows, how sure the rule is (0 to 1), which rule said so, and of which facts.

    `runners_up` are labels that rules further down would have given; they take no part in comparisons. The agent's
    `contrast` is what the header names; `contrast_agent` what may be believed of it.
    """

    sequence: str
    confidence: float
    rule: str
    plane: str
    acquisition: str | None
    contrast: bool | None = None
    variant: str = ""
    component: str = ""
    dimension: str = "unknown"
    contrast_agent: str = UNKNOWN
    fat_suppressed: bool | None = None
    inverted: bool | None = None
    body_part: str = "unknown"
    coverage: str = "unknown"
    phantom: bool = False
    evidence: tuple[str, ...] = ()
    volumes: tuple[VolumeLabel, ...] = ()
    runners_up: tuple[str, ...] = field(default=(), compare=False)


def classify(acquisitions: Sequence[Acquisition]) -> Classification:
    """Classify a series from the facts of its instances, in any order; three or more of them suffice for most."""
    images = [each for each in acquisitions if IMAGE_OBJECT.fullmatch(each.sop_class_uid)] or list(acquisitions)
    facts = series_facts(images)
    verdict = decide(facts) if images else None
    answer = Classification(
        sequence="unknown",
        confidence=0.0,
        rule=NO_RULE,
        plane=plane(orientation for each in images for orientation in each.orientations),
        acquisition=most_common(each.acquisition_type for each in images),
        contrast=most_common(each.contrast_agent for each in images),
    )
    return _labelled(_placed(answer, images, facts), verdict, images, facts)


def _labelled(
    answer: Classification, verdict: Verdict | None, images: Sequence[Acquisition], facts: Facts
) -> Classification:
    if verdict is None:
        return answer
    rule = verdict.rule
    parts = split_volumes(images)
    components = {part.component for part in parts}
    return replace(
        answer,
        sequence=rule.shows,
        confidence=verdict.confidence,
        rule=rule.name,
        variant=rule.variant,
        component=components.pop() if len(components) == 1 else "several",
        evidence=evidence_of(rule, facts),
        runners_up=verdict.runners_up,
        volumes=tuple(_volume(part, rule.shows, facts, len(parts)) for part in parts[:MOST_VOLUMES_TOLD]),
    )


def _volume(part: Part, shown: str, facts: Facts, parts: int) -> VolumeLabel:
    return VolumeLabel(
        sequence=_sequence_of(part, shown, facts) if parts > 1 else shown,
        component=part.component,
        echo_time_ms=part.echo_time_ms,
        plane=part.plane,
        b_values=part.b_values,
        volumes=part.volumes,
        slices=part.slices,
    )


def _sequence_of(part: Part, shown: str, facts: Facts) -> str:
    """What one of several kinds of volume shows: its echo or its frame type may say something of its own."""
    if shown == DUAL_ECHO and part.echo_time_ms:
        return "PDw" if part.echo_time_ms < PROTON_DENSITY_BELOW_MS else "T2w"
    words = facts["image_type"]
    if not isinstance(words, frozenset) or set(part.flavour) <= words:
        return shown
    own = decide(series_facts(part.images))
    return own.rule.shows if own else shown


def _placed(answer: Classification, images: Sequence[Acquisition], facts: Facts) -> Classification:
    """With what is known without a rule: dimension, coverage, body part, agent, fat and inversion."""
    stack = stack_of(images)
    part = _part_of(images)
    planes = facts["planes"]
    return replace(
        answer,
        dimension=dimension(stack, answer.acquisition),
        coverage=coverage(stack, planes if isinstance(planes, int) else 0, part.kind),
        body_part=part.name,
        phantom=part.kind == "phantom",
        contrast_agent=agent_alone(agent_facts(images)),
        fat_suppressed=_fat_suppressed(images, facts),
        inverted=_inverted(facts),
    )


def _part_of(images: Sequence[Acquisition]) -> BodyPart:
    header = most_common(each.body_part for each in images) or ""
    return body_part(header, most_common(each.text for each in images) or "")


def agent_facts(images: Sequence[Acquisition], *, protocol: str = "", number: int = 0) -> AgentFacts:
    """What a series says of contrast agent, for `agents.settle_agents`."""
    return AgentFacts(
        named=most_common(each.contrast_agent for each in images),
        acquired_s=min((each.acquired_s for each in images if each.acquired_s is not None), default=None),
        bolus_start_s=most_common(each.bolus_start_s for each in images),
        text_says=text_says(most_common(each.text for each in images) or ""),
        protocol=protocol,
        number=number,
        mentioned=any(each.agent_mentioned for each in images),
        derived=any("DERIVED" in each.image_type for each in images),
    )


def _fat_suppressed(images: Sequence[Acquisition], facts: Facts) -> bool | None:
    told = most_common(each.fat_suppressed for each in images)
    inversion = facts["inversion_time_ms"]
    if facts["spin_echo"] and isinstance(inversion, float) and inversion < STIR_BELOW_MS:
        return True
    return told if told is None else bool(told)


def _inverted(facts: Facts) -> bool | None:
    pulse = facts["pulse"]
    if facts["inversion_time_ms"] or (isinstance(pulse, frozenset) and "IR" in pulse):
        return True
    variant = facts["variant"]
    prepared = isinstance(variant, frozenset) and "MP" in variant  # prepared somehow, and the header does not say how
    return False if pulse and not prepared else None
