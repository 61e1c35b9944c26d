"""The BIDS dataset of a pretend hospital, as a researcher opens it."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from real import explained_warnings

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")


@pytest.fixture(scope="module")
def tree(banked: Path) -> Path:
    return banked / "bids"


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_official_validator_finds_no_error_and_every_warning_is_explained(tree: Path) -> None:
    run = subprocess.run([VALIDATOR, tree, "--format", "json"], capture_output=True, text=True, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [(each["code"], each["location"]) for each in issues if each["severity"] == "error"] == []
    assert {(each["code"], each.get("subCode", "")) for each in issues} <= explained_warnings()


def test_bids_still_has_no_name_for_susceptibility_weighted_images(tmp_path: Path) -> None:
    """The day on which the validator takes one of these, `sequences.csv` has a name to give."""
    names = ("anat/sub-1_swi.nii.gz", "swi/sub-1_swi.nii.gz", "swi/sub-1_part-mag_GRE.nii.gz", "anat/sub-1_T1w.nii.gz")
    for name in names:
        (tmp_path / "sub-1" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sub-1" / name).touch()
    (tmp_path / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    run = subprocess.run([VALIDATOR, tmp_path, "--format", "json"], capture_output=True, text=True, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    refused = {each["location"].removeprefix("/sub-1/") for each in issues if each["code"] == "NOT_INCLUDED"}
    assert {name for name in names if name in refused or f"{Path(name).parent}/" in refused} == set(names[:3])


def test_every_image_is_in_exactly_one_table(tree: Path) -> None:
    raw = {path.relative_to(tree).as_posix() for path in tree.glob("sub-*/**/*.nii.gz")}
    scans = [
        f"{p.parent.relative_to(tree)}/{row['filename']}" for p in tree.glob("sub-*/*/*_scans.tsv") for row in rows(p)
    ]
    assert sorted(scans) == sorted(raw)
    unsorted = tree / "derivatives/unsorted"
    kept = {path.relative_to(unsorted).as_posix() for path in unsorted.rglob("*.nii.gz")}
    told = [row["filename"] for row in rows(unsorted / "unsorted.tsv") if row["filename"] != "n/a"]
    assert sorted(told) == sorted(kept)
    assert raw
    assert kept


def test_sessions_of_one_participant_stand_in_the_order_of_time(tree: Path) -> None:
    for path in tree.glob("sub-*/*_sessions.tsv"):
        told = [(row["session_id"], row["acq_time"]) for row in rows(path)]
        assert [time for _, time in told] == sorted(time for _, time in told)
        assert all(re.fullmatch(r"ses-(\d{5}|undated)[a-z0-9]{4}", label) for label, _ in told)
        assert not any(time[:4] in label for label, time in told if time != "n/a" and time[:4] == label[4:8])


def test_no_localizer_and_nothing_computed_is_among_the_raw_images(tree: Path) -> None:
    shown = {row["sequence"] for path in tree.glob("sub-*/*/*_scans.tsv") for row in rows(path)}
    assert shown.isdisjoint({"localizer", "ADC", "derived", "derived-DWI", "derived-MRA", "SWI"})
    assert "T1w" in shown


def test_every_diffusion_image_has_its_tables(tree: Path) -> None:
    for image in tree.glob("sub-*/*/dwi/*.nii.gz"):
        stem = image.name.removesuffix(".nii.gz")
        values = (image.parent / f"{stem}.bval").read_text().split()
        directions = (image.parent / f"{stem}.bvec").read_text().split()
        assert len(directions) == 3 * len(values) > 3


def test_dataset_and_sidecars_name_the_version_of_the_converter(tree: Path) -> None:
    told = json.loads((tree / "dataset_description.json").read_text())["GeneratedBy"]
    (pinned,) = [each["Version"] for each in told if each["Name"] == "dcm2niix"]
    sidecar = json.loads(next(tree.glob("sub-*/*/anat/*.json")).read_text())
    assert sidecar["ConversionSoftwareVersion"] == f"v{pinned}"
