"""One person's head on one day: a fraction of each tissue in each voxel, which adds up to the volumes that were asked.

The head is filled on the template's lattice and then stretched to the intracranial volume, longer or shorter as the
person's shape says. `measured` sums the very maps that are painted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.anatomy.fill import fill
from imagebank.synthetic.anatomy.lattice import Lattice, inside
from imagebank.synthetic.anatomy.levels import total
from imagebank.synthetic.anatomy.outer import OUTER, outer_head
from imagebank.synthetic.anatomy.template import template
from imagebank.synthetic.visits import Anatomy

VOXEL_MM = {"tiny": 6, "small": 2, "full": 1}
BRAIN = ("gm", "wm", "deep", "hippocampus_left", "hippocampus_right", "lesion")
INNER = (*BRAIN, "ventricle", "csf", "artery")
TISSUES = (*INNER, *OUTER)
ELONGATION = 0.035  # spread of each axis of the head against the others


@dataclass(frozen=True)
class Head:
    """Tissue maps: `maps[TISSUES.index(name)]` holds 0 to 255 for each voxel (superior, posterior, left).

    `scale` stretches the lattice to the patient's millimetres along the same three axes.
    """

    anatomy: Anatomy
    lattice: Lattice
    scale: tuple[float, float, float]
    maps: NDArray[np.uint8] = field(repr=False)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in the patient."""
        s, p, left = self.scale
        return s * p * left * self.lattice.voxel_mm**3 / 1000.0

    def map_of(self, tissue: str) -> NDArray[np.uint8]:
        """The fractions of one tissue, 0 to 255."""
        return np.asarray(self.maps[TISSUES.index(tissue)])


def head_of(anatomy: Anatomy, size: str = "small") -> Head:
    """The head of a person on a day at a size of `visits.SIZES`; raises KeyError for another size."""
    return {"tiny": _tiny, "small": _small, "full": _full}[size](anatomy)


@lru_cache(maxsize=16)
def _tiny(anatomy: Anatomy) -> Head:
    return _head(anatomy, VOXEL_MM["tiny"])


@lru_cache(maxsize=4)
def _small(anatomy: Anatomy) -> Head:
    return _head(anatomy, VOXEL_MM["small"])


@lru_cache(maxsize=1)
def _full(anatomy: Anatomy) -> Head:
    return _head(anatomy, VOXEL_MM["full"])


def measured(head: Head) -> dict[str, float]:
    """True volumes in ml of what will be painted, named as the fields of `Anatomy` are."""
    sums = {name: float(head.map_of(name).sum(dtype=np.int64)) / 255.0 * head.voxel_ml for name in INNER}
    return {
        "intracranial_ml": sum(sums.values()),
        "brain_ml": sum(sums[name] for name in BRAIN),
        "ventricles_ml": sums["ventricle"],
        "hippocampus_left_ml": sums["hippocampus_left"],
        "hippocampus_right_ml": sums["hippocampus_right"],
        "lesion_ml": sums["lesion"],
    }


def _head(anatomy: Anatomy, voxel_mm: int) -> Head:
    shared = template(voxel_mm)
    cranial_ml = total(inside(shared.levels["hull"], voxel_mm)) * voxel_mm**3 / 1000.0
    growth = anatomy.intracranial_ml / cranial_ml
    maps = np.zeros((len(TISSUES), *shared.lattice.shape), dtype=np.uint8)
    maps[len(INNER) :] = outer_head(voxel_mm, anatomy.shape)
    for name, fractions in fill(anatomy, shared, growth).items():
        maps[TISSUES.index(name)][shared.box] = np.rint(fractions * np.float32(255))
    return Head(anatomy, shared.lattice, _scale(anatomy.shape, growth), maps)


def _scale(shape: int, growth: float) -> tuple[float, float, float]:
    """Along superior, posterior, left: a long or a short head of the right volume."""
    chance = np.random.Generator(np.random.PCG64((shape, 2)))
    own = np.exp(np.clip(chance.standard_normal(3), -2, 2) * ELONGATION)
    own *= (growth / own.prod()) ** (1 / 3)
    s, p, left = (float(each) for each in own)
    return s, p, left
