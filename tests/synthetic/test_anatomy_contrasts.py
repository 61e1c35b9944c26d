"""Every technique shows the tissues in the order of brightness that a radiologist expects, and maps tell the truth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from imagebank.synthetic.anatomy import Head, head_of, measured, paint, paint_other, projected
from imagebank.synthetic.anatomy.mixing import at_voxels
from imagebank.synthetic.visits import Anatomy, Grid, Physics

PERSON = Anatomy(44, "female", 75, 1390, 1040, 60, 3.4, 1.6, 25)
AXIAL = Grid("axial", 30, 128, 112, 1.8, 4.0)
T1W, T2W = Physics("spin-echo", 500, 12), Physics("spin-echo", 4830, 98)
FLAIR = Physics("inversion-recovery", 8600, 109, 2500)
MPRAGE = Physics("mprage", 2300, 2.98, 900, 9, 3.0)
DWI = Physics("diffusion", 6600, 89, field_t=3.0, b_value=1000)
ORDERS = {  # brightest first
    "T1w": (T1W, "fat wm gm csf"),
    "T1w 3T": (replace(T1W, repetition_ms=650, field_t=3.0), "fat wm gm csf"),
    "MPRAGE": (MPRAGE, "fat wm gm csf"),
    "MPRAGE 1.5T": (replace(MPRAGE, field_t=1.5), "fat wm gm csf"),
    "IR-FSPGR, TR of the flips": (Physics("mprage", 9.4, 3.7, 450, 13), "wm gm csf"),
    "BRAVO": (Physics("mprage", 8.2, 3.2, 450, 12, 3.0), "wm gm csf"),
    "TFE without TI": (Physics("mprage", 7.5, 3.4, 0, 8), "wm gm csf"),
    "T2w": (T2W, "csf lesion gm wm muscle"),
    "T2w 3T": (replace(T2W, repetition_ms=6100, echo_ms=93, field_t=3.0), "csf lesion gm wm muscle"),
    "PDw": (Physics("spin-echo", 3000, 15), "gm wm"),
    "FLAIR": (FLAIR, "lesion gm wm csf"),
    "FLAIR GE": (Physics("inversion-recovery", 8802, 127, 2200), "lesion gm wm csf"),
    "FLAIR Philips": (Physics("inversion-recovery", 11000, 120, 2800), "lesion gm wm csf"),
    "FLAIR 3D": (Physics("inversion-recovery", 5000, 387, 1800, 90, 3.0), "lesion gm csf"),
    "STIR": (Physics("inversion-recovery", 4500, 60, 150), "csf gm wm fat"),
    "T2*w": (Physics("gradient-echo", 700, 20, 0, 20), "csf gm wm"),
    "b=0": (replace(DWI, b_value=0), "csf gm wm fat"),
    "trace": (replace(DWI, technique="trace"), "gm csf"),
    "ADC": (replace(DWI, technique="adc"), "csf lesion gm wm"),
    "FA": (replace(DWI, technique="fa"), "wm gm"),
    "TOF": (Physics("tof", 25, 4, 0, 20, 3.0), "artery wm csf"),
}


@cache
def head() -> Head:
    return head_of(PERSON)


@cache
def pure(tissue: str) -> NDArray[np.bool_]:
    """Voxels that are mostly one tissue."""
    names = {"csf": "ventricle"}
    share = at_voxels(head(), head().map_of(names.get(tissue, tissue)).astype(np.float32), AXIAL) / 255
    return share > (0.35 if tissue == "artery" else 0.8)


def brightness(physics: Physics, tissue: str) -> float:
    return float(np.median(paint(head(), physics, AXIAL)[pure(tissue)]))


@pytest.mark.parametrize("name", ORDERS)
def test_tissues_have_the_order_of_brightness_of_the_technique(name: str) -> None:
    physics, order = ORDERS[name]
    found = [brightness(physics, tissue) for tissue in order.split()]
    assert all(brighter > 1.08 * darker for brighter, darker in pairwise(found)), found


def test_flair_nulls_fluid_and_keeps_lesions_bright() -> None:
    assert brightness(FLAIR, "csf") < 0.1 * brightness(FLAIR, "gm")
    assert brightness(FLAIR, "lesion") > 1.25 * brightness(FLAIR, "wm")


def test_contrast_agent_brightens_vessels_and_meninges_and_leaves_the_brain() -> None:
    plain, enhanced = (paint(head(), replace(T1W, agent=agent), AXIAL) for agent in (False, True))
    assert np.median(enhanced[pure("sinus")]) > 3 * np.median(plain[pure("sinus")])
    assert np.median(enhanced[pure("mucosa")]) > 1.5 * np.median(plain[pure("mucosa")])
    assert np.median(enhanced[pure("wm")]) == np.median(plain[pure("wm")])


def test_the_adc_map_is_what_a_reader_gets_from_the_weighted_images() -> None:
    without = paint(head(), replace(DWI, b_value=0), AXIAL).astype(float)
    weighted = [paint(head(), replace(DWI, direction=way), AXIAL).astype(float) for way in np.eye(3)]
    brain = pure("wm") | pure("gm") | pure("lesion")
    logs = sum(np.log(without[brain] / each[brain]) for each in weighted)
    adc = paint(head(), replace(DWI, technique="adc"), AXIAL)[brain]
    assert np.abs(adc - 1e6 * logs / 3000).max() < 12  # whole numbers of signal allow no more
    assert 700 < np.median(adc) < 900


def test_the_trace_image_is_the_geometric_mean_of_three_directions() -> None:
    weighted = [paint(head(), replace(DWI, direction=way), AXIAL).astype(float) for way in np.eye(3)]
    brain = pure("wm") | pure("gm")
    mean = np.prod(weighted, axis=0)[brain] ** (1 / 3)
    assert np.abs(paint(head(), replace(DWI, technique="trace"), AXIAL)[brain] - mean).max() < 1.5


def test_white_matter_darkens_along_its_fibres() -> None:
    """The corpus callosum runs from left to right."""
    across, along = (paint(head(), replace(DWI, direction=way), AXIAL) for way in ((1, 0, 0), (0, 0, 1)))
    middle = np.abs(np.arange(112) - 55.5) < 2.5
    level = np.abs(np.arange(30) - 15) < 3
    callosum = pure("wm") & middle[None, None, :] & level[:, None, None]
    assert callosum.sum() > 20
    assert np.median(along[callosum]) > 1.5 * np.median(across[callosum])
    assert 300 < np.median(paint(head(), replace(DWI, technique="fa"), AXIAL)[callosum]) < 900


def test_thick_slices_mix_what_thin_slices_keep_apart() -> None:
    """A 6 mm slice is the mean of the three 2 mm slices that it covers."""
    thin = paint(head(), T2W, Grid("axial", 3, 64, 64, 3.0, 2.0)).astype(float)
    thick = paint(head(), T2W, Grid("axial", 1, 64, 64, 3.0, 6.0))
    assert np.abs(thin.mean(axis=0) - thick[0]).max() <= 1.0
    gap = paint(head(), T2W, Grid("axial", 1, 64, 64, 3.0, 6.0, 2.0))
    assert (gap[0] == paint(head(), T2W, Grid("axial", 3, 64, 64, 3.0, 2.0))[1]).all()


def test_a_scan_that_covers_the_head_holds_the_true_volumes() -> None:
    """Averaging over voxels mixes tissues and loses none."""
    for plane, thickness in (("axial", 5.0), ("coronal", 3.0)):
        grid = Grid(plane, int(300 / thickness), 150, 150, 2.0, thickness)
        share = at_voxels(head(), head().map_of("ventricle").astype(np.float32), grid) / 255
        found = float(share.sum(dtype=np.float64)) * grid.pixel_mm**2 * thickness / 1000
        assert found == pytest.approx(measured(head())["ventricles_ml"], rel=0.005)


def test_three_planes_show_the_same_point_of_the_patient() -> None:
    """A point left, in front of and above the middle is the same in every plane."""
    grids = {plane: Grid(plane, 41, 41, 41, 3.0, 3.0) for plane in ("axial", "sagittal", "coronal")}
    axial, sagittal, coronal = (paint(head(), MPRAGE, grid) for grid in grids.values())
    for s, p, left in ((25, 12, 28), (10, 30, 15), (20, 20, 20)):
        assert axial[s, p, left] == sagittal[left, 40 - s, p] == coronal[p, 40 - s, left]


def test_the_smaller_hippocampus_lies_on_the_patients_right_in_the_image() -> None:
    """Columns of axial and coronal images run to the patient's left."""
    assert measured(head())["hippocampus_right_ml"] < measured(head())["hippocampus_left_ml"]
    healthy = head_of(replace(PERSON, hippocampus_right_ml=3.4, brain_ml=PERSON.brain_ml + 1.8))
    changed = np.abs(paint(head(), T2W, AXIAL) - paint(healthy, T2W, AXIAL)).sum(axis=(0, 1))
    assert changed[:56].sum() > 5 * changed[56:].sum()


def test_a_moved_grid_shows_another_part() -> None:
    here = paint(head(), T1W, Grid("axial", 5, 32, 32, 6.0, 4.0))
    higher = paint(head(), T1W, Grid("axial", 5, 32, 32, 6.0, 4.0, centre_mm=(0.0, 0.0, 8.0)))
    assert (here[2:] == higher[:-2]).all()


def test_bold_images_lose_signal_above_the_sinuses_and_fluctuate() -> None:
    bold = Physics("bold", 2000, 30, 0, 80, 3.0)
    first, second = (paint(head(), bold, AXIAL, moment=moment) for moment in (1, 4))
    assert 0 < np.abs(first - second)[pure("gm")].mean() < 20
    grid = Grid("axial", 1, 64, 64, 3.0, 4.0, centre_mm=(0.0, 0.0, -36.0))
    kept = paint(head(), bold, grid) / np.maximum(paint(head(), replace(bold, echo_ms=1.0), grid), 1)
    assert np.median(kept[0, 10:16, 28:36]) < 0.5 * np.median(kept[0, 44:50, 28:36])


def test_field_phase_changes_with_the_field_and_stays_in_twelve_bits() -> None:
    phase = Physics("fieldmap-phase", 500, 7, 0, 60, 3.0)
    strong, weak = (paint(head(), replace(phase, field_t=t), AXIAL) for t in (3.0, 1.5))
    assert strong.min() >= 0
    assert strong.max() <= 4095
    brain = pure("gm")
    assert np.abs(strong[brain] - 2048).mean() > 1.7 * np.abs(weak[brain] - 2048).mean() > 0


def test_veins_are_dark_in_susceptibility_weighted_images_and_longer_in_their_projection() -> None:
    swi = Physics("swi", 28, 20, 0, 15, 3.0)
    magnitude, slab = (paint(head(), replace(swi, technique=name), AXIAL) for name in ("swi", "swi-mip"))
    assert (slab <= magnitude).all()
    assert (slab < 0.8 * magnitude)[pure("wm")].mean() > 0.02


def test_a_projection_of_an_angiogram_shows_vessels_through_the_slab() -> None:
    volume = paint(head(), Physics("tof", 25, 4, 0, 20, 3.0), AXIAL)
    slab = projected(volume, AXIAL, depth_mm=40.0)
    assert (slab >= volume).all()
    assert (slab > 900).sum() > 2 * (volume > 900).sum()


@pytest.mark.parametrize("kind", ["spine", "knee", "phantom"])
def test_other_bodies_are_painted_and_are_no_heads(kind: str) -> None:
    grid = Grid("sagittal", 3, 64, 64, 3.6, 6.0)
    t1, t2 = (paint_other(kind, physics, grid) for physics in (T1W, T2W))
    assert t1.shape == (3, 64, 64)
    assert t1.max() > 300
    assert (t1 != t2).any()
    assert np.corrcoef(t1.ravel(), paint(head(), T1W, grid).ravel())[0, 1] < 0.9


def test_the_spinal_fluid_is_bright_in_t2w_and_dark_in_t1w() -> None:
    grid = Grid("sagittal", 1, 128, 128, 1.9, 4.0)
    t1, t2 = (paint_other("spine", physics, grid) for physics in (T1W, T2W))
    fluid = t2 > 0.9 * t2.max()
    assert fluid.sum() > 100
    assert np.median(t1[fluid]) < 0.4 * np.median(t1[t1 > 50])


def test_painting_twice_gives_the_same_bytes_at_every_small_size() -> None:
    for size in ("tiny", "small"):
        one, two = (paint(head_of(replace(PERSON, shape=5), size), FLAIR, AXIAL) for _ in range(2))
        assert one.dtype == np.int32
        assert one.tobytes() == two.tobytes()


def test_what_is_not_known_is_refused_rather_than_painted_as_something_else() -> None:
    with pytest.raises(KeyError):
        paint(head(), Physics("sodium", 500, 12), AXIAL)
    with pytest.raises(KeyError):
        paint(head(), T1W, replace(AXIAL, plane="oblique"))
    with pytest.raises(KeyError):
        paint_other("dose-report", T1W, AXIAL)
