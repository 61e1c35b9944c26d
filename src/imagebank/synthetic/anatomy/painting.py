"""What a scanner sees of a head: signals of the tissues, mixed on the head's lattice, then averaged over each voxel.

Values are whole numbers: about 0 to 1,000 for signals; phases 0 to 4,095, 2,048 being no phase; ADC in 1e-6 mm2/s;
FA in thousandths. Noise, coil bias and faults come after, in `faults`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imagebank.synthetic.anatomy.diffusion import paint_adc, paint_diffusion, paint_fa, paint_trace
from imagebank.synthetic.anatomy.fields import field_ppm, field_slope
from imagebank.synthetic.anatomy.head import Head
from imagebank.synthetic.anatomy.lattice import Field
from imagebank.synthetic.anatomy.mixing import at_voxels, mixed
from imagebank.synthetic.anatomy.outer import veins
from imagebank.synthetic.anatomy.signals import FIELD_SWITCH_T, signals, tissues_at
from imagebank.synthetic.visits import Grid, Physics

Volume = NDArray[np.int32]

NO_PHASE, HALF_TURN, LARGEST_PHASE = 2048, 2048.0, 4095
HZ_PER_PPM_AT_1T = 42.577
ECHO_DIFFERENCE_MS = 2.46  # between the two echoes of a field map
DEPHASING_MM = 3.0  # the length over which a gradient echo loses its coherence
FLUCTUATION = 0.008  # of a BOLD run, as a share of the signal
VEIN_PPM = 0.4
VEIN_LOSS = 0.75  # of the magnitude within a vein
PHASE_MASK_POWER = 4
MIP_MM = 16.0


def paint(head: Head, physics: Physics, grid: Grid, *, moment: int = 0) -> Volume:
    """The head as an acquisition shows it, ordered slice, row, column; `moment` numbers the volumes of a BOLD run.

    Raises KeyError for a technique that `visits.Physics` does not name, and for an unknown plane.
    """
    volume = _PAINTERS[physics.technique](head, physics, grid)
    if moment and physics.technique == "bold":
        volume = volume * np.float32(1 + FLUCTUATION * np.sin(0.6 * moment))
    return np.asarray(np.rint(volume), dtype=np.int32)


def projected(volume: Volume, grid: Grid, *, depth_mm: float) -> Volume:
    """The brightest value through a slab about each slice, as angiograms are shown."""
    depth = max(1, min(len(volume), int(np.rint(depth_mm / grid.slice_mm))))
    return np.asarray(ndimage.maximum_filter1d(volume, depth, axis=0), dtype=np.int32)


def _plain(head: Head, physics: Physics, grid: Grid) -> Field:
    """Every technique whose contrast is that of its tissues alone."""
    return at_voxels(head, mixed(head, signals(physics)), grid)


def _gradient_echo(head: Head, physics: Physics, grid: Grid) -> Field:
    """Dies sooner where the field is disturbed."""
    slope_hz = field_slope(head.lattice.voxel_mm) * np.float32(DEPHASING_MM * HZ_PER_PPM_AT_1T * physics.field_t)
    kept = np.exp(-((slope_hz * np.float32(np.pi * physics.echo_ms / 1000.0)) ** 2) / 6)
    return at_voxels(head, mixed(head, signals(physics)) * kept, grid)


def _susceptibility_magnitude(head: Head, physics: Physics, grid: Grid) -> Field:
    """Magnitude, darkened where the phase says vein or iron."""
    vein = at_voxels(head, veins(head.lattice.voxel_mm).astype(np.float32), grid) * np.float32(1 / 255)
    iron = at_voxels(head, mixed(head, {"deep": 1.0}), grid)
    dark = np.clip(1 - vein * np.float32(VEIN_LOSS) - iron * np.float32(0.05), 0.05, 1)
    magnitude = _gradient_echo(head, physics, grid) * dark ** np.float32(PHASE_MASK_POWER / 2)
    return np.asarray(magnitude, dtype=np.float32)


def _susceptibility_phase(head: Head, physics: Physics, grid: Grid) -> Field:
    """High-pass filtered phase: veins and iron turn one way, what is left of the disturbed field another."""
    ppm = {name: tissue.susceptibility_ppm for name, tissue in tissues_at(physics.field_t > FIELD_SWITCH_T).items()}
    vein = veins(head.lattice.voxel_mm).astype(np.float32) * np.float32(VEIN_PPM / 255)
    local = at_voxels(head, mixed(head, ppm) + vein, grid)
    wide = ndimage.gaussian_filter(local, (0, 6 / grid.pixel_mm, 6 / grid.pixel_mm))
    turns = (local - wide) * np.float32(HZ_PER_PPM_AT_1T * physics.field_t * physics.echo_ms / 1000.0)
    return _as_phase(head, turns * np.float32(-1), grid)


def _susceptibility_projection(head: Head, physics: Physics, grid: Grid) -> Field:
    """The darkest value through a slab of slices."""
    depth = max(1, min(grid.slices, int(np.rint(MIP_MM / grid.slice_mm))))
    return np.asarray(ndimage.minimum_filter1d(_susceptibility_magnitude(head, physics, grid), depth, axis=0))


def _field_phase(head: Head, physics: Physics, grid: Grid) -> Field:
    """Phase difference of two echoes, wrapped."""
    field = at_voxels(head, field_ppm(head.lattice.voxel_mm), grid)
    turns = field * np.float32(HZ_PER_PPM_AT_1T * physics.field_t * ECHO_DIFFERENCE_MS / 1000.0)
    return _as_phase(head, turns, grid)


def _as_phase(head: Head, turns: Field, grid: Grid) -> Field:
    """Turns wrapped to 0 to 4,095; outside the head there is nothing but a mottle of phases."""
    wrapped = (turns + np.float32(0.5)) % 1 - np.float32(0.5)
    values = np.clip(np.float32(NO_PHASE) + wrapped * np.float32(2 * HALF_TURN), 0, LARGEST_PHASE)
    there = at_voxels(head, mixed(head, _SHINING), grid) > 0.2
    mottle = np.random.Generator(np.random.PCG64(2048)).integers(0, LARGEST_PHASE + 1, values.shape)
    return np.asarray(np.where(there, values, mottle), dtype=np.float32)


_SHINING = {name: tissue.proton_density for name, tissue in tissues_at(False).items()}
_PAINTERS: dict[str, Callable[[Head, Physics, Grid], Field]] = {
    "spin-echo": _plain,
    "inversion-recovery": _plain,
    "mprage": _plain,
    "tof": _plain,
    "diffusion": paint_diffusion,
    "trace": paint_trace,
    "adc": paint_adc,
    "fa": paint_fa,
    "bold": _gradient_echo,
    "gradient-echo": _gradient_echo,
    "fieldmap-magnitude": _gradient_echo,
    "fieldmap-phase": _field_phase,
    "swi": _susceptibility_magnitude,
    "swi-phase": _susceptibility_phase,
    "swi-mip": _susceptibility_projection,
}
