"""The data dictionary says of every column what its declaration says."""

from __future__ import annotations

import csv
import io
import json

import pytest

from imagebank.catalogue import TABLES, dictionary_csv, dictionary_json, dictionary_markdown
from imagebank.core.columns import columns


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_a_line_with_its_meaning(table: str) -> None:
    page = dictionary_markdown().split(f"## {table}\n")[1].split("\n## ")[0]
    for each in columns(TABLES[table]):
        assert any(each.name in line and each.meaning in line for line in page.splitlines())


def test_csv_and_json_say_the_same() -> None:
    from_csv = list(csv.DictReader(io.StringIO(dictionary_csv())))
    from_json = [{name: str(value) for name, value in row.items()} for row in json.loads(dictionary_json())]
    assert from_csv == from_json
    assert len(from_csv) == sum(len(columns(record)) for record in TABLES.values())


def test_an_optional_column_is_marked() -> None:
    assert "| death_date | date? |" in dictionary_markdown()
    assert "| **patient** | text |" in dictionary_markdown()
