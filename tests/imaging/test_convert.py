"""Conversion of real series into a session: complete, deterministic, valid and silent about people."""

from __future__ import annotations

import gzip
import json
import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path

import nibabel
import numpy as np
import pytest
from real import SERIES, bank_series, explained_warnings, needs_data

from imagebank.core.files import sha256
from imagebank.core.layout import Layout
from imagebank.imaging import (
    ConvertResult,
    ConvertTask,
    Participant,
    SeriesToConvert,
    Session,
    convert_study,
    write_dataset_files,
)
from imagebank.imaging.convert import elapsed
from imagebank.imaging.dcm2niix import ConversionFailed, convert_folder
from imagebank.imaging.model import Image

DAY = date(2020, 2, 3)
VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
UNSORTED = {"locgre", "mrs", "asl", "adc"}

PLANTED = {
    "PatientName": "ZZPLANTED^BRIAN",
    "PatientID": "ZZPLANTED4857773456",
    "PatientBirthDate": "19440506",
    "InstitutionName": "ZZPLANTED HOSPITAL",
    "InstitutionAddress": "ZZPLANTED STREET",
    "InstitutionalDepartmentName": "ZZPLANTED WARD",
    "StationName": "ZZPLANTEDMR",
    "DeviceSerialNumber": "ZZPLANTED9",
    "StudyDescription": "ZZPLANTED study",
    "SeriesDescription": "ZZPLANTED series",
    "ProtocolName": "ZZPLANTED protocol",
    "ImageComments": "ZZPLANTED comment",
    "ReferringPhysicianName": "ZZPLANTED^DOCTOR",
    "OperatorsName": "ZZPLANTED^OPERATOR",
    "AccessionNumber": "ZZPLANTED7",
    "StudyID": "ZZPLANTED8",
    "StudyInstanceUID": "1.2.99.77777777",
    "AcquisitionDate": "20191231",
    "AcquisitionTime": "235959.875",
    "ContentTime": "235959.875",
}


def convert(root: Path, *names: str, change: dict[str, str] | None = None) -> ConvertResult:
    series = tuple(bank_series(root, name, change=change) for name in names)
    return convert_study(ConvertTask(root, "P1", "01", DAY, series))


def layout(root: Path) -> Layout:
    return Layout(root=root, vault=root / "vault")


def leftovers(root: Path) -> list[Path]:
    return list((root / "bids").rglob(".tmp-*"))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ConvertResult]:
    root = tmp_path_factory.mktemp("bank")
    return root, convert(root, *SERIES)


@needs_data
def test_every_series_is_accounted_for_once(bank: tuple[Path, ConvertResult]) -> None:
    _, result = bank
    assert [each.series for each in result.series] == list(SERIES)
    assert {each.series for each in result.series if each.conversion == "unsorted"} == UNSORTED
    assert all(each.conversion == "bids" and not each.reason for each in result.series if each.series not in UNSORTED)
    paths = [path for each in result.series for path in each.nifti_paths]
    assert len(set(paths)) == len(paths)
    assert set(paths) == {path for path, _ in result.files if path.endswith(".nii.gz")}


@needs_data
def test_the_result_names_every_file_of_the_session_by_its_content(bank: tuple[Path, ConvertResult]) -> None:
    root, result = bank
    here = layout(root)
    written = {
        here.relative(path)
        for folder in (here.bids_session("P1", "01"), here.bids_unsorted("P1", "01"))
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert [path for path, _ in result.files] == sorted(written)
    assert all(sha256(root / path) == digest for path, digest in result.files)
    assert leftovers(root) == []


@needs_data
def test_every_image_opens_and_has_voxels(bank: tuple[Path, ConvertResult]) -> None:
    root, result = bank
    for path, _ in result.files:
        if path.endswith(".nii.gz"):
            image = nibabel.load(root / path)
            assert np.asarray(image.dataobj).size > 0
            assert not bytes(image.header["descrip"].item())


@needs_data
def test_the_official_validator_finds_no_error(bank: tuple[Path, ConvertResult]) -> None:
    root, _ = bank
    people = [Participant("P1", "female", 93.4), Participant("P2", "unknown", None)]
    sessions = [Session("P1", "01", DAY, images=bank[1].images), Session("P2", "01", None)]
    write_dataset_files(layout(root), people, sessions)
    run = subprocess.run([VALIDATOR, root / "bids", "--format", "json"], capture_output=True, text=True, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [(each["code"], each["location"]) for each in issues if each["severity"] == "error"] == []
    assert {(each["code"], each.get("subCode", "")) for each in issues} <= explained_warnings()
    assert run.returncode == 0
    assert (root / "bids/participants.tsv").read_text() == "participant_id\tsex\tage\nsub-P1\tfemale\t90\n"
    assert (root / "bids/sub-P1/sub-P1_sessions.tsv").read_text() == (
        "session_id\tacq_time\tage\tscanner\nses-01\t2020-02-03T00:00:00\tn/a\tn/a\n"
    )


@needs_data
def test_the_same_series_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    names = ("t1", "dual", "boldecho", "b0map", "locgre", "dwige")
    first, again = convert(tmp_path / "one", *names), convert(tmp_path / "two", *reversed(names))
    assert first.files == again.files
    assert sorted(first.series, key=lambda s: s.series) == sorted(again.series, key=lambda s: s.series)


@needs_data
def test_nothing_planted_in_a_header_reaches_an_output(tmp_path: Path) -> None:
    result = convert(tmp_path, "pd", "t1", "dwi", "locgre", change=PLANTED)
    assert len(result.files) > 8
    secrets = [b"ZZPLANTED", b"1.2.99.77777777", b"235959", b"23:59:59", b"20191231", b"2019-12-31", b"19440506"]
    for path, _ in result.files:
        content = (tmp_path / path).read_bytes()
        content = gzip.decompress(content)[:4096] if path.endswith(".gz") else content
        assert not [secret for secret in secrets if secret in content], path
        assert b"ZZPLANTED" not in path.encode()


@needs_data
def test_a_broken_zip_fails_alone(tmp_path: Path) -> None:
    good = bank_series(tmp_path, "pd")
    broken = [SeriesToConvert(name, f"dicom/P1/S1/{name}.zip", "T1w", "axial", "2D", None, 1) for name in "abcd"]
    whole = (tmp_path / good.zip_path).read_bytes()
    (tmp_path / broken[0].zip_path).write_bytes(b"not a zip")
    (tmp_path / broken[1].zip_path).write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[5000] ^= 0xFF
    (tmp_path / broken[2].zip_path).write_bytes(bytes(damaged))
    result = convert_study(ConvertTask(tmp_path, "P1", "01", None, (*broken, good)))
    assert [(each.conversion, each.reason) for each in result.series] == [
        *[("failed", "zip-unreadable")] * 4,
        ("bids", ""),
    ]
    assert leftovers(tmp_path) == []
    assert {image.series for image in result.images} == {"pd"}


def test_a_series_without_images_fails_with_a_reason(tmp_path: Path) -> None:
    import zipfile

    (tmp_path / "dicom").mkdir()
    with zipfile.ZipFile(tmp_path / "dicom/s.zip", "w") as archive:
        archive.writestr("../../escape.dcm", b"no DICOM")
    series = SeriesToConvert("s", "dicom/s.zip", "T1w", "axial", "2D", None)
    result = convert_study(ConvertTask(tmp_path, "P1", "01", None, (series,)))
    assert [(each.conversion, each.reason) for each in result.series] == [("failed", "converter-made-nothing")]
    assert result.files == ()
    assert not layout(tmp_path).bids_session("P1", "01").exists()
    assert not list(tmp_path.parent.glob("escape*"))


@needs_data
def test_a_converter_that_hangs_is_stopped(tmp_path: Path) -> None:
    from real import DATA

    with pytest.raises(ConversionFailed) as failure:
        convert_folder(DATA / SERIES["t1"][0], tmp_path / "out", timeout_s=0.0001)
    assert failure.value.reason == "converter-timeout"


@needs_data
def test_converting_again_replaces_the_session_and_removes_what_it_no_longer_has(tmp_path: Path) -> None:
    convert(tmp_path, "pd", "locgre")
    assert layout(tmp_path).bids_unsorted("P1", "01").is_dir()
    result = convert(tmp_path, "t1")
    assert not layout(tmp_path).bids_unsorted("P1", "01").exists()
    assert [path for path, _ in result.files if path.endswith(".nii.gz")] == [
        "bids/sub-P1/ses-01/anat/sub-P1_ses-01_acq-sagittal3D_rec-dis2d_run-01_T1w.nii.gz"
    ]


def test_time_counts_from_the_first_image_of_the_session_and_on_past_midnight() -> None:
    first, second = (Image(name, 1, None, "T1w", "axial", "2D", None) for name in "ab")
    assert elapsed({first: 600.5, second: 660.5}) == {first: 0.0, second: 60.0}
    assert elapsed({first: 86_390.0, second: 20.0}) == {first: 0.0, second: 30.0}
    assert elapsed({first: None}) == {}


@needs_data
def test_images_are_told_with_their_series_and_their_seconds(bank: tuple[Path, ConvertResult]) -> None:
    _, result = bank
    assert {image.path for image in result.images} == {p for p, _ in result.files if p.endswith(".nii.gz")}
    assert min(image.seconds for image in result.images if image.seconds is not None) == 0
    assert {image.reason for image in result.images if "/derivatives/" in image.path} == {
        image.reason for image in result.images
    } - {""}


@needs_data
def test_the_converter_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    convert(tmp_path, "pd", change=PLANTED)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_a_task_and_its_result_travel_to_a_worker_and_back(tmp_path: Path) -> None:
    task = ConvertTask(tmp_path, "P1", "01", DAY, (SeriesToConvert("s", "none.zip", "T1w", "axial", "2D", None),))
    result = convert_study(pickle.loads(pickle.dumps(task)))
    assert pickle.loads(pickle.dumps(result)) == result
    assert result.series[0].conversion == "failed"
