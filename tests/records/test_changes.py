"""Only what is new or changed is read, and what was corrected or withdrawn is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from extracted import SCORES, extract, imported, nothing_lost

from postgres import postgres

__all__ = ["postgres"]  # a fixture


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


WATERMARKED = """
[patients]
table = "patients"
[assessments]
table = "scores"
watermark = "changed"
columns = { date = "day", id = "number" }
"""


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_a_database_with_a_watermark_gives_only_its_new_rows(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/ehr.db" if server == "sqlite" else request.getfixturevalue("postgres").new_database()
    engine = sa.create_engine(url)

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for each in statements:
                connection.execute(sa.text(each))

    def scores(known: list[str] = []) -> tuple[list[float], int]:  # noqa: B006 - remembers the people
        stored, accepted, refused = imported(
            tmp_path, tmp_path / "out", text=WATERMARKED, url=url, known="".join(known)
        )
        known[:] = [stored.people_key]
        nothing_lost(stored, accepted, refused)
        return sorted(row["score"] for row in accepted["assessments"]), len(stored.pieces)

    run(
        "CREATE TABLE patients (hospital_number TEXT, birth_date DATE)",
        "INSERT INTO patients VALUES ('K1', '1950-03-02')",
        "CREATE TABLE scores (number INTEGER, hospital_number TEXT, day DATE, name TEXT, score NUMERIC, "
        "changed TIMESTAMP)",
        "INSERT INTO scores VALUES (1, 'K1', '2010-01-01', 'MMSE', 25, '2020-01-01 10:00:00')",
        "INSERT INTO scores VALUES (2, 'K1', '2010-01-02', 'MMSE', 26, '2020-01-02 10:00:00')",
    )
    assert scores() == ([25, 26], 1)
    assert scores() == ([25, 26], 1)
    run("INSERT INTO scores VALUES (3, 'K1', '2010-01-03', 'MMSE', 27, '2020-01-03 10:00:00')")
    run("UPDATE scores SET score = 20, changed = '2020-01-04 10:00:00' WHERE number = 1")
    assert scores() == ([20, 26, 27], 2)
    run(
        "DELETE FROM scores WHERE number = 2",
        "INSERT INTO scores VALUES (4, 'K1', '2010-01-04', 'MMSE', 28, '2020-01-05 10:00:00')",
    )
    assert scores() == ([20, 27, 28], 1)  # a row went: only reading all of it tells which
    engine.dispose()
