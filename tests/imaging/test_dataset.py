"""The dataset's own files: derived from who has a converted session, never older than 90."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from imagebank.core.layout import Layout
from imagebank.imaging import Participant, Session, write_dataset_files


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(root=tmp_path, vault=tmp_path / "vault")
    for patient, session in (("B", "02"), ("B", "01"), ("A", "01")):
        layout.bids_session(patient, session).mkdir(parents=True)
    return layout


PEOPLE = [Participant("B", "unknown", None), Participant("A", "male", 97.2), Participant("C", "female", 40.0)]
SESSIONS = [
    Session("B", "02", date(2021, 1, 2)),
    Session("B", "01", None),
    Session("A", "01", date(2020, 5, 6)),
    Session("C", "01", date(2020, 5, 6)),
]


def test_only_people_with_a_converted_session_are_listed_and_ages_are_capped(layout: Layout) -> None:
    write_dataset_files(layout, PEOPLE, SESSIONS)
    assert (layout.bids / "participants.tsv").read_text().splitlines() == [
        "participant_id\tsex\tage",
        "sub-A\tmale\t90",
        "sub-B\tn/a\tn/a",
    ]
    assert (layout.bids / "sub-B/sub-B_sessions.tsv").read_text().splitlines() == [
        "session_id\tacq_time",
        "ses-01\tn/a",
        "ses-02\t2021-01-02T00:00:00",
    ]
    assert not (layout.bids / "sub-C").exists()


def test_the_files_do_not_depend_on_the_order_of_people(layout: Layout) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in layout.bids.rglob("*") if path.is_file()}

    write_dataset_files(layout, PEOPLE, SESSIONS)
    before = files()
    write_dataset_files(layout, PEOPLE[::-1], SESSIONS[::-1])
    assert files() == before


def test_both_datasets_say_what_they_are(layout: Layout) -> None:
    write_dataset_files(layout, PEOPLE, SESSIONS, name="Test bank")
    raw = json.loads((layout.bids / "dataset_description.json").read_text())
    derived = json.loads((layout.bids / "derivatives/unsorted/dataset_description.json").read_text())
    assert (raw["Name"], raw["DatasetType"], derived["DatasetType"]) == ("Test bank", "raw", "derivative")
    assert raw["GeneratedBy"][0]["Name"] == "imagebank"
