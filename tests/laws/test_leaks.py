"""Identifiers live in the vault and the landing zone, nowhere else."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from conftest import imagebank
from imagebank.synthetic import Hospital
from leaks import contents, found, planted

LONG_AGO = 1_400_000_000  # 2014: before anything here was made


@pytest.fixture(scope="module")
def spoken(banked: Path) -> dict[str, bytes]:
    """Everything that the commands print about the bank, verbose, right and wrong."""
    texts = {"log of update": (banked.parent / "log.txt").read_bytes()}
    assert b"step=deidentify item=" in texts["log of update"]
    for command in ("status", "check", "profile"):
        ran = imagebank("--verbose", command, banked)
        assert ran.code == 0, ran.err
        texts[command] = (ran.out + ran.err).encode()
    return texts


def test_no_planted_identifier_is_found_outside_vault_and_quarantine(
    banked: Path, hospital: Hospital, spoken: dict[str, bytes]
) -> None:
    assert found(banked, planted(hospital.answers, dates=False), spoken) == []


def test_no_true_date_is_found_outside_vault_and_quarantine(
    banked: Path, hospital: Hospital, spoken: dict[str, bytes]
) -> None:
    moved = _dates_that_moving_may_give(banked)
    hits = found(banked, planted(hospital.answers, dates=True), spoken)
    assert [hit for hit in hits if "".join(filter(str.isdigit, hit[2])) not in moved] == []


def test_the_search_finds_what_is_there(hospital: Hospital) -> None:
    """The instrument itself: it sees every kind of identifier in the hospital's own files."""
    files = [path for path in hospital.folder.rglob("*") if path.is_file() and "answers" not in path.parts]
    texts = {path.relative_to(hospital.folder).as_posix(): path.read_bytes() for path in files}
    texts |= {f"name of {name}": name.encode() for name in texts}
    identifiers = planted(hospital.answers, dates=False)
    hits = found(hospital.folder / "nothing", identifiers, texts)
    assert {kind for _, kind, _ in hits} == set(identifiers.values())


def test_the_search_opens_zips_tables_and_images(banked: Path) -> None:
    names = [name for name, _ in contents(banked)]
    assert any(".zip:" in name for name in names)
    for ending in (".parquet", ".nii.gz", ".json", ".tsv", "ledger.db", "index.html"):
        assert any(name.endswith(ending) for name in names), ending


def _dates_that_moving_may_give(bank: Path) -> set[str]:
    """Digits of the dates in the tables: true dates of one patient may be moved dates of another."""
    text = b"".join(content for name, content in contents(bank) if name.endswith("studies.parquet")).decode()
    told = [date(*map(int, each.split(")")[0].split(", "))) for each in text.split("datetime.date(")[1:]]
    return {f"{day:%Y%m%d}" for day in told}


def test_no_file_time_tells_when_a_scan_was_banked(banked: Path) -> None:
    """The time of banking lies near the time of the scan: beside the moved date it would tell the offset."""
    endings = (".zip", ".gz", ".parquet")
    zones = [banked / "dicom", banked / "bids", banked / "tables"]
    outputs = [path for zone in zones for path in zone.rglob("*") if path.suffix in endings]
    assert len(outputs) > 20
    assert max(path.stat().st_mtime for path in outputs) < LONG_AGO
    folders = [path for zone in zones for path in [zone, *zone.rglob("*")] if path.is_dir()]
    assert max(path.stat().st_mtime for path in folders) < LONG_AGO
    with sqlite3.connect(banked / "ledger.db") as ledger:
        columns = [row[1] for row in ledger.execute("PRAGMA table_info(attempts)")]
    assert columns == ["attempt", "step", "item", "version", "seconds", "peak_mb", "reason"]
