"""Text and overlays in the pixels of instances: refused, painted over or cleared, and everything else left as it is."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pydicom
import pytest
from lettering import Style, write_text
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit, RLELossless

from imagebank.dicom import instance as door
from imagebank.dicom.burned_in import find_text
from imagebank.dicom.decisions import Refused
from imagebank.dicom.deidentify import to_bytes
from imagebank.dicom.explain import explain_file
from imagebank.dicom.instance import Cleaned, Cleaner, clean_slowly
from imagebank.dicom.policy import Policy, load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys
from imagebank.synthetic.anatomy import head_of, paint
from imagebank.synthetic.visits import Anatomy, Grid, Physics
from instances import image

SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
CLASSIC, ENHANCED = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
BITS_STORED = 12
MOST = 4000  # brightness of the frames, below twelve bits
DEFAULT = load_policy()
HEAD = Grid("axial", 3, 128, 128, 1.7, 20.0)
SOMEBODY = Anatomy(7, "female", 74.0, 1390.0, 1020.0, 48.0, 2.9, 2.8, 9.0)
TECHNIQUE = Physics("mprage", 2300, 3, inversion_ms=900, flip_deg=9)


def policy_with(folder: Path, text: str) -> Policy:
    path = folder / "site.toml"
    path.write_text(f'extends = "default"\nname = "ours"\n{text}')
    return load_policy(path)


@pytest.fixture
def masking(tmp_path: Path) -> Policy:
    return policy_with(tmp_path, '[settings]\nburned_in = "mask"')


@pytest.fixture
def blind(tmp_path: Path) -> Policy:
    return policy_with(tmp_path, "[options]\nclean_pixel_data = false")


def frames() -> NDArray[np.uint16]:
    """Three slices of a painted head."""
    painted = paint(head_of(SOMEBODY), TECHNIQUE, HEAD)
    return (painted * (MOST / painted.max())).astype("<u2")


def written(stack: NDArray[np.uint16], frame: int, *, smooth: bool = False) -> NDArray[np.uint16]:
    """The same with a hospital number drawn into one of the frames."""
    drawn = write_text(stack[frame], "K1234567", Style(14, smooth, 1.0), Random(3))
    assert drawn is not None
    changed = stack.copy()
    changed[frame] = drawn.image
    return changed


def file_of(stack: NDArray[Any], sop_class: str = CLASSIC, **told: Any) -> FileDataset:
    """An instance of these frames."""
    dataset = image(sop_class)
    dataset.Rows, dataset.Columns = stack.shape[1:]
    dataset.NumberOfFrames, dataset.SamplesPerPixel = len(stack), 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = stack.itemsize * 8, BITS_STORED, BITS_STORED - 1
    dataset.PixelRepresentation, dataset.PhotometricInterpretation = 0, "MONOCHROME2"
    dataset.PatientName, dataset.PixelData = "Featherstone^Ann", stack.tobytes()
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    return dataset


def rle(dataset: FileDataset) -> FileDataset:
    dataset.compress(RLELossless, generate_instance_uid=False)
    return dataset


def answer(content: bytes, policy: Policy = DEFAULT) -> Cleaned | str:
    """What both ways say of a file: they must say the same."""
    told: list[Cleaned | str] = []
    for way in (Cleaner(SUBJECT, policy).clean, lambda each: clean_slowly(each, SUBJECT, policy)):
        try:
            told.append(way(content))
        except Refused as refusal:
            told.append(str(refusal))
    first, second = told
    if isinstance(first, Cleaned) and isinstance(second, Cleaned):
        assert first.content == second.content
        assert first.decisions == second.decisions
    else:
        assert first == second
    return first


def opened(clean: Cleaned | str) -> FileDataset:
    assert isinstance(clean, Cleaned)
    return pydicom.dcmread(io.BytesIO(clean.content))


def decided_on_pixels(clean: Cleaned | str) -> set[str]:
    assert isinstance(clean, Cleaned)
    return {each.action for each in clean.decisions if each.place == "(7FE0,0010)"}


WITH_TEXT = {
    "a classic image": lambda: file_of(written(frames()[:1], 0)),
    "the last frame of an enhanced image": lambda: file_of(written(frames(), 2), ENHANCED),
    "a classic image with a name in smooth letters": lambda: file_of(written(frames()[:1], 0, smooth=True)),
    "packed pixels": lambda: rle(file_of(written(frames(), 1), ENHANCED)),
}


@pytest.mark.parametrize("what", WITH_TEXT)
def test_an_instance_with_text_in_its_pixels_is_refused(what: str) -> None:
    assert answer(to_bytes(WITH_TEXT[what]())) == "burned-in-text"


@pytest.mark.parametrize("what", ["a classic image", "the last frame of an enhanced image"])
def test_a_masked_instance_opens_and_shows_no_text(what: str, masking: Policy) -> None:
    source = WITH_TEXT[what]()
    clean = answer(to_bytes(source), masking)
    result = opened(clean)
    assert result.BurnedInAnnotation == "NO"
    assert decided_on_pixels(clean) == {"pixels", "masked"}
    before, after = (each.pixel_array.reshape(-1, 128, 128) for each in (source, result))
    assert [find_text(frame) for frame in after] == [()] * len(after)
    changed = before != after
    assert 0 < changed.mean() < 0.2
    assert (after[changed] <= before.min(axis=(1, 2)).max()).all()


def test_text_in_packed_pixels_is_refused_where_it_should_be_masked(masking: Policy) -> None:
    assert answer(to_bytes(WITH_TEXT["packed pixels"]()), masking) == "burned-in-text"


def test_text_that_is_still_there_after_painting_is_refused(masking: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagebank.dicom.pixel_cleaning.painted_over", lambda layout, pixels, boxes: bytes(pixels))
    assert answer(to_bytes(WITH_TEXT["a classic image"]()), masking) == "burned-in-text"


def test_nobody_looks_where_the_option_is_off(blind: Policy) -> None:
    source = WITH_TEXT["a classic image"]()
    assert opened(answer(to_bytes(source), blind)).PixelData == source.PixelData


@pytest.mark.parametrize("masked", [False, True])
def test_an_instance_without_text_keeps_its_pixels_byte_for_byte(masked: bool, masking: Policy, blind: Policy) -> None:
    source = file_of(frames(), ENHANCED)
    content = to_bytes(source)
    clean = answer(content, masking if masked else DEFAULT)
    assert isinstance(clean, Cleaned)
    assert clean.quick
    assert opened(clean).PixelData == source.PixelData
    assert "BurnedInAnnotation" not in opened(clean)
    assert decided_on_pixels(clean) == {"pixels"}
    (view,) = (part for part in clean.parts if isinstance(part, memoryview))
    assert view.obj is content
    unsearched = answer(content, blind)
    assert isinstance(unsearched, Cleaned)
    assert unsearched.decisions == clean.decisions


def test_packed_pixels_without_text_are_not_changed() -> None:
    source = rle(file_of(frames(), ENHANCED))
    clean = answer(to_bytes(source))
    assert isinstance(clean, Cleaned)
    assert clean.quick
    assert opened(clean).PixelData == source.PixelData


def with_overlay(stack: NDArray[np.uint16], *, position: int = BITS_STORED, **told: Any) -> FileDataset:
    """An instance in whose spare bits a name is drawn, and the overlay that says so."""
    empty = np.zeros_like(stack[0])
    empty[:9, :1] = 1  # what there is of a range of brightness
    drawn = write_text(empty, "FEATHERSTONE", Style(14, False, 1.0), Random(3))
    assert drawn is not None
    dataset = file_of(stack | (drawn.image > 0).astype("<u2") << BITS_STORED, **told)
    dataset.add_new(0x60000010, "US", 128)
    dataset.add_new(0x60000011, "US", 128)
    dataset.add_new(0x60000040, "CS", "G")
    dataset.add_new(0x60000100, "US", 16 if position else 1)
    dataset.add_new(0x60000102, "US", position)
    return dataset


@pytest.mark.parametrize("search", [True, False])
def test_an_overlay_in_the_spare_bits_is_cleared_and_the_image_is_not(search: bool, blind: Policy) -> None:
    clean = answer(to_bytes(with_overlay(frames()[:1])), DEFAULT if search else blind)
    result = opened(clean)
    assert result.PixelData == frames()[:1].tobytes()
    assert not any(element.tag.group >> 8 == 0x60 for element in result)
    assert decided_on_pixels(clean) == {"pixels", "cleared"}


@pytest.mark.parametrize("told", [{"HighBit": 15}, {"BitsStored": 16, "HighBit": 11}])
def test_an_overlay_that_may_lie_below_the_image_is_refused(told: dict[str, int]) -> None:
    assert answer(to_bytes(with_overlay(frames()[:1], **told))) == "pixels-not-readable"


def test_an_overlay_in_the_spare_bits_of_packed_pixels_is_refused(blind: Policy) -> None:
    assert answer(to_bytes(rle(with_overlay(frames()[:1]))), blind) == "pixels-not-readable"


def test_an_overlay_with_bits_of_its_own_changes_no_pixels() -> None:
    source = file_of(frames()[:1])
    source.add_new(0x60000100, "US", 1)
    source.add_new(0x60000102, "US", 0)
    source.add_new(0x60003000, "OW", bytes(2048))
    clean = answer(to_bytes(source))
    assert isinstance(clean, Cleaned)
    assert clean.quick
    assert opened(clean).PixelData == source.PixelData


def test_text_in_spare_bits_that_no_overlay_declares_is_found() -> None:
    source = with_overlay(frames()[:1])
    for tag in [tag for tag in source.keys() if tag.group == 0x6000]:  # noqa: SIM118 - iterating would decode
        del source[tag]
    assert answer(to_bytes(source)) == "burned-in-text"


def unreadable() -> FileDataset:
    dataset = rle(file_of(frames(), ENHANCED))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return dataset


def cut_short() -> FileDataset:
    dataset = rle(file_of(frames(), ENHANCED))
    dataset.NumberOfFrames = 4
    return dataset


@pytest.mark.parametrize("make", [unreadable, cut_short, lambda: file_of(frames()[:1], BitsAllocated=24, Columns=64)])
def test_pixels_that_cannot_be_read_are_refused(make: Any) -> None:
    assert answer(to_bytes(make())) == "pixels-not-readable"


def test_frames_of_another_codec_are_refused_even_where_nobody_searches_them(blind: Policy) -> None:
    """What they hold beside the image, such as comments, is not known."""
    assert answer(to_bytes(unreadable()), blind) == "pixels-not-readable"


def test_pixels_in_big_endian_are_searched_and_masked(masking: Policy) -> None:
    source = file_of(written(frames()[:1], 0))
    source.PixelData = np.frombuffer(source.PixelData, "<u2").astype(">u2").tobytes()
    source.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    source["PixelData"].VR = "OW"
    source.set_original_encoding(False, False, "iso8859")
    content = to_bytes(source)
    assert answer(content) == "burned-in-text"
    assert find_text(opened(answer(content, masking)).pixel_array) == ()


def test_a_person_who_asks_is_told_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "one.dcm").write_bytes(to_bytes(WITH_TEXT["a classic image"]()))
    assert explain_file(tmp_path / "one.dcm", DEFAULT).refused == "burned-in-text"


def test_the_quick_way_searches_each_file_of_a_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered of pixels from one instance to the next."""
    searched: list[int] = []
    original = door.check_text
    monkeypatch.setattr(door, "check_text", lambda *told: searched.append(1) or original(*told))
    cleaner = Cleaner(SUBJECT, DEFAULT)
    for frame in range(3):
        cleaner.clean(to_bytes(file_of(frames()[frame : frame + 1])))
    assert len(searched) == 3
