"""What spoils an image: noise and coil bias in every one, and the faults that are planted in a share of them.

Each takes an integer volume (slice, row, column) and returns a new one; `chance` is the random numbers of the series,
so that the same series is always spoilt in the same way. Phase is encoded along the columns of the image, so that
ghosts lie above and below the head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from imagebank.synthetic.visits import Grid

Volume = NDArray[np.int32]
Chance = Random | np.random.Generator

BIAS = 0.22  # how far the logarithm of the coil's sensitivity swings across the field of view
NOISE_SHARE = 0.14  # of the bright tissue, where noise is the fault
GHOSTS = ((0.5, 0.26), (0.25, 0.12))  # how far a ghost lies from the head, as a share of the field of view; how strong
MOVES = 3  # changes of position during one scan
MOVE_SHARE = 0.028  # of the matrix
TURN_DEG = 5.0
CUT_SHARE = (0.34, 0.42)  # of the field of view by which the head is off


@dataclass(frozen=True)
class Spoilt:
    """A spoilt volume; `missing` are slices that must not be written; `moved_voxels` is how far the content was moved.

    A writer that wants true positions subtracts `moved_voxels` (slice, row, column) from the place of the first voxel.
    """

    volume: Volume = field(repr=False)
    missing: tuple[int, ...] = ()
    moved_voxels: tuple[int, int, int] = (0, 0, 0)


def grain(volume: Volume, *, sigma: float, chance: Chance) -> Volume:
    """Rician noise: the magnitude of the signal with bell-shaped noise of `sigma` in both channels."""
    generator = _generator(chance)
    real = generator.standard_normal(volume.shape, dtype=np.float32) * np.float32(sigma) + volume
    imaginary = generator.standard_normal(volume.shape, dtype=np.float32) * np.float32(sigma)
    return np.asarray(np.rint(np.sqrt(real * real + imaginary * imaginary)), dtype=np.int32)


def bias(volume: Volume, grid: Grid, chance: Chance) -> Volume:
    """Sensitivity of the coil: brighter towards one side and near the surface, smooth, at most a quarter off."""
    generator = _generator(chance)
    steps = (grid.slice_mm, grid.pixel_mm, grid.pixel_mm)
    result = volume.astype(np.float32)
    for axis, (count, step) in enumerate(zip(volume.shape, steps, strict=True)):
        place = (np.arange(count) - (count - 1) / 2) * step / 110.0
        tilt, bowl = generator.uniform(-1, 1) * BIAS / 2, BIAS * (0.25 + 0.25 * generator.random())
        profile = np.exp(np.clip(tilt * place + bowl * (place * place - 0.3), -BIAS, BIAS)).astype(np.float32)
        result *= profile.reshape([-1 if k == axis else 1 for k in range(3)])
    return np.rint(result).astype(np.int32)


def spoil(volume: Volume, fault: str, chance: Chance, *, plane: str = "axial") -> Spoilt:
    """The volume with a fault of `visits.FAULTS`; raises KeyError for another."""
    return _FAULTS[fault](volume, _generator(chance), plane)


def _generator(chance: Chance) -> np.random.Generator:
    if isinstance(chance, np.random.Generator):
        return chance
    return np.random.Generator(np.random.PCG64(chance.getrandbits(64)))


def _moving(volume: Volume, chance: np.random.Generator, _plane: str) -> Spoilt:
    """Lines of k-space come from several positions of the head, which smears edges into ripples."""
    image = volume.astype(np.float32)
    mixed = fft.fft2(image, axes=(1, 2)).astype(np.complex64)
    rows = volume.shape[1]
    order = np.abs(fft.fftfreq(rows)).argsort(kind="stable")  # the middle of k-space is measured at rest
    outer = np.sort(order[max(2, rows // 10) :])
    for lines in np.array_split(outer, MOVES + 1)[1:]:
        moved = _moved(image, chance)
        mixed[:, lines, :] = fft.fft2(moved, axes=(1, 2))[:, lines, :]
    return Spoilt(_magnitude(fft.ifft2(mixed, axes=(1, 2))))


def _moved(image: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """Turned and shifted in the plane of the slices."""
    angle = np.radians(chance.choice((-1, 1)) * chance.uniform(0.6, 1) * TURN_DEG)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    middle = (np.array(image.shape) - 1) / 2
    shift = chance.choice((-1, 1), 3) * chance.uniform(0.6, 1, 3) * MOVE_SHARE * np.array(image.shape) * (0, 1, 1)
    start = middle - turn @ middle + shift
    return np.asarray(ndimage.affine_transform(image, turn, start, order=1), dtype=np.float32)


def _ghosted(volume: Volume, _chance: np.random.Generator, _plane: str) -> Spoilt:
    """Faint copies of the head along the phase direction, as pulsation and gradient delays leave."""
    lines = fft.fft(volume.astype(np.float32), axis=1)
    count = volume.shape[1]
    spread = np.ones(count, dtype=np.complex64)
    for share, strength in GHOSTS:
        turn = np.arange(count) * (2 * np.pi * share)
        spread += (strength * np.cos(turn)).astype(np.complex64)
    return Spoilt(_magnitude(fft.ifft(lines * spread[None, :, None], axis=1)))


def _noisy(volume: Volume, chance: np.random.Generator, _plane: str) -> Spoilt:
    return Spoilt(grain(volume, sigma=NOISE_SHARE * float(np.percentile(volume, 98)), chance=chance))


def _without_a_slice(volume: Volume, chance: np.random.Generator, _plane: str) -> Spoilt:
    """One slice from inside the stack; a stack of one keeps it."""
    count = len(volume)
    missing = (int(chance.integers(1, count - 1)),) if count > 2 else ()
    return Spoilt(volume.copy(), missing)


def _cut(volume: Volume, chance: np.random.Generator, _plane: str) -> Spoilt:
    """The field of view lies off the head, so that a part of the brain is outside it."""
    by = int(np.ceil(volume.shape[1] * chance.uniform(*CUT_SHARE)))
    result = np.zeros_like(volume)
    if chance.random() < 0.5:
        result[:, by:], by_rows = volume[:, :-by], by
    else:
        result[:, :-by], by_rows = volume[:, by:], -by
    return Spoilt(result, moved_voxels=(0, by_rows, 0))


def _turned_over(volume: Volume, _chance: np.random.Generator, _plane: str) -> Spoilt:
    """Turned by half a turn in the plane: the patient lay otherwise than the console was told."""
    return Spoilt(np.ascontiguousarray(volume[:, ::-1, ::-1]))


def _mirrored(volume: Volume, _chance: np.random.Generator, plane: str) -> Spoilt:
    """Left and right exchanged."""
    flipped = volume[::-1] if plane == "sagittal" else volume[:, :, ::-1]
    return Spoilt(np.ascontiguousarray(flipped))


def _magnitude(image: NDArray[np.complex64]) -> Volume:
    return np.rint(np.abs(image)).astype(np.int32)


_FAULTS: dict[str, Callable[[Volume, np.random.Generator, str], Spoilt]] = {
    "motion": _moving,
    "ghosting": _ghosted,
    "noise": _noisy,
    "missing-slice": _without_a_slice,
    "cut-field-of-view": _cut,
    "wrong-position": _turned_over,
    "swapped-sides": _mirrored,
}
