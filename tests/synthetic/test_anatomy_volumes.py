"""Pretend heads hold exactly the volumes that were asked for, on the right side, the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.synthetic.anatomy import TISSUES, head_of, measured
from imagebank.synthetic.anatomy.head import INNER
from imagebank.synthetic.visits import SIZES, Anatomy

MIDDLE = Anatomy(44, "female", 75, 1390, 1040, 45, 2.9, 2.3, 6.5)


@st.composite
def anatomies(draw: st.DrawFn) -> Anatomy:
    """People over the whole range that the hospital has; fluid outside the ventricles is at least 3 %."""
    cranial, ventricles = draw(st.floats(1150, 1850)), draw(st.floats(8, 130))
    brain = cranial * min(draw(st.floats(0.62, 0.88)), 0.97 - ventricles / cranial)
    left, right = draw(st.floats(1.2, 4.6)), draw(st.floats(1.2, 4.6))
    sex, lesion = draw(st.sampled_from(("female", "male"))), draw(st.floats(0, 60))
    return Anatomy(
        draw(st.integers(0, 10**6)), sex, draw(st.floats(18, 95)), cranial, brain, ventricles, left, right, lesion
    )


def check_volumes(anatomy: Anatomy, size: str) -> None:
    found = measured(head_of(anatomy, size))
    for name, value in found.items():
        share = 0.05 if name == "lesion_ml" else 0.03
        assert value == pytest.approx(getattr(anatomy, name), rel=share, abs=0.05), name


@settings(max_examples=8, deadline=None)
@given(anatomies())
def test_every_volume_of_a_small_head_is_the_one_that_was_asked_for(anatomy: Anatomy) -> None:
    check_volumes(anatomy, "small")


@settings(max_examples=60, deadline=None)
@given(anatomies())
def test_every_volume_of_a_tiny_head_is_the_one_that_was_asked_for(anatomy: Anatomy) -> None:
    check_volumes(anatomy, "tiny")


@pytest.mark.parametrize("size", ["tiny", "small"])
@pytest.mark.parametrize(
    "extreme",
    [
        Anatomy(1, "female", 20, 1150, 1012, 8, 4.6, 4.6, 0),
        Anatomy(2, "male", 20, 1850, 1628, 8, 4.6, 4.6, 0),
        Anatomy(3, "male", 95, 1850, 1147, 130, 1.2, 4.6, 60),
        Anatomy(4, "female", 95, 1150, 713, 130, 4.6, 1.2, 60),
    ],
    ids=["small and full", "large and full", "large and shrunken", "small and shrunken"],
)
def test_the_ends_of_the_range_can_be_reached(extreme: Anatomy, size: str) -> None:
    check_volumes(extreme, size)


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_measured_volumes_are_those_of_the_maps(size: str) -> None:
    """A slow twin: count voxel by voxel."""
    head = head_of(MIDDLE, size)
    voxel_ml = np.prod([head.lattice.voxel_mm * stretch for stretch in head.scale]) / 1000
    for name, tissue in (("ventricles_ml", "ventricle"), ("hippocampus_left_ml", "hippocampus_left")):
        slow = float((head.map_of(tissue).astype(float) / 255).sum() * voxel_ml)
        assert measured(head)[name] == pytest.approx(slow, rel=1e-6)


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_no_voxel_holds_more_than_one_voxel_of_tissue(size: str) -> None:
    filled = head_of(MIDDLE, size).maps.sum(axis=0, dtype=np.int32)
    assert filled.max() <= 255 + len(TISSUES) // 2  # each map is rounded by itself


def test_the_left_hippocampus_lies_on_the_patients_left() -> None:
    """Columns of the lattice run to the left; the middle of the head is the middle of the lattice."""
    head = head_of(MIDDLE)
    columns = np.arange(head.lattice.shape[2])
    for side, sign in (("left", 1), ("right", -1)):
        weights = head.map_of(f"hippocampus_{side}").sum(axis=(0, 1), dtype=np.int64)
        centre_mm = (np.average(columns, weights=weights) - (len(columns) - 1) / 2) * head.lattice.voxel_mm
        assert 18 < sign * centre_mm < 38


def test_eyes_are_in_front_of_the_brain_and_the_neck_below_it() -> None:
    head = head_of(MIDDLE)

    def middle(tissue: str, axis: int) -> float:
        weights = head.map_of(tissue).sum(axis=tuple(k for k in range(3) if k != axis), dtype=np.int64)
        return float(np.average(np.arange(len(weights)), weights=weights))

    assert middle("eye", 1) < middle("gm", 1) - 20
    assert middle("cord", 0) < middle("gm", 0) - 40


def test_the_brain_of_a_person_keeps_its_shape_when_only_the_lesions_grow() -> None:
    before, after = (head_of(replace(MIDDLE, lesion_ml=ml)) for ml in (5.0, 20.0))
    assert (before.map_of("ventricle") == after.map_of("ventricle")).all()
    assert (after.map_of("lesion") >= before.map_of("lesion")).all()


def test_wider_ventricles_push_tissue_aside_rather_than_eating_the_deep_nuclei() -> None:
    narrow, wide = (head_of(replace(MIDDLE, ventricles_ml=ml)) for ml in (15.0, 80.0))
    deep = [int(head.map_of("deep").sum(dtype=np.int64)) for head in (narrow, wide)]
    assert deep[1] > 0.7 * deep[0]


def test_two_people_of_equal_volumes_look_different() -> None:
    one, other = (head_of(replace(MIDDLE, shape=shape)) for shape in (1, 2))
    assert one.scale != other.scale
    assert np.mean(one.map_of("gm") != other.map_of("gm")) > 0.02
    assert (one.map_of("bone") != other.map_of("bone")).any()


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_the_same_person_is_the_same_bytes_whoever_came_before(size: str) -> None:
    first = head_of(MIDDLE, size).maps.tobytes()
    for shape in range(20):  # more than are kept
        head_of(replace(MIDDLE, shape=shape), size) if size == "tiny" or shape < 5 else None
    assert head_of(MIDDLE, size).maps.tobytes() == first


def test_there_is_a_head_of_every_size_and_of_no_other() -> None:
    assert {*SIZES} == {"tiny", "small", "full"}
    with pytest.raises(KeyError):
        head_of(MIDDLE, "huge")


def test_the_skull_holds_the_brain_and_fluid_alone() -> None:
    """Tissues of the face never reach into the intracranial space."""
    head = head_of(MIDDLE)
    inner = head.maps[: len(INNER)].sum(axis=0, dtype=np.int32)
    outer = head.maps[len(INNER) :].sum(axis=0, dtype=np.int32)
    assert outer[inner >= 254].max() <= 3
