"""How slices are stacked, read from the headers of a zip."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted import instance, save_zip
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imagebank.imaging.quality.model import Absent
from imagebank.imaging.quality.positions import UNREADABLE, read_headers
from imagebank.imaging.quality.stacking import STACKING, Slice, stacking

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def stack(places: list[float], *, lean: float = 0.0) -> list[Slice]:
    return [Slice((lean * place, 5.0, place), AXIAL) for place in places]


@settings(deadline=None)
@given(
    count=st.integers(8, 60),
    step=st.floats(0.5, 8),
    volumes=st.integers(1, 4),
    lost=st.sets(st.integers(1, 6), max_size=2),
    chance=st.randoms(use_true_random=False),
)
def test_lost_slices_are_counted_whatever_the_order(
    count: int, step: float, volumes: int, lost: set[int], chance: random.Random
) -> None:
    slices = stack([step * k for k in range(count) if k not in lost] * volumes)
    chance.shuffle(slices)
    found = stacking(slices, mosaic=False)
    assert found["missing_slices"] == len(lost) * volumes
    assert found["duplicate_slices"] == 0
    assert found["spacing_spread"] == pytest.approx(0, abs=1e-6)


def test_a_slice_that_only_one_volume_lacks_is_missing() -> None:
    places = [3.0 * k for k in range(20)]
    assert stacking(stack(places * 3 + [each for each in places if each != 30.0]), mosaic=False)["missing_slices"] == 1


def test_a_slice_that_is_there_twice_is_double() -> None:
    found = stacking(stack([3.0 * k for k in range(20)] + [30.0]), mosaic=False)
    assert (found["missing_slices"], found["duplicate_slices"]) == (0, 1)


def test_uneven_slices_and_a_leaning_stack_are_measured() -> None:
    places = [3.0 * k for k in range(20)]
    assert stacking(stack([*places[:-1], places[-1] + 0.6]), mosaic=False)["spacing_spread"] == pytest.approx(0.2)
    leaning = stacking(stack(places, lean=np.tan(np.radians(10))), mosaic=False)
    assert leaning["shear_deg"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("slices", "mosaic", "reason"),
    [
        (stack([1.0, 2.0, 3.0, 4.0, 5.0]), True, "positions-packed"),
        ([], False, "header-silent"),
        (stack([1.0, 2.0]), False, "too-few-slices"),
        ([*stack([1.0, 2.0, 3.0, 4.0]), Slice((0, 0, 0), (0, 1, 0, 0, 0, -1))], False, "several-planes"),
    ],
)
def test_what_cannot_be_said_has_its_reason(slices: list[Slice], mosaic: bool, reason: str) -> None:
    assert stacking(slices, mosaic=mosaic) == dict.fromkeys(STACKING, Absent(reason))


def enhanced(places: list[float]) -> Dataset:
    """The same stack as one multi-frame header."""
    header = instance(0.0, 1)
    del header.ImagePositionPatient, header.ImageOrientationPatient
    frames = []
    for place in places:
        position, frame = Dataset(), Dataset()
        position.ImagePositionPatient = [-100.0, -100.0, place]
        frame.PlanePositionSequence = Sequence([position])
        frames.append(frame)
    orientation, shared = Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PlaneOrientationSequence = Sequence([orientation])
    header.SharedFunctionalGroupsSequence = Sequence([shared])
    header.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return header


def test_classic_and_enhanced_headers_say_the_same(tmp_path: Path) -> None:
    places = [4.0 * k for k in range(12)]
    classic = read_headers(save_zip(tmp_path / "a.zip", [instance(place, k) for k, place in enumerate(places)]))
    assert read_headers(save_zip(tmp_path / "b.zip", [enhanced(places)])) == classic
    assert (classic.software, classic.patient_position, classic.acquired_pixels) == ("syngo MR B17", "HFS", 64 * 32)


def test_a_mosaic_has_no_places_of_its_slices(tmp_path: Path) -> None:
    header = instance(0.0, 1, ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    found = read_headers(save_zip(tmp_path / "a.zip", [header]))
    assert found.mosaic
    assert found.slices == ()


def test_damaged_positions_say_nothing(tmp_path: Path) -> None:
    header = instance(0.0, 1)
    header.ImagePositionPatient = [1.0, 2.0]
    assert read_headers(save_zip(tmp_path / "a.zip", [header])).slices == ()


def test_a_damaged_zip_is_one_of_the_known_failures(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and no more")
    for path in (tmp_path / "a.zip", tmp_path / "gone.zip"):
        with pytest.raises(UNREADABLE):
            read_headers(path)
