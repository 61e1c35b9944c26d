"""What a series shows, decided from its headers alone.

The decision list is data (`data/classification_rules.toml`): it can be read, printed, compared and hashed, and every
answer names the rule that gave it. The order of the instances never matters, a fact that no header states never
counts, and where no rule fires the answer is `unknown`: the bank does not guess.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from imagebank.dicom.acquisition import Acquisition, Orientation

SEQUENCES = (
    "T1w",
    "T2w",
    "FLAIR",
    "PDw",
    "T2starw",
    "SWI",
    "DWI",
    "ADC",
    "derived-DWI",
    "BOLD",
    "ASL",
    "derived-ASL",
    "MRA",
    "fieldmap",
    "localizer",
    "MRS",
    "derived",
    "other",
    "unknown",
)
PLANES = ("axial", "sagittal", "coronal", "oblique", "several", "unknown")
NO_RULE = "no-rule"

OBLIQUE_BELOW = 0.8
"""A slice normal whose largest component is smaller (more than 37 degrees from every axis) is oblique: brain slices
tilted along the AC-PC line or the temporal lobe are still called by their nearest plane."""

AXES = ("sagittal", "coronal", "axial")
IMAGE_OBJECT = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.(4|4\.1|4\.3|4\.4|7|7\.\d)")
COLOURS = ("RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")

Facts = Mapping[str, object]
Conditions = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One line of the decision list: what it shows when all of `when` holds and none of `unless`."""

    name: str
    shows: str
    confidence: float
    because: str
    when: Conditions
    unless: tuple[Conditions, ...]


@dataclass(frozen=True)
class Classification:
    """What a series shows, how sure the rule is (0 to 1), and which rule said so."""

    sequence: str
    confidence: float
    rule: str
    plane: str
    acquisition: str | None
    contrast: bool | None = None


def classify(acquisitions: Sequence[Acquisition]) -> Classification:
    """Classify a series from the facts of its instances, in any order; three or more of them suffice for most."""
    images = [each for each in acquisitions if IMAGE_OBJECT.fullmatch(each.sop_class_uid)] or list(acquisitions)
    facts = series_facts(images)
    fired = next((rule for rule in rules() if _fires(rule, facts)), None)
    return Classification(
        sequence=fired.shows if fired else "unknown",
        confidence=fired.confidence if fired else 0.0,
        rule=fired.name if fired else NO_RULE,
        plane=plane(orientation for each in images for orientation in each.orientations),
        acquisition=_most_common(each.acquisition_type for each in images),
        contrast=_most_common(each.contrast_agent for each in images),
    )


def plane(orientations: Iterable[Orientation]) -> str:
    """The plane of slices with these direction cosines; `several` when they lie in more than one."""
    planes = {_plane(orientation) for orientation in orientations}
    return planes.pop() if len(planes) == 1 else "several" if planes else "unknown"


@cache
def rules() -> tuple[Rule, ...]:
    """The decision list, in order. Raises ValueError for a rule that names an unknown fact or sequence."""
    table = tomllib.loads(_rules_text())["rule"]
    loaded = tuple(
        Rule(r["name"], r["shows"], r["confidence"], r["because"], r.get("when", {}), tuple(r.get("unless", ())))
        for r in table
    )
    for rule in loaded:
        _check_rule(rule)
    return loaded


def rules_hash() -> str:
    """The SHA-256 of the decision list, which every result made with it names."""
    return hashlib.sha256(_rules_text().encode()).hexdigest()


def describe_rules() -> str:
    """The decision list as a Markdown table."""
    head = "| rule | shows | confidence | when | unless | because |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {r.name} | {r.shows} | {r.confidence:g} | {_describe(r.when)} "
        f"| {' **or** '.join(map(_describe, r.unless))} | {r.because} |\n"
        for r in rules()
    )


def series_facts(images: Sequence[Acquisition]) -> dict[str, object]:
    """The facts of a series that rules may ask for; None, empty or zero where no header states them."""
    words = {name: _majority([getattr(each, name) for each in images]) for name in WORD_FIELDS}
    name = _most_common(each.sequence_name for each in images) or ""
    echoes = {echo for each in images for echo in each.echo_times_ms}
    positions = {(o, p) for each in images for o in each.orientations or (None,) for p in each.positions}
    frames = sum(each.frames for each in images)
    return {
        "modality": _most_common(each.modality for each in images) or "",
        "sop_class": _most_common(each.sop_class_uid for each in images) or "",
        "manufacturer": frozenset(each.manufacturer for each in images),
        "image_type": words["image_type"],
        "variant": words["sequence_variant"],
        "options": words["scan_options"],
        "contrast": frozenset(each.acquisition_contrast for each in images) - {""},
        "sequence_name": name,
        "text": _most_common(each.text for each in images) or "",
        "acquisition": frozenset(filter(None, (each.acquisition_type for each in images))),
        **_pulse_facts(words["scanning_sequence"], name),
        "derived": "DERIVED" in words["image_type"],
        "labelled": "ASL" in words["image_type"] or any(each.spin_labelling for each in images),
        "colour": any(each.photometric_interpretation in COLOURS for each in images),
        "agent": _most_common(each.contrast_agent for each in images),
        "echo_time_ms": min((each.echo_time_ms for each in images if each.echo_time_ms), default=None),
        "echo_times": len(echoes) or None,
        **{name: _most_common(getattr(each, name) for each in images) for name in NUMBER_FIELDS},
        "b_value": max((each.b_value for each in images if each.b_value is not None), default=None),
        "in_plane_mm": _most_common(each.row_spacing_mm for each in images),
        "slice_spacing_mm": _most_common(each.spacing_between_slices_mm or each.slice_thickness_mm for each in images),
        "planes": len({_plane(orientation) for each in images for orientation in each.orientations}),
        "slices": len(positions) or None,
        "volumes": round(frames / len(positions)) if positions else None,
    }


WORD_FIELDS = ("image_type", "scanning_sequence", "sequence_variant", "scan_options")
NUMBER_FIELDS = ("repetition_time_ms", "inversion_time_ms", "flip_angle_deg", "slice_thickness_mm", "field_strength_t")


def _pulse_facts(scanning: frozenset[str], name: str) -> dict[str, object]:
    """SE, GR, EP and IR, corrected by the vendor's name: Siemens XA calls spin-echo EPI a gradient echo."""
    echo_planar = {"EP"} if re.search(r"\b(ep|re)_|\bep(se|fid|i)", name) else set()
    spin_echo = bool(re.search(r"\bepse|\b(tse|se|spc|spcr|tir|h)[23]d|\b(fr)?fse|\bspin", name))
    pulse = frozenset((scanning | echo_planar) - ({"GR"} if spin_echo else set()))
    return {"pulse": pulse, "spin_echo": spin_echo or "SE" in scanning}


def _majority(sets: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """The words that at least half of the instances carry."""
    counts = Counter(word for words in sets for word in set(words))
    return frozenset(word for word, times in counts.items() if 2 * times >= len(sets))


def _most_common(values: Iterable[Any]) -> Any:
    """The value that most instances state, the smallest of equals, so that no order of files changes the answer."""
    counts = Counter(value for value in values if value is not None and value != "")
    return min(counts, key=lambda value: (-counts[value], value), default=None)


def _plane(orientation: Orientation) -> str:
    row, column = orientation[:3], orientation[3:]
    normal = [
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    ]
    largest = max(range(3), key=lambda axis: abs(normal[axis]))
    return AXES[largest] if abs(normal[largest]) >= OBLIQUE_BELOW else "oblique"


def _fires(rule: Rule, facts: Facts) -> bool:
    return _hold(rule.when, facts) and not any(_hold(each, facts) for each in rule.unless)


def _hold(conditions: Conditions, facts: Facts) -> bool:
    return all(_holds(condition, facts[fact]) for fact, condition in conditions.items())


def _holds(condition: Any, value: Any) -> bool:
    """Whether one condition holds; a fact that is not stated (None) never does."""
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
            return any(re.fullmatch(condition, word) for word in value)
        case _:
            return _text_matches(condition, value)


def _text_matches(pattern: str, value: str) -> bool:
    """Whole match for an exact word or number, search for names and descriptions."""
    return bool(re.search(pattern, value, re.IGNORECASE) if pattern else value == "")


def _check_rule(rule: Rule) -> None:
    known = series_facts(())
    unknown = {fact for conditions in (rule.when, *rule.unless) for fact in conditions} - set(known)
    if unknown or rule.shows not in SEQUENCES or not 0 < rule.confidence <= 1:
        raise ValueError(f"classification rule {rule.name} names an unknown fact, sequence or confidence")


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
            return "matches `" + str(condition).replace("|", "\\|") + "`"


@cache
def _rules_text() -> str:
    return resources.files("imagebank.dicom").joinpath("data/classification_rules.toml").read_text("utf-8")
