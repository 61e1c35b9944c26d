"""What the pixels say against a label: a second witness that is cheap, and only ever asks a person to look.

It knows a few things that hold whatever the scanner: neighbouring pixels of an image are alike, fluid is dark in T1w
and FLAIR and bright in T2w, a head is nearly the same on both sides, a run of BOLD volumes varies a little over time.
It never changes a label. Arrays are (slices, rows, columns), for a run (volumes, slices, rows, columns).
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

CONTRADICTIONS = {
    "empty": "All pixels are equal, or next to nothing stands out of the background.",
    "noise": "Neighbouring pixels have nothing to do with each other: no image, whatever the header says.",
    "fluid-is-bright": "The middle of the head has bright fluid; a T1w or FLAIR image has dark fluid.",
    "fluid-is-dark": "The middle of the head has dark fluid; a T2w image has bright fluid.",
    "not-symmetric": "Left and right differ too much for a whole head.",
    "does-not-vary": "The volumes of a run are all the same.",
    "varies-too-much": "The volumes of a run differ more than those of a BOLD or ASL run.",
}
"""What the pixels may say against a label, and what it means."""

FLUID_IS_DARK = ("T1w", "FLAIR")
FLUID_IS_BRIGHT = ("T2w",)
RUNS = ("BOLD", "ASL")

LEAST_LIKENESS = 0.3
"""Correlation of neighbouring pixels: heads have 0.8 and more, noise next to none."""

STRONG_SKEW = 0.35
"""How lopsided the middle of the head must be, from -1 to 1, to speak against a label."""

LEAST_SYMMETRY = 0.4
LEAST_VARIATION, MOST_VARIATION = 1e-4, 0.25
MIDDLE = 0.36  # the part of each side of the head, around its middle, in which the ventricles lie


def contradictions(volume: Array, sequence: str, *, plane: str = "unknown", coverage: str = "unknown") -> list[str]:
    """What one volume says against its label, as keys of `CONTRADICTIONS`; empty when nothing does."""
    volume = np.asarray(volume, dtype=np.float32)
    if volume.size == 0 or float(volume.max()) == float(volume.min()):
        return ["empty"]
    if likeness(volume) < LEAST_LIKENESS:
        return ["noise"]
    head = head_box(volume)
    if head is None:
        return ["empty"]
    found = []
    skew = middle_skew(volume[head])
    if coverage == "whole-brain" and sequence in FLUID_IS_DARK and skew > STRONG_SKEW:
        found.append("fluid-is-bright")
    if coverage == "whole-brain" and sequence in FLUID_IS_BRIGHT and skew < -STRONG_SKEW:
        found.append("fluid-is-dark")
    if coverage == "whole-brain" and plane in ("axial", "coronal") and symmetry(volume[head]) < LEAST_SYMMETRY:
        found.append("not-symmetric")
    return found


def contradictions_of_run(run: Array, sequence: str) -> list[str]:
    """What the volumes of a run say against its label over time."""
    if sequence not in RUNS or len(run) < 4:
        return []
    variation = temporal_variation(np.asarray(run, dtype=np.float32))
    if variation < LEAST_VARIATION:
        return ["does-not-vary"]
    return ["varies-too-much"] if variation > MOST_VARIATION else []


def likeness(volume: Array) -> float:
    """Correlation of each pixel with its right neighbour, 0 for noise, near 1 for an image."""
    left, right = volume[..., :-1].ravel(), volume[..., 1:].ravel()
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])


def head_box(volume: Array) -> tuple[slice, slice, slice] | None:
    """The box around everything brighter than the background; None where that is next to nothing."""
    mask = volume > otsu(volume)
    if mask.mean() < 0.01:
        return None
    sides = []
    for axis in range(3):
        share = mask.mean(axis=tuple(other for other in range(3) if other != axis))
        inside = np.flatnonzero(share > 0.1 * share.max())
        sides.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return sides[0], sides[1], sides[2]


def otsu(volume: Array) -> float:
    """The threshold that parts the histogram best in two (Otsu, IEEE Trans SMC 1979)."""
    counts, edges = np.histogram(volume, bins=128)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts) / counts.sum()
    mean = np.cumsum(counts * centres) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] * weight - mean) ** 2 / (weight * (1 - weight))
    return float(centres[int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))])


def middle_skew(head: Array) -> float:
    """Which tail of the intensities in the middle of the head is longer: 1 only bright, -1 only dark ones."""
    middle = head[tuple(_middle(length) for length in head.shape)]
    low, centre, high = np.percentile(middle, [1, 50, 99])
    return float((high - centre) - (centre - low)) / float(high - low) if high > low else 0.0


def _middle(length: int) -> slice:
    margin = int(length * (1 - MIDDLE) / 2)
    return slice(margin, max(length - margin, margin + 1))


def symmetry(head: Array) -> float:
    """Correlation of the middle slice with its mirror image."""
    middle = head[len(head) // 2]
    mirrored = middle[:, ::-1]
    return float(np.corrcoef(middle.ravel(), mirrored.ravel())[0, 1]) if middle.std() > 0 else 1.0


def temporal_variation(run: Array) -> float:
    """The usual coefficient of variation over time inside the head."""
    mean = run.mean(axis=0)
    inside = mean > otsu(mean)
    return float(np.median(run.std(axis=0)[inside] / mean[inside])) if inside.any() else 0.0
