"""Text burned into pixels is found, anatomy is not taken for it, and painting over hides the text and nothing else."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lettering import TEXTS, Style, write_text
from numpy.typing import NDArray
from plain_burned_in import find_text_plainly
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEGLSLossless, RLELossless
from scipy import ndimage

from conftest import DATA
from imagebank.dicom.burned_in import Box, find_text
from imagebank.dicom.pixels import PixelLayout, PixelsUnreadable, painted_over, text_by_frame, without_overlay_bits
from imagebank.synthetic.anatomy import grain, head_of, paint
from imagebank.synthetic.visits import Anatomy, Grid, Physics

HEAD = Grid("axial", 5, 192, 192, 1.2, 12.0)
SOMEBODY = Anatomy(7, "female", 74.0, 1390.0, 1020.0, 48.0, 2.9, 2.8, 9.0)
TECHNIQUES = (
    Physics("mprage", 2300, 3, inversion_ms=900, flip_deg=9),
    Physics("spin-echo", 5000, 100),
    Physics("inversion-recovery", 9000, 120, inversion_ms=2500),
)


@cache
def heads() -> NDArray[np.int32]:
    """Fifteen slices of painted heads with grain, in three contrasts."""
    head, chance = head_of(SOMEBODY), Random(3)
    return np.concatenate([grain(paint(head, each, HEAD), sigma=9.0, chance=chance) for each in TECHNIQUES])


def touches(boxes: tuple[Box, ...], place: tuple[int, int, int, int]) -> bool:
    return any(box.touches(Box(*place)) for box in boxes)


@pytest.mark.parametrize("size", [9, 11, 14, 20])
@pytest.mark.parametrize("level", [1.0, 0.75])
@pytest.mark.parametrize(
    ("smooth", "on_dark", "share"),
    [(False, False, 0.95), (True, True, 0.85)],
    ids=["crisp letters anywhere", "smooth letters on dark ground"],
)
def test_text_on_heads_is_found(size: int, level: float, smooth: bool, on_dark: bool, share: float) -> None:
    chance = Random(7)
    found, written = 0, 0
    for image in heads():
        for text in TEXTS:
            drawn = write_text(image, text, Style(size, smooth, level, on_dark), chance)
            if drawn is None:
                continue
            written += 1
            found += touches(find_text(drawn.image), drawn.box)
    assert written > 30
    assert found >= share * written


def test_heads_without_text_are_passed() -> None:
    assert [find_text(image) for image in heads()] == [()] * len(heads())


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64), dtype=np.uint16),
        np.full((64, 64), 4095, dtype=np.uint16),
        np.zeros((1, 1), dtype=np.uint8),
        np.random.default_rng(1).integers(0, 4096, (128, 128)).astype(np.uint16),
        (np.indices((128, 128)).sum(axis=0) % 2 * 4095).astype(np.uint16),
        np.tile((np.arange(128) % 8 < 4) * 1000, (128, 1)).astype(np.uint16),
    ],
    ids=["black", "white", "one pixel", "noise", "checkered", "bars"],
)
def test_patterns_are_no_text(image: NDArray[Any]) -> None:
    assert find_text(image) == ()


def real_frames() -> Iterator[NDArray[Any]]:
    """The middle frame of the first file of each MR series that the labels call an image."""
    seen = set()
    with open(DATA / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["label"] in ("non-image", "non-MR", "MRS") or row["series_instance_uid"] in seen:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                instance = pydicom.dcmread(DATA / row["path"], force=True)
                if instance.get("Modality") != "MR" or instance.get("SamplesPerPixel", 1) != 1:
                    continue
                if instance.file_meta.TransferSyntaxUID.is_encapsulated:
                    continue
                pixels = instance.pixel_array
            seen.add(row["series_instance_uid"])
            yield pixels[len(pixels) // 2] if pixels.ndim == 3 else pixels


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real files is not beside the project")
def test_at_most_one_in_fifty_real_series_is_taken_for_text() -> None:
    found = [bool(find_text(frame)) for frame in real_frames()]
    assert len(found) > 50
    assert sum(found) <= len(found) / 50


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32])
@given(
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.integers(1, 4000),
    st.sampled_from(["noise", "few levels", "blots"]),
    st.integers(0, 2**32),
)
def test_the_quick_search_finds_in_any_frame_what_the_plain_one_finds(
    dtype: type, shape: tuple[int, int], levels: int, kind: str, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    frame = chance.integers(0, {"noise": levels, "few levels": 1 + levels % 5, "blots": 2}[kind], shape)
    if kind == "blots":
        frame = levels * (ndimage.uniform_filter(frame.astype(float), 3) > 0.5)
    frame = frame.astype(dtype)
    assert find_text(frame) == find_text_plainly(frame)


def test_the_quick_search_finds_in_heads_with_and_without_text_what_the_plain_one_finds() -> None:
    chance = Random(13)
    frames = list(heads())
    for image in heads():
        for smooth in (False, True):
            written = write_text(image, chance.choice(TEXTS), Style(chance.choice((9, 14)), smooth, 0.8), chance)
            frames += [] if written is None else [written.image]
    found = [find_text_plainly(frame) for frame in frames]
    assert any(found)
    assert [find_text(frame) for frame in frames] == found


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real files is not beside the project")
def test_the_quick_search_finds_in_real_frames_what_the_plain_one_finds() -> None:
    for frame in real_frames():
        assert find_text(frame) == find_text_plainly(frame)


def layout(array: NDArray[Any], **other: Any) -> PixelLayout:
    frames, rows, columns = array.shape
    told = {"bits_allocated": array.dtype.itemsize * 8, "bits_stored": array.dtype.itemsize * 8, "signed": False}
    told |= {"frames": frames, "rows": rows, "columns": columns, "samples": 1, "syntax": ExplicitVRLittleEndian}
    return PixelLayout(**{**told, **other})


def stack_with_text() -> tuple[NDArray[np.uint16], tuple[int, int, int, int]]:
    frames = heads()[:3].astype("<u2").copy()
    drawn = write_text(frames[1], "K1234567", Style(14, False, 1.0), Random(3))
    assert drawn is not None
    frames[1] = drawn.image
    return frames, drawn.box


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_frame_with_the_text_is_named_in_either_byte_order(order: str) -> None:
    frames, place = stack_with_text()
    syntax = ExplicitVRLittleEndian if order == "<" else ExplicitVRBigEndian
    found = text_by_frame(layout(frames, syntax=syntax), frames.astype(f"{order}u2").tobytes())
    assert list(found) == [1]
    assert touches(found[1], place)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_text_in_compressed_pixels_is_found(syntax: Any) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset

    frames, place = stack_with_text()
    instance = Dataset()
    instance.file_meta = FileMetaDataset()
    instance.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    instance.SOPClassUID, instance.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.3"
    instance.Rows, instance.Columns, instance.NumberOfFrames = frames.shape[1], frames.shape[2], len(frames)
    instance.SamplesPerPixel, instance.PhotometricInterpretation = 1, "MONOCHROME2"
    instance.BitsAllocated, instance.BitsStored, instance.HighBit, instance.PixelRepresentation = 16, 16, 15, 0
    instance.compress(syntax, arr=frames, generate_instance_uid=False)
    found = text_by_frame(layout(frames, syntax=syntax), instance.PixelData)
    assert list(found) == [1]
    assert touches(found[1], place)
    with pytest.raises(PixelsUnreadable):
        text_by_frame(layout(frames, syntax=syntax), instance.PixelData[: len(instance.PixelData) // 2])


def test_painting_over_hides_the_text_and_touches_nothing_else() -> None:
    frames, place = stack_with_text()
    told = layout(frames)
    boxes = text_by_frame(told, frames.tobytes())
    after = np.frombuffer(painted_over(told, frames.tobytes(), boxes), dtype="<u2").reshape(frames.shape)
    assert text_by_frame(told, after.tobytes()) == {}
    changed = after != frames
    assert not changed[[0, 2]].any()
    outside = changed[1].copy()
    for box in boxes[1]:
        outside[box.top : box.bottom, box.left : box.right] = False
    assert not outside.any()
    assert (after[1][place[0] : place[2], place[1] : place[3]] == frames[1].min()).mean() > 0.9


def test_text_in_the_bits_above_the_stored_ones_is_found_and_cleared() -> None:
    frames = (heads()[:1] % 4096).astype("<u2")
    edge = np.zeros((60, 150), dtype=np.uint16)
    edge[0] = 1  # so that there is a range to draw in
    drawn = write_text(edge, "DOE JANE", Style(14, False, 1.0), Random(1))
    assert drawn is not None
    hidden = frames.copy()
    hidden[0, 20:80, 20:170] |= drawn.image << 12
    told = layout(frames, bits_stored=12)
    assert text_by_frame(told, hidden.tobytes())
    assert without_overlay_bits(told, hidden.tobytes()) == frames.tobytes()


@given(st.integers(9, 16), st.booleans(), st.integers(0, 2**32))
def test_clearing_spare_bits_keeps_what_fits_the_stored_ones(stored: int, signed: bool, seed: int) -> None:
    chance = np.random.default_rng(seed)
    low, high = (-(1 << (stored - 1)), 1 << (stored - 1)) if signed else (0, 1 << stored)
    frames = chance.integers(low, high, (1, 7, 5)).astype("<i2" if signed else "<u2")
    told = layout(frames, bits_stored=stored, signed=signed)
    assert without_overlay_bits(told, frames.tobytes()) == frames.tobytes()


def test_too_few_pixels_are_not_called_clean() -> None:
    frames = np.zeros((1, 8, 8), dtype="<u2")
    with pytest.raises(PixelsUnreadable):
        text_by_frame(layout(frames), frames.tobytes()[:-2])
