"""How one person's brain differs from the template: a smooth warp that keeps the skull where it is.

Two displacements add up: a personal one of low spatial frequency, seeded by `shape`, and one that pushes tissue away
from the ventricles (or towards them). Both fade to nothing at the skull. Their slopes stay below 1, so that tissue is
never folded. The warp is a pull: a warped level at x is the template's level at x + displacement(x).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from imagebank.synthetic.anatomy.lattice import Field
from imagebank.synthetic.anatomy.template import Template

WAVES = 5  # of each component of the personal displacement
WAVELENGTHS_MM = (55.0, 130.0)
PERSONAL_MM = 1.5  # amplitude of each wave
FADE_MM = 12.0  # below the skull
REACH_MM = 16.0  # of the push around the ventricles
WARPED = ("ventricle", "pial", "white", "hippocampus_left", "hippocampus_right", "deep")


def warped(shared: Template, shape: int, push_mm: float) -> Mapping[str, Field]:
    """Every level function of one person; `push_mm` is how far the ventricles' walls move outward."""
    moved = _displacement(shared, shape, push_mm)
    counts = [np.arange(n, dtype=np.float32) for n in moved[0].shape]
    grid = np.meshgrid(*counts, indexing="ij", sparse=True)
    places = np.stack([at + step for at, step in zip(grid, moved, strict=True)])
    levels = {name: ndimage.map_coordinates(shared.levels[name], places, order=1, mode="nearest") for name in WARPED}
    return {**levels, "hull": shared.levels["hull"]}


def _displacement(shared: Template, shape: int, push_mm: float) -> list[Field]:
    """In voxels, along each axis."""
    voxel = shared.lattice.voxel_mm
    fade = np.clip(shared.levels["hull"] * np.float32(-1 / FADE_MM), 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    chance = np.random.Generator(np.random.PCG64((shape, 1)))
    personal = [_waves(fade.shape, voxel, chance) for _ in range(3)]
    pushes = _push(shared, push_mm)
    return [fade * (own + push) * np.float32(1 / voxel) for own, push in zip(personal, pushes, strict=True)]


def _waves(shape: tuple[int, ...], voxel_mm: int, chance: np.random.Generator) -> Field:
    """A sum of standing waves in mm; the same in space at every voxel size."""
    total = np.zeros(shape, dtype=np.float32)
    for _ in range(WAVES):
        factors = []
        for n in shape:
            length, phase = chance.uniform(*WAVELENGTHS_MM), chance.uniform(0, 2 * np.pi)
            factors.append(np.sin((np.arange(n) + 0.5) * voxel_mm * (2 * np.pi / length) + phase).astype(np.float32))
        amplitude = np.float32(PERSONAL_MM * chance.choice((-1.0, 1.0)))
        total += amplitude * factors[0][:, None, None] * factors[1][None, :, None] * factors[2][None, None, :]
    return total


def _push(shared: Template, push_mm: float) -> list[Field]:
    """Towards the ventricles along the slope of their level, less and less with the distance."""
    voxel = shared.lattice.voxel_mm
    level = ndimage.gaussian_filter(shared.levels["ventricle"], 2.5 / voxel)
    slopes = np.gradient(level, np.float32(voxel))
    norm = np.sqrt(sum(slope * slope for slope in slopes)) + np.float32(0.25)
    strength = np.exp(np.maximum(level, 0) * np.float32(-1 / REACH_MM)) * np.float32(-push_mm) / norm
    return [np.asarray(slope * strength, dtype=np.float32) for slope in slopes]
