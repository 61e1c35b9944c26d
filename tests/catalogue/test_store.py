"""A table file holds exactly what its record declares, in one order, and comes back as it went in."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.catalogue import BadRow, read_table, schema_of, write_table
from imagebank.core.columns import Risk, column
from imagebank.core.errors import BankError


@dataclass(frozen=True)
class Sample:
    """One of each kind of column."""

    name: str = column("Key.", key=True)
    kind: str = column("Kind.", values=("a", "b"))
    size: int = column("Size.", unit="mm", risk=Risk.NONE)
    weight: float | None = column("Weight.", unit="kg")
    day: date | None = column("Day.", risk=Risk.QUASI)
    paths: tuple[str, ...] = column("Paths.")
    fit: bool = column("Whether it fits.")


@dataclass(frozen=True)
class Event:
    """A record whose key has two columns."""

    patient: str = column("Key.", key=True)
    day: date | None = column("Key.", key=True)
    note: str = column("Text.")


GOOD = Sample("x", "a", 3, 1.5, date(2020, 2, 29), ("p", "q"), True)

rows = st.builds(
    Sample,
    name=st.text(st.characters(codec="utf-8"), min_size=1),
    kind=st.sampled_from("ab"),
    size=st.integers(-(2**63) + 1, 2**63 - 1),
    weight=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    day=st.none() | st.dates(),
    paths=st.lists(st.text(st.characters(codec="utf-8")), max_size=3).map(tuple),
    fit=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, unique_by=lambda row: row.name, max_size=8))
def test_rows_come_back_as_they_went_in(tmp_path_factory: pytest.TempPathFactory, given_rows: list[Sample]) -> None:
    path = tmp_path_factory.mktemp("table") / "samples.parquet"
    write_table(path, Sample, given_rows)
    assert read_table(path, Sample) == sorted(given_rows, key=lambda row: row.name)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.builds(Event, st.sampled_from("pq"), st.none() | st.dates(), st.sampled_from("xy")), max_size=9),
    st.randoms(),
)
def test_the_order_of_the_rows_does_not_change_a_byte(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], order: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("table")
    shuffled = order.sample(events, len(events))
    write_table(folder / "events.parquet", Event, events)
    write_table(folder / "again.parquet", Event, shuffled)
    assert (folder / "events.parquet").read_bytes() == (folder / "again.parquet").read_bytes()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", 7),
        ("name", "\ud800"),
        ("kind", "c"),
        ("size", 1.0),
        ("size", True),
        ("size", 2**63),
        ("weight", float("nan")),
        ("weight", "1"),
        ("day", datetime(2020, 1, 1)),
        ("day", "2020-01-01"),
        ("paths", ["p"]),
        ("paths", ("p", 1)),
        ("fit", 1),
    ],
)
def test_a_value_that_its_column_does_not_allow_is_refused_by_name(tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(BadRow, match=f"samples, column {field}") as caught:
        write_table(tmp_path / "samples.parquet", Sample, [replace(GOOD, **{field: value})])
    assert not list(tmp_path.iterdir())
    assert "column" in caught.value.what


def test_an_error_never_says_the_value(tmp_path: Path) -> None:
    with pytest.raises(BadRow) as caught:
        write_table(tmp_path / "samples.parquet", Sample, [replace(GOOD, kind="Jane Doe")])
    assert "Jane" not in caught.value.what + caught.value.advice


def test_two_rows_with_the_same_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRow, match="two rows with the same name"):
        write_table(tmp_path / "samples.parquet", Sample, [GOOD, replace(GOOD, size=4)])


def test_a_row_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRow, match="another kind"):
        write_table(tmp_path / "samples.parquet", Sample, [Event("p", None, "x")])


def test_a_file_of_another_declaration_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "samples.parquet", Sample, [GOOD])
    with pytest.raises(BankError, match="declares it differently"):
        read_table(tmp_path / "samples.parquet", Event)


def test_the_file_says_what_its_columns_mean(tmp_path: Path) -> None:
    write_table(tmp_path / "samples.parquet", Sample, [GOOD])
    field = parquet.read_schema(tmp_path / "samples.parquet").field("size")
    assert field.metadata[b"meaning"] == b"Size."
    assert field.metadata[b"unit"] == b"mm"
    assert field.metadata[b"risk"] == b"none"


def test_only_optional_columns_may_be_empty() -> None:
    assert [field.name for field in schema_of(Sample) if field.nullable] == ["weight", "day"]
