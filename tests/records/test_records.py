"""Codes in one form, and extracts whose rows are understood or refused with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.catalogue.tables import ETHNIC_GROUPS, SEXES
from imagebank.core.errors import SourceError
from imagebank.records import read_extract
from imagebank.records.codes import (
    BLOCKS,
    ethnic_group,
    icd10_block,
    normalise_ethnic_category,
    normalise_icd10,
    normalise_sex,
)
from imagebank.records.extracts import REFUSALS, extract_hash

HEAD = "hospital_number,nhs_number,given_name,family_name,birth_date,sex,ethnic_category,deprivation_decile\n"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("F00.1", "F00.1"),
        ("f001", "F00.1"),
        ("F00.1*", "F00.1"),
        ("G30.1†", "G30.1"),
        ("G30.1+", "G30.1"),
        ("F00.1X", "F00.1"),
        ("F20", "F20"),
        ("F20X", "F20"),
        (" F 20.9 ", "F20.9"),
        ("M80.08", "M80.08"),
        ("6D80", None),
        ("dementia", None),
        ("", None),
    ],
)
def test_icd10_codes_come_in_one_form(written: str, code: str | None) -> None:
    assert normalise_icd10(written) == code


@given(st.from_regex(r"[A-Z][0-9]{2}(\.[0-9]{1,2})?", fullmatch=True))
def test_a_normal_code_stays_as_it_is_and_has_one_block(code: str) -> None:
    assert normalise_icd10(code) == code
    blocks = [f"{first}-{last}" for first, last in BLOCKS if first <= code[:3] <= last]
    assert icd10_block(code) == (blocks[0] if blocks else "other")
    assert len(blocks) <= 1


def test_codes_in_the_gaps_of_chapter_v_are_other_and_not_lost() -> None:
    assert icd10_block("F49.0") == "other"
    assert icd10_block("I10") == "other"


@pytest.mark.parametrize(
    ("written", "category", "group"),
    [
        ("A", "A", "White"),
        ("r", "R", "Other"),
        ("P1", "P", "Black"),
        ("Z", "Z", "not stated"),
        ("99", "99", "not known"),
        ("X", "99", "not known"),
        ("", "99", "not known"),
        ("Q", None, "not known"),
        ("British", None, "not known"),
    ],
)
def test_ethnic_categories_are_those_of_the_data_dictionary(written: str, category: str | None, group: str) -> None:
    assert normalise_ethnic_category(written) == category
    assert ethnic_group(category) == group
    assert group in ETHNIC_GROUPS


@given(st.text(max_size=10))
def test_every_sex_is_one_of_the_tables(text: str) -> None:
    assert normalise_sex(text) in SEXES


def extract(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


PEOPLE = HEAD + "K1,9434765919,Ann,Lee,1950-03-02,female,A,3\nk 2,,Bo,Ray,1960-01-01,male,99,11\n"


def test_people_keep_what_can_be_understood(tmp_path: Path) -> None:
    told = read_extract("ehr", extract(tmp_path, patients=PEOPLE))
    assert [entrant.person.person for entrant in told.people] == ["ehr:K1", "ehr:K2"]
    assert [facts.deprivation_decile for facts in told.characteristics] == [3, None]
    assert told.refused == ()


@pytest.mark.parametrize(
    ("table", "rows", "reason"),
    [
        ("patients", "K1,,A,B,1950-01-01,male,A,1\n", "hospital-number-used-twice"),
        ("patients", ",,A,B,1950-01-01,male,A,1\n", "no-hospital-number"),
        ("patients", "K9,,A,B,02/03/1950,male,A,1\n", "not-a-date"),
        ("diagnoses", "K1,2010-01-01,what\n", "not-a-code"),
        ("diagnoses", "K1,,F20\n", "no-date"),
        ("diagnoses", "K8,2010-01-01,F20\n", "nobody-has-this-hospital-number"),
        ("assessments", "K1,2010-01-01,MMSE,31,30\n", "impossible-score"),
        ("assessments", "K1,2010-01-01,MMSE,-1,30\n", "impossible-score"),
        ("assessments", "K1,2010-01-01,MMSE,nan,30\n", "impossible-score"),
        ("assessments", "K1,2010-01-01,MMSE,many,30\n", "not-a-number"),
    ],
)
def test_a_row_that_is_not_understood_is_refused_with_its_line(
    tmp_path: Path, table: str, rows: str, reason: str
) -> None:
    heads = {
        "patients": PEOPLE,
        "diagnoses": "hospital_number,date,code\n",
        "assessments": "hospital_number,date,name,score,out_of\n",
    }
    told = read_extract("ehr", extract(tmp_path, **{"patients": PEOPLE, table: heads[table] + rows}))
    assert [(row.table, row.reason) for row in told.refused] == [(table, reason)]
    assert told.refused[0].line == (heads[table] + rows).count("\n")
    assert reason in REFUSALS


@pytest.mark.parametrize("row", ["K1,national,2020-01-01", "K1,NATIONAL,", "K1,patient said no,yesterday", "k 1,,"])
def test_a_wish_to_be_left_out_is_honoured_however_it_is_written(tmp_path: Path, row: str) -> None:
    folder = extract(tmp_path, patients=PEOPLE, opt_outs=f"hospital_number,kind,list_date\n{row}\n")
    assert [each.person for each in read_extract("ehr", folder).opt_outs] == ["ehr:K1"]


def test_the_text_of_a_note_is_measured_and_left_behind(tmp_path: Path) -> None:
    notes = 'hospital_number,date,kind,text\nK1,2010-01-01,letter,"Dear Dr ,\nAnn Lee, 9434765919"\n'
    told = read_extract("ehr", extract(tmp_path, patients=PEOPLE, notes=notes))
    assert [note.characters for note in told.notes] == [len("Dear Dr ,\nAnn Lee, 9434765919")]
    assert "Ann" not in repr(told)


def test_an_extract_does_not_print_people(tmp_path: Path) -> None:
    shown = repr(read_extract("ehr", extract(tmp_path, patients=PEOPLE)))
    assert not [word for word in ("Ann", "Lee", "9434765919", "K1", "1950") if word in shown]


def test_scores_keep_their_denominator(tmp_path: Path) -> None:
    scores = "hospital_number,date,name,score,out_of\nK1,2010-01-01,MMSE,25,29\n"
    told = read_extract("ehr", extract(tmp_path, patients=PEOPLE, assessments=scores))
    assert [(each.score, each.out_of, each.day) for each in told.assessments] == [(25.0, 29.0, date(2010, 1, 1))]


def test_a_folder_without_patients_and_a_file_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no patients\.csv"):
        read_extract("ehr", tmp_path)
    (tmp_path / "patients.csv").write_bytes(HEAD.encode() + b"K1,,\xff\xfe,B,1950-01-01,male,A,1\n")
    with pytest.raises(SourceError, match="cannot be read"):
        read_extract("ehr", tmp_path)


def test_the_hash_of_an_extract_changes_with_any_byte(tmp_path: Path) -> None:
    folder = extract(tmp_path, patients=PEOPLE)
    before = extract_hash(folder)
    assert extract_hash(folder) == before
    extract(folder, notes="hospital_number,date,kind,text\n")
    assert extract_hash(folder) != before
