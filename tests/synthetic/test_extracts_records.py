"""What the record system holds of people: registrations, filing, typed codes, withdrawn rows, reports."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.csv import read_csv
from pyarrow.parquet import read_schema
from sample_people import documented, sample_people
from sample_person import sample_person

from imagebank.records.codes import normalise_icd10
from imagebank.synthetic.declared import page_of
from imagebank.synthetic.events import Diagnosis
from imagebank.synthetic.extracts import (
    CsvFolder,
    Database,
    Habits,
    ParquetFolder,
    cris_form,
    export,
    extracts_form,
    omop_form,
)
from imagebank.synthetic.extracts.codes_as_typed import AS_THE_BOOK_HAS_IT, STYLES, as_typed
from imagebank.synthetic.extracts.records import Records, records_of
from imagebank.synthetic.model import Person

PEOPLE = sample_people(40)


def rows_of(*people: Person, habits: Habits | None = None) -> Records:
    return records_of(documented([*people]), seed=1, habits=habits or Habits())


def written(folder: Path, *, seed: int = 1, people_at_once: int = 1000) -> dict[str, str]:
    """The digest of each file."""
    targets = [(extracts_form(), CsvFolder(folder / "csv")), (omop_form(date(2023, 6, 1)), CsvFolder(folder / "omop"))]
    export(documented(PEOPLE), targets, seed=seed, people_at_once=people_at_once)
    files = sorted(folder.rglob("*.csv"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_bytes_depend_on_people_and_seed_and_not_on_the_size_of_the_batches(tmp_path: Path) -> None:
    once = written(tmp_path / "a")
    assert len(once) == 17 + 14
    assert written(tmp_path / "b", people_at_once=7) == once
    other = written(tmp_path / "c", seed=2)
    assert other["csv/diagnoses.csv"] != once["csv/diagnoses.csv"]
    assert other["csv/patients.csv"] == once["csv/patients.csv"]


def test_each_registration_is_a_row_with_its_own_errors() -> None:
    records = rows_of(sample_person())
    now, old = records.patients
    assert (now.hospital_number, now.family_name, now.nhs_number) == ("K1234567", "O'Shaughnessy", "9990000018")
    assert (old.hospital_number, old.family_name, old.nhs_number) == ("K7654321", "OShaughnesy", None)
    assert old.birth_date == date(1944, 2, 28)
    assert [(each.hospital_number, each.merged_into) for each in records.merged_numbers] == [("K7654321", "K1234567")]


def test_a_registration_that_is_not_in_use_does_not_learn_of_the_death_or_the_move() -> None:
    records = rows_of(sample_person())
    assert [each.death_date for each in records.patients] == [date(2019, 11, 20), None]
    assert [(each.hospital_number, each.postcode) for each in records.addresses] == [
        ("K1234567", "SE16 4CK"),
        ("K1234567", "CR0 9MV"),
        ("K7654321", "SE16 4CK"),
    ]


def test_somebody_who_was_never_registered_has_no_rows() -> None:
    records = rows_of(replace(sample_person(), recorded=()))
    assert all(not getattr(records, name) for name in vars(records))


@pytest.mark.parametrize(("share", "expected"), [(0.0, {"K1234567"}), (1.0, {"K7654321"})])
def test_days_are_filed_under_another_number_at_the_configured_rate(share: float, expected: set[str]) -> None:
    records = rows_of(sample_person(), habits=Habits(under_other_number=share))
    assert {each.hospital_number for each in (*records.diagnoses, *records.assessments)} == expected


def test_all_rows_of_one_day_are_filed_under_one_number() -> None:
    people = [replace(sample_person(str(key))) for key in range(60)]
    records = rows_of(*people, habits=Habits(under_other_number=0.5))
    spread = Counter(each.hospital_number for each in records.diagnoses)
    assert min(spread.values()) > 80
    for first, second in zip(records.diagnoses, records.diagnoses[1:], strict=False):
        if first.date == second.date == date(2015, 2, 10):
            assert first.hospital_number == second.hospital_number


def test_two_assessments_of_one_day_keep_their_items_apart(tmp_path: Path) -> None:
    model = sample_person()
    honos = model.course.assessments[-1]
    again = replace(honos, score=3, items=tuple((item, 0) for item, _ in honos.items))
    person = replace(model, course=replace(model.course, assessments=(honos, again)))
    records = rows_of(person)
    first, second = (each.assessment_id for each in records.assessments)
    zeros = {each.score for each in records.assessment_items if each.assessment_id == second}
    assert first != second
    assert zeros == {0}
    url = f"sqlite:///{tmp_path}/cris.db"
    export(documented([person]), [(cris_form(), Database(url))], seed=1)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        sums = connection.exec_driver_sql("SELECT sum(score) FROM assessment_item GROUP BY assessment_id").scalars()
        assert sorted(sums) == [0, sum(score for _, score in honos.items)]
    engine.dispose()


def test_withdrawn_diagnoses_stand_apart_and_wrong_ones_do_not(tmp_path: Path) -> None:
    model = sample_person()
    taken_back = Diagnosis(date(2016, 2, 1), "F31", "primary", "withdrawn")
    person = replace(model, course=replace(model.course, diagnoses=(*model.course.diagnoses, taken_back)))
    records = rows_of(person, habits=Habits(0, 0, 0, 0, 0, 0))
    assert [each.code for each in records.withdrawn_diagnoses] == ["F31"]
    assert [each.code for each in records.diagnoses] == ["F32.1", "F00.1", "G30.1", "F20.0"]
    assert [each.end_date for each in records.diagnoses] == [date(2015, 2, 10), None, None, None]
    url = f"sqlite:///{tmp_path}/cris.db"
    export(documented([person]), [(cris_form(), Database(url))], seed=1, habits=Habits(0, 0, 0, 0, 0, 0))
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        flagged = connection.exec_driver_sql("SELECT code FROM diagnosis WHERE invalid_flag").scalars().all()
    engine.dispose()
    assert flagged == ["F31"]


def test_reports_leave_apart_from_notes_with_the_accession_number_of_the_study() -> None:
    person = next(each for each in PEOPLE if each.visits and each.recorded)
    records = rows_of(person)
    assert [each.accession_number for each in records.reports] == [person.visits[0].accession]
    assert {each.kind for each in records.notes} == {"progress note", "referral letter"}


def test_a_note_under_a_number_of_somebody_else_is_refused() -> None:
    person = next(each for each in PEOPLE if each.recorded)
    note = replace(next(documented([person]))[1][0], hospital_number="Z0000000")
    with pytest.raises(ValueError, match="does not have") as caught:
        records_of([(person, [note])], seed=1, habits=Habits())
    assert "Z0000000" not in str(caught.value)


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_every_row_hangs_on_a_number_of_its_person_and_nothing_is_lost(seed: int, share: float) -> None:
    (person,) = sample_people(1, seed)
    records = rows_of(person, habits=Habits(under_other_number=share))
    numbers = {each.hospital_number for each in person.recorded}
    for extract in extracts_form().tables:
        assert {row.hospital_number for row in getattr(records, extract.name)} <= numbers
    if person.recorded:
        assert len(records.diagnoses) + len(records.withdrawn_diagnoses) == len(person.course.diagnoses)
        for name in ("assessments", "medications", "episodes", "symptoms", "referrals", "bloods", "relatives"):
            events = person.relatives if name == "relatives" else getattr(person.course, name)
            assert len(getattr(records, name)) == len(events)


@given(seed=st.integers(), code=st.from_regex(r"[A-Z][0-9]{2}(\.[0-9])?", fullmatch=True))
def test_a_typed_code_is_still_the_code(seed: int, code: str) -> None:
    typed, habit = as_typed(Random(seed), code, Habits())
    assert normalise_icd10(typed) == code
    assert (typed == code) == (habit == AS_THE_BOOK_HAS_IT)


def test_habits_strike_as_often_as_configured() -> None:
    chance = Random(4)
    told = Counter(as_typed(chance, "F00.1", Habits(0.1, 0.2, 0.05, 0.15, 0.02))[1] for _ in range(20_000))
    shares = [told[style] / 20_000 for style in STYLES]
    assert shares == pytest.approx([0.1, 0.2, 0.05, 0.15, 0.02], abs=0.01)


@pytest.mark.parametrize("wrong", [{"filler": -0.1}, {"filler": 0.9}, {"under_other_number": 1.5}])
def test_shares_that_are_no_shares_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="shares"):
        Habits(**wrong)


def test_every_column_of_the_extracts_and_the_cris_like_schema_is_explained() -> None:
    for form in (extracts_form(), cris_form()):
        assert all(table.meaning and all(column.meaning for column in table.columns) for table in form.tables)
        page = page_of(form.tables)
        assert all(f"| `{column.name}` |" in page for table in form.tables for column in table.columns)


@pytest.mark.parametrize("kind", [CsvFolder, ParquetFolder])
def test_a_table_without_rows_has_its_file_and_its_columns(
    tmp_path: Path, kind: type[CsvFolder | ParquetFolder]
) -> None:
    export([], [(extracts_form(), kind(tmp_path))], seed=1)
    assert {path.stem for path in tmp_path.iterdir()} == {table.name for table in extracts_form().tables}
    for table in extracts_form().tables:
        path = tmp_path / f"{table.name}{kind.suffix}"
        names = read_csv(path).column_names if kind is CsvFolder else read_schema(path).names
        assert names == list(table.names)
