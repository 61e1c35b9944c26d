"""The one door to whoever paints heads: the volumes of a visit come through here and nowhere else."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic import anatomy
from imagebank.synthetic.anatomy import Head, head_of, paint, paint_other
from imagebank.synthetic.visits import Grid

__all__ = ["Head", "Image", "as_received", "head_of", "paint", "paint_other", "spoil"]

Image = NDArray[np.int32]
NOISE = 9.0  # standard deviation in each channel, where tissue is 0 to about 1,000


def as_received(volume: Image, grid: Grid, coil: Random, chance: Random) -> Image:
    """What the receiver makes of a volume: the coil's sensitivity, the same for a whole series, and noise."""
    return anatomy.grain(anatomy.bias(volume, grid, coil), sigma=NOISE, chance=chance)


def spoil(volume: Image, fault: str, chance: Random) -> Image:
    """A volume with motion, ghosting or noise."""
    return anatomy.spoil(volume, fault, chance).volume
