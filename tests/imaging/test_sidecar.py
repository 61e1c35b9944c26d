"""What an image may carry: physics, and nothing that names a person, a place, a day or a time."""

from __future__ import annotations

import struct

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.imaging.geometry import affine, phase_way, slice_plane
from imagebank.imaging.sidecar import (
    BadNifti,
    clean_header,
    clean_sidecar,
    clock_seconds,
    count_volumes,
    describe,
    image_bytes,
    image_words,
    kept_keys,
    sidecar_text,
)


def nifti(kind: type[nibabel.Nifti1Image], shape: tuple[int, ...]) -> bytes:
    image = kind(np.zeros(shape, np.int16), np.eye(4))
    image.header["descrip"] = b"TE=30;Time=120905.225"
    image.header["aux_file"] = b"JONES BRIAN"
    return bytes(image.to_bytes())


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20)))
def test_a_key_without_a_rule_is_dropped(found: dict[str, str]) -> None:
    assert set(clean_sidecar(found)) <= kept_keys()


FORBIDDEN = """
PatientName PatientID PatientBirthDate PatientSex PatientWeight AcquisitionTime AcquisitionDateTime SeriesInstanceUID
StudyInstanceUID StudyID InstitutionName InstitutionAddress InstitutionalDepartmentName StationName DeviceSerialNumber
ProcedureStepDescription StudyDescription SeriesDescription ProtocolName ImageComments AccessionNumber
ReferringPhysicianName
"""


def test_names_places_descriptions_and_times_are_never_kept() -> None:
    assert kept_keys().isdisjoint(FORBIDDEN.split())


def test_slice_times_beyond_the_repetition_time_are_dropped() -> None:
    good = {"RepetitionTime": 2, "SliceTiming": [0, 0.5, 1.5]}
    assert clean_sidecar(good) == good
    assert clean_sidecar({**good, "SliceTiming": [0, 2.5]}) == {"RepetitionTime": 2}
    assert clean_sidecar({"SliceTiming": [0, 0.5]}) == {}


def test_the_order_of_the_converters_keys_never_shows() -> None:
    first, second = {"EchoTime": 0.03, "FlipAngle": 90}, {"FlipAngle": 90, "EchoTime": 0.03}
    assert sidecar_text(clean_sidecar(first)) == sidecar_text(clean_sidecar(second))


def test_a_functional_image_has_a_task_and_a_phase_image_a_unit() -> None:
    assert describe({}, datatype="func", part="") == {"Defaced": False, "TaskName": "unknown"}
    assert describe({}, datatype="anat", part="phase") == {"Defaced": False, "Units": "arbitrary"}
    told = describe({}, datatype="fmap", part="hertz", facts={"IntendedFor": ["a"]})
    assert told == {"Defaced": False, "IntendedFor": ["a"], "Units": "Hz"}


def test_a_time_of_day_is_read_but_never_kept() -> None:
    assert clock_seconds({"AcquisitionTime": "12:10:14.520000"}) == pytest.approx(43814.52)
    assert clock_seconds({"AcquisitionTime": "noon"}) is None
    assert clean_sidecar({"AcquisitionTime": "12:10:14.520000"}) == {}


def test_words_that_the_converter_parted_are_seen_together() -> None:
    words = image_words({"ImageType": ["DERIVED", "OPP", "PHASE"], "ImageTypeText": ["M", "NORM"]})
    assert {"PHASE", "OPP_PHASE", "NORM"} <= set(words)


@pytest.mark.parametrize(
    ("encoding", "way"), [("j-", "AP"), ("j", "PA"), ("i", "RL"), ("i-", "LR"), ("k", "IS"), ("", ""), (None, "")]
)
def test_the_way_of_phase_encoding_is_told_in_the_patients_directions(encoding: str | None, way: str) -> None:
    rows = ((-2.0, 0.0, 0.1, 90.0), (0.0, 2.0, -0.3, -120.0), (0.1, 0.3, 3.0, -70.0))
    assert phase_way(rows, encoding) == way


@pytest.mark.parametrize(
    ("columns", "plane"),
    [
        ([(1, 0, 0), (0, 1, 0)], "axial"),
        ([(1, 0, 0), (0, 0, 1)], "coronal"),
        ([(0, 1, 0), (0, 0.2, 1)], "sagittal"),
        ([(1, 0, 0), (0, 1, 1)], "oblique"),
        ([(0, 0, 0), (0, 0, 0)], "unknown"),
    ],
)
def test_the_plane_of_an_image_is_that_of_its_slices(columns: list[tuple[float, ...]], plane: str) -> None:
    rows = tuple((float(columns[0][axis]), float(columns[1][axis]), 0.0, 0.0) for axis in range(3))
    assert slice_plane(rows) == plane


def test_the_affine_is_that_of_the_header() -> None:
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), np.array([*((1, 2, 3, 4),) * 3, (0, 0, 0, 1)], float))
    assert affine(bytes(image.to_bytes())[:540]) == ((1, 2, 3, 4),) * 3


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize(("shape", "volumes"), [((2, 3, 4), 1), ((2, 3, 4, 5), 5), ((1, 1, 1, 2, 3), 6)])
def test_the_free_fields_of_a_header_are_emptied_and_nothing_else(
    kind: type[nibabel.Nifti1Image], shape: tuple[int, ...], volumes: int
) -> None:
    whole = nifti(kind, shape)
    cleaned = kind.from_bytes(clean_header(whole[:540]) + whole[540:])
    assert not any(bytes(cleaned.header[field].item()) for field in ("descrip", "aux_file", "intent_name"))
    assert cleaned.shape == shape
    assert np.array_equal(cleaned.affine, np.eye(4))
    assert count_volumes(whole[:540]) == volumes
    assert image_bytes(whole[:540]) == len(whole)


@pytest.mark.parametrize("start", [b"", b"abc", bytes(540), struct.pack("<i", 348) + bytes(10)])
def test_what_is_no_nifti_is_refused(start: bytes) -> None:
    with pytest.raises(BadNifti):
        clean_header(start)
