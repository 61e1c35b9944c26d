"""Only what is new or changed is read, and what was corrected or withdrawn is gone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import extracted
import pytest
from extracted import SCORES, extract, imported, nothing_lost


def test_nothing_is_read_again_while_nothing_changed(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", assessments=SCORES)
    first, _, _ = imported(folder, tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    again, _, _ = imported(folder, tmp_path / "out", known=first.people_key)
    assert again.people is None
    assert again.digest == first.digest
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")} == times


def test_a_row_that_was_withdrawn_or_corrected_is_gone(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", assessments=SCORES)
    first, _, _ = imported(folder, tmp_path / "out")
    (folder / "assessments.csv").write_text(SCORES.replace("K2,2010-01-02,MMSE,26,30\n", "").replace(",25,", ",24,"))
    second, accepted, _ = imported(folder, tmp_path / "out")
    assert [row["score"] for row in accepted["assessments"]] == [24]
    assert second.digest != first.digest
    assert len(list((tmp_path / "out").glob("*.refused.parquet"))) == 1


def test_of_two_rows_with_one_id_the_newest_counts_and_a_withdrawn_one_takes_both(tmp_path: Path) -> None:
    head = "hospital_number,date,code,id,updated,withdrawn\n"
    folder = extract(tmp_path / "in")
    (folder / "diagnoses-2019.csv").write_text(
        head + "K1,2010-01-01,F20,1,2019-01-01,\nK1,2010-01-01,F31,2,2019-01-01,\nK2,2010-01-01,F03,,,\n"
    )
    (folder / "diagnoses-2020.csv").write_text(
        head + "K1,2010-01-01,F21,1,2020-01-01,\nK1,2010-01-01,F31,2,2020-01-01,true\n"
    )
    text = "[patients]\nfiles = 'patients.csv'\n[diagnoses]\nfiles = 'diagnoses-*.csv'\n"
    stored, accepted, refused = imported(folder, tmp_path / "out", text=text)
    assert sorted(row["code"] for row in accepted["diagnoses"]) == ["F03", "F21"]
    assert [reason for _, reason in refused] == ["replaced", "replaced", "withdrawn"]
    nothing_lost(stored, accepted, refused)


OLD = "K1,2010-01-01,F20,1,{},\n"
LATER = [
    ("2019-01-01", ",,,1,2020-01-01,true", [], ["replaced", "withdrawn"]),  # nothing but the id was left of the row
    ("2019-01-01", "K1,2010-01-01,nonsense,1,2020-01-01,", [], ["not-a-code", "replaced"]),
    ("10", "K1,2010-01-01,F31,1,9,", ["F20"], ["replaced"]),
    ("01/02/2020 08:00", "K1,2010-01-01,F31,1,31/01/2020 09:00,", ["F20"], ["replaced"]),
    ("2020-02-01T08:00:00", "K1,2010-01-01,F31,1,2020-02-01 09:00,", ["F31"], ["replaced"]),
    ("1", "K1,2010-01-01,F31,2,1,deleted", ["F20"], ["unclear-withdrawal"]),
    ("1", "K1,2010-01-01,F31,1,2,-1", [], ["replaced", "withdrawn"]),
]


@pytest.mark.parametrize(("updated", "later", "codes", "why"), LATER, ids=[later for _, later, *_ in LATER])
def test_a_later_row_takes_the_place_of_an_older_one_whatever_it_says(
    updated: str, later: str, codes: list[str], why: list[str], tmp_path: Path
) -> None:
    folder, head = extract(tmp_path / "in"), "hospital_number,date,code,id,updated,withdrawn\n"
    (folder / "diagnoses-1.csv").write_text(head + OLD.format(updated))
    (folder / "diagnoses-2.csv").write_text(f"{head}{later}\n")
    text = (
        "[source]\ndates = ['%d/%m/%Y']\n[patients]\nfiles = 'patients.csv'\n[diagnoses]\nfiles = 'diagnoses-*.csv'\n"
    )
    stored, accepted, refused = imported(folder, tmp_path / "out", text=text)
    assert [row["code"] for row in accepted["diagnoses"]] == codes
    assert sorted(reason for _, reason in refused) == why
    nothing_lost(stored, accepted, refused)


def test_a_row_without_a_name_is_withdrawn_from_the_table_that_has_it(tmp_path: Path) -> None:
    """Measurements are told apart by their names; one that was taken back may have none any more."""
    head = "hospital_number,date,name,score,id,updated,withdrawn\n"
    folder = extract(tmp_path / "in")
    (folder / "a.csv").write_text(f"{head}K1,2010-01-01,MMSE,25,1,2019-01-01,\n,,,,1,2020-01-01,yes\n")
    text = "[patients]\nfiles = 'patients.csv'\n[assessments]\nfiles = 'a.csv'\nknown_as = 'assessments'\n"
    _, accepted, refused = imported(folder, tmp_path / "out", text=text)
    assert accepted["assessments"] == []
    assert [reason for _, reason in refused] == ["replaced", "withdrawn"]


def test_what_is_still_to_come_counts_from_its_day_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planned stay is refused until it begins, and open until it ends, also while its file stays as it is."""
    stay = "hospital_number,start_date,end_date,kind\nK1,2026-01-05,2026-01-09,inpatient\n"
    folder = extract(tmp_path / "in", episodes=stay)
    told = []
    for day in (1, 2, 5, 8, 9, 20):
        monkeypatch.setattr(extracted, "TODAY", date(2026, 1, day))
        stored, accepted, _ = imported(folder, tmp_path / "out")
        told.append((day, [row["end_date"] for row in accepted["episodes"]], stored.digest))
    assert [ends for _, ends, _ in told] == [[], [], [None], [None], [date(2026, 1, 9)], [date(2026, 1, 9)]]
    assert len({digest for _, _, digest in told}) == 3
