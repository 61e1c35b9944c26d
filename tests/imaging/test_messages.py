"""What the converter says becomes a reason: on its own words, and on real files that make it say them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from real import DATA, SERIES, needs_data

from imagebank.imaging.dcm2niix import MEMORY_FLOOR_BYTES, ConversionFailed, convert_folder, folder_bytes, memory_bound
from imagebank.imaging.messages import doubt, failure, messages, reasons

SAID = """Chris Rorden's dcm2niiX version v1.0.20260724  (JP2:OpenJPEG) (JP-LS:CharLS) GCC10.2.1 x86-64 (64-bit Linux)
Defaults ignored
Found 4 DICOM file(s)
Warning: Instance Number (0020,0013) order is not spatial.
Warning: Missing images? Expected 4 images, but instance number (0020,0013) ranges from 1 to 5
Warning: Interslice distance varies in this volume (incompatible with NIfTI format).
Convert 4 DICOM as /somewhere/JONES_BRIAN (512x512x4x1)
"""


@pytest.mark.parametrize(
    ("line", "effect", "reason"),
    [
        ("Warning: Unsupported transfer syntax '1.2.840' (inflate files with 'dcmconv')", "fail", "unsupported-syntax"),
        ("Unable to decode JPEG. Please use dcmdjpeg to uncompress data.", "fail", "unsupported-syntax"),
        ("Memory exhausted!", "fail", "converter-out-of-memory"),
        ("Error: Conversion aborted due to corrupt file: x 5x5 1", "fail", "corrupt-instance"),
        ("DICOM images may be missing, expected 21 spatial locations per volume", "doubt", "missing-slices"),
        ("Missing images. Found 9 images, expected 10 slices per volume", "doubt", "missing-slices"),
        ("Keeping series even though slice orientation varies", "doubt", "mixed-slices"),
        ("3 images have identical time and instance values. DUPLICATES REMOVED.", "note", "duplicates-removed"),
        ("Warning: Note these images have gantry tilt of 8 degrees (manufacturer ID = 1)", "note", "gantry-tilt"),
        ("Warning: Patient Position (0018,5100) not specified (issue 642).", "note", "no-patient-position"),
    ],
)
def test_a_known_line_has_its_effect_and_reason(line: str, effect: str, reason: str) -> None:
    assert {each: reasons(line, each) for each in ("fail", "doubt", "note")} == {
        **dict.fromkeys(("fail", "doubt", "note"), ()),
        effect: (reason,),
    }


def test_a_whole_output_gives_codes_and_nothing_of_its_text() -> None:
    assert (doubt(SAID, 0), reasons(SAID, "note")) == ("uneven-slices", ("instances-missing", "order-not-spatial"))
    assert {each.reason for each in messages()}.isdisjoint(SAID.split())


def test_silence_is_told_by_the_exit_status() -> None:
    assert (doubt("", 0), doubt("", 8), doubt("", 1)) == ("", "partly-converted", "converter-warned")
    assert (failure("", 2), failure("", -11)) == ("converter-made-nothing", "converter-crashed")


def test_what_does_not_stack_is_no_reason() -> None:
    assert doubt("Slices not stacked: orientation varies (vNav or localizer?) [1 0 0 0 1 0] != [0 1 0 0 0 -1]", 0) == ""


REAL = {
    "icometrix+dicom2nifti/tests/data/failing/sliceincrement/001": ("uneven-slices", {"order-not-spatial"}),
    "icometrix+dicom2nifti/tests/data/failing/sliceincrement/002": (
        "uneven-slices",
        {"gantry-tilt", "instances-missing", "order-not-spatial"},
    ),
    "icometrix+dicom2nifti/tests/data/failing/notavolume/001": ("mixed-slices", set()),
    "neurolabusc+dcm_qa_table/In": ("missing-slices", set()),
    "neurolabusc+dcm_qa_pdt2/In": ("", {"slice-times-doubtful"}),
    "icometrix+dicom2nifti/tests/data/ge/anatomical/001": ("", {"no-patient-position"}),
}


@needs_data
@pytest.mark.parametrize("folder", sorted(REAL))
def test_real_files_give_their_doubts_and_notes(folder: str, tmp_path: Path) -> None:
    made = convert_folder(DATA / folder, tmp_path / "out")
    assert (made.doubt, set(made.notes)) == REAL[folder]


@needs_data
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pydicom+pydicom/src/pydicom/data/test_files/image_dfl.dcm", "unsupported-syntax"),
        ("neurolabusc+dcm_qa_xa30/In/99_Phoenix_Document", "converter-made-nothing"),
    ],
)
def test_real_files_that_cannot_be_converted_tell_why(name: str, reason: str, tmp_path: Path) -> None:
    source = DATA / name
    (tmp_path / "in").mkdir()
    for path in [source] if source.is_file() else source.iterdir():
        shutil.copy(path, tmp_path / "in")
    with pytest.raises(ConversionFailed) as failed:
        convert_folder(tmp_path / "in", tmp_path / "out")
    assert failed.value.reason == reason


@needs_data
def test_the_converter_may_not_use_more_memory_than_it_is_given() -> None:
    place = DATA / SERIES["t1"][0]
    assert memory_bound(folder_bytes(place)) > MEMORY_FLOOR_BYTES
    with tempfile.TemporaryDirectory() as folder, pytest.raises(ConversionFailed) as failed:
        convert_folder(place, Path(folder) / "out", memory_bytes=16 << 20)
    assert failed.value.reason in ("converter-crashed", "converter-out-of-memory")
