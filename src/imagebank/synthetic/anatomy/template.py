"""What all pretend heads share: the MNI brain as smooth level functions, from which any volume can be cut.

Grey and white matter are the ICBM 2009a maps that nilearn ships. A level function is negative inside its structure and
rises smoothly outward, about 1 a millimetre, so that moving the level grows or shrinks the structure evenly:
- `hull`: distance from the inner table of the skull; the intracranial space ends at the foramen magnum (z = -72);
- `ventricle`: distance from the lateral, third and fourth ventricles, with a hidden temporal horn;
- `pial`: distance from the fluid of the sulci and cisterns, positive in the brain;
- `white`: share of white matter in brain tissue;
- `hippocampus_left`, `hippocampus_right`, `bed`, `deep`: drawn shapes, see data/inside.csv.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from imagebank.core.errors import SourceError
from imagebank.synthetic.anatomy.lattice import EXTENT_MM, FAR_MM, LOWEST_MM, Box, Field, Lattice, blocks, drawn, shapes

COARSEST_WORK_MM = 2  # distances are found on at most this lattice, then averaged
FIRST_RAS_MM = (-98, -134, -72)  # of the first voxel of nilearn's template
ROOM_MM = 1.2  # fluid between the template's brain mask and the skull
DECAY_MM = 1.3  # how fast the template's fluid fraction falls beside a sulcus
HIDDEN_HORN_MM = 1.0  # the temporal horn shows once the ventricles' level passes this
VENTRICLE_SEEDS = (  # boxes (low, high in RAS mm) that hold ventricular fluid and no cistern
    ((-44, -62, 2), (44, 40, 40)),
    ((-4, -24, -12), (4, 8, 8)),
    ((-13, -50, -44), (13, -34, -22)),
    ((-3, -36, -22), (3, -26, -8)),
)
SKULL_REACH_MM = 28.0
NEAR_MM = 14.0  # as far as levels can be moved
FRAME_MM = 4  # of the box around the intracranial space


@dataclass(frozen=True)
class Template:
    """Level functions on a lattice, cut to `box`, the surroundings of the intracranial space; `skull` is uncut."""

    lattice: Lattice
    box: Box
    levels: Mapping[str, Field]
    skull: Field
    ventricle_order: Field  # levels of the ventricles' surroundings, lowest first


@lru_cache(maxsize=3)
def template(voxel_mm: int) -> Template:
    """The shared head at a voxel size of 1, 2 or a multiple of 2 mm; takes seconds, once a process."""
    work = Lattice(min(voxel_mm, COARSEST_WORK_MM))
    maps = {name: _on_lattice(volume, work) for name, volume in _mni().items()}
    hull = _hull(maps["mask"], work)
    fine = {"hull": hull, **_levels(maps, hull, work)}
    lattice, factor = Lattice(voxel_mm), voxel_mm // work.voxel_mm
    box = lattice.box_around(
        (-76 - FRAME_MM, -111 - FRAME_MM, -74 - FRAME_MM), (76 + FRAME_MM, 77 + FRAME_MM, 86 + FRAME_MM)
    )
    coarse = {name: blocks(level, factor) for name, level in fine.items()}
    levels = {name: np.ascontiguousarray(level[box]) for name, level in coarse.items()}
    near = np.sort(levels["ventricle"][levels["ventricle"] < NEAR_MM])
    return Template(lattice, box, levels, _smooth(coarse["hull"], 3.0, lattice), near)


def _mni() -> dict[str, Any]:
    """Fractions of grey and white matter and the brain mask at 1 mm; raises SourceError where nilearn is missing."""
    import nibabel

    folder = _template_folder()
    found = {}
    for short in ("t1", "gm", "wm"):
        image = nibabel.load(folder / f"mni_icbm152_{short}_tal_nlin_sym_09a_converted.nii.gz")
        found[short] = np.asanyarray(image.dataobj)
    mask = (found["t1"] > 0).astype(np.float32)
    return {"mask": mask, "gm": found["gm"] / np.float32(255), "wm": found["wm"] / np.float32(255)}


def _template_folder() -> Path:
    """Found without importing nilearn, which takes seconds."""
    package = importlib.util.find_spec("nilearn")
    if package is None or package.origin is None:
        raise SourceError("The pretend hospital needs nilearn's brain template.", "install the package nilearn")
    return Path(package.origin).parent / "datasets" / "data"


def _on_lattice(ras: Any, lattice: Lattice) -> Field:
    """A volume of the template (x, y, z in RAS, voxels centred on whole mm) as means over the lattice's voxels.

    The lattice's 1 mm voxels are centred on half mm, so each is the mean of its eight neighbours.
    """
    for axis in range(3):
        low, high = (np.take(ras, range(k, ras.shape[axis] - 1 + k), axis=axis) for k in (0, 1))
        ras = (low + high) * np.float32(0.5)
    lps = ras[::-1, ::-1, :].transpose(2, 1, 0)
    x, y, z = FIRST_RAS_MM
    first = (z, -(y + ras.shape[1]), -(x + ras.shape[0]))
    full = np.zeros(EXTENT_MM, dtype=np.float32)
    places = [int(start - low) for start, low in zip(first, LOWEST_MM, strict=True)]
    lows = [max(-place, 0) for place in places]  # air around the template that the lattice has no room for
    highs = [min(extent - place, n) for extent, place, n in zip(EXTENT_MM, places, lps.shape, strict=True)]
    source = tuple(slice(a, b) for a, b in zip(lows, highs, strict=True))
    target = tuple(slice(place + a, place + b) for place, a, b in zip(places, lows, highs, strict=True))
    full[target] = lps[source]
    return blocks(full, lattice.voxel_mm)


def _hull(mask: Field, lattice: Lattice) -> Field:
    """Signed distance from the inner table of the skull: the brain mask closed, rounded and widened a little."""
    steps = round(6 / lattice.voxel_mm)
    brain = np.pad(mask > 0.5, steps)
    closed = ndimage.binary_closing(brain, ndimage.generate_binary_structure(3, 1), iterations=steps)
    closed = ndimage.binary_fill_holes(closed)[steps:-steps, steps:-steps, steps:-steps]
    distance = _smooth(_signed(closed, lattice, SKULL_REACH_MM), 1.0, lattice) - np.float32(ROOM_MM)
    floor = np.float32(-72) - lattice.axis_mm(0)[:, None, None]
    return np.asarray(np.maximum(distance, floor), dtype=np.float32)


def _levels(maps: dict[str, Field], hull: Field, lattice: Lattice) -> dict[str, Field]:
    brain = np.clip(maps["gm"] + maps["wm"], 0, 1)
    fluid = np.where(hull < 2, 1 - brain, np.float32(1))
    ventricles, chambers = _ventricles(fluid, lattice)
    fluid[ndimage.binary_dilation(chambers, iterations=max(1, 4 // lattice.voxel_mm))] = 0
    pial = _pial(fluid, lattice)
    white = _smooth(maps["wm"] / np.maximum(brain, np.float32(0.05)), 0.5, lattice)
    inside = {name: _drawn(name, "inside", lattice) for name in ("hippocampus_left", "hippocampus_right", "deep")}
    return {
        "ventricle": ventricles,
        "pial": pial,
        "white": white,
        "artery": _drawn("artery", "vessels", lattice),
        **inside,
    }


def _drawn(structure: str, file: str, lattice: Lattice) -> Field:
    return drawn(lattice, [shape for shape in shapes(file) if shape.structure == structure], NEAR_MM)


def _ventricles(fluid: Field, lattice: Lattice) -> tuple[Field, Any]:
    """The level function, and the chambers that the template shows."""
    seeds = np.zeros(fluid.shape, dtype=bool)
    for low, high in VENTRICLE_SEEDS:
        seeds[lattice.box_around(low, high)] = True
    x, y, z = lattice.ras()
    cistern = (np.abs(x) < 14) & (y < -30) & (z > -4) & ((z < 14) | (y < -44))
    fissure = (np.abs(x) < 4) & ((z > 24) | (y > 25))
    parts, _ = ndimage.label((fluid > 0.5) & seeds & ~cistern & ~fissure)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    chambers = (sizes * lattice.voxel_mm**3 > 300)[parts]
    horn = _drawn("temporal_horn", "inside", lattice)
    level = _smooth(_signed(chambers, lattice, FAR_MM), 0.8, lattice)
    return np.minimum(level, horn + np.float32(HIDDEN_HORN_MM)), chambers


def _pial(fluid: Field, lattice: Lattice) -> Field:
    """Beside a sulcus the fluid fraction falls exponentially, which gives the distance even where it is closed."""
    soft = _smooth(fluid, 0.6, lattice)
    outside = np.float32(-DECAY_MM) * np.log(np.clip(soft, np.float32(0.004), 1))
    inner = ndimage.distance_transform_edt(soft > 0.7, sampling=lattice.voxel_mm).astype(np.float32)
    return np.asarray(outside - inner, dtype=np.float32)


def _signed(mask: Any, lattice: Lattice, margin_mm: float) -> Field:
    """Distance in mm from the surface of a mask, negative inside; beyond the margin it is only large."""
    margin = int(margin_mm / lattice.voxel_mm)
    spans = []
    for axis in range(3):
        hits = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(int(hits[0]) - margin, 0), int(hits[-1]) + margin + 1))
    near = tuple(spans)
    out = ndimage.distance_transform_edt(~mask[near], sampling=lattice.voxel_mm).astype(np.float32)
    out -= ndimage.distance_transform_edt(mask[near], sampling=lattice.voxel_mm).astype(np.float32)
    distance = np.full(mask.shape, FAR_MM, dtype=np.float32)
    distance[near] = out + np.where(mask[near], np.float32(0.5), np.float32(-0.5)) * np.float32(lattice.voxel_mm)
    return distance


def _smooth(field: Field, sigma_mm: float, lattice: Lattice) -> Field:
    return np.asarray(ndimage.gaussian_filter(field, sigma_mm / lattice.voxel_mm), dtype=np.float32)
