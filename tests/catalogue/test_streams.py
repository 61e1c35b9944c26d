"""A table as a stream is the table as a list, byte for byte; and a stream is checked as rows are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.catalogue import BadRow, current_version, publish, store, streams
from imagebank.catalogue.events import Biomarker
from imagebank.catalogue.store import schema_of, sorted_rows, write_table
from imagebank.catalogue.streams import Stream, write_stream
from imagebank.catalogue.tables import Patient
from imagebank.core.layout import Layout

NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.lists(
    st.builds(
        Biomarker,
        patient=st.sampled_from(["p1", "p2", "é"]),
        biomarker_date=st.none() | st.dates(),
        name=st.sampled_from(["CRP", "sodium"]),
        kind=st.just("blood"),
        value=NUMBERS,
        result=st.just(""),
        bound=st.sampled_from(["", "<", ">"]),
        unit=st.text(st.characters(codec="utf-8"), max_size=5),
        low=NUMBERS,
        high=NUMBERS,
        source=st.just("ehr"),
        origin=st.just("structured"),
        application=st.just(""),
        imported=st.just("import"),
        repairs=st.just(""),
    ),
    max_size=40,
)
KNOWN = {"patient": {"p1", "p2", "é"}}
ONE = Biomarker("p1", None, "CRP", "blood", 1.0, "", "", "mg/L", None, None, "ehr", "structured", "", "import", "")


def stream(rows: list[Any], sizes: int = 7) -> Stream:
    """The rows in the order of the table, in batches of some size."""
    names = [each.name for each in schema_of(Biomarker)]

    def batches() -> Iterator[Any]:
        for start in range(0, len(rows), sizes):
            part = rows[start : start + sizes]
            yield pa.table({name: [getattr(row, name) for row in part] for name in names}, schema=schema_of(Biomarker))

    return Stream(batches)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 12), st.integers(1, 9))
def test_a_stream_and_a_list_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Biomarker], sizes: int, group: int
) -> None:
    folder = tmp_path_factory.mktemp("streams")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "ROW_GROUP_ROWS", group)
        patch.setattr(streams, "ROW_GROUP_ROWS", group)
        write_table(folder / "a.parquet", Biomarker, rows)
        ordered = sorted_rows("a", Biomarker, rows)
        assert write_stream(folder / "b.parquet", Biomarker, stream(ordered, sizes), KNOWN) == len(rows)
    assert (folder / "a.parquet").read_bytes() == (folder / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bound": "~"}, "column bound: a value is none of"),
        ({"value": float("nan")}, "column value: a value is no float"),
        ({"patient": "p3"}, "column patient: a row names a patient that its own table does not have"),
        ({"source": None}, "column source: a value is missing"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_without_its_value(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    row = Biomarker(**{**vars(ONE), **change})
    schema = pa.schema([pa.field(each.name, each.type) for each in schema_of(Biomarker)])
    batch = pa.table({name: [getattr(row, name)] for name in schema.names}, schema=schema)
    with pytest.raises(BadRow, match=f"(?s){says}"):
        write_stream(tmp_path / "biomarkers.parquet", Biomarker, Stream(lambda: iter([batch])), KNOWN)
    assert not list(tmp_path.iterdir())


def test_a_snapshot_takes_streams_and_stays_the_same_version(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "bank", tmp_path / "vault")
    patient = Patient("p1", "female", 1950, "A", "White", "nhs-2001", 3, "IoD2019", None, date(2020, 1, 1), "ehr")
    rows = [ONE, *(Biomarker(**{**vars(ONE), "value": float(random.Random(k).random())}) for k in range(5))]
    version = publish(layout, {"patients": [patient], "biomarkers": rows}, {})
    ordered = sorted_rows("biomarkers", Biomarker, rows)
    assert publish(layout, {"patients": [patient], "biomarkers": stream(ordered)}, {}) == version
    assert current_version(layout) == version
