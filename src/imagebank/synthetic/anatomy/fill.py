"""What lies within the skull: each structure's share of each voxel, solved so that the volumes come out.

Ventricles, hippocampi, brain and lesions are taken in that order, each from the room that the earlier ones left. The
push of the ventricles' walls comes first, so that the tissue around them moves aside rather than being eaten.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from imagebank.synthetic.anatomy.deform import warped
from imagebank.synthetic.anatomy.lattice import Field, inside
from imagebank.synthetic.anatomy.lesions import SOFTNESS, eagerness
from imagebank.synthetic.anatomy.levels import solved
from imagebank.synthetic.anatomy.template import Template, template
from imagebank.synthetic.visits import Anatomy

COARSE_MM = 6  # from this voxel size on, warps are shared between people
COARSE_SHAPES = 12
COARSE_PUSH_MM = 1.0
PUSH_MM = (-4.0, 11.0)
BED_MM = 0.9  # beyond the drawn hippocampus, the room that shows as fluid when it shrinks
CORTEX_MM = (1.0, 2.8)  # tissue this near to fluid is grey, and fades to what the template says
CLOSED_MM = 0.5  # tissue is full this far from the pial level


def fill(anatomy: Anatomy, shared: Template, growth: float) -> dict[str, Field]:
    """Fractions of every structure on the template's box; `growth` is the patient's volume per template volume."""
    voxel = shared.lattice.voxel_mm
    ml = voxel**3 / 1000.0 * growth
    levels = _levels_of(anatomy, shared, growth)
    room = inside(levels["hull"], voxel)
    parts: dict[str, Field] = {}
    for name, wanted in (
        ("ventricle", anatomy.ventricles_ml),
        ("hippocampus_left", anatomy.hippocampus_left_ml),
        ("hippocampus_right", anatomy.hippocampus_right_ml),
    ):
        parts[name] = _grown(levels[name], room, voxel, wanted / ml)
        room = room - parts[name]
    brain = (anatomy.brain_ml - anatomy.hippocampus_left_ml - anatomy.hippocampus_right_ml) / ml
    tissue = _brain(levels, room, voxel, brain)
    parts.update(_kinds(tissue, levels, voxel))
    parts["lesion"] = _lesion(anatomy, shared, levels, parts["wm"], ml)
    parts["wm"] = parts["wm"] - parts["lesion"]
    fluid = room - tissue
    parts["artery"] = np.minimum(fluid, inside(shared.levels["artery"], voxel))
    parts["csf"] = fluid - parts["artery"]
    return parts


def _levels_of(anatomy: Anatomy, shared: Template, growth: float) -> Mapping[str, Field]:
    """The warped levels; on coarse lattices one of a limited number, which are kept."""
    push = _push_mm(shared, anatomy.ventricles_ml / growth)
    if shared.lattice.voxel_mm < COARSE_MM:
        return warped(shared, anatomy.shape, push)
    steps = int(np.rint(push / COARSE_PUSH_MM))
    return _coarse(shared.lattice.voxel_mm, anatomy.shape % COARSE_SHAPES, steps)


@lru_cache(maxsize=COARSE_SHAPES * 16)
def _coarse(voxel_mm: int, shape: int, steps: int) -> Mapping[str, Field]:
    return warped(template(voxel_mm), shape, steps * COARSE_PUSH_MM)


def _push_mm(shared: Template, wanted_ml: float) -> float:
    """The level at which the template's ventricles would have the volume."""
    place = int(wanted_ml * 1000.0 / shared.lattice.voxel_mm**3)
    order = shared.ventricle_order
    return float(np.clip(order[min(max(place, 0), len(order) - 1)], *PUSH_MM))


def _grown(level: Field, room: Field, voxel: int, wanted: float) -> Field:
    """A structure of so many voxels; only the part of the box that it can reach is looked at."""
    near = _reach(level)
    part, free = level[near], room[near]
    grown = np.zeros_like(level)
    grown[near] = solved(lambda at: inside(part - np.float32(at), voxel) * free, wanted)
    return grown


def _reach(level: Field) -> tuple[slice, ...]:
    """The box of what lies within 15 mm of a structure."""
    close = level < 15
    spans = []
    for axis in range(3):
        hits = np.flatnonzero(close.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(int(hits[0]), int(hits[-1]) + 1))
    return tuple(spans)


def _brain(levels: Mapping[str, Field], room: Field, voxel: int, wanted: float) -> Field:
    """Tissue outside ventricles and hippocampi: sulci and cisterns open or close until it has the volume."""
    beds = inside(np.minimum(levels["hippocampus_left"], levels["hippocampus_right"]) - np.float32(BED_MM), voxel)
    solid = room * (1 - beds)
    width = max(CLOSED_MM, voxel / 2)
    return solved(lambda at: solid * inside(-levels["pial"] - np.float32(at), width), wanted)


def _kinds(tissue: Field, levels: Mapping[str, Field], voxel: int) -> dict[str, Field]:
    """Tissue as grey matter, white matter and deep nuclei."""
    thin, thick = CORTEX_MM
    cortex = np.clip((levels["pial"] - np.float32(thin)) * np.float32(1 / (thick - thin)), 0, 1)
    white = np.clip(np.float32(0.5) + (levels["white"] - np.float32(0.5)) * np.float32(1.7), 0, 1)
    deep = tissue * inside(levels["deep"], voxel) * (1 - white * np.float32(0.3))
    rest = tissue - deep
    wm = rest * white * cortex
    return {"deep": deep, "wm": wm, "gm": rest - wm}


def _lesion(anatomy: Anatomy, shared: Template, levels: Mapping[str, Field], wm: Field, ml: float) -> Field:
    """White matter that shines in FLAIR."""
    if anatomy.lesion_ml <= 0:
        return np.zeros_like(wm)
    eager = eagerness(shared, levels, anatomy.shape)
    return solved(
        lambda at: wm * np.clip((eager + np.float32(at)) * np.float32(1 / SOFTNESS), 0, 1), anatomy.lesion_ml / ml
    )
