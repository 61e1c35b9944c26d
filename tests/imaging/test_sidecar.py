"""What an image may carry: physics, and nothing that names a person, a place, a day or a time."""

from __future__ import annotations

import struct

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.imaging.sidecar import (
    BadNifti,
    clean_header,
    clean_sidecar,
    count_volumes,
    describe,
    image_bytes,
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
    assert describe({}, sequence="BOLD", label="") == {"Defaced": False, "TaskName": "unknown"}
    assert describe({}, sequence="T2starw", label="e1_ph") == {"Defaced": False, "Units": "arbitrary"}


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
