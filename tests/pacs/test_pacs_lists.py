"""Lists of what is wanted, as people save them; and bounds of dates that leave nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pretend import RudePacs, bank_of, instance, landed, rude_bank

from conftest import imagebank
from imagebank.core.errors import SourceError
from imagebank.workflows.asking import requests_of_days
from imagebank.workflows.lists import requests_of_list


def read(folder: Path, text: str, encoding: str = "utf-8") -> tuple[list[tuple[str, str]], int]:
    (folder / "list.csv").write_bytes(text.encode(encoding))
    listed = requests_of_list(folder / "list.csv")
    return [(each.by, each.value.reveal("compare in a test")) for each in listed.requests], listed.left


@pytest.mark.parametrize(
    ("text", "found", "left"),
    [
        ("accession_number\nA1\nA2\nA1\n", [("accession", "A1"), ("accession", "A2")], 0),
        ("Accession Number;Name\r\n A1 ;x\r\n;y\r\n", [("accession", "A1")], 1),
        ("name\tStudyInstanceUID\nx\t1.9.2\ny\thello\n", [("study", "1.9.2")], 1),
        ("patient_id,ACCESSION-NUMBER\nP1,A1\n,A2\n", [("accession", "A1"), ("accession", "A2")], 0),
        ("patient_id,accession,study_uid\nP1,A1,1.2\nP2,,x\nP3,A*,\n", [("study", "1.2")], 2),
        ("Hospital Number\nP1\nP*\nP?\nP\\Q\n\n", [("patient", "P1")], 3),
        ("accession_number,other\nA1\n" + "9" * 65 + ",x\n", [("accession", "A1")], 1),
    ],
)
def test_a_list_is_read_as_people_save_it(tmp_path: Path, text: str, found: list[tuple[str, str]], left: int) -> None:
    assert read(tmp_path, text) == (found, left)
    assert read(tmp_path, text, "utf-8-sig") == (found, left)
    assert read(tmp_path, text, "utf-16") == (found, left)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A1\nA2\n", "has none of the columns accession_number, study_instance_uid, patient_id"),
        ("", "has none of the columns"),
        ("accession_number\n\n", "names nothing that can be asked for"),
        ("accession_number\nA*\n", "names nothing that can be asked for"),
        ("study_instance_uid\nSMITH\n", "names nothing that can be asked for"),
    ],
)
def test_a_list_that_asks_for_nothing_is_refused_and_not_quoted(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, text)
    assert told in caught.value.what
    assert not [word for word in ("A1", "A*", "SMITH") if word in caught.value.what + caught.value.advice]


def test_a_list_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"accession_number\n\xff\xfe\x00")
    for path in (tmp_path / "list.csv", tmp_path / "gone.csv", tmp_path):
        with pytest.raises(SourceError, match="cannot be read"):
            requests_of_list(path)


def test_a_window_of_days_asks_for_each_of_them() -> None:
    asked = requests_of_days(date(2024, 2, 28), date(2024, 3, 1))
    assert [each.value.reveal("compare in a test") for each in asked] == ["20240228", "20240229", "20240301"]
    for first, last in ((date(2024, 3, 2), date(2024, 3, 1)), (date(1990, 1, 1), date(2024, 3, 1))):
        with pytest.raises(SourceError, match="window"):
            requests_of_days(first, last)


def test_a_list_of_accession_numbers_is_asked_for_and_rows_that_are_left_are_counted(tmp_path: Path) -> None:
    pacs = RudePacs([instance(1, study=number) for number in range(1, 5)])
    (tmp_path / "list.csv").write_text("accession_number\nA2\nA3\nA*\n")
    with rude_bank(tmp_path, pacs) as bank:
        ran = imagebank("acquire", bank, "--list", tmp_path / "list.csv")
        assert ran.code == 0
        assert "1 rows of the list ask for nothing" in ran.err
        assert len(landed(bank)) == 2
        assert sorted(pacs.asked) == ["A2", "A3"]


@pytest.mark.parametrize("bounds", [("2008-13-01", ""), ("2009-01-01", "2008-01-01")])
def test_dates_that_leave_no_day_are_refused(tmp_path: Path, bounds: tuple[str, str]) -> None:
    bank = bank_of(tmp_path, earliest=bounds[0], latest=bounds[1])
    told = imagebank("acquire", bank)
    assert told.code == 3
    assert "`earliest`" in told.err


def test_a_list_that_a_spreadsheet_wrote_with_names_outside_ascii_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "accession_number;name\nA1;Müller\n", "cp1252") == ([("accession", "A1")], 0)
