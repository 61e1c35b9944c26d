"""The MR facts of one instance, from classic, enhanced and damaged headers."""

from __future__ import annotations

import warnings
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom.acquisition import read_acquisition

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CLASSIC = DATA / "neurolabusc+dcm_qa_philips_enh" / "In" / "cl"
ENHANCED = DATA / "neurolabusc+dcm_qa_canon_61" / "In" / "enh"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real MRI files is not beside the repository")


def classic(**elements: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in {"Modality": "MR", "Manufacturer": "SIEMENS", **elements}.items():
        setattr(dataset, keyword, value)
    return dataset


def group(keyword: str, **elements: object) -> Dataset:
    item, macro = Dataset(), Dataset()
    for name, value in elements.items():
        setattr(macro, name, value)
    setattr(item, keyword, Sequence([macro]))
    return item


def test_an_enhanced_image_says_the_same_as_a_classic_one() -> None:
    plain = classic(
        RepetitionTime="9000", EchoTime="110", InversionTime="2500", ScanningSequence=["SE", "IR"], FlipAngle="90"
    )
    shared = group("MRTimingAndRelatedParametersSequence", RepetitionTime="9000", FlipAngle="90")
    frame = group("MREchoSequence", EffectiveEchoTime=110.0)
    frame.MRModifierSequence = Sequence([classic(InversionRecovery="YES", InversionTimes=2500.0)])
    enhanced = classic(EchoPulseSequence="SPIN")
    enhanced.SharedFunctionalGroupsSequence = Sequence([shared])
    enhanced.PerFrameFunctionalGroupsSequence = Sequence([frame])
    assert read_acquisition(enhanced) == read_acquisition(plain)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("SIEMENS", "Siemens"),
        ("Siemens Healthineers", "Siemens"),
        ("GE MEDICAL SYSTEMS", "GE"),
        ("Philips Medical Systems", "Philips"),
        ("TOSHIBA_MEC", "Canon"),
        ("CANON_MEC", "Canon"),
        ("UIH", "UIH"),
        ("Hyperfine", "Hyperfine"),
        ("gesellschaft", "other"),
        ("", "other"),
    ],
)
def test_each_manufacturer_has_one_spelling(written: str, spelled: str) -> None:
    assert read_acquisition(classic(Manufacturer=written)).manufacturer == spelled


@pytest.mark.parametrize(
    ("agent", "volume", "given_"),
    [
        (None, None, None),
        ("GADOVIST", None, True),
        ("none", None, False),
        ("DOTAREM", "0", False),
        ("", "", None),
        ("", "7.5", True),
    ],
)
def test_a_contrast_agent_counts_only_when_it_was_given(agent: str, volume: str, given_: bool) -> None:
    elements = {"ContrastBolusAgent": agent, "ContrastBolusVolume": volume}
    dataset = classic(**{keyword: value for keyword, value in elements.items() if value is not None})
    assert read_acquisition(dataset).contrast_agent is given_


def test_a_vendors_b_value_is_read_and_its_flag_taken_off() -> None:
    dataset = classic(Manufacturer="GE MEDICAL SYSTEMS")
    dataset.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [1000000800, 8, 0, 0])
    assert read_acquisition(dataset).b_value == 800


def test_a_nonsense_orientation_is_no_orientation() -> None:
    dataset = classic(ImageOrientationPatient=[1, 0, 0, 1, 0, 0])
    assert read_acquisition(dataset).orientations == ()


def raw(keyword: str, vr: str, value: bytes) -> RawDataElement:
    tag = Tag(keyword)
    return RawDataElement(tag, vr, len(value), value, 0, False, True)


DAMAGED = {
    "RepetitionTime": "DS",
    "EchoTime": "DS",
    "InversionTime": "DS",
    "FlipAngle": "DS",
    "PixelSpacing": "DS",
    "ImageOrientationPatient": "DS",
    "ImagePositionPatient": "DS",
    "NumberOfFrames": "IS",
    "EchoTrainLength": "IS",
    "Rows": "US",
    "ImageType": "CS",
    "DiffusionBValue": "FD",
    "Manufacturer": "LO",
    "SharedFunctionalGroupsSequence": "SQ",
}


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(DAMAGED)), st.binary(max_size=24)))
def test_no_damaged_value_raises(values: dict[str, bytes]) -> None:
    dataset = Dataset()
    dataset.Modality = "MR"
    for keyword, value in values.items():
        dataset._dict[Tag(keyword)] = raw(keyword, DAMAGED[keyword], value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = read_acquisition(dataset)
    assert answer.modality == "MR"
    assert answer.repetition_time_ms is None or answer.repetition_time_ms > 0
    assert answer.frames >= 1


@pytest.mark.parametrize("value", [b"abc", b"", b"-5", b"NaN ", b"inf ", b"1\\2\\x"])
def test_an_absurd_time_is_none(value: bytes) -> None:
    dataset = classic()
    dataset._dict[Tag("EchoTime")] = raw("EchoTime", "DS", value)
    expected = 1.0 if value.startswith(b"1") else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_acquisition(dataset).echo_time_ms in (None, expected)


def test_the_description_and_names_are_not_printed() -> None:
    answer = read_acquisition(classic(SeriesDescription="JONES BRIAN T1", PatientName="JONES^BRIAN"))
    assert "JONES" not in repr(answer)
    assert answer.text == "JONES BRIAN T1"


@needs_data
def test_a_real_classic_instance_is_read() -> None:
    path = next(path for path in sorted(CLASSIC.rglob("*")) if path.is_file())
    answer = read_acquisition(pydicom.dcmread(path, stop_before_pixels=True))
    assert (answer.manufacturer, answer.acquisition_type, answer.frames) == ("Philips", "3D", 1)
    assert answer.echo_time_ms == pytest.approx(2.93, abs=0.02)
    assert answer.sequence_variant == ("MP",)


@needs_data
def test_a_real_enhanced_instance_is_read_through_its_frames() -> None:
    path = next(path for path in sorted(ENHANCED.rglob("*")) if path.is_file())
    answer = read_acquisition(pydicom.dcmread(path, stop_before_pixels=True))
    assert (answer.manufacturer, answer.frames, len(answer.positions)) == ("Canon", 520, 40)
    assert (answer.b_value, answer.repetition_time_ms, answer.echo_time_ms) == (1500, 10000, 79)
