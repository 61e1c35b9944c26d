"""Classifying a folder without a bank, and a curator's word on the protocols of a bank."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from conftest import imagebank
from imagebank.core.progress import Silent
from imagebank.synthetic import Design, Hospital, build_hospital, read_answers
from imagebank.workflows.classifying import COLUMNS
from imagebank.workflows.init import init
from imagebank.workflows.signatures import list_signatures
from imagebank.workflows.update import update

SAME = {"secondary": "derived", "non-image": "non-MR"}
"""Names of one thing: a screen shot is computed, and a report is no MR image."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """A small hospital without troubles, its own for these tests. Read it, do not change it."""
    design = Design(patients=8, size="tiny", trouble=False)
    return build_hospital(tmp_path_factory.mktemp("tiny") / "hospital", design=design, workers=1)


@pytest.fixture(scope="module")
def curated(tiny: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of it, after one update."""
    root = tmp_path_factory.mktemp("curated") / "bank"
    init(root, images=[tiny.images], records=[tiny.records], pretend=True)
    update(root, environ={}, progress=Silent())
    return root


def series_rows(bank: Path) -> list[dict[str, object]]:
    current = (bank / "tables" / "current").read_text().strip()
    return parquet.read_table(bank / "tables" / current / "series.parquet").to_pylist()


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def test_a_folder_is_classified_without_a_bank_and_agrees_with_the_answers(tiny: Hospital, tmp_path: Path) -> None:
    ran = imagebank("classify", tiny.images, "--csv", tmp_path / "series.csv")
    assert ran.code == 0, ran.err
    told = {row["series_instance_uid"]: row for row in rows_of(tmp_path / "series.csv")}
    true = {row["series_uid"]: row for row in read_answers(tiny.answers, "series")}
    assert set(told) == set(true)
    assert tuple(next(iter(told.values()))) == COLUMNS
    for uid, row in told.items():
        kind = true[uid]["sequence"]
        assert row["sequence"] in (kind, "unknown", SAME.get(kind)), true[uid]["kind"]
        assert row["plane"] in (true[uid]["plane"], "unknown") or not true[uid]["plane"]
        assert row["contrast_agent"] in (true[uid]["agent"], "unknown")
        assert (row["rule"] == "no-rule") == (row["sequence"] == "unknown")


def test_files_that_are_no_dicom_are_counted_with_their_reason(tiny: Hospital, tmp_path: Path) -> None:
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "notes.txt").write_text("not an image")
    (tmp_path / "mixed" / "empty").touch()
    (tmp_path / "mixed" / "packed.gz").write_bytes(b"\x1f\x8b\x08")
    image = next(path for path in sorted(tiny.images.rglob("*")) if path.is_file() and path.stat().st_size > 2000)
    (tmp_path / "mixed" / "cut.dcm").write_bytes(image.read_bytes()[:200])
    (tmp_path / "mixed" / "whole.dcm").write_bytes(image.read_bytes())
    ran = imagebank("classify", tmp_path / "mixed")
    assert ran.code == 0, ran.err
    assert "1 series in 5 files" in ran.out
    assert all(f"1 {reason}" in ran.out for reason in ("compressed-file", "empty-file", "not-dicom"))


def test_a_copy_of_an_instance_is_no_second_volume_and_a_pipe_is_not_waited_for(tiny: Hospital, tmp_path: Path) -> None:
    image = next(path for path in sorted(tiny.images.rglob("*")) if path.is_file() and path.stat().st_size > 2000)
    for name in ("one.dcm", "copy of one.dcm"):
        (tmp_path / name).write_bytes(image.read_bytes())
    os.mkfifo(tmp_path / "pipe")
    ran = imagebank("classify", tmp_path)
    assert ran.code == 0, ran.err
    assert "1 series in 3 files; left out: 1 instance-met-before, 1 not-dicom" in ran.out


def test_one_file_is_classified_as_a_folder_is(tiny: Hospital) -> None:
    image = next(path for path in sorted(tiny.images.rglob("*")) if path.is_file() and path.stat().st_size > 2000)
    ran = imagebank("classify", image)
    assert (ran.code, "1 series in 1 files" in ran.out) == (0, True)


@pytest.mark.parametrize("name", ["missing", "file.txt", "no-dicom"])
def test_a_wrong_folder_says_what_to_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "no-dicom").mkdir()
    (tmp_path / "no-dicom" / "a.txt").write_text("x")
    ran = imagebank("classify", tmp_path / name)
    assert ran.code == 4
    assert "try: name" in ran.err


def test_a_csv_file_that_cannot_be_written_is_refused_before_anything_is_read(tiny: Hospital, tmp_path: Path) -> None:
    ran = imagebank("classify", tiny.images, "--csv", tmp_path / "nowhere" / "series.csv")
    assert (ran.code, "existing folder" in ran.err) == (4, True)
    assert "files in" not in ran.err


def test_a_correction_is_in_force_after_the_next_update_and_stays(curated: Path, tmp_path: Path) -> None:
    first = list_signatures(curated, environ={})[0]
    wrong = "PDw" if first.sequence != "PDw" else "T2w"
    ran = imagebank("signatures", curated, "--correct", f"{first.signature[:8]}={wrong}", "--by", "AB")
    assert ran.code == 0, ran.err
    assert update(curated, environ={}, progress=Silent()).anything_new
    rows = [row for row in series_rows(curated) if row["signature"] == first.signature]
    assert len(rows) == first.series
    assert {(row["sequence"], row["sequence_rule"]) for row in rows} == {(wrong, "curated")}
    assert not update(curated, environ={}, progress=Silent()).anything_new
    again = list_signatures(curated, environ={})[0]
    assert (again.sequence, again.curated, again.label) == (first.sequence, wrong, wrong)
    assert imagebank("check", curated).code == 0


def test_a_confirmation_without_a_name_or_signature_is_refused(curated: Path) -> None:
    signature = list_signatures(curated, environ={})[0].signature
    assert imagebank("signatures", curated, "--confirm", signature).code == 3
    assert imagebank("signatures", curated, "--confirm", "ffffff", "--by", "AB").code == 3
    assert imagebank("signatures", curated, "--correct", f"{signature}=nonsense", "--by", "AB").code == 3


def test_the_page_of_signatures_has_a_picture_of_each_and_no_identifier(
    curated: Path, tiny: Hospital, tmp_path: Path
) -> None:
    ran = imagebank("signatures", curated, "--html", tmp_path / "page.html")
    assert ran.code == 0, ran.err
    page = (tmp_path / "page.html").read_text("utf-8")
    listed = list_signatures(curated, environ={})
    assert page.count("<img ") == len(listed)
    assert all(each.signature in page for each in listed)
    planted = {row["value"] for row in read_answers(tiny.answers, "identifiers") if len(row["value"]) > 5}
    assert [value for value in planted if value in page or value in ran.out] == []


def test_a_second_opinion_needs_curated_signatures(curated: Path) -> None:
    ran = imagebank("signatures", curated, "--second-opinion")
    assert (ran.code, "curated signatures" in ran.err) == (3, True)


def test_curated_signatures_become_cases_for_the_tests(curated: Path, tmp_path: Path) -> None:
    signature = list_signatures(curated, environ={})[-1].signature
    assert imagebank("signatures", curated, "--confirm", signature, "--by", "AB").code == 0
    assert imagebank("signatures", curated, "--cases", tmp_path / "cases").code == 0
    assert (tmp_path / "cases" / f"{signature}.json").is_file()
