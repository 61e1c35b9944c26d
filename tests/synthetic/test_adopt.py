"""Records for real vendor files."""

from __future__ import annotations

from pathlib import Path

import pytest
from answer_rows import rows

from imagebank.synthetic import build_hospital, build_records_for, read_answers

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real MRI files is not here")
def test_every_identity_of_the_real_files_gets_one_person(tmp_path: Path) -> None:
    made = build_records_for(tmp_path / "h", DATA)
    patients = rows(made.records / "patients.csv")
    links = read_answers(made.answers, "links")
    numbers = [row["hospital_number"] for row in patients]
    assert made.images == DATA
    assert len(numbers) == len(set(numbers)) > 20
    assert {"crlab", "DEV"} <= set(numbers)
    born = {row["hospital_number"]: row["birth_date"] for row in patients}
    assert born["crlab"] == "1970-01-01"
    assert born["DEV"] == "1970-01-01"
    assert {row["hospital_number"] for row in links} - {""} <= set(numbers)
    assert "birth-date-of-another" in {row["trap"] for row in links}
    assert sum(row["linkable"] == "yes" for row in links) >= 10
    assert {row["linkable"] for row in links if row["trap"]} == {"no"}


def test_adopting_a_pretend_hospital_finds_its_people_again(tmp_path: Path) -> None:
    first = build_hospital(tmp_path / "first", patients=2, trouble=False, size="tiny")
    again = build_records_for(tmp_path / "again", first.images)
    adopted = {row["hospital_number"]: row for row in rows(again.records / "patients.csv")}
    for row in rows(first.records / "patients.csv")[:2]:
        if row["hospital_number"] in adopted:
            assert adopted[row["hospital_number"]]["birth_date"] == row["birth_date"]
            assert adopted[row["hospital_number"]]["sex"] == row["sex"]
    assert {row["study_uid"] for row in read_answers(again.answers, "links")} == {
        row["study_uid"] for row in read_answers(first.answers, "links")
    }


def test_adopting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    images = build_hospital(tmp_path / "first", patients=1, trouble=False, size="tiny").images
    one, other = (build_records_for(tmp_path / name, images) for name in ("one", "other"))
    for name in ("patients", "diagnoses", "assessments", "notes", "opt_outs"):
        assert (one.records / f"{name}.csv").read_bytes() == (other.records / f"{name}.csv").read_bytes()
    assert (one.answers / "links.parquet").read_bytes() == (other.answers / "links.parquet").read_bytes()
