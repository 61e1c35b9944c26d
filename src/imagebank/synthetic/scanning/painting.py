"""The one door to whoever paints heads: the volumes of a visit come through here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic import brain
from imagebank.synthetic.visits import Anatomy, Grid, Physics

Image = NDArray[np.int32]
CONTRASTS = {
    "mprage": "T1w",
    "inversion-recovery": "FLAIR",
    "gradient-echo": "localizer",
    "tof": "localizer",
    "diffusion": "b0",
    "trace": "b1000",
    "adc": "b0",
    "fa": "b1000",
    "bold": "b0",
}


@dataclass(frozen=True)
class Head:
    """What a painter needs of one person on one day."""

    atrophy: int
    scale: tuple[float, float, float]


def head_of(anatomy: Anatomy, _size: str) -> Head:
    """The head of a visit, to be painted many times."""
    share = anatomy.ventricles_ml / anatomy.intracranial_ml
    stretch = (anatomy.shape % 11 - 5) / 100
    return Head(min(3, int(share / 0.012)), (1 + stretch, 1 + stretch / 2, 1.0))


def paint(head: Head, physics: Physics, grid: Grid) -> Image:
    """One volume (slices, rows, columns), 0 to about 1,000."""
    old = brain.Grid(grid.plane, grid.slices, grid.rows, grid.columns, grid.pixel_mm, grid.slice_mm)
    painted: Image = brain.paint(_contrast(physics), head.atrophy, old, head.scale)
    return painted


def _contrast(physics: Physics) -> str:
    if physics.technique == "spin-echo":
        return "T1w" if physics.repetition_ms < 1200 else "T2w"
    if physics.technique == "diffusion" and physics.b_value:
        return "b1000"
    return CONTRASTS.get(physics.technique, "T2w")


def spoil(volume: Image, fault: str, chance: Random) -> Image:
    """A volume with motion, ghosting or noise."""
    shift = 1 + chance.randrange(3)
    if fault == "noise":
        noisy = volume + 8 * brain.noise(chance.randrange(1 << 30), volume.size).reshape(volume.shape)
        return np.asarray(np.abs(noisy), dtype=np.int32)
    return np.asarray((volume * 3 + np.roll(volume, volume.shape[1] // (4 * shift), axis=1)) // 4, dtype=np.int32)


def paint_other(kind: str, grid: Grid) -> Image:
    """A spine, a knee or a phantom, as simple shapes."""
    rows: Any = np.linspace(-1, 1, grid.rows)[:, None]
    columns: Any = np.linspace(-1, 1, grid.columns)[None, :]
    disc = rows * rows + columns * columns < 0.7
    bands = (np.sin(rows * 18) > 0) & (np.abs(columns) < 0.25)
    shape = {"phantom": disc & ~bands, "spine": bands | (np.abs(columns) < 0.06)}.get(kind, disc & (np.abs(rows) > 0.1))
    return np.repeat((shape * 700).astype(np.int32)[None], grid.slices, axis=0)
