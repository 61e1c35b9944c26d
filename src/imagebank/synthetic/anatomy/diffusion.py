"""Diffusion-weighted images and the maps made of them.

Each tissue has a true mean diffusivity; white matter has a direction too. The maps are computed as a scanner does,
from noiseless weighted images of the same voxels: ADC from three orthogonal directions, so that it equals what a reader
gets from the weighted series; FA from the mean tensor of the voxel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imagebank.synthetic.anatomy.fields import fibres
from imagebank.synthetic.anatomy.head import Head
from imagebank.synthetic.anatomy.lattice import Field
from imagebank.synthetic.anatomy.mixing import at_voxels, mixed
from imagebank.synthetic.anatomy.signals import B_OF_MAPS, FIELD_SWITCH_T, Tissue, signals, tissues_at
from imagebank.synthetic.anatomy.template import template
from imagebank.synthetic.visits import Grid, Physics

Direction = tuple[float, float, float]

AXES: tuple[Direction, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
FAINT = 8.0  # below this signal without weighting there is no map
WATERS = ("csf", "gm", "wm", "deep", "lesion", "cord", "artery")


def paint_diffusion(head: Head, physics: Physics, grid: Grid) -> Field:
    """One weighted volume; without a direction, diffusion is weighted equally in all of them."""
    return at_voxels(head, _weighted(head, physics, physics.b_value, physics.direction), grid)


def paint_trace(head: Head, physics: Physics, grid: Grid) -> Field:
    """The geometric mean of three orthogonal directions."""
    without, falls = _three_directions(head, physics, grid)
    return np.asarray(without * np.exp(-falls / 3), dtype=np.float32)


def paint_adc(head: Head, physics: Physics, grid: Grid) -> Field:
    """Apparent diffusion coefficient in 1e-6 mm2/s; 0 where there is too little signal."""
    without, falls = _three_directions(head, physics, grid)
    adc = falls * np.float32(1e6 / (3 * (physics.b_value or B_OF_MAPS)))
    return np.where(without > FAINT, adc, np.float32(0))


def paint_fa(head: Head, physics: Physics, grid: Grid) -> Field:
    """Fractional anisotropy in thousandths, from the mean tensor of each voxel."""
    tissues = tissues_at(physics.field_t > FIELD_SWITCH_T)
    water = at_voxels(head, mixed(head, {name: tissues[name].diffusivity for name in WATERS}), grid)
    white, excess = head.map_of("wm"), _excess(tissues["wm"]) * 3 * tissues["wm"].diffusivity
    box, ways = template(head.lattice.voxel_mm).box, fibres(head.lattice.voxel_mm)
    share = white[box] * np.float32(excess / 255.0)
    agreement = sum(way * way for way in ways) * np.float32(1 / 3)
    across = {}
    for i, j in PAIRS:
        whole = np.zeros(head.lattice.shape, dtype=np.float32)
        whole[box] = share * (ways[i] * ways[j] - (agreement if i == j else np.float32(0)))
        across[i, j] = at_voxels(head, whole, grid)
    deviation = sum(np.float32(1 if i == j else 2) * part * part for (i, j), part in across.items())
    size = 3 * water * water + deviation
    fa = np.sqrt(np.float32(1.5) * deviation / np.maximum(size, np.float32(1e-12)))
    brightness = at_voxels(head, mixed(head, dict.fromkeys(WATERS, 1.0)), grid)
    return np.where(brightness > 0.3, fa * np.float32(1000), np.float32(0))


def _three_directions(head: Head, physics: Physics, grid: Grid) -> tuple[Field, Field]:
    """Signal without weighting, and the sum of its logarithmic falls along three orthogonal directions."""
    b_value = physics.b_value or B_OF_MAPS
    without = at_voxels(head, _weighted(head, physics, 0.0, None), grid)
    floor = np.float32(1e-3)
    falls = np.zeros_like(without)
    for direction in AXES:
        weighted = at_voxels(head, _weighted(head, physics, b_value, direction), grid)
        falls += np.log(np.maximum(without, floor) / np.maximum(weighted, floor))
    return without, falls


def _weighted(head: Head, physics: Physics, b_value: float, direction: Direction | None) -> Field:
    """Signal on the lattice after diffusion weighting."""
    plain = signals(replace(physics, b_value=0.0, direction=None))
    tissues = tissues_at(physics.field_t > FIELD_SWITCH_T)
    weights = {name: value * float(np.exp(-b_value * tissues[name].diffusivity)) for name, value in plain.items()}
    if not b_value or direction is None:
        return mixed(head, weights)
    total = mixed(head, {**weights, "wm": 0.0})
    voxel = head.lattice.voxel_mm
    box = template(voxel).box
    total[box] += head.map_of("wm")[box] * _along_fibres(voxel, tissues["wm"], b_value, direction, plain["wm"] / 255.0)
    return total


def _along_fibres(voxel_mm: int, white: Tissue, b_value: float, direction: Direction, signal: float) -> Field:
    """Signal of white matter by the angle between its fibres and the direction of the gradient."""
    norm = sum(part * part for part in direction) ** 0.5 or 1.0
    ways = fibres(voxel_mm)
    slant = sum(np.float32(part / norm) * way for part, way in zip(direction, ways, strict=True))
    agreement = sum(way * way for way in ways)
    excess = np.float32(white.diffusivity * _excess(white))
    diffusivity = np.float32(white.diffusivity) + excess * (3 * slant * slant - agreement)
    return np.asarray(np.float32(signal) * np.exp(np.float32(-b_value) * diffusivity), dtype=np.float32)


def _excess(tissue: Tissue) -> float:
    """How much an axis of a spindle-shaped tensor exceeds its mean, such that the anisotropy is that of the tissue."""
    return float(tissue.fa / (3 - 2 * tissue.fa**2) ** 0.5)
