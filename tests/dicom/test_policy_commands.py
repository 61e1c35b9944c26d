"""`imagebank policy`: what it prints is what happens, without a value; wrong input teaches."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from typer.testing import CliRunner

from conftest import DATA
from imagebank.cli.app import app
from imagebank.core.errors import ConfigError, SourceError
from imagebank.dicom.deidentify import to_bytes
from imagebank.dicom.explain import explain_file
from imagebank.dicom.policy import load_policy
from imagebank.dicom.policy_report import differences, find_lines, lines
from instances import SECRET, image

POLICY = load_policy()


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["policy", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def told(*arguments: str | Path) -> object:
    return json.loads(run(*arguments, "--json"))


def planted(folder: Path) -> Path:
    """A file with a secret in values, in the names of private creators, in items and in what cannot be read."""
    dataset, item = image(), Dataset()
    dataset.PatientName, dataset.PatientComments, dataset.SeriesDescription = f"{SECRET}^A", SECRET, f"T1 {SECRET}"
    dataset.StudyDate, dataset.EchoTime = "20200504", "3.5"
    dataset.private_block(0x0019, SECRET, create=True).add_new(0x0C, "LO", SECRET)
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    item.PatientName, item.ReferencedSOPInstanceUID = SECRET, "1.2.99"
    dataset.ReferencedImageSequence = Sequence([item])
    dataset.file_meta.SourceApplicationEntityTitle = SECRET[:16]
    path = folder / "one.dcm"
    path.write_bytes(to_bytes(dataset))
    return path


def test_a_file_is_explained_element_by_element_without_a_value(tmp_path: Path) -> None:
    path = planted(tmp_path)
    for text in (run("explain", path), run("explain", path, "--json")):
        assert SECRET not in text
        assert SECRET[:16] not in text
        assert "20200504" not in text
        assert "1.2.99" not in text
    elements = {(each.place, each.name): (each.action, each.rule) for each in explain_file(path, POLICY).elements}
    assert elements["(0010,0010)", "PatientName"] == ("pseudonym", "keep.pseudonym")
    assert elements["(0010,4000)", "PatientComments"] == ("remove", "ps3.15-e.1-1")
    assert elements["(0008,0020)", "StudyDate"] == ("date", "keep.date")
    assert elements["(0019,xx0C)", "private"] == ("remove", "private-not-on-safe-list")
    assert elements["(0019,xx0C)", "SIEMENS MR HEADER"] == ("number", "safe-private")
    assert elements["(0008,1140)[1]/(0008,1155)", "ReferencedSOPInstanceUID"] == ("uid", "keep.uid")
    assert elements["(0008,1140)[1]/(0010,0010)", "PatientName"] == ("pseudonym", "keep.pseudonym")
    assert elements["(0002,0016)", "SourceApplicationEntityTitle"] == ("remove", "written-anew")
    assert elements["(0012,0062)", "PatientIdentityRemoved"][0] == "added"


def test_an_element_that_cannot_be_read_is_said_to_go(tmp_path: Path) -> None:
    dataset = image()
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0D, "CS", "SMITH")
    (tmp_path / "one.dcm").write_bytes(to_bytes(dataset))
    elements = {each.place: (each.action, each.rule) for each in explain_file(tmp_path / "one.dcm", POLICY).elements}
    assert elements["(0019,xx0D)"] == ("remove", "safe-private:unreadable")


def test_a_file_that_would_be_refused_is_said_to_be_and_still_explained(tmp_path: Path) -> None:
    dataset = image()
    del dataset.PixelData
    (tmp_path / "one.dcm").write_bytes(to_bytes(dataset))
    text = run("explain", tmp_path / "one.dcm")
    assert "refused: no-pixel-data" in text
    assert "PatientIdentityRemoved" not in text
    assert "SOPInstanceUID" in text


def test_what_is_no_dicom_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "empty.dcm").write_bytes(b"")
    for name in ("text.txt", "empty.dcm", "absent.dcm", "."):
        with pytest.raises(SourceError):
            explain_file(tmp_path / name, POLICY)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real MRI files are not beside the repository")
def test_files_of_every_kind_are_explained_and_never_a_private_creator_that_is_not_on_the_list() -> None:
    owners = {creator for _, creator, _ in POLICY.private}
    patterns = ("neurolabusc+dcm_qa_*/In/*", "pydicom+pydicom/src/pydicom/data/test_files/*.dcm")
    paths = [path for pattern in patterns for path in sorted(DATA.glob(pattern)) if path.is_file()][::3]
    assert len(paths) > 10
    for path in paths:
        try:
            found = explain_file(path, POLICY)
        except SourceError:
            continue
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        values = (str(dataset.get(name, "")) for name in ("PatientName", "PatientID", "StudyDate", "StudyInstanceUID"))
        assert not [value for value in values if len(value) > 5 and value in repr(found)]
        for each in found.elements:
            last = each.place.rpartition("/")[2]
            if ",xx" in last:
                assert each.name in {*owners, "private"}


def test_the_policy_shows_every_attribute_of_the_table_and_every_private_element() -> None:
    shown = told("show")
    assert isinstance(shown, dict)
    assert shown["hash"] == POLICY.digest
    attributes = shown["attributes"]
    assert len(attributes) == len(lines(POLICY))
    assert sum(1 for each in attributes if each["creator"]) == len(POLICY.private)
    by_name = {each["name"]: each for each in attributes if not each["creator"]}
    assert by_name["PatientName"]["action"] == "pseudonym"
    assert by_name["Name to Use"]["action"] == "remove"
    assert by_name["Overlay Data"]["tag"] == "(60XX,3000)"
    assert by_name["AccessionNumber"]["objects"] == "empty in every MR object"
    assert all(each["why"] for each in attributes)


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        ("PatientName", "pseudonym"),
        ("(0010,0010)", "pseudonym"),
        ("00100010", "pseudonym"),
        ("StudyDate", "rtnLongModifDatesOpt C"),
        ("(0019,100C)", "SIEMENS MR HEADER: b-value"),
        ("(0019,xx0C)", "safe-private"),
        ("(0099,1001)", "private-not-on-safe-list"),
        ("(6002,3000)", "ps3.15-e.1-1"),
        ("Exposure", "default-deny"),
    ],
)
def test_one_attribute_is_shown_by_keyword_or_tag(attribute: str, says: str) -> None:
    assert says in run("show", "--attribute", attribute)


def test_an_attribute_that_is_none_is_met_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_lines(POLICY, "PatientNam")
    assert "PatientName" in caught.value.advice


def test_kept_leaves_out_what_is_removed_everywhere() -> None:
    assert "PatientAddress" in run("show")
    assert "PatientAddress" not in run("show", "--kept")


def test_two_policies_differ_where_their_rules_do(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        'extends = "default"\nname = "ours"\n[options]\npatient_weight = true\n[settings]\ntimes = "hour"\n'
        '[remove]\nkeywords = "SAR"\n'
    )
    found = {(each.what, each.name): (each.first, each.second) for each in differences(POLICY, load_policy(path))}
    assert found["option", "patient_weight"] == ("off", "on")
    assert found["setting", "times"] == ("keep", "hour")
    assert found["(0010,1030)", "PatientWeight"] == ("remove", "number")
    assert found["(0018,1316)", "SAR"] == ("number", "remove")
    assert found["(0008,0030)", "StudyTime"] == ("time", "time; times: hour")
    assert not any(name == "StudyDescription" for _, name in found)
    text = run("diff", "default", path)
    assert "PatientWeight" in text
    assert "treat every attribute alike" in run("diff", "default", "default")
    assert told("diff", "default", "default") == []


def test_pydicom_reads_what_the_tests_wrote(tmp_path: Path) -> None:
    assert pydicom.dcmread(planted(tmp_path)).PatientComments == SECRET
