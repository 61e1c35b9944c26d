"""The nouns of image quality: a metric, a reading or the reason why there is none, an image and what came of it.

Metrics are declared once, in `data/metrics.toml`. Pure.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

METRICS_FILE = "data/metrics.toml"
DECIMALS = 6  # significant digits that are kept: more would differ between processors

ABSENT = {
    "zero-filled": "The background was set to zero, so there is no air to measure.",
    "no-air": "The head leaves too little air in the field of view.",
    "no-head": "No head was found in the image.",
    "no-contrast": "The head shows no classes of tissue that could be told apart.",
    "too-few-slices": "There are too few slices.",
    "too-few-volumes": "There are too few volumes.",
    "acquired-in-3d": "All slices are excited together, so they cannot differ in time.",
    "not-for-this-sequence": "The metric has no meaning for this kind of image.",
    "header-silent": "The header does not say what is needed.",
    "positions-packed": "The slices lie in one mosaic, which has one position.",
    "several-planes": "The series holds slices of several planes.",
    "no-b-values": "There is no b-value for each volume.",
    "colour": "The image is in colour.",
    "computed": "Phase, or a projection: its values are no signal of tissue.",
    "unreadable": "The image or the zip of its series cannot be read.",
    "failed": "The measuring itself failed; the ledger says how.",
}
"""Why a metric may have no value."""


@dataclass(frozen=True)
class Metric:
    """One metric: what it is, in which unit, and which direction is good.

    `floor` is the least believable spread; `within` "scanner" keeps the comparison to one scanner.
    """

    name: str
    group: str
    definition: str
    better: str
    unit: str | None = None
    reference: str = ""
    judged: bool = False
    scale: str = "linear"
    floor: float = 0.0
    within: str = ""


@dataclass(frozen=True)
class Absent:
    """No reading, for a reason of `ABSENT`."""

    reason: str


Reading = float | Absent


@cache
def metrics() -> Mapping[str, Metric]:
    """Every metric by its name, in the order in which they are shown."""
    text = resources.files(__package__).joinpath(METRICS_FILE).read_text("utf-8")
    return {each["name"]: Metric(**each) for each in tomllib.loads(text)["metric"]}


def tidy(readings: Mapping[str, float | Absent]) -> dict[str, Reading]:
    """Readings to so many digits; what is not finite has no value."""
    return {name: _tidy(value) for name, value in readings.items()}


def _tidy(value: Reading) -> Reading:
    if isinstance(value, Absent):
        return value
    return float(f"{value:.{DECIMALS}g}") if math.isfinite(value) else Absent("no-contrast")


@dataclass(frozen=True)
class QualityTask:
    """One NIfTI image to measure, with the zip of its series; paths are relative to `root`.

    `sequence` is what the image shows and `acquisition` is 2D, 3D or None, as the classification says.
    """

    root: Path
    image: str
    zip_path: str
    mosaic: str
    sequence: str
    acquisition: str | None


@dataclass(frozen=True)
class QualityResult:
    """What was measured of one image: values, and for each metric without one the reason; and its mosaic's digest."""

    values: Mapping[str, float]
    absent: Mapping[str, str]
    software: str
    mosaic_sha256: str


SUFFIXES = {
    "T1w": "T1w",
    "T2w": "T2w",
    "FLAIR": "FLAIR",
    "PDw": "PDw",
    "T2starw": "T2starw",
    "angio": "MRA",
    "dwi": "DWI",
    "bold": "BOLD",
    "asl": "ASL",
}
"""What an image under a BIDS name shows; the two echoes of one series differ."""


def shown_by(image: str, sequence: str) -> str:
    """What an image shows: by the suffix of its BIDS name, else what its series shows."""
    suffix = image.rsplit("/", 1)[-1].split(".")[0].rsplit("_", 1)[-1]
    return SUFFIXES.get(suffix, sequence)
