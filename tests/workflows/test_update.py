"""The whole path on the pretend hospital, judged by the answers that the hospital kept."""

from __future__ import annotations

import csv
import json
import os
import shutil
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pydicom
import pytest

from conftest import imagebank
from dumps import every_byte
from imagebank.core.config import open_bank
from imagebank.core.progress import Silent
from imagebank.identities.vault import open_vault
from imagebank.synthetic import Hospital, read_answers
from imagebank.synthetic.truth import UNDETECTABLE
from imagebank.workflows.status import MEANINGS, status
from imagebank.workflows.update import update
from outcomes import outcome_of_files


def answers(hospital: Hospital, name: str) -> list[dict[str, Any]]:
    return read_answers(hospital.answers, name)


def table(bank: Path, name: str) -> list[dict[str, object]]:
    current = (bank / "tables" / "current").read_text().strip()
    return parquet.read_table(bank / "tables" / current / f"{name}.parquet").to_pylist()


def test_every_file_ends_where_the_hospital_says(own_bank: Path, hospital: Hospital) -> None:
    ended = outcome_of_files(own_bank)
    expected = {str((hospital.images / row["path"]).resolve()): row["expected"] for row in answers(hospital, "files")}
    assert {path: outcome for path, (outcome, _) in ended.items()} == expected


def test_every_outcome_has_a_reason_that_is_explained(banked: Path) -> None:
    for outcome, reason in status(banked, environ=os.environ).funnel.by_reason:
        assert outcome == "banked" or reason in MEANINGS


def test_linked_studies_show_their_true_patients(own_bank: Path, hospital: Hospital) -> None:
    with open_vault(open_bank(own_bank), "test", environ={}) as vault:
        linked = vault.linked_people()
        item = vault.keys.uid_map.item
        true = {item(row["study_uid"]): row for row in answers(hospital, "links")}
    seen = {study: person for study, person in linked.items() if true[study]["trap"] not in UNDETECTABLE}
    for study, person in seen.items():
        assert person == f"records:{true[study]['hospital_number']}"
    imaged = {item(row["study_uid"]) for row in answers(hospital, "series") if row["sequence"] != "non-MR"}
    assert {study for study, row in true.items() if row["linkable"] == "yes"} & imaged == set(seen)
    assert len(linked) == len(seen) + 2


def test_series_are_labelled_as_what_they_are(banked: Path, hospital: Hospital) -> None:
    with open_vault(open_bank(banked), "test", environ={}) as vault:
        true = {vault.keys.uid_map.item(row["series_uid"]): row["sequence"] for row in answers(hospital, "series")}
    assert {row["series"]: row["sequence"] for row in table(banked, "series")}.items() <= true.items()


def test_intervals_between_all_dates_of_a_patient_are_kept_to_the_day(banked: Path, hospital: Hospital) -> None:
    """The same offset moves scans, diagnoses and scores: the multiset of differences is the true one."""
    with open_vault(open_bank(banked), "test", environ={}) as vault:
        person_of = {pseudonym: person.split(":")[1] for person, pseudonym in vault.pseudonyms().items()}
    true: dict[str, Counter[object]] = {}
    with open(hospital.records / "diagnoses.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            true.setdefault(row["hospital_number"], Counter())[datetime.fromisoformat(row["date"]).date()] += 1
    for patient in {str(row["patient"]) for row in table(banked, "diagnoses")}:
        moved = sorted(row["diagnosis_date"] for row in table(banked, "diagnoses") if row["patient"] == patient)
        real = sorted(true[person_of[patient]].elements())
        shifts = {(a - b).days for a, b in zip(moved, real, strict=True)}
        assert len(shifts) == 1
        assert 0 not in shifts
        (shift,) = shifts
        assert _study_shifts(banked, hospital, patient) == {shift}


def _study_shifts(bank: Path, hospital: Hospital, patient: str) -> set[int]:
    with open_vault(open_bank(bank), "test", environ={}) as vault:
        item = vault.keys.uid_map.item
    true = {}
    for path in hospital.images.rglob("*"):
        if path.is_file() and path.stat().st_size > 1000:
            try:
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID", "StudyDate"])
            except Exception:  # the hospital's broken files
                continue
            if "StudyInstanceUID" in header and header.get("StudyDate"):
                true[item(header.StudyInstanceUID)] = datetime.strptime(header.StudyDate, "%Y%m%d").date()
    studies = [row for row in table(bank, "studies") if row["patient"] == patient]
    return {(row["study_date"] - true[str(row["study"])]).days for row in studies}


def test_dates_inside_banked_dicom_agree_with_the_tables(banked: Path) -> None:
    moved = {row["study"]: row["study_date"] for row in table(banked, "studies")}
    for row in table(banked, "series")[:6]:
        with zipfile.ZipFile(banked / str(row["dicom_path"])) as archive, archive.open(archive.namelist()[0]) as file:
            header = pydicom.dcmread(file, stop_before_pixels=True)
        assert header.StudyDate == f"{moved[row['study']]:%Y%m%d}"
        assert header.PatientID == row["patient"]


def test_a_second_update_changes_no_byte(own_bank: Path) -> None:
    before = every_byte(own_bank)
    ran = imagebank("update", own_bank)
    if "nothing new" not in ran.out:  # the copy lies elsewhere, so the first run looks at everything once
        before = every_byte(own_bank)
        ran = imagebank("update", own_bank)
    assert "nothing new" in ran.out
    assert every_byte(own_bank) == before


def test_recheck_of_an_untouched_bank_makes_nothing_again(own_bank: Path) -> None:
    update(own_bank, environ={}, progress=Silent())
    before = {path: path.stat().st_mtime_ns for path in (own_bank / "dicom").rglob("*.zip")}
    update(own_bank, environ={}, progress=Silent(), recheck=True)
    assert {path: path.stat().st_mtime_ns for path in (own_bank / "dicom").rglob("*.zip")} == before


def test_check_holds_after_update_and_says_so(banked: Path) -> None:
    ran = imagebank("check", banked)
    assert ran.code == 0
    assert "broken" not in ran.out


@pytest.mark.parametrize(
    ("spoil", "law"),
    [
        (lambda bank: _first(bank, "dicom", ".zip").unlink(), "as it was written"),
        (lambda bank: _first(bank, "dicom", ".zip").write_bytes(b"x"), "as it was written"),
        (lambda bank: _first(bank, "bids", ".nii.gz").unlink(), "as it was written"),
        (lambda bank: (bank / "dicom" / "stray.zip").write_bytes(b"x"), "nothing else"),
        (lambda bank: _first(bank, "tables", "series.parquet").write_bytes(b"x"), "tables"),
        (
            lambda bank: _sql(
                bank, "DELETE FROM lots WHERE item = (SELECT min(item) FROM lots WHERE outcome = 'banked')"
            ),
            "exactly one outcome",
        ),
        (lambda bank: _sql(bank, "DELETE FROM lots WHERE outcome = 'unlinked'"), "offered ="),
        (lambda bank: _sql(bank, "UPDATE lots SET files = files + 1 WHERE reason = 'not-mr'"), "exactly one outcome"),
    ],
)
def test_check_finds_what_was_spoilt(own_bank: Path, spoil: object, law: str) -> None:
    spoil(own_bank)  # type: ignore[operator]
    ran = imagebank("check", own_bank)
    assert ran.code == 7
    broken = [line for line in ran.out.splitlines() if line.startswith("broken")]
    assert any(law in line for line in broken), ran.out


def test_recheck_makes_missing_outputs_again_to_the_byte(own_bank: Path) -> None:
    zipped, image = _first(own_bank, "dicom", ".zip"), _first(own_bank, "bids", ".nii.gz")
    content = zipped.read_bytes(), image.read_bytes()
    zipped.unlink()
    image.unlink()
    assert imagebank("update", "--recheck", own_bank).code == 0
    assert (zipped.read_bytes(), image.read_bytes()) == content
    checked = imagebank("check", own_bank)
    assert checked.code == 0, checked.out


def test_new_records_link_what_was_unlinked_and_opt_outs_take_back_what_was_banked(
    own_bank: Path, hospital: Hospital, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    shutil.copytree(hospital.records, records)
    _point(own_bank, str(hospital.records), str(records))
    person = str(_people(own_bank)[0])
    with open(records / "opt_outs.csv", "a", encoding="utf-8") as file:
        file.write(f"{person},Patient says NO,not a date\n")
    assert imagebank("update", own_bank).code == 0
    assert person not in _people(own_bank)
    checked = imagebank("check", own_bank)
    assert checked.code == 0, checked.out
    reasons = json.loads(imagebank("status", "--json", own_bank).out)["reasons"]
    assert any(each["reason"] == "opted-out" for each in reasons)


def test_files_that_leave_the_source_stay_banked(own_bank: Path, hospital: Hospital, tmp_path: Path) -> None:
    images = tmp_path / "images"
    shutil.copytree(hospital.images, images)
    _point(own_bank, str(hospital.images), str(images))
    assert imagebank("update", own_bank).code == 0
    before = json.loads(imagebank("status", "--json", own_bank).out)["outcomes"]
    shutil.rmtree(images)
    images.mkdir()
    assert imagebank("update", own_bank).code == 0
    assert json.loads(imagebank("status", "--json", own_bank).out)["outcomes"] == before
    checked = imagebank("check", own_bank)
    assert checked.code == 0, checked.out


def _people(bank: Path) -> list[str]:
    with open_vault(open_bank(bank), "test", environ={}) as vault:
        person_of = {pseudonym: person.split(":")[1] for person, pseudonym in vault.pseudonyms().items()}
    return sorted(person_of[str(row["patient"])] for row in table(bank, "patients"))


def _point(bank: Path, old: str, new: str) -> None:
    config = (bank / "bank.toml").read_text()
    assert old in config
    (bank / "bank.toml").write_text(config.replace(old, new))


def _first(bank: Path, folder: str, ending: str) -> Path:
    return next(path for path in sorted((bank / folder).rglob("*")) if path.name.endswith(ending))


def _sql(bank: Path, statement: str) -> None:
    import sqlite3

    with sqlite3.connect(bank / "ledger.db") as connection:
        assert connection.execute(statement).rowcount
