"""OMOP CDM 5.4: tables, columns, types and required fields as the standard's own list has them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from sample_people import documented, sample_people

from imagebank.synthetic.extracts import ParquetFolder, export, omop_form
from imagebank.synthetic.extracts.concepts import concept_ids, concept_rows

RELEASED = date(2023, 6, 1)
STANDARD = Path(__file__).resolve().parents[3] / "shared" / "standards" / "OMOP_CDMv5.4_Field_Level.csv"
TYPES = {"integer": "whole", "float": "number", "date": "date", "datetime": "datetime"}


def standard_columns(table: str) -> Iterator[tuple[str, str, str]]:
    """Name, type and need of each column, in the standard's order."""
    if not STANDARD.is_file():
        pytest.skip("the standard's list of fields is not beside the repository")
    with open(STANDARD, encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            if row["cdmTableName"] == table:
                kind = row["cdmDatatype"].lower().replace("varchar(max)", "text").replace("varchar", "text")
                need = (
                    "key" if row["isPrimaryKey"] == "Yes" else "required" if row["isRequired"] == "Yes" else "optional"
                )
                yield row["cdmFieldName"], TYPES.get(kind, kind), need


@pytest.mark.parametrize("table", omop_form(RELEASED).tables, ids=lambda table: table.name)
def test_a_table_has_the_columns_types_and_required_fields_of_the_standard(table: object) -> None:
    declared = [(each.name, each.type, each.need) for each in table.columns]  # type: ignore[attr-defined]
    assert declared == list(standard_columns(table.name))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    folder = tmp_path_factory.mktemp("omop")
    export(documented(sample_people(80)), [(omop_form(RELEASED), ParquetFolder(folder))], seed=1, people_at_once=30)
    return {path.stem: parquet.read_table(path) for path in folder.glob("*.parquet")}


def test_required_fields_are_never_empty_and_texts_fit(written: dict[str, pa.Table]) -> None:
    for table in omop_form(RELEASED).tables:
        rows = written[table.name]
        assert rows.num_rows, table.name
        for column in table.columns:
            values = rows.column(column.name).to_pylist()
            assert column.need == "optional" or None not in values, f"{table.name}.{column.name}"
            if column.length:
                assert max((len(each) for each in values if each), default=0) <= column.length


def test_keys_are_unique_and_references_lead_to_rows(written: dict[str, pa.Table]) -> None:
    for table in omop_form(RELEASED).tables:
        for column in table.columns:
            values = [each for each in written[table.name].column(column.name).to_pylist() if each is not None]
            if column.need == "key":
                assert len(values) == len(set(values))
            if column.refers:
                there, name = column.refers.split(".")
                assert set(values) <= set(written[there].column(name).to_pylist())


def test_only_used_concepts_are_written_and_zero_says_that_none_is_known(written: dict[str, pa.Table]) -> None:
    ids = written["concept"].column("concept_id").to_pylist()
    used = {
        each
        for name, rows in written.items()
        for column in rows.column_names
        if column.endswith("concept_id") and name != "concept"
        for each in rows.column(column).to_pylist()
    }
    assert set(ids) == used - {None}
    assert 0 in ids
    assert set(ids) <= set(concept_rows())


def test_a_concept_has_one_name_however_often_it_is_listed() -> None:
    assert len(concept_ids()) > len(concept_rows())
    assert {concept_ids()["condition", code] for code in ("F00", "G30")} == {378419}
    for number, row in concept_rows().items():
        assert row[0] == number
        assert all(row[1:5])


def test_items_of_a_scale_name_their_score(written: dict[str, pa.Table]) -> None:
    rows = written["measurement"].to_pylist()
    scores = {row["measurement_id"]: row for row in rows}
    items = [row for row in rows if row["measurement_event_id"]]
    assert items
    for item in items:
        score = scores[item["measurement_event_id"]]
        assert item["measurement_source_value"].startswith(f"{score['measurement_source_value']} item ")
        assert (item["person_id"], item["measurement_date"]) == (score["person_id"], score["measurement_date"])


def test_events_lie_in_the_observation_period(written: dict[str, pa.Table]) -> None:
    periods = {row["person_id"]: row for row in written["observation_period"].to_pylist()}
    for row in written["condition_occurrence"].to_pylist():
        period = periods[row["person_id"]]
        first, last = period["observation_period_start_date"], period["observation_period_end_date"]
        assert first <= row["condition_start_date"] <= last


def test_an_open_end_is_the_day_of_the_release_or_death_and_its_verbatim_end_is_empty(
    written: dict[str, pa.Table],
) -> None:
    died = {row["person_id"]: row["death_date"] for row in written["death"].to_pylist()}
    drugs = written["drug_exposure"].to_pylist()
    still = [row for row in drugs if row["verbatim_end_date"] is None]
    assert {row["drug_exposure_end_date"] for row in still} == {RELEASED, *died.values()}
    assert all(row["drug_exposure_end_date"] <= died.get(row["person_id"], RELEASED) for row in still)
    assert all(row["drug_exposure_end_date"] == row["verbatim_end_date"] for row in drugs if row["verbatim_end_date"])
