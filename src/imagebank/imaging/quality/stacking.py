"""How the slices of a series are stacked: missing, double, uneven or sheared, from their DICOM positions. Pure.

The converter fills gaps or passes over them, so that an image can look whole where its series was not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagebank.imaging.quality.model import Absent, Reading

FEWEST_SLICES = 4  # of three, one gap is half of all: nothing can be said
SAME_PLACE = 0.02  # share of the usual distance below which two positions are one
GAP_FROM = 1.5  # times the usual distance: a slice would fit in between
SAME_PLANE = 0.999  # cosine between normals
STACKING = ("missing_slices", "duplicate_slices", "spacing_spread", "shear_deg")


@dataclass(frozen=True)
class Slice:
    """One frame: its first voxel (LPS, mm), and the directions of its rows and columns."""

    position: tuple[float, ...]
    orientation: tuple[float, ...]

    @property
    def normal(self) -> NDArray[np.float64]:
        """Row times column."""
        return np.cross(self.orientation[:3], self.orientation[3:])


def stacking(slices: Sequence[Slice], *, mosaic: bool) -> dict[str, Reading]:
    """Missing and double slices, unevenness and shear of one stack, repeated for each volume of a series."""
    if mosaic:
        return _none("positions-packed")
    if not slices:
        return _none("header-silent")
    normal = slices[0].normal
    if any(abs(float(each.normal @ normal)) < SAME_PLANE for each in slices):
        return _none("several-planes")
    places = np.array([each.position for each in slices])
    along = places @ normal
    centres, counts = _places(along)
    if len(centres) < FEWEST_SLICES:
        return _none("too-few-slices")
    return {**_gaps(centres, counts), "shear_deg": _shear(places, along, normal)}


def _none(reason: str) -> dict[str, Reading]:
    return {name: Absent(reason) for name in STACKING}


def _places(along: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The different places along the normal, and how many frames lie at each."""
    ordered = np.sort(along)
    steps = np.diff(ordered)
    wide = steps[steps > 1e-3]
    limit = SAME_PLACE * float(np.median(wide)) if len(wide) else 1e-3
    starts = np.concatenate([[0], np.flatnonzero(steps > max(limit, 1e-3)) + 1])
    counts = np.diff(np.concatenate([starts, [len(ordered)]]))
    return ordered[starts], counts


def _gaps(centres: NDArray[np.float64], counts: NDArray[np.int64]) -> dict[str, Reading]:
    steps = np.diff(centres)
    usual = float(np.median(steps))
    usual_count = Counter(counts.tolist()).most_common(1)[0][0]
    holes = steps > GAP_FROM * usual
    lost = sum(round(float(step) / usual) - 1 for step in steps[holes])
    short = int(np.sum(np.maximum(usual_count - counts, 0)))  # a slice that only some volumes lack
    even = steps[~holes]
    return {
        "missing_slices": float(lost * usual_count + short),
        "duplicate_slices": float(np.sum(np.maximum(counts - usual_count, 0))),
        "spacing_spread": float(np.max(np.abs(even - usual)) / usual) if len(even) else 0.0,
    }


def _shear(places: NDArray[np.float64], along: NDArray[np.float64], normal: NDArray[np.float64]) -> float:
    """The angle between the line from the first to the last slice and the normal of the slices."""
    line = places[int(np.argmax(along))] - places[int(np.argmin(along))]
    cosine = abs(float(line @ normal)) / max(float(np.linalg.norm(line)) * float(np.linalg.norm(normal)), 1e-9)
    return float(np.degrees(np.arccos(min(cosine, 1.0))))
