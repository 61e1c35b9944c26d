"""Landed files go once they are banked and verified; nothing is lost by it, and what comes late is banked too."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from pretend import FIRST, OPT_OUTS, RudePacs, Telling, bank_of, change, instance, landed, rude_bank, run, status_of
from pydicom.dataset import Dataset

from conftest import imagebank
from imagebank.core.progress import Silent
from imagebank.workflows.acquiring import Ask
from imagebank.workflows.check import check
from imagebank.workflows.update import update


def pictures(count: int, first: int = 0, series: int = 1) -> list[Dataset]:
    """Instances that are worth banking."""
    shape = {"Rows": 8, "Columns": 8, "PixelSpacing": [1, 1], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    return [
        instance(
            number,
            series=series,
            PixelData=bytes((7 * i + number) % 251 for i in range(128)),
            ImagePositionPatient=[0, 0, number],
            SliceThickness=1,
            ImageType=["ORIGINAL", "PRIMARY", "M"],
            Manufacturer="Pretend",
            **shape,
        )
        for number in range(first, first + count)
    ]


def bring_up(bank: Path) -> None:
    update(bank, environ={}, progress=Silent())


def banked(bank: Path) -> int:
    with sqlite3.connect(bank / "ledger.db") as ledger:
        return int(ledger.execute("SELECT coalesce(sum(files), 0) FROM lots WHERE outcome = 'banked'").fetchone()[0])


def holds(bank: Path) -> bool:
    return check(bank, environ={}).holds


def zip_of(bank: Path) -> list[Path]:
    return sorted((bank / "dicom").rglob("*.zip"))


@pytest.fixture
def served(tmp_path: Path):
    pacs = RudePacs(pictures(4))
    with rude_bank(tmp_path, pacs) as bank:
        change(bank, "keep_days = 30", "keep_days = 0")
        change(bank, "workers = 0", "workers = 1")
        yield bank, pacs


def test_files_go_when_they_are_banked_and_nothing_is_lost(served) -> None:
    bank, _ = served
    run(bank)
    assert len(landed(bank)) == 4
    bring_up(bank)
    assert landed(bank) == []
    assert banked(bank) == 4
    assert holds(bank)
    told = status_of(bank)
    assert (told.received, told.kept, told.banked) == (4, 0, 4)
    content = zip_of(bank)[0].read_bytes()
    bring_up(bank)
    assert run(bank).received == 0
    assert imagebank("update", "--recheck", bank).code == 0
    assert holds(bank)
    assert zip_of(bank)[0].read_bytes() == content


def test_files_stay_as_long_as_the_policy_says(served) -> None:
    bank, _ = served
    change(bank, "keep_days = 0", "keep_days = 2")
    run(bank)
    bring_up(bank)
    assert len(landed(bank)) == 4
    for path in landed(bank):
        os.utime(path, (path.stat().st_mtime - 3 * 86400,) * 2)
    bring_up(bank)
    assert landed(bank) == []
    assert holds(bank)


def test_a_late_image_of_a_series_whose_files_went_brings_them_all_again(served) -> None:
    bank, pacs = served
    run(bank)
    bring_up(bank)
    for each in pictures(1, first=4):
        pacs.add(each)
    run(bank)
    bring_up(bank)  # the late image waits, and what is banked stays
    assert banked(bank) == 4
    assert holds(bank)
    run(bank)
    assert len(landed(bank)) == 5
    bring_up(bank)
    assert banked(bank) == 5
    assert holds(bank)
    assert landed(bank) == []


def test_a_zip_that_was_lost_is_made_again_from_files_that_are_fetched_again(served) -> None:
    bank, _ = served
    run(bank)
    bring_up(bank)
    zip_of(bank)[0].unlink()
    assert imagebank("update", "--recheck", bank).code == 0
    assert run(bank).received == 4
    bring_up(bank)
    assert banked(bank) == 4
    assert holds(bank)


def test_an_opt_out_takes_back_what_is_banked_though_its_files_went(served, tmp_path: Path) -> None:
    bank, _ = served
    run(bank)
    bring_up(bank)
    (tmp_path / "records" / "opt_outs.csv").write_text(OPT_OUTS + f"{FIRST},national,2020-01-01\n")
    bring_up(bank)
    assert zip_of(bank) == []
    assert banked(bank) == 0
    (tmp_path / "records" / "opt_outs.csv").write_text(OPT_OUTS)
    bring_up(bank)
    assert banked(bank) == 0
    assert run(bank).received == 4
    bring_up(bank)
    assert banked(bank) == 4
    assert holds(bank)


@pytest.mark.parametrize("days", ["30", "-1"])
def test_files_of_somebody_who_has_opted_out_go_at_once(tmp_path: Path, days: str) -> None:
    (tmp_path / "media").mkdir()
    for number, each in enumerate([*pictures(2), *pictures(1)]):
        each.EchoTime = number // 2  # the last one has another content under the UID of the first
        each.save_as(tmp_path / "media" / f"{number}.dcm", enforce_file_format=True)
    bank = bank_of(tmp_path, name="media", kind="media", path=str(tmp_path / "media"))
    change(bank, "keep_days = 30", f"keep_days = {days}")
    change(bank, "workers = 0", "workers = 1")
    run(bank)
    bring_up(bank)
    assert (len(landed(bank, "media")), banked(bank)) == (3, 1)
    (tmp_path / "records" / "opt_outs.csv").write_text(OPT_OUTS + f"{FIRST},national,2020-01-01\n")
    bring_up(bank)
    assert (landed(bank, "media"), zip_of(bank)) == ([], [])
    assert holds(bank)
    (tmp_path / "records" / "opt_outs.csv").write_text(OPT_OUTS)
    bring_up(bank)
    run(bank)
    bring_up(bank)
    assert (len(landed(bank, "media")), banked(bank)) == (3, 1)
    assert holds(bank)


def test_files_of_a_study_that_is_not_complete_stay(served) -> None:
    bank, _ = served
    change(bank, "settle_minutes = 0", "settle_minutes = 60")
    run(bank)
    bring_up(bank)
    assert len(landed(bank)) == 4
    assert banked(bank) == 4


def test_a_full_landing_zone_stops_the_run_and_is_gone_on_with_after_an_update(served) -> None:
    bank, pacs = served
    for number in range(2, 6):
        pacs.add(instance(1, study=number, patient=FIRST))
    change(bank, "quota_gb = 0", "quota_gb = 0.000005")
    ended = run(bank)
    assert ended.ended == "landing-full"
    assert 0 < len(landed(bank)) < 8
    assert [each.reason for each in status_of(bank).incomplete if each.reason == "landing-full"]
    change(bank, "quota_gb = 0.000005", "quota_gb = 0")
    assert run(bank).is_whole
    assert status_of(bank).received == 8


def test_a_landed_file_that_a_person_deleted_is_fetched_again(served) -> None:
    bank, _ = served
    run(bank)
    landed(bank)[0].unlink()
    again = run(bank)
    assert (again.is_whole, again.received) == (True, 1)
    assert len(landed(bank)) == 4


def new_policy(bank: Path) -> None:
    """A policy of the site's own, by which everything is to be made anew."""
    (bank / "policy.toml").write_text('name = "site"\nversion = 1\nextends = "default"\n')
    text = (bank / "bank.toml").read_text()
    start = text.index("[policy]")
    (bank / "bank.toml").write_text(text[:start] + text[start:].replace('file = ""', 'file = "policy.toml"', 1))


def test_after_a_change_of_policy_what_was_deleted_is_fetched_again_and_status_says_so(served) -> None:
    bank, _ = served
    run(bank)
    bring_up(bank)
    new_policy(bank)
    bring_up(bank)
    assert banked(bank) == 4
    assert "1 series would be banked anew" in imagebank("status", bank).out
    told = status_of(bank)
    assert (told.again.series, told.earlier.series, told.is_pushed) == (0, 1, False)
    assert told.earlier.size > 4 * 128
    before = zip_of(bank)[0].read_bytes()
    heard = Telling()
    assert run(bank, progress=heard).received == 0  # it stays as it is until somebody asks
    assert "1 series (0.0 MB) stay as they were banked under earlier rules" in " ".join(heard.notes)
    assert holds(bank)
    assert run(bank, Ask(again=5)).received == 4
    bring_up(bank)
    assert zip_of(bank)[0].read_bytes() != before
    assert banked(bank) == 4
    assert holds(bank)
    assert (status_of(bank).again.series, status_of(bank).earlier.series) == (0, 0)


def test_series_of_earlier_rules_are_fetched_in_portions(tmp_path: Path) -> None:
    pacs = RudePacs([*pictures(2), *pictures(2, series=2), *pictures(2, series=3)])
    with rude_bank(tmp_path, pacs) as bank:
        change(bank, "keep_days = 30", "keep_days = 0")
        change(bank, "workers = 0", "workers = 1")
        run(bank)
        bring_up(bank)
        new_policy(bank)
        bring_up(bank)
        assert status_of(bank).earlier.series == 3
        assert run(bank, Ask(again=1)).received == 2
        assert run(bank, Ask(again=1)).received == 2  # what came before and is not banked yet is not counted again
        bring_up(bank)
        assert (status_of(bank).earlier.series, banked(bank)) == (1, 6)
        assert "1 series (" in imagebank("acquire", "status", bank).out


def test_after_a_change_of_policy_archives_are_read_again(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    for number, each in enumerate(pictures(3)):
        each.save_as(tmp_path / "media" / f"{number}.dcm", enforce_file_format=True)
    bank = bank_of(tmp_path, name="media", kind="media", path=str(tmp_path / "media"))
    change(bank, "keep_days = 30", "keep_days = 0")
    change(bank, "workers = 0", "workers = 1")
    run(bank)
    bring_up(bank)
    assert run(bank).received == 0
    new_policy(bank)
    bring_up(bank)
    assert run(bank, Ask(again=1)).received == 3
    bring_up(bank)
    assert status_of(bank).earlier.series == 0
    assert landed(bank, "media") == []
    assert holds(bank)
