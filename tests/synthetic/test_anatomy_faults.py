"""Noise, coil bias and planted faults: each can be seen, each can be measured, each is the same every time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from zlib import decompress

import numpy as np
import pytest
from numpy.typing import NDArray

from imagebank.synthetic.anatomy import bias, grain, head_of, paint, spoil
from imagebank.synthetic.anatomy.__main__ import main
from imagebank.synthetic.anatomy.picture import labelled, png_of, shown
from imagebank.synthetic.anatomy.sheet import faults_sheet
from imagebank.synthetic.visits import FAULTS, Anatomy, Grid, Physics

GRID = Grid("axial", 12, 96, 96, 2.4, 6.0)
Volume = NDArray[np.int32]


@cache
def sound() -> Volume:
    head = head_of(Anatomy(5, "male", 60, 1500, 1200, 35, 3.5, 3.4, 3))
    return paint(head, Physics("spin-echo", 4830, 98), GRID)


def air(volume: Volume) -> NDArray[np.int32]:
    """What shines where there is nothing."""
    return volume[sound() == 0]


def spoilt(fault: str) -> Volume:
    return spoil(sound(), fault, Random(3)).volume


def test_noise_is_rician() -> None:
    """Bell-shaped on the signal, of Rayleigh's mean in the air."""
    noisy = grain(sound(), sigma=20.0, chance=Random(1))
    assert air(noisy).mean() == pytest.approx(20.0 * np.sqrt(np.pi / 2), rel=0.03)
    bright = sound() > 300
    assert (noisy - sound())[bright].std() == pytest.approx(20.0, rel=0.05)


def test_coil_bias_is_smooth_and_keeps_air_dark() -> None:
    biased = bias(sound(), GRID, Random(1))
    assert (biased[sound() == 0] == 0).all()
    ratio = biased[sound() > 100] / sound()[sound() > 100]
    assert 0.05 < ratio.max() - ratio.min() < 0.9
    inside = sound()[6] > 150
    steps = np.abs(np.diff(np.where(inside, biased[6] / np.maximum(sound()[6], 1), np.nan), axis=0))
    assert np.nanmax(steps) < 0.03


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_the_same_for_the_same_chance_and_leaves_the_original_alone(fault: str) -> None:
    before = sound().copy()
    one, two = (spoil(sound(), fault, Random(3)) for _ in range(2))
    assert one.volume.tobytes() == two.volume.tobytes()
    assert one.missing == two.missing
    assert one.volume.dtype == np.int32
    assert one.volume.shape == before.shape
    assert (sound() == before).all()


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(KeyError):
        spoil(sound(), "coffee", Random(1))


def test_motion_smears_the_head_into_the_air_along_the_phase_direction() -> None:
    assert air(spoilt("motion")).mean() > 4
    assert np.corrcoef(spoilt("motion").ravel(), sound().ravel())[0, 1] < 0.995


def test_a_ghost_lies_half_a_field_of_view_away() -> None:
    """Brain above and below the head is a copy of the middle of the image."""
    ghost = spoilt("ghosting")[6].astype(float)
    source = np.roll(sound()[6], 48, axis=0).astype(float)
    there = (sound()[6] == 0) & (source > 200)
    assert there.sum() > 50
    assert 0.1 < np.median(ghost[there] / source[there]) < 0.4


def test_the_noisy_fault_is_many_times_the_usual_noise() -> None:
    assert air(spoilt("noise")).std() > 3 * air(grain(sound(), sigma=9.0, chance=Random(1))).std()


def test_a_missing_slice_is_named_and_lies_inside_the_stack() -> None:
    for seed in range(20):
        missing = spoil(sound(), "missing-slice", Random(seed)).missing
        assert len(missing) == 1
        assert 0 < missing[0] < 11
    assert spoil(sound()[:1], "missing-slice", Random(1)).missing == ()


def test_a_cut_field_of_view_loses_brain_and_says_how_far_it_moved() -> None:
    result = spoil(sound(), "cut-field-of-view", Random(3))
    by = result.moved_voxels[1]
    assert (result.volume > 100).sum() < 0.9 * (sound() > 100).sum()
    kept = result.volume[:, by:] if by > 0 else result.volume[:, :by]
    assert (kept == (sound()[:, :-by] if by > 0 else sound()[:, -by:])).all()


def test_a_wrong_position_is_half_a_turn() -> None:
    assert (spoilt("wrong-position")[:, ::-1, ::-1] == sound()).all()


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_swapped_sides_mirror_left_and_right_in_every_plane(plane: str) -> None:
    head = head_of(Anatomy(5, "male", 60, 1500, 1200, 35, 4.4, 1.4, 3))
    grid = Grid(plane, 21, 41, 41, 4.0, 4.0)
    volume = paint(head, Physics("spin-echo", 4830, 98), grid)
    axis = 0 if plane == "sagittal" else 2
    swapped = spoil(volume, "swapped-sides", Random(1), plane=plane).volume
    assert (np.flip(swapped, axis) == volume).all()
    assert (swapped != volume).any()


def test_a_sheet_is_a_grey_png_with_labels() -> None:
    picture = faults_sheet()
    assert picture.dtype == np.uint8
    png = png_of(picture)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    start = png.index(b"IDAT") + 4
    length = int.from_bytes(png[start - 8 : start - 4], "big")
    rows = np.frombuffer(decompress(png[start : start + length]), dtype=np.uint8).reshape(picture.shape[0], -1)
    assert (rows[:, 1:] == picture).all()
    blank = shown(np.zeros((10, 60)), 1.0)
    assert (labelled(blank, "t1w") != labelled(blank, "t2w")).any()


def test_the_command_for_sheets_explains_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([]) == 2
    assert main(["--help"]) == 2
    assert "FOLDER" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
