"""The parts of a BIDS name, each by a rule of its own, as a table that prints as documentation.

A part depends on its own image and on the other images of the same series alone, never on another series; only `run`
looks at the series before it. So a series that arrives later changes no name that was given before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from imagebank.imaging.model import Image
from imagebank.imaging.vocabulary import read_label, reconstruction

TASK = "unknown"
"""A hospital's headers do not say what the patient was asked to do."""

PHASES = frozenset({"P", "PHASE"})
MAGNITUDES = frozenset({"M", "MAGNITUDE", "IN_PHASE", "OPP_PHASE", "OUT_PHASE"})
"""Words of ImageType: water and fat in or out of phase are magnitudes."""

UNSORTED = "unsorted"
"""Stands for the datatype of images without a BIDS name, and is their suffix."""


@dataclass(frozen=True)
class Kind:
    """An image and what it is called: datatype, suffix, and its echo where that belongs into the name."""

    image: Image
    datatype: str
    suffix: str
    echo: int | None = None


@dataclass(frozen=True)
class Entity:
    """One part of a name: its key, the datatypes that have it, its value for an image, and the rule in words."""

    key: str
    datatypes: tuple[str, ...]
    value: Callable[[Kind], str]
    rule: str


def part_of(image: Image) -> str:
    """Which part of a complex image it is, by the converter's label or by ImageType; empty for a magnitude."""
    for each in read_label(image.label):
        if each.meaning == "part":
            return each.value
    words = set(image.image_type)
    if words & MAGNITUDES or not words & PHASES:
        return ""
    return "phase"


def _acquisition(kind: Kind) -> str:
    plane = kind.image.plane if kind.image.plane not in ("unknown", "several") else ""
    return f"{plane}{kind.image.acquisition or ''}"


def _part(kind: Kind) -> str:
    part = part_of(kind.image)
    return "" if part == "hertz" else part


def _contrast(kind: Kind) -> str:
    return "contrast" if kind.image.contrast in (True, "yes") else ""


def _description(kind: Kind) -> str:
    return re.sub("[^A-Za-z0-9]", "", kind.image.sequence) or TASK


ENTITIES = (
    Entity("task", ("func",), lambda _: TASK, f"always `{TASK}`: the headers do not say what the patient was to do"),
    Entity("acq", ("anat", UNSORTED), _acquisition, "plane of the slices, and 2D or 3D"),
    Entity(
        "ce", ("anat", "func", UNSORTED), _contrast, "`contrast` where a contrast agent is known to be in the blood"
    ),
    Entity(
        "rec",
        ("anat", "dwi", "func", "perf", UNSORTED),
        lambda kind: reconstruction(kind.image.image_type),
        "how the scanner reconstructed it: the words below that ImageType holds",
    ),
    Entity(
        "dir",
        ("dwi", "func", "fmap-epi", "perf"),
        lambda kind: kind.image.direction,
        "from where to where the phase is encoded, such as `AP`; left out where its sign is not known",
    ),
    Entity(
        "run",
        ("anat", "dwi", "func", "fmap", "fmap-epi", "perf", UNSORTED),
        lambda _: "",
        "always there: counts the images whose names are otherwise equal, in the order of series number and id; the "
        "images of one field map share it",
    ),
    Entity(
        "echo",
        ("anat", "func", UNSORTED),
        lambda kind: str(kind.echo or ""),
        "rank of the echo time, where the series holds several and the suffix does not tell them apart",
    ),
    Entity(
        "part",
        ("anat", "dwi", "func", UNSORTED),
        _part,
        "`phase`, `real` or `imag`; an image without it is a magnitude",
    ),
    Entity("desc", (UNSORTED,), _description, "what the series shows; only of images that are unsorted"),
)
"""In the order in which BIDS wants them. A datatype `fmap-epi` stands for field maps by opposed phase encoding."""


def values(kind: Kind) -> tuple[tuple[str, str], ...]:
    """The parts of a name apart from its run; empty ones are left out."""
    place = "fmap-epi" if kind.suffix == "epi" else kind.datatype
    found = ((entity.key, entity.value(kind)) for entity in ENTITIES if place in entity.datatypes)
    return tuple((key, value) for key, value in found if value)


def stem(prefix: str, kind: Kind, run: int) -> str:
    """The whole name without its ending."""
    told = {**dict(values(kind)), "run": f"{run:02d}"}
    return "_".join([prefix, *(f"{each.key}-{told[each.key]}" for each in ENTITIES if each.key in told), kind.suffix])


def describe_entities() -> tuple[tuple[str, str, str], ...]:
    """The table in words: key, datatypes, rule."""
    return tuple((each.key, ", ".join(each.datatypes), each.rule) for each in ENTITIES)
