"""Metrics of images with many volumes: functional and diffusion series, in one pass that keeps no volume. Pure.

Of each voxel only sums are kept (of the signal, of its square, and of its product with time), and of each slice its
mean in each volume.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy  # its parts are imported at their first use: they are slow to import
from numpy.typing import NDArray

from imagebank.imaging.quality.head import Mask, Volume
from imagebank.imaging.quality.model import Absent, Reading

FEWEST_VOLUMES = 8
WEIGHTED_FROM = 50.0  # s/mm2; below, a volume counts as unweighted
SHELL_WIDTH = 100.0  # s/mm2
SAME_DIRECTION = 0.9998  # cosine: about a degree
DROPPED = 0.2  # share by which a slice lies below the others of its shell
SPIKE = 6.0  # robust standard deviations
LEAST_SPREAD = 1e-4  # of the signal: steadier than any scanner
MAD = 1.4826  # from the median absolute deviation to the standard deviation of a normal distribution
LEAST_MASK = 20  # voxels of a slice inside the head, for its mean to count
OVER_TIME = ("tsnr", "spike_share", "drift_percent")
DIFFUSION = ("shells", "directions", "dropout_share")


@dataclass
class _Sums:
    """Running sums over time."""

    signal: NDArray[np.float64] = field(repr=False)
    square: NDArray[np.float64] = field(repr=False)
    by_time: NDArray[np.float64] = field(repr=False)
    count: int = 0


@dataclass(frozen=True)
class Course:
    """What one pass over the volumes leaves: per voxel of the head sums, per volume and slice the mean in the head."""

    slice_means: NDArray[np.float64] = field(repr=False)
    mean: NDArray[np.float64] = field(repr=False)
    deviation: NDArray[np.float64] = field(repr=False)
    trend: NDArray[np.float64] = field(repr=False)

    @property
    def volumes(self) -> int:
        """How many volumes there were."""
        return len(self.slice_means)


def follow(volumes: Iterator[Volume], mask: Mask) -> Course:
    """Go through the volumes once. `mask` is the head on the grid of the volumes."""
    held = [k for k in range(len(mask)) if mask[k].sum() >= LEAST_MASK]
    voxels = int(mask.sum())
    sums = _Sums(np.zeros(voxels), np.zeros(voxels), np.zeros(voxels))
    means = []
    for volume in volumes:
        inside = volume[mask].astype(np.float64)
        sums.signal += inside
        sums.square += inside * inside
        sums.by_time += inside * sums.count
        sums.count += 1
        means.append([float(volume[k][mask[k]].mean()) for k in held])
    return _course(sums, np.array(means))


def _course(sums: _Sums, means: NDArray[np.float64]) -> Course:
    count = max(sums.count, 1)
    mean = sums.signal / count
    times = np.arange(count, dtype=np.float64)
    spread = float(np.sum((times - times.mean()) ** 2)) or 1.0
    slope = (sums.by_time - times.mean() * sums.signal) / spread
    residual = sums.square - count * mean**2 - slope**2 * spread
    deviation = np.sqrt(np.maximum(residual, 0.0) / max(count - 2, 1))
    return Course(means, mean, deviation, slope * (count - 1))


def over_time(course: Course) -> dict[str, Reading]:
    """Metrics of a functional series."""
    if course.volumes < FEWEST_VOLUMES:
        return dict.fromkeys(OVER_TIME, Absent("too-few-volumes"))
    if not course.mean.size or float(course.mean.mean()) <= 0:
        return dict.fromkeys(OVER_TIME, Absent("no-head"))
    steady = course.deviation > 0
    ratio = course.mean[steady] / course.deviation[steady]
    return {
        "tsnr": float(np.median(ratio)) if ratio.size else Absent("no-contrast"),
        "spike_share": spike_share(course.slice_means),
        "drift_percent": 100 * abs(float(course.trend.mean())) / float(course.mean.mean()),
    }


def spike_share(slice_means: NDArray[np.float64]) -> Reading:
    """Share of means (volume, slice) that stand out from the linear trend of their slice."""
    if not slice_means.size:
        return Absent("no-head")
    departure = scipy.signal.detrend(slice_means, axis=0)
    departure = departure - np.median(departure, axis=0)
    usual = MAD * np.median(np.abs(departure), axis=0)
    least = max(float(np.median(usual)) / 2, LEAST_SPREAD * float(np.abs(slice_means).mean()))
    return float(np.mean(np.abs(departure) > SPIKE * np.maximum(usual, least)))


def diffusion(course: Course, b_values: Sequence[float], directions: NDArray[np.float64]) -> dict[str, Reading]:
    """Metrics of a diffusion series; `directions` is (volume, 3)."""
    if len(b_values) != course.volumes or len(directions) != course.volumes:
        return dict.fromkeys(DIFFUSION, Absent("no-b-values"))
    shells = np.round(np.asarray(b_values) / SHELL_WIDTH) * SHELL_WIDTH
    weighted = np.asarray(b_values) > WEIGHTED_FROM
    return {
        "shells": float(len(set(shells[weighted].tolist()))),
        "directions": float(_different(directions[weighted])),
        "dropout_share": _dropout(course.slice_means[weighted], shells[weighted]),
    }


def _different(directions: NDArray[np.float64]) -> int:
    kept: list[NDArray[np.float64]] = []
    for each in directions:
        length = float(np.linalg.norm(each))
        if length > 0.5 and all(abs(float(each @ other)) / length < SAME_DIRECTION for other in kept):
            kept.append(each / length)
    return len(kept)


def _dropout(means: NDArray[np.float64], shells: NDArray[np.float64]) -> Reading:
    """Slices whose signal fell: each is held against the same slice in the other volumes of its shell."""
    low = total = 0
    for shell in sorted(set(shells.tolist())):
        own = means[shells == shell]
        if len(own) >= 3 and own.size:
            low += int(np.sum(own < (1 - DROPPED) * np.median(own, axis=0)))
            total += own.size
    return low / total if total else Absent("too-few-volumes")
