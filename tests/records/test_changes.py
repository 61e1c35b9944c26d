"""Only what is new or changed is read, and what was corrected or withdrawn is gone."""

from __future__ import annotations

from pathlib import Path

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
