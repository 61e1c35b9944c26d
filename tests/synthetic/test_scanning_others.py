"""What lies beside brain images on a PACS, and the files that are broken."""

from __future__ import annotations

import gzip
import io
import warnings
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pydicom
import pytest
from pydicom.errors import InvalidDicomError
from pydicom.fileset import FileSet
from sample_person import sample_person
from scanned import visit_of

from imagebank.synthetic.scanning import Oddity, oddities, write_others, write_visit
from imagebank.synthetic.visits import OTHER_KINDS, Visit

ALL_KINDS = (*OTHER_KINDS, "presentation-state", "directory")
EXPECTED = {
    "duplicate": "excluded",
    "one uid two contents": "quarantined",
    "zero bytes": "quarantined",
    "truncated in the header": "quarantined",
    "truncated in the pixels": "quarantined",
    "no series uid": "quarantined",
    "no instance uid": "quarantined",
    "not dicom": "excluded",
    "compressed file": "quarantined",
    "modality CT": "excluded",
    "secondary capture": "excluded",
    "structured report": "excluded",
    "dicom directory": "excluded",
}


def host() -> Visit:
    visit = visit_of("siemens-15", date(2012, 1, 1), 31, "T2w-2D")
    return replace(visit, series=(replace(visit.series[0], slices=(0, 1, 2)),))


@pytest.fixture(scope="module")
def odd() -> list[Oddity]:
    return list(oddities(sample_person(), host(), seed=1, size="tiny"))


def test_others_are_readable_and_name_the_patient_where_the_answers_say(tmp_path: Path) -> None:
    person, visit = sample_person(), visit_of("ge-30", date(2016, 1, 1), 23, "T1w-3D", "T2w-2D")
    write_visit(tmp_path, person, visit, seed=1, size="tiny")
    found = write_others(tmp_path, person, visit, ALL_KINDS, seed=1, size="tiny")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in found:
            header = pydicom.dcmread(tmp_path / each.paths[0])
            assert header.get("SeriesInstanceUID", "") == each.series_uid
            assert header.get("Modality", "") == each.modality
            assert person.hospital_number in {one.value for one in each.planted}
    places = {one.place for each in found for one in each.planted}
    assert {"(0040,a730)/(0040,a160)", "(0040,a730)/(0040,a123)", "(0004,1220)/(0010,0010)"} <= places
    assert {"(7fe0,0010) pixels", "(0070,0001)/(0070,0008)/(0070,0006)"} <= places
    assert len({each.series_uid for each in found}) == len(ALL_KINDS)


def test_an_index_lists_the_images_by_offset(tmp_path: Path) -> None:
    person, visit = sample_person(), visit_of("ge-30", date(2016, 1, 1), 23, "T1w-3D", "T2w-2D")
    files = write_visit(tmp_path, person, visit, seed=1, size="tiny")
    (index,) = write_others(tmp_path, person, visit, ["directory"], seed=1, size="tiny")
    listed = {Path(each.path).resolve() for each in FileSet(tmp_path / index.paths[0])}
    assert listed == {(tmp_path / series.paths[0]).resolve() for series in files.series}


def test_other_body_parts_are_called_so_by_most_consoles(tmp_path: Path) -> None:
    parts = Counter()
    for key in range(60, 64):
        visit = visit_of("siemens-15", date(2012, 1, 1), key, "T2w-2D")
        for each in write_others(tmp_path, sample_person(), visit, ["spine", "knee", "phantom"], seed=1, size="tiny"):
            header = pydicom.dcmread(tmp_path / each.paths[0], stop_before_pixels=True)
            parts[each.kind, header.BodyPartExamined] += 1
            assert header.ImageOrientationPatient is not None
    assert {kind for kind, part in parts if part == "HEAD"} == {"spine", "knee", "phantom"}
    assert parts["spine", "SPINE"] == parts["knee", "KNEE"] == 3


def test_a_kind_that_nobody_makes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="make no ultrasound"):
        write_others(tmp_path, sample_person(), host(), ["ultrasound"], seed=1, size="tiny")


def test_odd_files_have_the_outcomes_that_are_documented(odd: list[Oddity]) -> None:
    assert {each.reason: each.expected for each in odd} == EXPECTED
    assert len({each.path for each in odd}) == len(odd)
    assert [each.reason for each in odd].count("one uid two contents") == 2
    assert {each.study_uid for each in odd if each.series_uid} >= {host().uid}


def test_odd_files_are_odd_in_the_way_they_are_said_to_be(odd: list[Oddity], tmp_path: Path) -> None:
    by_reason = {each.reason: each.content for each in odd}
    files = write_visit(tmp_path, sample_person(), host(), seed=1, size="tiny")
    originals = {(tmp_path / path).read_bytes() for path in files.series[0].paths}
    assert {each.content for each in odd if each.reason == "duplicate"} == originals
    first, second = (pydicom.dcmread(io.BytesIO(each.content)) for each in odd if each.reason == "one uid two contents")
    assert first.SOPInstanceUID == second.SOPInstanceUID
    assert first.PixelData != second.PixelData
    assert "SeriesInstanceUID" not in pydicom.dcmread(io.BytesIO(by_reason["no series uid"]))
    assert "SOPInstanceUID" not in pydicom.dcmread(io.BytesIO(by_reason["no instance uid"]))
    assert pydicom.dcmread(io.BytesIO(gzip.decompress(by_reason["compressed file"]))).Modality == "MR"
    assert pydicom.dcmread(io.BytesIO(by_reason["modality CT"])).Modality == "CT"
    with pytest.raises(InvalidDicomError):
        pydicom.dcmread(io.BytesIO(by_reason["not dicom"]))
    whole = len(first.PixelData)
    cut = pydicom.dcmread(io.BytesIO(by_reason["truncated in the pixels"]))
    assert len(cut.get("PixelData", b"")) < whole
