"""Planted faults of images: where they are, and that nothing else is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from scanned import one_series

GE_DAY = date(2016, 3, 1)


def test_a_missing_slice_is_missing_and_a_plan_of_few_slices_is_kept(tmp_path: Path) -> None:
    lost = one_series(tmp_path / "a", "ge-30", GE_DAY, "T2w-2D", fault="missing-slice")
    some = one_series(tmp_path / "b", "ge-30", GE_DAY, "T2w-2D", slices=(0, 3))
    assert len(lost.series("T2w-2D").paths) == 3
    numbers = [
        int(pydicom.dcmread(some.images / path, stop_before_pixels=True).InstanceNumber)
        for path in some.series("T2w-2D").paths
    ]
    assert numbers == [1, 4]


@pytest.mark.parametrize("machine", ["siemens-15", "siemens-30"])
def test_a_missing_slice_of_a_volume_file_is_black_or_left_out(machine: str, tmp_path: Path) -> None:
    day = date(2012, 3, 1) if machine == "siemens-15" else date(2019, 3, 1)
    lost = one_series(tmp_path, machine, day, "BOLD", fault="missing-slice")
    header = pydicom.dcmread(lost.images / lost.series("BOLD").paths[0])
    if machine == "siemens-30":
        assert header.NumberOfFrames == 2
    else:
        assert header.pixel_array[:32, 32:].max() == 0


def test_sides_are_swapped_in_the_pixels_and_not_in_the_header(tmp_path: Path) -> None:
    good = one_series(tmp_path / "a", "ge-30", GE_DAY, "T2w-2D")
    swapped = one_series(tmp_path / "b", "ge-30", GE_DAY, "T2w-2D", fault="swapped-sides")
    one, two = (pydicom.dcmread(each.images / each.series("T2w-2D").paths[1]) for each in (good, swapped))
    assert np.array_equal(one.pixel_array[:, ::-1], two.pixel_array)
    assert one.ImageOrientationPatient == two.ImageOrientationPatient


def test_a_patient_entered_feet_first_is_turned_in_every_coordinate(tmp_path: Path) -> None:
    good = one_series(tmp_path / "a", "ge-30", GE_DAY, "T2w-2D")
    wrong = one_series(tmp_path / "b", "ge-30", GE_DAY, "T2w-2D", fault="wrong-position")
    one, two = (pydicom.dcmread(each.images / each.series("T2w-2D").paths[0]) for each in (good, wrong))
    assert (one.PatientPosition, two.PatientPosition) == ("HFS", "FFS")
    assert np.allclose(np.array(one.ImagePositionPatient) * [-1, 1, -1], np.array(two.ImagePositionPatient))
    assert np.array_equal(one.pixel_array, two.pixel_array)


def test_a_stack_placed_too_low_says_so_in_its_positions(tmp_path: Path) -> None:
    good = one_series(tmp_path / "a", "ge-30", GE_DAY, "T2w-2D")
    cut = one_series(tmp_path / "b", "ge-30", GE_DAY, "T2w-2D", fault="cut-field-of-view")
    one, two = (
        np.array(pydicom.dcmread(each.images / each.series("T2w-2D").paths[0]).ImagePositionPatient, dtype=float)
        for each in (good, cut)
    )
    assert np.linalg.norm(one - two) == pytest.approx(42, abs=0.1)


@pytest.mark.parametrize("fault", ["motion", "ghosting", "noise"])
def test_a_fault_of_the_pixels_changes_them_and_nothing_else(fault: str, tmp_path: Path) -> None:
    good = one_series(tmp_path / "a", "ge-30", GE_DAY, "T2w-2D")
    bad = one_series(tmp_path / "b", "ge-30", GE_DAY, "T2w-2D", fault=fault)
    one, two = (pydicom.dcmread(each.images / each.series("T2w-2D").paths[1]) for each in (good, bad))
    assert np.abs(one.pixel_array - two.pixel_array.astype(int)).max() > 20
    del one.PixelData, two.PixelData
    assert one == two
