"""The folder of answers: declared, streamed, deterministic, and everything in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from sample_book import PEOPLE, write_book
from sample_people import documented

from imagebank.core.errors import SourceError
from imagebank.synthetic.extracts import Habits, export
from imagebank.synthetic.truth import (
    AnswersWriter,
    answer_tables,
    answers_of_person,
    read_answers,
    read_table,
    series_answer,
)
from imagebank.synthetic.truth.book import readme
from imagebank.synthetic.visits import Ordered

VISIT = next(person for person in PEOPLE if person.visits).visits[0]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("book"))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_every_table_has_its_file_with_the_declared_schema_and_meanings(book: Path) -> None:
    assert {path.stem for path in book.glob("*.parquet")} == {table.name for table in answer_tables()}
    for table in answer_tables():
        schema = parquet.read_schema(book / f"{table.name}.parquet")
        assert schema.equals(table.schema, check_metadata=False)
        assert schema.metadata[b"meaning"].decode() == table.meaning
        assert all(schema.field(each.name).metadata[b"meaning"].decode() == each.meaning for each in table.columns)
        assert read_table(book, table.name).num_rows > 0, table.name


def test_keys_name_one_row(book: Path) -> None:
    for table in answer_tables():
        keys = [column.name for column in table.columns if column.need == "key"]
        rows = [tuple(row[key] for key in keys) for row in read_answers(book, table.name)]
        assert not keys or len(rows) == len(set(rows)), table.name


def test_the_same_hospital_gives_the_same_bytes_and_another_seed_other_ones(tmp_path: Path, book: Path) -> None:
    assert digests(write_book(tmp_path / "again")) == digests(book)
    other = digests(write_book(tmp_path / "other", seed=2))
    assert {name for name, digest in digests(book).items() if other[name] != digest} == {
        "rates.parquet",
        "manifest.json",
    }


def test_answers_follow_the_rates_that_were_asked_for(tmp_path: Path, book: Path) -> None:
    def rate(folder: Path, kind: str) -> tuple[int, int, float]:
        row = next(each for each in read_answers(folder, "rates") if each["kind"] == kind)
        return row["planted"], row["of"], row["configured"]

    never = write_book(tmp_path / "never", habits=Habits(0, 0, 0, 0, 0, 0))
    always = write_book(tmp_path / "always", habits=Habits(0, 1, 0, 0, 0, 1))
    planted, of, configured = rate(always, "code in small letters")
    assert (planted, configured) == (of, 1)
    assert rate(never, "code in small letters") == (0, of, 0)
    assert rate(always, "diagnosis filed under another number")[0] > 0
    assert 0 < rate(book, "code in small letters")[0] < of
    assert rate(book, "never planted") == (0, sum(bool(each.recorded) for each in PEOPLE), 0.25)


def test_row_groups_leave_memory_and_hold_the_same_rows(tmp_path: Path, book: Path) -> None:
    small = write_book(tmp_path / "small", rows_at_once=16)
    assert parquet.read_metadata(small / "files.parquet").num_row_groups > 10
    for table in answer_tables():
        assert read_table(small, table.name).equals(read_table(book, table.name))


def test_files_of_a_series_are_counted(book: Path) -> None:
    rows = read_answers(book, "series")
    numbers = {each.uid: each.number for person in PEOPLE for visit in person.visits for each in visit.series}
    assert {row["series_uid"]: row["files"] for row in rows} == numbers
    assert [row["series_uid"] for row in rows] == sorted(numbers)


def test_the_first_answer_for_a_study_and_a_series_counts(tmp_path: Path) -> None:
    person = next(each for each in PEOPLE if each.visits)
    visit = person.visits[0]
    with AnswersWriter(tmp_path) as book:
        for maker in ("first", "second"):
            book.add_all(answers_of_person(person))
            book.add(series_answer(person, visit, visit.series[0], manufacturer=maker, plane="axial"))
    assert [row["manufacturer"] for row in read_answers(tmp_path, "series")] == ["first"]
    assert len(read_answers(tmp_path, "links")) == len(person.visits)


def test_columns_that_judges_rely_on_keep_their_names(book: Path) -> None:
    wanted = {
        "links": {"study_uid", "hospital_number", "linkable", "trap"},
        "series": {"series_uid", "study_uid", "sequence", "files", "manufacturer", "expected"},
        "files": {"path", "expected", "reason", "series_uid"},
        "identifiers": {"value", "kind", "hospital_number", "place"},
    }
    for name, columns in wanted.items():
        assert columns <= set(read_table(book, name).column_names)
    assert {row["linkable"] for row in read_answers(book, "links")} == {"yes", "no"}


def test_an_empty_text_is_read_as_an_empty_text(book: Path) -> None:
    assert {row["reason"] for row in read_answers(book, "files")} == {""}
    assert {row["hospital_number"] for row in read_answers(book, "links")} >= {""}


def test_identifiers_of_records_stand_where_they_are_said_to_stand(book: Path) -> None:
    texts: dict[str, list[str]] = {}

    def watch(person, notes, records) -> None:  # type: ignore[no-untyped-def]
        for place in {row["place"] for row in read_answers(book, "identifiers")}:
            table, column = place.removeprefix("records/").split(".csv:")
            texts.setdefault(place, []).extend(str(getattr(row, column)) for row in getattr(records, table))

    export(documented(PEOPLE), [], seed=1, watch=watch)
    rows = read_answers(book, "identifiers")
    assert len(rows) > 1000
    assert [row for row in rows if not any(row["value"] in text for text in texts[row["place"]])] == []
    assert min(len(row["value"]) for row in rows if row["value"].isascii()) >= 5
    assert {row["person_key"] for row in rows if row["kind"] == "staff"} == {""}
    assert "records/notes.csv:text" in texts


def test_the_page_of_the_folder_explains_every_column_and_defines_every_question(book: Path) -> None:
    page = (book / "README.md").read_text("utf-8")
    assert page == readme()
    for table in answer_tables():
        assert f"### {table.name}\n" in page
        assert all(f"| `{column.name}` |" in page and column.meaning for column in table.columns)
    assert page.count("Counts: ") == 10


def test_the_manifest_counts_rows(book: Path) -> None:
    told = json.loads((book / "manifest.json").read_text())
    assert told["seed"] == 1
    assert told["rows"] == {table.name: read_table(book, table.name).num_rows for table in answer_tables()}


def test_a_book_that_was_broken_off_has_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(KeyError), AnswersWriter(tmp_path) as book:
        book.add(series_answer(PEOPLE[0], VISIT, Ordered("1.2", 1, "no such kind"), manufacturer="", plane=""))
    assert not (tmp_path / "manifest.json").exists()


def test_asking_for_answers_that_are_not_there_says_what_to_try(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_answers(tmp_path, "links")
    assert "answers" in caught.value.advice
    with pytest.raises(SourceError) as caught:
        read_answers(tmp_path, "everything")
    assert "links" in caught.value.advice
