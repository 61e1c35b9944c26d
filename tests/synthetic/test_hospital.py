"""Images, records and answers of the pretend hospital agree with each other."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from imagebank.core.errors import SourceError
from imagebank.synthetic import Hospital, Rates, build_hospital, read_answers
from imagebank.synthetic.register import is_nhs_number
from imagebank.synthetic.truth import UNDETECTABLE

ODD_HEADERS = {"zero bytes", "truncated in the header", "not dicom", "compressed file"}
BUILD = """
import pathlib, sys, imagebank.synthetic as hospital
if __name__ == "__main__":
    hospital.build_hospital(pathlib.Path(sys.argv[1]), patients=3, size="tiny", workers=2)
"""


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def records(hospital: Hospital, name: str) -> list[dict[str, str]]:
    with open(hospital.records / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_and_size_give_the_same_bytes_by_other_processes(hospital: Hospital, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    script, again = tmp_path / "build.py", tmp_path / "again"
    script.write_text(BUILD)
    subprocess.run([sys.executable, script, again], check=True, env=environment, timeout=300)
    assert digests(again) == digests(hospital.folder)


def test_people_stay_the_same_in_a_larger_hospital_and_differ_by_seed(tmp_path: Path) -> None:
    small, larger, other = (
        digests(build_hospital(tmp_path / name, patients=size, seed=seed, trouble=False, size="tiny").images)
        for name, size, seed in (("small", 2, 1), ("larger", 4, 1), ("other", 2, 2))
    )
    assert len(small) > 40
    assert small.items() <= larger.items()
    assert not other.keys() & small.keys()


def test_without_trouble_and_errors_everything_is_banked(tmp_path: Path) -> None:
    clean = build_hospital(tmp_path / "clean", patients=8, trouble=False, size="tiny", rates=Rates.none())
    ordinary = {row["expected"] for row in read_answers(clean.answers, "series") if row["kind"] not in _shown()}
    assert ordinary == {"banked"}
    assert {row["linkable"] for row in read_answers(clean.answers, "links")} == {"yes"}


def _shown() -> set[str]:
    """What the first people's first visits show on purpose; there, the double echo has burned-in text."""
    return {"screenshot", "dose-report", "spine", "knee", "phantom", "presentation-state", "PD+T2"}


def test_a_used_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("here")
    with pytest.raises(SourceError):
        build_hospital(tmp_path, patients=1)


@pytest.mark.parametrize("design", [{"patients": 0}, {"patients": 12_548}, {"size": "huge"}, {"forms": ("xml",)}])
def test_a_hospital_that_cannot_be_is_refused(tmp_path: Path, design: dict[str, Any]) -> None:
    with pytest.raises(SourceError):
        build_hospital(tmp_path / "h", **design)
    assert not (tmp_path / "h").exists()


def test_phantoms_of_every_day_can_be_written(tmp_path: Path) -> None:
    """Whatever is planted in turns must not ask a phantom for the images of a brain."""
    rates = Rates.none().having(phantom=1.0)
    made = build_hospital(tmp_path / "h", patients=12, size="tiny", rates=rates)
    phantoms = [row for row in read_answers(made.answers, "series") if row["kind"] == "phantom"]
    assert len(phantoms) >= 8
    assert {row["expected"] for row in phantoms} == {"unlinked"}


def test_progress_counts_to_the_last_person(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    build_hospital(tmp_path / "h", patients=2, images=False, progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][0] == told[-1][1]


def test_records_without_images_are_those_with_images(hospital: Hospital, tmp_path: Path) -> None:
    """Only the volumes that were painted, and what stands in files, need the images."""
    bare = build_hospital(tmp_path / "bare", patients=3, size="tiny", images=False)
    assert digests(bare.records) == digests(hospital.records)
    for name in ("people", "registrations", "spans", "survival", "questions", "subtypes"):
        assert read_answers(bare.answers, name) == read_answers(hospital.answers, name)
    planned = read_answers(bare.answers, "links")
    studies = {row["study_uid"] for row in planned}
    assert planned == [row for row in read_answers(hospital.answers, "links") if row["study_uid"] in studies]


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_answers_follow_the_seed_and_the_rates(tmp_path: Path, rate: float) -> None:
    rates = Rates().having(missing_nhs=rate, mistyped_nhs=0, test_nhs=0, moves=rate)
    made = build_hospital(tmp_path / "h", patients=60, seed=11, images=False, trouble=False, rates=rates)
    planted = {(row["kind"], row["unit"]): row for row in read_answers(made.answers, "rates")}
    told = planted["missing nhs number", "person"]
    patients = records(made, "patients")
    current = {row["hospital_number"] for row in read_answers(made.answers, "people")}
    missing = [row for row in patients if not row["nhs_number"] and row["hospital_number"] in current]
    assert told["configured"] == rate
    assert told["planted"] == len(missing)
    assert abs(told["planted"] / told["of"] - rate) < 0.12
    addresses = Counter(row["hospital_number"] for row in records(made, "addresses"))
    assert bool([number for number, homes in addresses.items() if homes > 1]) is bool(rate)


def test_every_file_on_disk_has_one_answer(hospital: Hospital) -> None:
    answered = [row["path"] for row in read_answers(hospital.answers, "files")]
    on_disk = {path.relative_to(hospital.images).as_posix() for path in hospital.images.rglob("*") if path.is_file()}
    assert len(answered) == len(set(answered))
    assert set(answered) == on_disk


def test_series_links_and_manifest_agree_with_the_files(hospital: Hospital) -> None:
    files = read_answers(hospital.answers, "files")
    series = read_answers(hospital.answers, "series")
    links = read_answers(hospital.answers, "links")
    manifest = json.loads((hospital.answers / "manifest.json").read_text())
    counted = Counter(row["series_uid"] for row in files if row["series_uid"])
    assert {row["series_uid"]: row["files"] for row in series} == counted
    assert {row["study_uid"] for row in series} <= {row["study_uid"] for row in links}
    assert manifest["rows"]["files"] == len(files)
    numbers = {row["hospital_number"] for row in records(hospital, "patients")}
    assert {row["hospital_number"] for row in links} - {""} <= numbers


def test_every_kind_of_trouble_is_there_and_nothing_unlinkable_is_expected_in_the_bank(hospital: Hospital) -> None:
    links = {row["study_uid"]: row for row in read_answers(hospital.answers, "links")}
    traps = {row["trap"] for row in links.values()}
    assert traps >= {"not-in-records", "no-birth-date", "contradiction", "two-patients-in-series", "two-ids-in-study"}
    assert traps >= {"before-birth", "after-death", "opted-out", "birth-date-disagrees", "sex-disagrees"}
    assert traps >= {"filed-under-another", "twin-swapped", "placeholder-birth-date", "test-number"}
    for row in read_answers(hospital.answers, "series"):
        link = links[row["study_uid"]]
        if row["expected"] == "banked" and link["trap"] not in UNDETECTABLE:
            assert link["linkable"] == "yes"
    reasons = {row["reason"] for row in read_answers(hospital.answers, "files")}
    assert reasons >= {*ODD_HEADERS, "truncated in the pixels", "duplicate", "one uid two contents", "dicom directory"}
    assert reasons >= {"no series uid", "no instance uid", "modality CT", "secondary capture", "structured report"}
    assert reasons >= {"screenshot", "dose-report", "presentation-state"}


def test_three_patients_show_every_maker_and_most_kinds_of_series(hospital: Hospital) -> None:
    series = read_answers(hospital.answers, "series")
    assert {row["manufacturer"] for row in series} >= {"SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems"}
    assert {row["kind"] for row in series} >= {"T1w-3D", "T2w-2D", "FLAIR-2D", "DWI", "ADC", "localizer"}
    assert {row["kind"] for row in series} >= {"spine", "screenshot", "dose-report", "presentation-state"}


def test_pydicom_reads_every_good_file_and_the_header_says_what_the_answers_say(hospital: Hospital) -> None:
    series = {row["series_uid"]: row for row in read_answers(hospital.answers, "series")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for row in read_answers(hospital.answers, "files"):
            if row["reason"] in ODD_HEADERS:
                continue
            header = pydicom.dcmread(hospital.images / row["path"], stop_before_pixels=True)
            if row["series_uid"]:
                assert header.SeriesInstanceUID == row["series_uid"]
                assert header.StudyInstanceUID == series[row["series_uid"]]["study_uid"]


def test_pixels_show_something_and_not_the_same_one_twice(hospital: Hospital) -> None:
    banked = [row for row in read_answers(hospital.answers, "series") if row["expected"] == "banked"]
    files = read_answers(hospital.answers, "files")
    seen = set()
    for row in banked:
        paths = [each["path"] for each in files if each["series_uid"] == row["series_uid"] and not each["reason"]]
        pixels = pydicom.dcmread(hospital.images / sorted(paths)[len(paths) // 2]).pixel_array
        assert pixels.max() > 80
        seen.add(pixels.tobytes())
    assert len(seen) == len(banked)


def test_painted_heads_have_the_volumes_that_were_asked_for(hospital: Hospital) -> None:
    volumes = read_answers(hospital.answers, "volumes")
    ratio = {
        name: [row["painted_ml"] / row["specified_ml"] for row in volumes if row["structure"] == name]
        for name in ("intracranial", "brain", "ventricles", "hippocampus_left", "hippocampus_right")
    }
    assert min(map(len, ratio.values())) > 10
    assert all(np.allclose(each, 1, atol=0.05) for each in ratio.values())


def test_references_point_to_instances_that_exist(hospital: Hospital) -> None:
    files = [row["path"] for row in read_answers(hospital.answers, "files") if row["expected"] == "banked"]
    headers = [pydicom.dcmread(hospital.images / path, stop_before_pixels=True) for path in files]
    known = {header.SOPInstanceUID for header in headers}
    referring = [header for header in headers if "ReferencedImageSequence" in header]
    targets = {header.ReferencedImageSequence[0].ReferencedSOPInstanceUID for header in referring}
    assert targets
    assert targets <= known


def test_planted_texts_stand_in_the_records_where_the_answers_say(hospital: Hospital) -> None:
    texts: dict[str, list[str]] = {}
    for path in hospital.records.glob("*.csv"):
        for record in records(hospital, path.stem):
            for column, text in record.items():
                texts.setdefault(f"records/{path.name}:{column}", []).append(text)
    identifiers = [row for row in read_answers(hospital.answers, "identifiers") if row["place"].startswith("records/")]
    missing = [row for row in identifiers if not any(row["value"] in text for text in texts.get(row["place"], []))]
    assert len(identifiers) > 400
    assert missing == []


def test_spans_stand_in_the_notes_where_the_answers_say(hospital: Hospital) -> None:
    texts = {row["note_id"]: row["text"] for name in ("notes", "reports") for row in records(hospital, name)}
    spans = read_answers(hospital.answers, "spans")
    assert len(spans) > 500
    assert all(0 <= span["start"] < span["end"] <= len(texts[span["note_key"]]) for span in spans)


@pytest.mark.parametrize(
    "place",
    [
        "(0010,0010)",
        "(0010,0020)",
        "(0010,1000)",
        "(0010,1002)/(0010,0020)",
        "(0010,1040)",
        "(0010,2154)",
        "(0008,1030)",
        "(0018,1030)",
        "(0040,0275)/(0008,0050)",
        "(0008,1120)/(0010,0010)",
        "(0029,1020) private",
        "(0011,1011) private",
        "(2001,105f)/(0010,0010)",
        "(2001,105f)/(2001,10c8) private",
        "(0099,1001) private",
        "(0099,1004)/(0010,1005)",
        "(6000,4000)",
        "(5000,0022)",
        "(0070,0001)/(0070,0008)/(0070,0006)",
        "(7fe0,0010) pixels",
        "(0002,0016)",
        "(0002,0102)",
        "preamble",
        "path",
        "records/notes.csv:text",
    ],
)
def test_three_patients_are_enough_to_see_every_kind_of_leak(hospital: Hospital, place: str) -> None:
    assert place in {row["place"] for row in read_answers(hospital.answers, "identifiers")}


def test_recorded_nhs_numbers_are_mostly_valid_and_dates_are_dates(hospital: Hospital) -> None:
    patients = records(hospital, "patients")
    numbers = [row["nhs_number"] for row in patients if row["nhs_number"]]
    valid = [number for number in numbers if is_nhs_number(number)]
    assert len(valid) >= 0.8 * len(numbers)
    assert all(row["birth_date"][4] == "-" and len(row["birth_date"]) == 10 for row in patients)
    assert {row["sex"] for row in patients} <= {"male", "female", "unknown"}


def test_people_with_images_who_opted_out_are_expected_outside_the_bank(hospital: Hospital) -> None:
    opted_out = {row["hospital_number"]: row["kind"] for row in records(hospital, "opt_outs")}
    studies = {
        row["study_uid"] for row in read_answers(hospital.answers, "links") if row["hospital_number"] in opted_out
    }
    outcomes = {row["expected"] for row in read_answers(hospital.answers, "series") if row["study_uid"] in studies}
    assert {"national", "local"} <= set(opted_out.values())
    assert outcomes == {"excluded"}


def test_no_identifier_is_too_short_to_be_searched_for(hospital: Hospital) -> None:
    values = {row["value"] for row in read_answers(hospital.answers, "identifiers")}
    assert min(len(value) for value in values if value.isascii()) >= 4
