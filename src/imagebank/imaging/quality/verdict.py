"""Whether an image is usable: fixed limits for its geometry, and for all else how far it stands from images like it.

Images are alike when they share what they show, 2D or 3D, scanner and software; where fewer than `FEWEST_ALIKE` do,
software, then the scanner, then 2D or 3D are left aside. Distances are robust: from the median, in units of the median
absolute deviation, towards the bad side alone. No fixed cut of a signal-to-noise ratio holds for two scanners.

Pure: the same images give the same verdicts in any order.
"""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from imagebank.imaging.quality.model import Metric, metrics

LIMITS_FILE = "data/limits.toml"
USABLE, CAUTION, UNUSABLE, NOT_ASSESSABLE = "usable", "caution", "unusable", "not-assessable"
VERDICTS = (USABLE, CAUTION, UNUSABLE, NOT_ASSESSABLE)

FEWEST_ALIKE = 20  # with fewer, the median absolute deviation itself is off by a third and more
FEWEST_VALUES = 10  # of a metric in a stratum
CAUTION_FROM = 3.5  # robust standard deviations (Iglewicz and Hoaglin 1993)
UNUSABLE_FROM = 7.0  # twice that; raters call few images unusable that lie nearer
MAD = 1.4826
SCANNER_LEVEL = 3  # parts of the name of a stratum that holds images of one scanner
LEAST = 1e-6  # below it, a logarithm says nothing

JUDGED = ("T1w", "T2w", "FLAIR", "PDw", "T2starw", "SWI", "MRA", "DWI", "BOLD", "ASL")
"""What is judged. Localizers, maps that the scanner computed and phase images have no quality of this kind."""

REASONS = {
    "sequence-not-judged": "Images of this kind are not judged.",
    "too-few-alike": "The bank holds too few images of this kind to compare with.",
    "no-head": "No head was found in the image.",
    "unreadable": "The image or the zip of its series cannot be read.",
    "colour": "The image is in colour.",
    "computed": "Phase, or a projection: its values are no signal of tissue.",
    "failed": "The measuring itself failed; the ledger says how.",
}
"""Why an image may be not assessable."""

UNMEASURED = ("no-head", "unreadable", "colour", "computed", "failed")


@dataclass(frozen=True)
class Limit:
    """One fixed limit; `unusable` None means that it never makes an image unusable.

    `everywhere` says that it holds for images that are not judged otherwise, such as maps and localizers.
    """

    metric: str
    reason: str
    caution: float
    because: str
    unusable: float | None = None
    everywhere: bool = False


@dataclass(frozen=True)
class Measured:
    """One image as the verdict sees it."""

    image: str
    sequence: str
    acquisition: str | None
    scanner: str
    software: str
    values: Mapping[str, float] = field(repr=False)
    absent: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Verdict:
    """What an image is worth, why, and what it was compared with: a level of `stratum_levels` and how many images."""

    verdict: str
    reasons: tuple[str, ...] = ()
    stratum: str = ""
    alike: int = 0


@dataclass(frozen=True)
class _Scaled:
    """The judged metrics of all images on the scale on which they are compared, worse upwards; NaN where absent."""

    names: tuple[str, ...]
    floors: NDArray[np.float64] = field(repr=False)
    values: NDArray[np.float64] = field(repr=False)  # (image, metric)


@dataclass(frozen=True)
class _Usual:
    """Median and spread of each judged metric in a stratum; NaN where too few images have it."""

    median: NDArray[np.float64] = field(repr=False)
    spread: NDArray[np.float64] = field(repr=False)
    alike: int


Stratum = tuple[str, ...]


@cache
def limits() -> tuple[Limit, ...]:
    """The fixed limits, in the order in which they are told."""
    text = resources.files(__package__).joinpath(LIMITS_FILE).read_text("utf-8")
    return tuple(Limit(**each) for each in tomllib.loads(text)["limit"])


def stratum_levels(image: Measured) -> tuple[Stratum, ...]:
    """The strata that an image belongs to, the narrowest first."""
    kind = image.acquisition or "2D or 3D"
    return (
        (image.sequence, kind, image.scanner, image.software),
        (image.sequence, kind, image.scanner),
        (image.sequence, kind),
        (image.sequence,),
    )


def judge(images: Sequence[Measured]) -> dict[str, Verdict]:
    """The verdict on each image, by its path."""
    judged = [each for each in images if objection(each) == ""]
    scaled = _scaled(judged)
    members: dict[Stratum, list[int]] = defaultdict(list)
    for place, each in enumerate(judged):
        for level in stratum_levels(each):
            members[level].append(place)
    usual = {name: _usual(scaled, alike) for name, alike in members.items() if len(alike) >= FEWEST_ALIKE}
    found = {each.image: _verdict(each, None, "", {}) for each in images if objection(each)}
    for place, each in enumerate(judged):
        stratum: Stratum = next((level for level in stratum_levels(each) if level in usual), ())
        away = _badness(scaled, place, usual[stratum], mixed=len(stratum) < SCANNER_LEVEL) if stratum else {}
        found[each.image] = _verdict(each, usual.get(stratum), " | ".join(stratum), away)
    return found


def objection(image: Measured) -> str:
    """Why an image is not judged, as a code of `REASONS`; empty when it is."""
    if image.sequence not in JUDGED:
        return "sequence-not-judged"
    return next((reason for reason in UNMEASURED if image.absent.get("efc") == reason), "")


def _scaled(images: Sequence[Measured]) -> _Scaled:
    judged = [each for each in metrics().values() if each.judged]
    values = np.array([[on_scale(each.values.get(metric.name), metric) for metric in judged] for each in images])
    floors = np.array([each.floor for each in judged])
    return _Scaled(tuple(each.name for each in judged), floors, values.reshape(len(images), len(judged)))


def on_scale(value: float | None, metric: Metric) -> float:
    """A value on the scale on which its metric is compared, worse upwards; NaN for none."""
    if value is None:
        return math.nan
    scaled = math.log(max(value, LEAST)) if metric.scale == "log" else value
    return -scaled if metric.better == "higher" else scaled


def _usual(scaled: _Scaled, alike: Sequence[int]) -> _Usual:
    """Median and spread of every judged metric that enough of the images have."""
    values = scaled.values[alike]
    enough = np.sum(~np.isnan(values), axis=0) >= FEWEST_VALUES
    median, spread = (np.full(len(scaled.names), np.nan) for _ in range(2))
    median[enough] = np.nanmedian(values[:, enough], axis=0)
    away = np.nanmedian(np.abs(values[:, enough] - median[enough]), axis=0)
    spread[enough] = MAD * np.maximum(np.maximum(away, scaled.floors[enough]), LEAST)
    return _Usual(median, spread, len(alike))


def _badness(scaled: _Scaled, place: int, usual: _Usual, *, mixed: bool) -> dict[str, float]:
    """How many robust standard deviations each metric lies on the bad side of usual; negative on the good side.

    Where a stratum mixes scanners, metrics that are a matter of protocol are left out.
    """
    away = (scaled.values[place] - usual.median) / usual.spread
    found = {name: value for name, value in zip(scaled.names, away.tolist(), strict=True) if not math.isnan(value)}
    return {name: value for name, value in found.items() if not (mixed and metrics()[name].within)}


def outlier_reason(name: str) -> str:
    """The code of a metric that stands out, such as `low-snr`."""
    side = "low" if metrics()[name].better == "higher" else "high"
    return f"{side}-{name.replace('_', '-')}"


def _verdict(image: Measured, usual: _Usual | None, stratum: str, away: Mapping[str, float]) -> Verdict:
    reason = objection(image)
    held = [each for each in limits() if each.everywhere or not reason]
    broken = {each.reason: _grade(image.values.get(each.metric), each.caution, each.unusable) for each in held}
    told = {each.metric for each in held if broken[each.reason]}  # one reason for one thing
    standing_out = [name for name in sorted(away, key=lambda name: (-away[name], name)) if name not in told]
    broken |= {outlier_reason(name): _grade(away[name], CAUTION_FROM, UNUSABLE_FROM) for name in standing_out}
    worst = max(broken.values(), default=0)
    if usual is None and not worst:
        return Verdict(NOT_ASSESSABLE, (reason or "too-few-alike",))
    reasons = tuple(reason for reason, grade in broken.items() if grade)
    return Verdict((USABLE, CAUTION, UNUSABLE)[worst], reasons, stratum, usual.alike if usual else 0)


def _grade(value: float | None, caution: float, unusable: float | None) -> int:
    """0 is well, 1 is caution, 2 is unusable."""
    if value is None or value < caution:
        return 0
    return 2 if unusable is not None and value >= unusable else 1
