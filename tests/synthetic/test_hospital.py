"""Images, records and answers of the pretend hospital agree with each other."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from answer_rows import rows

from imagebank.core.errors import SourceError
from imagebank.synthetic import Hospital, build_hospital
from imagebank.synthetic.identifiers import header_places
from imagebank.synthetic.people import check_digit

ODD_HEADERS = {"zero bytes", "truncated in the header", "not dicom", "compressed file"}
BUILD = "import sys, pathlib, imagebank.synthetic as s; s.build_hospital(pathlib.Path(sys.argv[1]), patients=3)"


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_and_size_give_the_same_bytes_in_another_process(hospital: Hospital, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    again = tmp_path / "again"
    subprocess.run([sys.executable, "-c", BUILD, str(again)], check=True, env=environment, timeout=300)
    assert digests(again) == digests(hospital.folder)


def test_people_stay_the_same_in_a_larger_hospital_and_differ_by_seed(hospital: Hospital, tmp_path: Path) -> None:
    larger = build_hospital(tmp_path / "larger", patients=4, trouble=False)
    other = build_hospital(tmp_path / "other", patients=1, seed=2, trouble=False)
    small, large = (digests(each.images) for each in (hospital, larger))
    clean = {row["path"] for row in rows(hospital.answers / "files.csv") if row["expected"] == "banked"}
    shared = clean & large.keys()
    assert len(shared) > 400
    assert all(small[path] == large[path] for path in shared)
    assert not digests(other.images).keys() & small.keys()


def test_without_trouble_everything_is_banked(tmp_path: Path) -> None:
    clean = build_hospital(tmp_path / "clean", patients=1, trouble=False)
    assert {row["expected"] for row in rows(clean.answers / "files.csv")} == {"banked"}
    assert {row["linkable"] for row in rows(clean.answers / "links.csv")} == {"yes"}


def test_a_used_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("here")
    with pytest.raises(SourceError):
        build_hospital(tmp_path, patients=1)


def test_progress_counts_to_the_last_study(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    build_hospital(tmp_path / "h", patients=1, trouble=False, progress=lambda done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1] == len(told)


def test_every_file_on_disk_has_one_answer(hospital: Hospital) -> None:
    answered = [row["path"] for row in rows(hospital.answers / "files.csv")]
    on_disk = {path.relative_to(hospital.images).as_posix() for path in hospital.images.rglob("*") if path.is_file()}
    assert len(answered) == len(set(answered))
    assert set(answered) == on_disk


def test_series_links_and_manifest_agree_with_the_files(hospital: Hospital) -> None:
    files = rows(hospital.answers / "files.csv")
    series = rows(hospital.answers / "series.csv")
    links = rows(hospital.answers / "links.csv")
    manifest = json.loads((hospital.answers / "manifest.json").read_text())
    counted = Counter(row["series_uid"] for row in files if row["series_uid"])
    assert {row["series_uid"]: int(row["files"]) for row in series} == counted
    assert {row["study_uid"] for row in series} <= {row["study_uid"] for row in links}
    assert manifest["counts"]["files"] == len(files)
    assert manifest["counts"]["files_by_expected"] == Counter(row["expected"] for row in files)
    numbers = {row["hospital_number"] for row in rows(hospital.records / "patients.csv")}
    assert {row["hospital_number"] for row in links} - {""} <= numbers


def test_every_kind_of_trouble_is_there_and_nothing_unlinkable_is_expected_in_the_bank(hospital: Hospital) -> None:
    links = {row["study_uid"]: row for row in rows(hospital.answers / "links.csv")}
    traps = {row["trap"] for row in links.values()}
    assert traps >= {"not-in-records", "no-birth-date", "contradiction", "two-patients-in-series", "two-ids-in-study"}
    assert traps >= {"before-birth", "after-death", "opted-out", "birth-date-disagrees", "sex-disagrees"}
    for row in rows(hospital.answers / "series.csv"):
        if row["expected"] == "banked":
            assert links[row["study_uid"]]["linkable"] == "yes"
    reasons = {row["reason"] for row in rows(hospital.answers / "files.csv")}
    assert reasons >= {*ODD_HEADERS, "truncated in the pixels", "duplicate", "one uid two contents", "dicom directory"}
    assert reasons >= {"no series uid", "no instance uid", "modality CT", "secondary capture", "structured report"}


def test_pydicom_reads_every_good_file_and_the_header_says_what_the_answers_say(hospital: Hospital) -> None:
    series = {row["series_uid"]: row for row in rows(hospital.answers / "series.csv")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for row in rows(hospital.answers / "files.csv"):
            if row["reason"] in ODD_HEADERS:
                continue
            header = pydicom.dcmread(hospital.images / row["path"], stop_before_pixels=True)
            if row["series_uid"]:
                assert header.SeriesInstanceUID == row["series_uid"]
                assert header.StudyInstanceUID == series[row["series_uid"]]["study_uid"]


def test_pixels_show_a_head_and_not_the_same_one_twice(hospital: Hospital) -> None:
    banked = [row for row in rows(hospital.answers / "series.csv") if row["expected"] == "banked"]
    files = rows(hospital.answers / "files.csv")
    seen = set()
    for row in banked:
        paths = [each["path"] for each in files if each["series_uid"] == row["series_uid"] and each["reason"] == ""]
        pixels = pydicom.dcmread(hospital.images / sorted(paths)[len(paths) // 2]).pixel_array
        assert pixels.max() > 80
        assert np.median(pixels[:4]) < 40 < np.percentile(pixels, 90)
        seen.add(pixels.tobytes())
    assert len(seen) == len(banked)


def test_instances_of_a_series_have_their_own_uid_and_an_even_spacing(hospital: Hospital) -> None:
    wanted = next(row for row in rows(hospital.answers / "series.csv") if row["sequence"] == "T1w")
    files = rows(hospital.answers / "files.csv")
    headers = [
        pydicom.dcmread(hospital.images / row["path"], stop_before_pixels=True)
        for row in files
        if row["series_uid"] == wanted["series_uid"]
    ]
    headers.sort(key=lambda header: int(header.InstanceNumber))
    positions = np.array([header.ImagePositionPatient for header in headers], dtype=float)
    normal = np.cross(headers[0].ImageOrientationPatient[:3], headers[0].ImageOrientationPatient[3:])
    steps = np.abs(np.diff(positions @ normal))
    assert len({header.SOPInstanceUID for header in headers}) == len(headers)
    assert len({header.FrameOfReferenceUID for header in headers}) == 1
    assert np.allclose(steps, float(headers[0].SpacingBetweenSlices), atol=1e-4)


def places_of(path: Path) -> dict[str, str]:
    """Every place of a file with its text; the judge's own walk, from the bytes on the disk."""
    raw = path.read_bytes()
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    found = dict(header_places(dataset))
    found["preamble"] = raw[:128].decode("utf-8", errors="ignore")
    found["(0002,0016)"] = str(dataset.file_meta.get("SourceApplicationEntityTitle", ""))
    found["(0002,0102)"] = dataset.file_meta.get("PrivateInformation", b"").decode("utf-8", errors="ignore")
    return found


def test_planted_identifiers_stand_where_the_answers_say(hospital: Hospital) -> None:
    files = rows(hospital.answers / "files.csv")
    plain = [row for row in reversed(files) if not row["path"].startswith("oddities")]
    one_of_each_folder = {Path(row["path"]).parent: row["path"] for row in plain}  # a series may have two patients
    texts: dict[str, list[str]] = {}
    for path in one_of_each_folder.values():
        for place, text in places_of(hospital.images / path).items():
            texts.setdefault(place, []).append(text)
        texts.setdefault("path", []).append(path)
    for name in ("patients", "diagnoses", "assessments", "notes", "opt_outs"):
        for record in rows(hospital.records / f"{name}.csv"):
            for column, text in record.items():
                texts.setdefault(f"records/{name}.csv:{column}", []).append(text)
    identifiers = rows(hospital.answers / "identifiers.csv")
    missing = [row for row in identifiers if not any(row["value"] in text for text in texts.get(row["place"], []))]
    assert len(identifiers) > 800
    assert missing == []


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
        "(0002,0016)",
        "(0002,0102)",
        "preamble",
        "path",
        "records/notes.csv:text",
    ],
)
def test_three_patients_are_enough_to_see_every_kind_of_leak(hospital: Hospital, place: str) -> None:
    assert place in {row["place"] for row in rows(hospital.answers / "identifiers.csv")}


def test_references_point_to_instances_that_exist(hospital: Hospital) -> None:
    files = [row["path"] for row in rows(hospital.answers / "files.csv") if row["expected"] == "banked"]
    headers = [pydicom.dcmread(hospital.images / path, stop_before_pixels=True) for path in files]
    known = {header.SOPInstanceUID for header in headers}
    referring = [header for header in headers if "ReferencedImageSequence" in header]
    targets = {header.ReferencedImageSequence[0].ReferencedSOPInstanceUID for header in referring}
    assert targets
    assert targets <= known


def test_the_register_is_half_again_as_large_as_the_imaged_people(tmp_path: Path) -> None:
    made = build_hospital(tmp_path / "h", patients=2, trouble=False)
    assert len(rows(made.records / "patients.csv")) == 3


def test_recorded_nhs_numbers_are_mostly_valid_and_dates_are_dates(hospital: Hospital) -> None:
    patients = rows(hospital.records / "patients.csv")
    numbers = [row["nhs_number"] for row in patients if row["nhs_number"]]
    valid = [number for number in numbers if check_digit(number[:9]) == number[9]]
    assert len(valid) >= 0.8 * len(numbers)
    assert all(row["birth_date"][4] == "-" and len(row["birth_date"]) == 10 for row in patients)
    assert {row["sex"] for row in patients} <= {"male", "female", "unknown"}


def test_people_with_images_who_opted_out_are_expected_outside_the_bank(hospital: Hospital) -> None:
    opted_out = {row["hospital_number"]: row["kind"] for row in rows(hospital.records / "opt_outs.csv")}
    links = rows(hospital.answers / "links.csv")
    studies = {row["study_uid"] for row in links if row["hospital_number"] in opted_out}
    outcomes = {row["expected"] for row in rows(hospital.answers / "series.csv") if row["study_uid"] in studies}
    assert {"national", "local"} <= set(opted_out.values())
    assert outcomes == {"excluded"}


def test_no_identifier_is_too_short_to_be_searched_for(hospital: Hospital) -> None:
    values = {row["value"] for row in rows(hospital.answers / "identifiers.csv")}
    assert min(map(len, values)) >= 5
