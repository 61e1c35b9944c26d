"""Contact sheets: what the pretend scanners show, for people to look at."""

from __future__ import annotations

from random import Random

import numpy as np
from scipy import ndimage

from imagebank.synthetic.anatomy.faults import bias, grain, spoil
from imagebank.synthetic.anatomy.head import Head, head_of
from imagebank.synthetic.anatomy.mixing import mixed
from imagebank.synthetic.anatomy.others import paint_other
from imagebank.synthetic.anatomy.painting import Volume, paint
from imagebank.synthetic.anatomy.picture import Picture, column_of, labelled, row_of, shown
from imagebank.synthetic.anatomy.signals import tissues_at
from imagebank.synthetic.visits import FAULTS, Anatomy, Grid, Physics

SEQUENCES: dict[str, Physics] = {
    "T1w SE 1.5T": Physics("spin-echo", 500, 12),
    "T1w SE + agent": Physics("spin-echo", 500, 12, agent=True),
    "MPRAGE 3T": Physics("mprage", 2300, 2.98, 900, 9, 3.0),
    "IR-FSPGR 1.5T": Physics("mprage", 9.4, 3.7, 450, 13, 1.5),
    "T2w TSE": Physics("spin-echo", 4830, 98),
    "PDw": Physics("spin-echo", 3000, 15),
    "FLAIR": Physics("inversion-recovery", 8600, 109, 2500),
    "FLAIR 3D 3T": Physics("inversion-recovery", 5000, 387, 1800, 90, 3.0),
    "STIR": Physics("inversion-recovery", 4500, 60, 150),
    "T2*w GRE": Physics("gradient-echo", 700, 20, 0, 20),
    "SWI 3T": Physics("swi", 28, 20, 0, 15, 3.0),
    "SWI phase": Physics("swi-phase", 28, 20, 0, 15, 3.0),
    "SWI mIP": Physics("swi-mip", 28, 20, 0, 15, 3.0),
    "TOF": Physics("tof", 25, 4, 0, 20, 3.0),
    "DWI b=0": Physics("diffusion", 6600, 89, field_t=3.0),
    "DWI b=1000 left-right": Physics("diffusion", 6600, 89, field_t=3.0, b_value=1000, direction=(1, 0, 0)),
    "DWI b=1000 head-foot": Physics("diffusion", 6600, 89, field_t=3.0, b_value=1000, direction=(0, 0, 1)),
    "trace b=1000": Physics("trace", 6600, 89, field_t=3.0, b_value=1000),
    "ADC": Physics("adc", 6600, 89, field_t=3.0, b_value=1000),
    "FA": Physics("fa", 6600, 89, field_t=3.0, b_value=1000),
    "BOLD 3T": Physics("bold", 2000, 30, 0, 80, 3.0),
    "field map magnitude": Physics("fieldmap-magnitude", 500, 5, 0, 60, 3.0),
    "field map phase": Physics("fieldmap-phase", 500, 7, 0, 60, 3.0),
}
TOPS = {"adc": 3000.0, "fa": 800.0, "swi-phase": 4095.0, "fieldmap-phase": 4095.0, "trace": 420.0, "tof": 1500.0}
WEIGHTED_TOP = 420.0
UNSPOILT = ("adc", "fa", "swi-phase", "fieldmap-phase")
PEOPLE: dict[str, Anatomy] = {
    "30 y": Anatomy(7, "male", 30, 1600, 1350, 15, 4.0, 3.9, 0.2),
    "55 y": Anatomy(3, "female", 55, 1380, 1120, 20, 3.5, 3.6, 1.5),
    "75 y, Alzheimers": Anatomy(44, "female", 75, 1390, 1020, 48, 2.0, 1.8, 5),
    "82 y, vascular": Anatomy(21, "male", 82, 1560, 1150, 70, 2.9, 2.8, 48),
    "88 y, severe": Anatomy(9, "male", 88, 1500, 940, 125, 1.4, 2.2, 25),
}
AXIAL = Grid("axial", 24, 116, 104, 2.0, 6.0, 5.0)
LARGE = Grid("axial", 24, 136, 136, 1.75, 6.0, 5.0)
SAGITTAL = Grid("sagittal", 3, 116, 116, 2.0, 6.0, 4.0, centre_mm=(3.5, 0.0, 0.0))  # beside the fissure
CORONAL = Grid("coronal", 3, 116, 104, 2.0, 6.0, 5.0)
HIPPOCAMPAL = Grid("coronal", 3, 104, 104, 1.7, 4.0, 4.0, centre_mm=(0.0, 4.0, -14.0))
SURFACE_ZOOM = 1.6
NOISE = 7.0


def sequences_sheet() -> Picture:
    """Every technique in three planes."""
    head = head_of(PEOPLE["75 y, Alzheimers"])
    rows = [labelled(_views(head, physics), name) for name, physics in SEQUENCES.items()]
    half = -(-len(rows) // 2)
    return row_of([column_of(rows[:half]), column_of(rows[half:])])


def _views(head: Head, physics: Physics) -> Picture:
    axial, sagittal, coronal = (_imperfect(paint(head, physics, g), physics, g) for g in (AXIAL, SAGITTAL, CORONAL))
    top = TOPS.get(physics.technique, WEIGHTED_TOP if physics.b_value else 1000.0)
    top = 1800.0 if physics.technique == "diffusion" and not physics.b_value else top
    return row_of([shown(each, top) for each in (axial[7], axial[11], axial[14], sagittal[1], coronal[1])])


def _imperfect(volume: Volume, physics: Physics, grid: Grid) -> Volume:
    if physics.technique in UNSPOILT:
        return volume
    return grain(bias(volume, grid, Random(2)), sigma=NOISE, chance=Random(1))  # noqa: S311 - pretend data, no secret


def people_sheet() -> Picture:
    """The same five slices of people whose brains differ."""
    t1, t2, flair = (SEQUENCES[name] for name in ("MPRAGE 3T", "T2w TSE", "FLAIR"))
    rows = []
    for name, anatomy in PEOPLE.items():
        head = head_of(anatomy)
        axial = [_imperfect(paint(head, p, AXIAL), p, AXIAL) for p in (t1, t2, flair)]
        coronal, sagittal = (_imperfect(paint(head, t1, g), t1, g) for g in (HIPPOCAMPAL, SAGITTAL))
        tiles = [axial[0][12], axial[1][12], axial[2][12], axial[2][14], coronal[1], sagittal[1]]
        rows.append(labelled(row_of([shown(tile, 900.0) for tile in tiles]), name))
    return column_of(rows)


def faults_sheet() -> Picture:
    """A sound series, and each fault."""
    head, physics = head_of(PEOPLE["55 y"]), SEQUENCES["T2w TSE"]
    sound = paint(head, physics, LARGE)
    tiles = [labelled(shown(sound[12], 800.0), "none")]
    for fault in FAULTS:
        spoilt = spoil(sound, fault, Random(5))  # noqa: S311 - pretend data, no secret
        image = _gap(spoilt.volume, spoilt.missing[0]) if spoilt.missing else spoilt.volume[12]
        tiles.append(labelled(shown(image, 800.0), fault))
    return column_of([row_of(tiles[:4]), row_of(tiles[4:])])


def _gap(volume: Volume, missing: int) -> Volume:
    """The stack from the front, the missing slice black."""
    image = volume[:, LARGE.rows // 2].copy()
    image[missing] = 0
    return np.repeat(image[::-1], round(LARGE.slice_mm / LARGE.pixel_mm), axis=0)


def others_sheet() -> Picture:
    """Spine, knee and phantom, T1w and T2w."""
    rows = []
    for kind in ("spine", "knee", "phantom"):
        tiles = []
        for name in ("T1w SE 1.5T", "T2w TSE"):
            for plane in ("sagittal", "coronal", "axial"):
                grid = Grid(plane, 3, 112, 112, 2.1, 5.0)
                tiles.append(shown(paint_other(kind, SEQUENCES[name], grid)[1], 1100.0))
        rows.append(labelled(row_of(tiles), kind))
    return column_of(rows)


def faces_sheet() -> Picture:
    """The surfaces of four heads from the front and from the side."""
    heads = [head_of(PEOPLE[name]) for name in list(PEOPLE)[:4]]
    return column_of([row_of([_surface(head, axis) for head in heads]) for axis in (1, 2)])


def _surface(head: Head, axis: int) -> Picture:
    """The first tissue that a ray from the front (axis 1) or from the right (axis 2) meets, lit from above."""
    solid = mixed(head, dict.fromkeys(tissues_at(False), 1.0))
    solid = ndimage.zoom(np.moveaxis(solid, axis, 0), SURFACE_ZOOM, order=1)
    hit = solid > 0.5
    first = hit.argmax(axis=0)
    before, behind = (np.take_along_axis(solid, np.maximum(first - k, 0)[None], axis=0)[0] for k in (1, 0))
    depth = first - (behind - 0.5) / np.maximum(behind - before, 0.05)
    up, across = np.gradient(ndimage.gaussian_filter(depth, 0.8))
    light = (0.7 + 0.3 * across + 0.5 * up) / np.sqrt(1 + up * up + across * across)
    picture = np.where(hit.any(axis=0), 30 + 250 * np.clip(light, 0, 1), 0)[::-1]
    return shown(picture, 255.0)
