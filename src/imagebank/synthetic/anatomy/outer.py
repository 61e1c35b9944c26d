"""What lies around the brain: skull, dura, sinuses, eyes, scalp, muscles and a face, drawn from data/outer.csv.

The face is a union of simple bodies with soft seams; a dozen faces differ in the size and place of their parts. It is
meant to look like a face when its surface is rendered, so that removing faces can be tested, and to be nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.anatomy.lattice import Field, Lattice, Shape, drawn, inside, joined, shapes
from imagebank.synthetic.anatomy.noise import personal_noise
from imagebank.synthetic.anatomy.template import template

OUTER = (
    "dura",
    "sinus",
    "outer_artery",
    "bone",
    "marrow",
    "fat",
    "muscle",
    "mucosa",
    "eye",
    "cord",
    "cord_fluid",
)
FACES = 12
WORK_MM = 2  # distances are smooth enough to be drawn no finer
DURA_MM = 1.0
SKULL_MM = 6.5
SCALP_MM = 5.5
DIPLOE_MM = (2.2, 4.6)  # marrow between the tables of the skull
SKIN_MM = 1.3
FAT_MM = 5.0  # under the skin
MUCOSA_MM = 2.2
SHELL_MM = 2.4  # of compact bone around the marrow of other bones
MARBLING_MM = 4.0
JITTER_MM = 1.6
JITTER_SIZE = 0.07

Maps = NDArray[np.uint8]
Three = tuple[float, float, float]


def outer_head(voxel_mm: int, shape: int) -> Maps:
    """The tissues `OUTER` on the lattice, 0 to 255, for the face that belongs to a person's shape."""
    face = shape % FACES
    if voxel_mm < WORK_MM:
        return _outer(voxel_mm, face)  # too large to keep
    return _kept_small(voxel_mm, face) if voxel_mm == WORK_MM else _kept_tiny(voxel_mm, face)


@lru_cache(maxsize=FACES)
def _kept_tiny(voxel_mm: int, face: int) -> Maps:
    return _outer(voxel_mm, face)


@lru_cache(maxsize=3)
def _kept_small(voxel_mm: int, face: int) -> Maps:
    return _outer(voxel_mm, face)


@lru_cache(maxsize=3)
def veins(voxel_mm: int) -> Maps:
    """Veins of the brain, 0 to 255; they are seen in susceptibility-weighted images alone and take no room."""
    lattice = Lattice(voxel_mm)
    parts = [shape for shape in shapes("vessels") if shape.structure == "vein"]
    return _bytes(inside(drawn(lattice, parts), voxel_mm))


def _outer(voxel_mm: int, face: int) -> Maps:
    """Each tissue takes what it claims of the room that is left, in the order of `_claims`; the rest is muscle."""
    work, fine = Lattice(max(voxel_mm, WORK_MM)), template(voxel_mm)
    skull = template(work.voxel_mm).skull
    skin = joined(skull - np.float32(SKULL_MM + SCALP_MM), _drawn("skin", work, face), 10.0)
    room = inside(_finer(skin, work, voxel_mm), voxel_mm)
    room[fine.box] *= 1 - inside(fine.levels["hull"], voxel_mm)
    maps = np.zeros((len(OUTER), *fine.lattice.shape), dtype=np.uint8)
    for tissue, distance in _claims(work, skull, skin, face):
        claim = inside(_finer(distance, work, voxel_mm), voxel_mm)
        claim *= room
        room -= claim
        if tissue:
            maps[OUTER.index(tissue)] += _bytes(claim)
    lean = room * (1 - _marbling(fine.lattice, face))
    for tissue, share in (("muscle", lean), ("fat", room - lean)):
        maps[OUTER.index(tissue)] += _bytes(share)
    return maps


def _marbling(lattice: Lattice, face: int) -> Field:
    """Share of fat between and in the muscles."""
    noise = personal_noise(lattice.shape, lattice.voxel_mm, MARBLING_MM, (face, 5))
    return np.asarray(np.clip(np.float32(0.08) + noise * np.float32(0.16), 0, 0.6), dtype=np.float32)


def _bytes(fractions: Field) -> Maps:
    return np.asarray(np.rint(fractions * np.float32(255)), dtype=np.uint8)


def _claims(lattice: Lattice, skull: Field, skin: Field, face: int) -> Iterator[tuple[str, Field]]:
    """Tissue and signed distance; no tissue is air."""

    def part(structure: str) -> Field:
        return _drawn(structure, lattice, face)

    yield "eye", part("eye")
    air = part("air")
    yield "", air
    yield "mucosa", air - np.float32(MUCOSA_MM)
    yield from ((name, _vessel(name.replace("_", " "), lattice)) for name in ("sinus", "outer_artery"))
    yield "cord", part("cord")
    yield "cord_fluid", part("canal")
    yield "dura", skull - np.float32(DURA_MM)
    bones = part("bone")
    yield "marrow", np.minimum(_diploe(lattice, skull), bones + np.float32(SHELL_MM))
    yield "bone", np.minimum(np.minimum(skull - np.float32(SKULL_MM), bones), part("solid bone"))
    yield "muscle", part("optic nerve")
    yield "fat", np.maximum(part("orbit"), skin + np.float32(SKIN_MM))
    yield "muscle", -skin - np.float32(SKIN_MM)
    yield "muscle", np.maximum(part("lean"), skin + np.float32(FAT_MM / 2))
    yield "fat", -skin - np.float32(FAT_MM)


def _diploe(lattice: Lattice, skull: Field) -> Field:
    """Marrow between the tables of the vault; the base has none."""
    low, high = DIPLOE_MM
    z = lattice.axis_mm(0)[:, None, None]
    return np.asarray(np.maximum(np.abs(skull - (low + high) / 2) - (high - low) / 2, -30 - z), dtype=np.float32)


def _vessel(structure: str, lattice: Lattice) -> Field:
    return drawn(lattice, [shape for shape in shapes("vessels") if shape.structure == structure])


def _drawn(structure: str, lattice: Lattice, face: int) -> Field:
    """All parts of a structure as one face has them."""
    return drawn(lattice, [_own(shape, face) for shape in shapes("outer") if shape.structure == structure])


def _own(shape: Shape, face: int) -> Shape:
    """A part of the skin moved and resized a little; parts that share a first word (`nose tip`, `nose bridge`) do so
    together.
    """
    if shape.structure != "skin":
        return shape
    chance = np.random.Generator(np.random.PCG64((face, *shape.part.split()[0].encode())))
    x, y, z = (float(step) for step in np.clip(chance.standard_normal(3), -2, 2) * JITTER_MM)
    size = float(np.exp(np.clip(chance.standard_normal(), -2, 2) * JITTER_SIZE))
    step = (x if shape.mirrored else 0.0, y, z)  # what lies in the middle stays there
    return replace(
        shape, first=_added(shape.first, step), second=_added(shape.second, step), radii=_times(shape.radii, size)
    )


def _added(a: Three, b: Three) -> Three:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _times(a: Three, size: float) -> Three:
    return a[0] * size, a[1] * size, a[2] * size


def _finer(distance: Field, work: Lattice, voxel_mm: int) -> Field:
    """Distances on the lattice that is wanted, in straight lines between those of the lattice they were drawn on."""
    if work.voxel_mm == voxel_mm:
        return distance
    for axis in range(3):
        last = distance.shape[axis] - 1
        places = np.arange(last + 1)
        before, after = (np.take(distance, np.clip(places + step, 0, last), axis) for step in (-1, 1))
        quarter = np.float32(0.25)
        pair = np.stack([distance + (before - distance) * quarter, distance + (after - distance) * quarter], axis + 1)
        shape = list(distance.shape)
        shape[axis] *= 2
        distance = pair.reshape(shape)
    return distance
