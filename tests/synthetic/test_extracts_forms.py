"""The same facts leave in every form: CSV, Parquet, SQLite, PostgreSQL, OMOP."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import sqlalchemy as sa
from sample_people import documented, sample_people

from imagebank.core.errors import SourceError
from imagebank.records.judging import Rules
from imagebank.records.mapping import load_mapping
from imagebank.records.registry import load_registry
from imagebank.records.sources import open_source
from imagebank.records.staging import Room, valid_file
from imagebank.records.store import Lookups, Stored, bring_up_to_date
from imagebank.synthetic.extracts import (
    CsvFolder,
    Database,
    Exported,
    ParquetFolder,
    cris_form,
    export,
    extracts_form,
    omop_form,
)
from postgres import Postgres, postgres

__all__ = ["postgres"]
RELEASED = date(2023, 6, 1)
PEOPLE = sample_people(120)
Facts = dict[str, Counter[tuple[Any, ...]]]


@dataclass(frozen=True)
class Places:
    """Where one export went, and what it told."""

    folder: Path
    told: Exported


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("extracts")
    targets = [
        (extracts_form(), CsvFolder(folder / "csv")),
        (extracts_form(), ParquetFolder(folder / "parquet")),
        (cris_form(), Database(f"sqlite:///{folder}/cris.db")),
        (omop_form(RELEASED), ParquetFolder(folder / "omop")),
        (omop_form(RELEASED), CsvFolder(folder / "omop-csv")),
        (omop_form(RELEASED), Database(f"sqlite:///{folder}/omop.db")),
    ]
    return Places(folder, export(documented(PEOPLE), targets, seed=1, people_at_once=50))


def plain(value: Any) -> Any:
    """A value as every form can hold it."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return float(value) if isinstance(value, int | float) else value


def facts_of(patients: Any, diagnoses: Any, assessments: Any) -> Facts:
    """Patients, diagnoses and assessments, each as often as it is there."""
    told = {"patients": patients, "diagnoses": diagnoses, "assessments": assessments}
    return {name: Counter(tuple(map(plain, row)) for row in rows) for name, rows in told.items()}


def facts_in_csv(folder: Path) -> Facts:
    tables = {}
    for name in ("patients", "diagnoses", "assessments"):
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    number = lambda text: float(text) if text else None  # noqa: E731
    return facts_of(
        [
            (r["hospital_number"], r["birth_date"], r["sex"], r["ethnic_category"], r["postcode"])
            for r in tables["patients"]
        ],
        [(r["hospital_number"], r["date"], r["code"], r["role"], r["end_date"]) for r in tables["diagnoses"]],
        [
            (r["hospital_number"], r["date"], r["name"], number(r["score"]), number(r["out_of"]))
            for r in tables["assessments"]
        ],
    )


def facts_in_parquet(folder: Path) -> Facts:
    def rows(name: str, *columns: str) -> list[tuple[Any, ...]]:
        table = parquet.read_table(folder / f"{name}.parquet", columns=list(columns))
        return [tuple(row[column] for column in columns) for row in table.to_pylist()]

    return facts_of(
        rows("patients", "hospital_number", "birth_date", "sex", "ethnic_category", "postcode"),
        rows("diagnoses", "hospital_number", "date", "code", "role", "end_date"),
        rows("assessments", "hospital_number", "date", "name", "score", "out_of"),
    )


CRIS = (
    "SELECT hospital_number, date_of_birth, gender, ethnicity, current_postcode FROM patient",
    "SELECT hospital_number, diagnosis_date, code, role, end_date FROM diagnosis JOIN patient USING (brcid) "
    "WHERE NOT invalid_flag",
    "SELECT hospital_number, assessment_date, form, total, total_out_of FROM assessment JOIN patient USING (brcid)",
)
OMOP = (
    "SELECT person_source_value, CASE WHEN month_of_birth IS NULL THEN NULL ELSE "
    "year_of_birth || '-' || substr('0' || month_of_birth, -2) || '-' || substr('0' || day_of_birth, -2) END, "
    "gender_source_value, race_source_value, zip FROM person JOIN location USING (location_id)",
    "SELECT person_source_value, condition_start_date, condition_source_value, condition_status_source_value, "
    "condition_end_date FROM condition_occurrence JOIN person USING (person_id)",
    "SELECT person_source_value, measurement_date, measurement_source_value, value_as_number, range_high "
    "FROM measurement JOIN person USING (person_id) WHERE measurement_event_id IS NULL AND unit_source_value IS NULL",
)


def facts_in_database(url: str, questions: tuple[str, str, str]) -> Facts:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        patients, diagnoses, assessments = (connection.exec_driver_sql(each).all() for each in questions)
    engine.dispose()
    return facts_of(patients, diagnoses, assessments)


def test_every_form_holds_the_same_patients_diagnoses_and_assessments(places: Places) -> None:
    told = facts_in_csv(places.folder / "csv")
    assert all(len(rows) > 100 for rows in told.values())
    assert facts_in_parquet(places.folder / "parquet") == told
    assert facts_in_database(f"sqlite:///{places.folder}/cris.db", CRIS) == told
    assert facts_in_database(f"sqlite:///{places.folder}/omop.db", OMOP) == told


def test_postgresql_holds_what_the_files_hold_and_its_keys_are_in_force(places: Places, postgres: Postgres) -> None:
    url = postgres.new_database()
    told = export(documented(PEOPLE), [(cris_form(), Database(url))], seed=1)
    assert facts_in_database(url, CRIS) == facts_in_csv(places.folder / "csv")
    assert told.rows["cris"] == places.told.rows["cris"]
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        texts = connection.exec_driver_sql("SELECT comments FROM event ORDER BY event_id").scalars().all()
        with pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql("INSERT INTO opt_out VALUES (900000, 1, 'local', '2020-01-01')")
    tables = reflected(engine).sorted_tables
    foreign = {table.name: len(table.foreign_keys) for table in tables}
    engine.dispose()
    assert foreign["merged_patient"] == 2
    assert all(count or name == "patient" for name, count in foreign.items())
    assert all(table.comment and all(column.comment for column in table.columns) for table in tables)
    assert texts == parquet.read_table(places.folder / "parquet" / "notes.parquet").column("text").to_pylist()[::2]


def test_omop_goes_into_postgresql_with_all_its_keys(postgres: Postgres) -> None:
    url = postgres.new_database()
    export(documented(PEOPLE[:30]), [(omop_form(RELEASED), Database(url))], seed=1)
    engine = sa.create_engine(url)
    metadata = reflected(engine)
    with engine.connect() as connection:
        version = connection.execute(sa.select(metadata.tables["cdm_source"].c.cdm_version)).scalar()
    engine.dispose()
    assert version == "5.4"
    assert {key.column.table.name for key in metadata.tables["measurement"].foreign_keys} == {
        "person",
        "concept",
        "provider",
        "visit_occurrence",
    }


def reflected(engine: sa.Engine) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(engine)
    return metadata


@pytest.mark.parametrize("database", ["cris.db", "omop.db"])
def test_every_foreign_key_leads_to_a_row(places: Places, database: str) -> None:
    engine = sa.create_engine(f"sqlite:///{places.folder}/{database}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()


def test_counts_told_are_the_rows_written(places: Places) -> None:
    for form, folder in (("extracts", "parquet"), ("omop", "omop")):
        written = {
            path.stem: parquet.read_metadata(path).num_rows for path in (places.folder / folder).glob("*.parquet")
        }
        assert {name: places.told.rows[form][name] for name in written} == written
        assert set(places.told.rows[form]) == set(written)


def test_the_bank_reads_the_csv_unchanged(places: Places, tmp_path: Path) -> None:
    """Only what has no score or one above its highest is refused, and that is planted."""
    mapping, room = load_mapping("", tmp_path), Room(tmp_path / "staged")
    with open_source("pretend", mapping, room, folder=places.folder / "csv") as source:
        rules = Rules(mapping, load_registry(), RELEASED)
        stored = bring_up_to_date(source, room, rules, Lookups(), people_known="")
    scores = [score for person in PEOPLE if person.recorded for score in person.course.assessments]
    refused = sum((Counter(piece.counted.refused) for piece in stored.pieces), Counter())
    assert refused == {
        "no-score": sum(each.score is None for each in scores),
        "impossible-score": sum(each.score == 31 for each in scores),
    }
    assert min(refused.values()) > 0
    assert stored.people
    assert stored.people.refused == ()
    assert len(stored.people.entrants) == sum(len(person.recorded) for person in PEOPLE)
    assert {wish.kind for wish in stored.people.opt_outs} == {"national", "local", "gp-type-1"}
    codes = Counter(row["code"] for row in staged(stored, "diagnoses"))
    kept = [each for p in PEOPLE if p.recorded for each in p.course.diagnoses if each.status != "withdrawn"]
    assert codes == Counter(each.code for each in kept)
    assert len(staged(stored, "notes")) == sum(2 for person in PEOPLE if person.recorded)


def staged(stored: Stored, table: str) -> list[dict[str, Any]]:
    """The valid rows of a table of events."""
    keys = [piece.key for piece in stored.pieces if piece.target == table]
    return [row for key in keys for row in parquet.read_table(valid_file(stored.folder / key)).to_pylist()]


def test_a_database_with_such_tables_is_refused(places: Places) -> None:
    with pytest.raises(SourceError, match="already has tables"):
        export([], [(cris_form(), Database(f"sqlite:///{places.folder}/cris.db"))], seed=1)


@pytest.mark.parametrize("url", ["duckdb:///:memory:", "postgresql+psycopg://u:hush@127.0.0.1:1/x", "nonsense"])
def test_a_database_that_cannot_be_used_is_an_error_without_the_password(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        Database(url)
    assert "hush" not in caught.value.what + caught.value.advice


def test_a_failed_export_leaves_no_rows_in_the_database(tmp_path: Path) -> None:
    def broken() -> Any:
        yield from documented(PEOPLE[:3])
        raise RuntimeError("the stream broke")

    url = f"sqlite:///{tmp_path}/cris.db"
    with pytest.raises(RuntimeError):
        export(broken(), [(cris_form(), Database(url))], seed=1, people_at_once=1)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        left = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        assert sum(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() or 0 for name in left) == 0
    engine.dispose()
