"""Metrics of the intensities of one volume: noise, contrast, ghosts, blur, and slices that do not fit together. Pure.

Everything that needs air has no value where the background was set to zero or the head fills the field of view: a
number computed from nothing would look like an excellent scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagebank.imaging.quality.head import Head, Mask, Volume
from imagebank.imaging.quality.model import Absent, Reading

RAYLEIGH = float(np.sqrt(2 / (4 - np.pi)))  # from the deviation of magnitudes in air to that of the noise (Dietrich)
MOST_ZEROS_IN_AIR = 0.3  # share from which the background counts as set to zero
LEAST_AIR_BLOCKS = 30
LEAST_SIDE_BLOCKS = 12  # of air in each of the two parts that ghosting compares
LEAST_SLICES = 6
LEAST_CORE_VOXELS = 500
SLICES_FOR_EDGES = 48  # enough for the mean of the strongest edges; more slices would say the same
EDGE_TENTH = 90  # percentile from which a gradient is an edge
ROUNDS = 12  # of the search for three classes, which settles in fewer
ANATOMICAL = ("T1w", "T2w", "FLAIR", "PDw")
ROWS, COLUMNS = 1, 2


@dataclass(frozen=True)
class Way:
    """How a volume was acquired, as far as the metrics depend on it. `phase_axis` is 1 (rows), 2 (columns) or None."""

    sequence: str
    acquisition: str | None
    phase_axis: int | None


def intensity(volume: Volume, head: Head, way: Way) -> dict[str, Reading]:
    """All metrics of intensity of one volume (slices, rows, columns)."""
    if not head.found:
        names = ("saturated_share", "snr", "cnr", "fber", "efc", "ghosting", "edge_strength", "blur_voxels")
        return dict.fromkeys((*names, "slice_jitter"), Absent("no-head"))
    covered = head.cropped(volume)
    inside = head.whole(head.head)
    signal = covered[inside]
    return {
        "saturated_share": float(np.mean(signal >= volume.max())),
        "efc": entropy_focus(volume),
        **_of_air(covered, signal, head, way),
        **_of_edges(covered, inside, signal),
        "slice_jitter": slice_jitter(head, way),
    }


def _of_air(covered: Volume, signal: NDArray[np.float32], head: Head, way: Way) -> dict[str, Reading]:
    objection = air_objection(covered, head)
    if objection:
        return dict.fromkeys(("snr", "fber", "ghosting", "cnr"), objection)
    air = covered[head.whole(head.air)]
    noise = RAYLEIGH * float(air.std())
    return {
        "snr": float(np.median(signal)) / noise,
        "fber": float(np.mean(np.square(signal))) / max(float(np.mean(np.square(air))), 1e-9),
        "ghosting": ghosting(head, way.phase_axis),
        "cnr": contrast(covered, head, noise, way.sequence),
    }


def air_objection(covered: Volume, head: Head) -> Absent | None:
    """Why air cannot be measured, if it cannot."""
    if head.air.sum() < LEAST_AIR_BLOCKS:
        return Absent("no-air")
    air = covered[head.whole(head.air)]
    if float(np.mean(air == 0)) > MOST_ZEROS_IN_AIR or float(air.std()) <= 0:
        return Absent("zero-filled")
    return None


def entropy_focus(volume: Volume) -> float:
    """The entropy focus criterion, normalised by its greatest value: that of a volume with one value throughout."""
    values = np.abs(volume).ravel()
    values = values[values > 0]
    if not values.size:
        return 0.0
    energy = float(np.sqrt(np.einsum("i,i->", values, values, dtype=np.float64)))
    share = values / np.float32(energy)
    root = np.sqrt(volume.size)
    most = volume.size * (1 / root) * np.log(1 / root)
    return float(np.einsum("i,i->", share, np.log(share), dtype=np.float64) / most)


def contrast(covered: Volume, head: Head, noise: float, sequence: str) -> Reading:
    """Contrast to noise of the two brighter of three classes deep in the head."""
    if sequence not in ANATOMICAL:
        return Absent("not-for-this-sequence")
    deep = covered[head.whole(head.core)]
    if deep.size < LEAST_CORE_VOXELS:
        return Absent("no-contrast")
    classes = three_classes(deep)
    if any(each.size < LEAST_CORE_VOXELS / 10 for each in classes):
        return Absent("no-contrast")
    _, middle, bright = classes
    spread = np.sqrt(noise**2 + float(middle.std()) ** 2 + float(bright.std()) ** 2)
    return float((bright.mean() - middle.mean()) / max(spread, 1e-9))


def three_classes(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Values parted at the limits that k-means finds for three classes, from dark to bright."""
    low, high = np.percentile(values, [2, 98])
    kept = np.sort(values[(values >= low) & (values <= high)])
    centres = np.percentile(kept, [10, 50, 90])
    for _ in range(ROUNDS):
        limits = np.searchsorted(kept, (centres[:-1] + centres[1:]) / 2)
        parts = np.split(kept, limits)
        if any(not part.size for part in parts):
            return tuple(parts)
        centres = np.array([part.mean() for part in parts])
    return tuple(parts)


def ghosting(head: Head, phase_axis: int | None) -> Reading:
    """Signal of the air before and behind the head along the phase direction, less that of the rest of the air.

    Where the direction is not known, the greater of the two in-plane ones counts.
    """
    axes = (phase_axis,) if phase_axis else (ROWS, COLUMNS)
    found = [ratio for axis in axes if (ratio := _ghost_ratio(head, axis)) is not None]
    return max(found) if found else Absent("no-air")


def _ghost_ratio(head: Head, axis: int) -> float | None:
    """`axis` is the phase direction; its lines that meet the head in a slice are where ghosts fall."""
    lines = np.broadcast_to(head.head.any(axis=axis, keepdims=True), head.head.shape)
    beside = np.broadcast_to(head.head.any(axis=ROWS + COLUMNS - axis, keepdims=True), head.head.shape)
    struck, rest = head.air & lines, head.air & ~lines & beside
    if min(struck.sum(), rest.sum()) < LEAST_SIDE_BLOCKS:
        rest = head.air & ~lines
    if min(struck.sum(), rest.sum()) < LEAST_SIDE_BLOCKS:
        return None
    signal = float(head.means[head.head].mean())
    return (float(np.mean(head.means[struck])) - float(np.mean(head.means[rest]))) / max(signal, 1e-9)


def _of_edges(covered: Volume, inside: Mask, signal: NDArray[np.float32]) -> dict[str, Reading]:
    """Edge strength and blur, from some slices in the middle of the stack."""
    held = np.flatnonzero(inside.any(axis=(1, 2)))
    chosen = held[:: max(1, len(held) // SLICES_FOR_EDGES)]
    part, mask = covered[chosen], inside[chosen]
    low, high = np.percentile(signal, [2, 98])
    gradient = np.hypot(np.diff(part, axis=1)[:, :, :-1], np.diff(part, axis=2)[:, :-1, :])[mask[:, :-1, :-1]]
    strong = gradient[gradient >= np.percentile(gradient, EDGE_TENTH)]
    return {
        "edge_strength": float(strong.mean() / max(high - low, 1e-9)),
        "blur_voxels": blur_voxels(part, mask),
    }


def blur_voxels(part: Volume, mask: Mask) -> Reading:
    """Full width at half maximum of a Gaussian whose correlation of neighbours is the one found inside the head."""
    widths = []
    for axis in (ROWS, COLUMNS):
        here, there = _pairs(part, mask, axis)
        if here.size < LEAST_CORE_VOXELS:
            return Absent("no-head")
        correlation = float(np.corrcoef(here, there)[0, 1])
        if not 0 < correlation < 1:
            return Absent("no-contrast")
        widths.append(np.sqrt(-2 * np.log(2) / np.log(correlation)))
    return float(np.mean(widths))


def _pairs(part: Volume, mask: Mask, axis: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Neighbours along an in-plane axis, both inside the mask."""
    first = tuple(slice(None, -1) if each == axis else slice(None) for each in range(3))
    second = tuple(slice(1, None) if each == axis else slice(None) for each in range(3))
    both = mask[first] & mask[second]
    return part[first][both], part[second][both]


def slice_jitter(head: Head, way: Way) -> Reading:
    """How much the mean of a slice departs from that of its neighbours, in stacks that are excited slice by slice."""
    if way.acquisition == "3D":
        return Absent("acquired-in-3d")
    if head.factors[0] != 1:
        return Absent("acquired-in-3d")  # slices thinner than a block are not acquired one by one
    held = np.flatnonzero(head.head.sum(axis=(1, 2)) > 0.3 * head.head.sum(axis=(1, 2)).max())
    if len(held) < LEAST_SLICES:
        return Absent("too-few-slices")
    middle = head.core.any(axis=0) if head.core.any() else head.head.any(axis=0)
    means = np.array([float(head.means[k][middle].mean()) for k in held])
    departure = means[1:-1] - (means[:-2] + means[2:]) / 2
    return float(np.sqrt(np.mean(np.square(departure))) / max(float(means.mean()), 1e-9))
