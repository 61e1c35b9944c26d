"""Where white matter turns bright first: at the horns and walls of the ventricles, then in patches deep inside.

`eagerness` is a field that is high where lesions come early. Cutting it at a lower and lower level gives lesions that
only grow, so that a person's later scan holds all of the earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imagebank.synthetic.anatomy.lattice import Field
from imagebank.synthetic.anatomy.noise import personal_noise
from imagebank.synthetic.anatomy.template import Template

RIM_MM = 7.0  # how fast eagerness falls beside the ventricles
PATCH_GRAIN_MM = 4.0
RIM_GRAIN_MM = 9.0
LOWEST_Z_MM = -8.0  # supratentorial white matter only
SOFTNESS = 0.12  # of a lesion's edge, in units of eagerness


def eagerness(shared: Template, levels: Mapping[str, Field], shape: int) -> Field:
    """How early each place turns into a lesion, about -2 to 2; only its order matters."""
    voxel = shared.lattice.voxel_mm
    size = levels["hull"].shape
    patches = personal_noise(size, voxel, max(PATCH_GRAIN_MM, 0.75 * voxel), (shape, 3))
    waves = personal_noise(size, voxel, RIM_GRAIN_MM, (shape, 4))
    rim = np.exp(np.maximum(levels["ventricle"], 0) * np.float32(-1 / RIM_MM)) * (1.3 + 0.25 * waves)
    deep = np.float32(0.22) * patches + np.float32(0.12) * waves
    _, _, z = shared.lattice.ras(shared.box)
    shallow = np.clip((levels["pial"] - np.float32(3)) * np.float32(0.5), -2, 0)  # the cortex is spared
    low = np.clip((z - np.float32(LOWEST_Z_MM)) * np.float32(0.2), -3, 0)
    return np.asarray(rim + deep + shallow + low, dtype=np.float32)
