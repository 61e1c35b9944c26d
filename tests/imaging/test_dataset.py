"""The dataset's own files: derived from who has a converted session, never older than 90."""

from __future__ import annotations

import json
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from imagebank import __version__
from imagebank.core.files import FIRST_TIME, TIME_SPAN
from imagebank.core.layout import Layout
from imagebank.imaging import ConvertedSeries, Participant, Session, write_dataset_files
from imagebank.imaging.dataset import scans_path, scans_table
from imagebank.imaging.model import PlacedImage


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(root=tmp_path, vault=tmp_path / "vault")
    for patient, session in (("B", "02"), ("B", "01"), ("A", "01")):
        layout.bids_session(patient, session).mkdir(parents=True)
    return layout


PEOPLE = [Participant("B", "unknown", None), Participant("A", "male", 97.2), Participant("C", "female", 40.0)]
SESSIONS = [
    Session("B", "02", date(2021, 1, 2), 91.5, "k7"),
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
        "session_id\tacq_time\tage\tscanner",
        "ses-01\tn/a\tn/a\tn/a",
        "ses-02\t2021-01-02T00:00:00\t90\tk7",
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
    told = {each["Name"]: each["Version"] for each in raw["GeneratedBy"]}
    assert told == {"imagebank": __version__, "dcm2niix": version("dcm2niix")}


def test_the_table_of_images_tells_moved_times_quality_and_notes(layout: Layout) -> None:
    here = layout.relative(layout.bids_session("A", "01"))
    images = (
        PlacedImage(f"{here}/anat/sub-A_ses-01_run-01_T2w.nii.gz", "s2", "T2w", "", 360.4, ("gantry-tilt",)),
        PlacedImage(f"{here}/anat/sub-A_ses-01_run-01_T1w.nii.gz", "s1", "T1w", "", 12.0),
        PlacedImage("bids/derivatives/unsorted/sub-A/ses-01/x.nii.gz", "s3", "localizer", "localizer", 0.0),
    )
    failed = (ConvertedSeries("s4", "failed", "corrupt-instance", ()),)
    session = Session("A", "01", date(2020, 5, 6), images=images, failed=failed)
    write_dataset_files(layout, PEOPLE, [session], quality={images[0].path: "caution"})
    assert scans_path(layout, session).read_text().splitlines() == [
        "filename\tacq_time\tseries\tsequence\tquality\tdefaced\tnotes",
        "anat/sub-A_ses-01_run-01_T1w.nii.gz\t2020-05-06T00:00:12\ts1\tT1w\tn/a\tno\tn/a",
        "anat/sub-A_ses-01_run-01_T2w.nii.gz\t2020-05-06T00:06:00\ts2\tT2w\tcaution\tno\tgantry-tilt",
    ]
    assert (layout.bids / "derivatives/unsorted/unsorted.tsv").read_text().splitlines() == [
        "participant_id\tsession_id\tfilename\tseries\tsequence\treason",
        "sub-A\tses-01\tn/a\ts4\tn/a\tcorrupt-instance",
        "sub-A\tses-01\tsub-A/ses-01/x.nii.gz\ts3\tlocalizer\tlocalizer",
    ]


def test_images_of_an_undated_study_have_no_time() -> None:
    image = PlacedImage("bids/sub-A/ses-01/anat/a_T1w.nii.gz", "s", "T1w", "", 5.0)
    assert "\tn/a\ts\t" in scans_table(Session("A", "01", None, images=(image,)), {})


def test_no_file_tells_when_it_was_written(layout: Layout) -> None:
    write_dataset_files(layout, PEOPLE, SESSIONS)
    times = {path: path.stat().st_mtime for path in layout.bids.rglob("*") if path.is_file()}
    assert all(time < FIRST_TIME + TIME_SPAN for time in times.values())


def test_every_column_of_a_table_is_explained_beside_it(layout: Layout) -> None:
    write_dataset_files(layout, PEOPLE, [Session("B", "02", None)])
    unsorted = layout.bids / "derivatives/unsorted"
    pairs = [
        (layout.bids / "participants.tsv", layout.bids / "participants.json"),
        (layout.bids / "sub-B/sub-B_sessions.tsv", layout.bids / "sessions.json"),
        (layout.bids / "sub-B/ses-02/sub-B_ses-02_scans.tsv", layout.bids / "scans.json"),
        (unsorted / "unsorted.tsv", unsorted / "unsorted.json"),
    ]
    for told, explained in pairs:
        assert set(told.read_text().splitlines()[0].split("\t")) == set(json.loads(explained.read_text()))
