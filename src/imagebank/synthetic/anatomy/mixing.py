"""Tissue maps weighted and added: one number a voxel from the fractions of all tissues."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imagebank.synthetic.anatomy.head import TISSUES, Head
from imagebank.synthetic.anatomy.lattice import Field
from imagebank.synthetic.anatomy.sampling import sampled
from imagebank.synthetic.visits import Grid

LOOKS_LIKE = {
    "hippocampus_left": "gm",
    "hippocampus_right": "gm",
    "ventricle": "csf",
    "cord_fluid": "csf",
    "outer_artery": "artery",
}


def mixed(head: Head, weights: Mapping[str, float]) -> Field:
    """The sum over tissues of fraction times weight, on the lattice; a tissue without a weight counts nothing."""
    total = np.zeros(head.lattice.shape, dtype=np.float32)
    part = np.empty_like(total)
    for tissue, fractions in zip(TISSUES, head.maps, strict=True):
        weight = weights.get(LOOKS_LIKE.get(tissue, tissue), 0.0)
        if weight:
            np.multiply(fractions, np.float32(weight / 255.0), out=part)
            total += part
    return total


def at_voxels(head: Head, field: Field, grid: Grid) -> Field:
    """A field of the head averaged over the voxels of a scan."""
    return sampled(field, head.lattice, head.scale, grid)
