"""The step `quality` on the pretend hospital: what it writes, when it works again, and what people add to it."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from conftest import imagebank
from imagebank.core.config import open_bank
from imagebank.core.progress import Silent
from imagebank.identities.vault import open_vault
from imagebank.imaging.quality import metrics
from imagebank.synthetic import Hospital, read_answers
from imagebank.workflows.opening import open_for_work
from imagebank.workflows.update import update


def table(bank: Path, name: str) -> list[dict[str, Any]]:
    current = (bank / "tables" / "current").read_text().strip()
    return parquet.read_table(bank / "tables" / current / f"{name}.parquet").to_pylist()


def times_measured(bank: Path) -> int:
    with open_for_work(bank, "test", environ={}, progress=Silent()) as work:
        return next((each["runs"] for each in work.ledger.costs() if each["step"] == "quality"), 0)


def test_every_converted_image_has_a_row_a_picture_and_all_metrics(banked: Path) -> None:
    rows = {row["image"]: row for row in table(banked, "quality")}
    assert rows.keys() == {path for series in table(banked, "series") for path in series["nifti_paths"]}
    assert rows
    for row in rows.values():
        lacking = {each.split(":")[0] for each in row["not_measured"]}
        assert {name for name in metrics() if row[name] is None} == lacking
        assert (banked / row["mosaic_path"]).read_bytes().startswith(b"\x89PNG")
        assert row["software"]


def test_a_second_run_measures_nothing(own_bank: Path) -> None:
    before = times_measured(own_bank)
    update(own_bank, environ={}, progress=Silent(), recheck=True)
    assert times_measured(own_bank) == before > 0


def test_a_lost_picture_is_made_again_as_it_was(own_bank: Path) -> None:
    row = table(own_bank, "quality")[0]
    picture = own_bank / row["mosaic_path"]
    was, before = picture.read_bytes(), times_measured(own_bank)
    picture.unlink()
    update(own_bank, environ={}, progress=Silent(), recheck=True)
    assert picture.read_bytes() == was
    assert times_measured(own_bank) == before + 1


def test_pictures_go_with_their_images(own_bank: Path, hospital: Hospital, tmp_path: Path) -> None:
    """Somebody opts out: neither rows nor pictures of that patient stay."""
    records = tmp_path / "records"
    shutil.copytree(hospital.records, records)
    config = (own_bank / "bank.toml").read_text().replace(str(hospital.records), str(records))
    (own_bank / "bank.toml").write_text(config)
    patient = table(own_bank, "quality")[0]["patient"]
    with open_vault(open_bank(own_bank), "test", environ={}) as vault:
        person = next(each for each, pseudonym in vault.pseudonyms().items() if pseudonym == patient)
    with open(records / "opt_outs.csv", "a", encoding="utf-8") as file:
        file.write(f"{person.split(':')[1]},Patient says NO,not a date\n")
    pictures = own_bank / "bids" / "derivatives" / "quality" / f"sub-{patient}"
    assert list(pictures.rglob("*.png"))
    update(own_bank, environ={}, progress=Silent())
    assert not pictures.exists()
    assert patient not in {row["patient"] for row in table(own_bank, "quality")}
    assert imagebank("check", own_bank).code == 0


def test_the_report_is_written_and_holds_no_identifier(own_bank: Path, hospital: Hospital) -> None:
    ran = imagebank("quality", own_bank)
    assert ran.code == 0, ran.err
    page = (own_bank / "quality" / "index.html").read_text()
    assert "Pretend patients" in page
    for row in read_answers(hospital.answers, "people"):
        for name in ("nhs_number", "family_name", "hospital_number"):
            assert f">{row[name]}<" not in page
            assert f" {row[name]} " not in page
    ran = imagebank("quality", own_bank)
    assert (own_bank / "quality" / "index.html").read_text() == page


def filled(sheet: Path, grade: str) -> Path:
    rows = list(csv.DictReader(sheet.open()))
    with sheet.open("w") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "rating": grade} for row in rows)
    return sheet


@pytest.fixture
def judged_bank(own_bank: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bank so small still has verdicts: three alike are enough."""
    monkeypatch.setattr("imagebank.imaging.quality.verdict.FEWEST_ALIKE", 3)
    monkeypatch.setattr("imagebank.imaging.quality.verdict.FEWEST_VALUES", 3)
    update(own_bank, environ={}, progress=Silent(), recheck=True)
    return own_bank


def test_a_person_rates_without_seeing_the_verdict_and_ratings_are_only_added(
    judged_bank: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    ran = imagebank("quality", judged_bank, "--sheet", sheet, "--images", "4")
    assert ran.code == 0, ran.err
    assert "verdict" not in sheet.read_text().splitlines()[0]
    assert imagebank("quality", judged_bank, "--sheet", sheet).code == 4  # never over ratings
    filled(sheet, "usable")
    assert imagebank("quality", judged_bank, "--record", sheet, "--rater", "AB").code == 0
    first = (judged_bank / "quality-ratings.csv").read_text()
    assert imagebank("quality", judged_bank, "--record", filled(sheet, "caution"), "--rater", "CD").code == 0
    assert (judged_bank / "quality-ratings.csv").read_text().startswith(first)
    assert "the verdict" in (judged_bank / "quality" / "index.html").read_text()
    assert imagebank("check", judged_bank).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--record", "gone.csv", "--rater", "A"), "cannot be read"),
        (("--record", "gone.csv"), "Nobody is named"),
        (("--record", "a.csv", "--sheet", "b.csv"), "either written or recorded"),
    ],
)
def test_a_command_that_cannot_be_understood_says_what_to_do(
    banked: Path, arguments: tuple[str, ...], says: str
) -> None:
    ran = imagebank("quality", banked, *arguments)
    assert ran.code == 4
    assert says in ran.err
    assert "try:" in ran.err


def test_a_bank_without_a_snapshot_has_no_report(tmp_path: Path) -> None:
    assert imagebank("init", tmp_path / "bank", "--pretend").code == 0
    ran = imagebank("quality", tmp_path / "bank", environ=dict(os.environ))
    assert ran.code == 6
    assert "imagebank update" in ran.err
