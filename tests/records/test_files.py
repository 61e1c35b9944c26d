"""Extracts as hospitals send them: every way of writing a file is understood, or refused with an error that teaches."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from extracted import HEAD, PEOPLE, SCORES, TODAY, extract, imported, nothing_lost
from pyarrow import parquet

from imagebank.core.errors import SourceError
from imagebank.records.checking import check_source
from imagebank.records.judging import Rules
from imagebank.records.mapping import load_mapping
from imagebank.records.registry import load_registry
from imagebank.records.sources import open_source
from imagebank.records.staging import Room

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "with a mark": lambda text: text.encode("utf-8-sig"),
    "as UTF-16": lambda text: text.encode("utf-16"),
    "as UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "as Windows-1252": lambda text: text.replace("MMSE", "MMSE\u2019").encode("cp1252"),
    "with semicolons": lambda text: text.replace(",", ";").encode(),
    "with a first line that tells the delimiter": lambda text: ("sep=;\n" + text.replace(",", ";")).encode(),
    "with empty lines before the header": lambda text: ("\n\n" + text).encode(),
    "with other delimiters in the quotes of the header": lambda text: (
        text.replace(",", ";").replace("\n", ';"a, b, c, d, e, f"\n', 1).replace("30\n", "30;x\n").encode()
    ),
    "with tabs": lambda text: text.replace(",", "\t").encode(),
    "with bars": lambda text: text.replace(",", "|").encode(),
    "with line ends of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "with line ends of old Macs": lambda text: text.replace("\n", "\r").encode(),
    "with everything in quotes": lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()
    ).encode(),
    "with blanks around": lambda text: text.replace(",", " , ").encode(),
    "with capitals in the header": lambda text: (text.split("\n")[0].upper() + text[text.index("\n") :]).encode(),
    "with empty lines": lambda text: text.replace("\n", "\n\n").encode(),
    "without a last line end": lambda text: text.rstrip("\n").encode(),
    "with columns in another order": lambda text: "\n".join(
        ",".join(reversed(line.split(","))) for line in text.splitlines()
    ).encode(),
    "with a column that nobody knows": lambda text: "\n".join(
        f"{line},{'ward' if k == 0 else 'x'}" for k, line in enumerate(text.splitlines())
    ).encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_file_is_understood_however_it_is_written(how: str, tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", assessments=WRITTEN[how](SCORES))
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 26]
    nothing_lost(stored, accepted, refused)


def test_json_lines_and_packed_files_are_read_too(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in")
    rows = [{"hospital_number": "K1", "date": "2010-01-01", "name": "MMSE", "score": 25.0, "out_of": 30}]
    lines = "".join(json.dumps(row) + "\n" for row in rows) + "[1, 2]\n{broken\n\n"
    (folder / "assessments.jsonl").write_text(lines)
    (folder / "assessments.CSV.GZ").write_bytes(gzip.compress(SCORES.encode()))
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 25, 26]
    assert refused == [(2, "not-json"), (3, "not-json")]
    nothing_lost(stored, accepted, refused)


def test_a_key_may_be_missing_in_many_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagebank.records.files.PORTION_ROWS", 2)
    folder = extract(tmp_path / "in")
    row = {"hospital_number": "K1", "date": "2010-01-01", "code": "F20"}
    rows = [row, row, {**row, "end": "2011-01-01"}, row, {"end": "2012-01-01"}]
    (folder / "diagnoses.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    text = "[patients]\n[diagnoses]\ncolumns = { end_date = 'end' }\n"
    stored, accepted, refused = imported(folder, tmp_path / "out", text=text)
    assert [str(each["end_date"]) for each in accepted["diagnoses"]].count("2011-01-01") == 1
    assert len(accepted["diagnoses"]) == 4
    assert [reason for _, reason in refused] == ["no-hospital-number"]
    nothing_lost(stored, accepted, refused)


DAY = date(2010, 1, 1)
TYPES = {
    "bytes of texts": {"hospital_number": pa.array([b"K1"]), "code": pa.array([b"F20"]), "date": pa.array([DAY])},
    "large texts": {
        "hospital_number": pa.array(["K1"], pa.large_string()),
        "code": pa.array(["F20"], pa.string_view()),
    },
    "terms": {"hospital_number": pa.array(["K1"]).dictionary_encode(), "code": pa.array(["F20"]).dictionary_encode()},
    "moments with a zone": {"date": pa.array([datetime(2010, 1, 1, 12)], pa.timestamp("us", "Europe/London"))},
    "moments of nanoseconds": {"date": pa.array([datetime(2010, 1, 1, 12)], pa.timestamp("ns"))},
    "whole numbers as decimals": {"hospital_number": pa.array([Decimal("47.00")], pa.decimal128(9, 2))},
    "whole numbers as floats": {"hospital_number": pa.array([47.0])},
    "nested columns that nobody asked for": {"more": pa.array([{"a": [1]}]), "times": pa.array([time(1)])},
    "a column of nothing": {"end_date": pa.nulls(1)},
}


@pytest.mark.parametrize("types", TYPES)
def test_parquet_is_read_whatever_its_types(types: str, tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", patients=PEOPLE + "47,,Cy,Fox,1970-02-03,male\n")
    plain = {"hospital_number": pa.array(["K1"]), "code": pa.array(["F20"]), "date": pa.array([DAY])}
    parquet.write_table(pa.table({**plain, **TYPES[types]}), folder / "diagnoses.parquet")
    _, accepted, refused = imported(folder, tmp_path / "out")
    assert [(row["code"], row["diagnosis_date"]) for row in accepted["diagnoses"]] == [("F20", DAY)]
    assert not refused


def test_a_copy_of_a_file_counts_once(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", **{"assessments-1": SCORES, "assessments-2": SCORES})
    text = "[patients]\n[assessments]\nfiles = 'assessments-*.csv'\n"
    stored, accepted, refused = imported(folder, tmp_path / "out", text=text)
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 26]
    assert refused == [(2, "copied-file"), (3, "copied-file")]
    nothing_lost(stored, accepted, refused)


def test_zeros_that_a_spreadsheet_lost_are_put_back_where_the_mapping_says_so(tmp_path: Path) -> None:
    patients = "hospital_number,birth_date\n0000047,1950-03-02\nK1,1960-03-02\n"
    folder = extract(tmp_path / "in", patients=patients, diagnoses="hospital_number,date,code\n47,2010-01-01,F20\n")
    for digits, found in ((7, ["ehr:0000047"]), (0, [])):
        text = f"[source]\nlike = 'extracts'\ndigits = {digits}\n"
        _, accepted, _ = imported(folder, tmp_path / f"out-{digits}", text=text)
        assert [row["person"] for row in accepted["diagnoses"]] == found


def test_a_query_over_two_files_of_one_name_is_refused(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", scores=SCORES)
    (folder / "old").mkdir()
    (folder / "old" / "scores.csv").write_text(SCORES.replace("25", "1"))
    text = "[patients]\n[assessments]\nquery = 'SELECT * FROM scores'\n"
    _, accepted, _ = imported(folder, tmp_path / "out", text=text)
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 26]  # the one that lies highest
    (folder / "scores.tsv").write_text(SCORES.replace(",", "\t"))
    with pytest.raises(SourceError, match=r"scores\.csv and scores\.tsv"):
        imported(folder, tmp_path / "out", text=text)


def test_rows_that_do_not_fit_the_header_are_refused_with_their_line(tmp_path: Path) -> None:
    odd = SCORES + 'K1,2010-01-03,MMSE,"27",30,x\n\nK1,2010-01-04\nK1,2010-01-05,MMSE,28,30\n'
    stored, accepted, refused = imported(extract(tmp_path / "in", assessments=odd), tmp_path / "out")
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 26, 28]
    assert refused == [(4, "ragged-row"), (6, "ragged-row")]
    assert {row["number"] for row in accepted["assessments"]} == {2, 3, 7}
    nothing_lost(stored, accepted, refused)


def test_texts_of_a_million_letters_with_line_breaks_are_one_row(tmp_path: Path) -> None:
    long = 'line one\nline ""two""\r\n' * 50_000
    head = "hospital_number,date,kind,text\n"
    notes = f'{head}K1,2010-01-01,progress note,"{long}"\nK2,2010-01-02,progress note,short\nK9,2010-01-02,letter,x\n'
    _, accepted, refused = imported(extract(tmp_path / "in", notes=notes), tmp_path / "out")
    length = len(long.replace('""', '"'))
    assert sorted(row["characters"] for row in accepted["notes"]) == [5, length]
    assert refused == [(2 + 2 * 50_000 + 2, "nobody-has-this-hospital-number")]


@pytest.mark.parametrize(
    "word", [".", "-", "--", "?", "NA", "NULL", "\\N", "N/A", "#N/A", "nan", "None", "(null)", " ", "\u00a0"]
)
def test_words_for_nothing_are_nothing(word: str, tmp_path: Path) -> None:
    rows = f"hospital_number,date,code,role,end_date\nK1,2010-01-01,F20,{word},{word}\nK1,{word},F20,primary,\n"
    _, accepted, refused = imported(extract(tmp_path / "in", diagnoses=rows), tmp_path / "out")
    assert [(row["role"], row["end_date"], row["repairs"]) for row in accepted["diagnoses"]] == [("unknown", None, "")]
    assert refused == [(3, "no-date")]


def test_somebody_may_be_called_null(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", patients=HEAD + "K1,NULL,None,Null,1950-03-02,female\n")
    people = imported(folder, tmp_path / "out")[0].people
    assert people
    person = people.entrants[0].person
    assert (person.given_name.reveal("test"), person.family_name.reveal("test")) == ("None", "Null")
    assert not person.nhs_number


def test_days_of_spreadsheets_are_understood_and_noted(tmp_path: Path) -> None:
    rows = "hospital_number,date,code\nK1,43831,F20\n"
    _, accepted, _ = imported(extract(tmp_path / "in", diagnoses=rows), tmp_path / "out")
    assert [(row["diagnosis_date"], row["repairs"]) for row in accepted["diagnoses"]] == [
        (date(2020, 1, 1), "excel-date")
    ]


BROKEN = [
    ("a,a,hospital_number\n", "names the column `a` twice"),
    ("", "has no header"),
    ('hospital_number,date,name,score,out_of\nK1,2010-01-01,"MMSE,25,30\nK2,2010-01-02,MMSE,26,30\n', "not closed"),
    ('hospital_number,date,name,score,out_of\nK1,2010-01-01,"MM"SE,25,30\n', "near line 2.*not doubled"),
    ("hospital_numbr,date,name,score,out_of\nK1,2010-01-01,MMSE,25,30\n", "no column `hospital_number`"),
    ("hospital_number,date,name,out_of\nK1,2010-01-01,MMSE,30\n", "no column `score`"),
    (b"hospital_number,date,name,score,out_of\nK1,2010-01-01,\x81MMSE\xff,25,30\n", "in no encoding"),
]


PACKED = gzip.compress(SCORES.encode() * 2000)
UNFIT = {
    "assessments.csv.gz": [(b"hospital_number", "unpacked"), (PACKED[:-40], "unpacked"), (PACKED[:40] * 3, "unpacked")],
    "assessments.jsonl.gz": [(PACKED[:-40], "unpacked")],
    "assessments.jsonl": [
        (b'[1]\n{"hospital_number": "K1", "\\ud800": 1}\n', "no column"),
        (b"\xff\xfe{}", "cannot be read"),
    ],
}
UNFIT_CASES = [(name, content, says) for name, cases in UNFIT.items() for content, says in cases]


@pytest.mark.parametrize(("name", "content", "says"), UNFIT_CASES)
def test_a_damaged_file_is_told_and_not_taken_for_an_empty_one(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    folder = extract(tmp_path / "in")
    (folder / name).write_bytes(content)
    with pytest.raises(SourceError, match=f"{name} .*{says}"):
        imported(folder, tmp_path / "out")


def test_a_link_to_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in")
    (folder / "assessments.csv").symlink_to(folder / "unmounted.csv")
    with pytest.raises(SourceError, match="link to a file that is not there"):
        imported(folder, tmp_path / "out")


def test_a_column_that_parquet_has_twice_is_told(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in")
    names = ["hospital_number", "date", "name", "score", "score"]
    columns = [pa.array([text]) for text in ("K1", "2010-01-01", "MMSE", "25", "24")]
    parquet.write_table(pa.table(columns, names=names), folder / "assessments.parquet")
    with pytest.raises(SourceError, match="names the column `score` twice"):
        imported(folder, tmp_path / "out")


@pytest.mark.parametrize(("text", "says"), BROKEN, ids=[says for _, says in BROKEN])
def test_a_broken_file_is_refused_as_a_whole_and_the_error_teaches(
    text: str | bytes, says: str, tmp_path: Path
) -> None:
    folder = extract(tmp_path / "in", assessments=text)
    with pytest.raises(SourceError, match=says) as error:
        imported(folder, tmp_path / "out")
    assert "assessments.csv" in error.value.what
    assert error.value.advice
    assert not list((tmp_path / "out").glob("*.json")) or not list((tmp_path / "out").glob("manifest.json"))


def test_swapped_columns_are_told_by_the_check_and_refused_row_by_row(tmp_path: Path) -> None:
    swapped = "hospital_number,date,name,score,out_of\n" + "K1,MMSE,2010-01-01,25,30\n" * 5
    folder = extract(tmp_path / "in", assessments=swapped)
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert [reason for _, reason in refused] == ["not-a-date"] * 5
    nothing_lost(stored, accepted, refused)
    mapping = load_mapping("", folder)
    with open_source("ehr", mapping, Room(tmp_path / "check"), folder=folder) as source:
        told = check_source(source, Room(tmp_path / "check"), Rules(mapping, load_registry(), TODAY), 100)
    found = next(each for each in told if each.table == "assessments")
    assert found.counted.refused == {"not-a-date": 5}


def test_a_folder_without_patients_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no patients\.csv"):
        imported(tmp_path, tmp_path / "out")


def test_what_is_staged_holds_no_name_no_text_and_no_accession_number(tmp_path: Path) -> None:
    folder = extract(
        tmp_path / "in",
        notes='hospital_number,date,kind,text\nK1,2010-01-01,letter,"Dear Dr ,\nAnn Lee, 9434765919"\n',
        reports="hospital_number,date,kind,text,accession_number\nK1,2010-01-01,MRI report,Ann,ACC4711\n",
    )
    stored, accepted, _ = imported(folder, tmp_path / "out")
    assert [row["characters"] for row in accepted["notes"]] == [len("Dear Dr ,\nAnn Lee, 9434765919")]
    for path in (tmp_path / "out").rglob("*.parquet"):
        told = repr(parquet.read_table(path).to_pylist())
        assert not [word for word in ("Ann", "Lee", "9434765919", "ACC4711") if word in told], path
    assert not [word for word in ("Ann", "Lee", "9434765919", "K1", "1950") if word in repr(stored.people)]
    assert not [word for word in ("Ann", "Lee", "9434765919", "K1", "1950") if word in repr(stored)]
