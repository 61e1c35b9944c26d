"""What the index learns of a file: whom it claims to show, and whether it is an image that may be banked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from made_headers import facts

from imagebank.dicom.headers import IMAGE

pytestmark = pytest.mark.filterwarnings("ignore")  # pydicom says that some of these values are not right


def claim(**told: object) -> Any:
    header = facts(**told).header
    assert header is not None
    return header.claim


def test_each_of_several_other_patient_ids_is_one_claim() -> None:
    told = claim(OtherPatientIDs=["A123", "9434765919"]).other_ids
    assert [each.reveal("compare") for each in told] == ["9434765919", "A123"]


@pytest.mark.parametrize(
    ("told", "means"),
    [
        ("19501201", date(1950, 12, 1)),
        ("1950.12.01", date(1950, 12, 1)),
        ("19501201120000", date(1950, 12, 1)),
        ("195012", None),  # a month, and not the second of January
        ("1950112", None),
        ("1950.1.12", None),
        ("19501301", None),
        ("", None),
    ],
)
def test_a_birth_date_is_a_whole_day_or_claims_nothing(told: str, means: date | None) -> None:
    assert claim(PatientBirthDate=told).birth_date == means


def test_the_postcode_is_the_one_at_the_end_of_the_address() -> None:
    assert claim(PatientAddress="Flat A1 2BC, 3 High Road, SE5 8AZ").postcode.reveal("compare") == "SE58AZ"


def test_old_scanners_tell_their_field_in_gauss() -> None:
    header = facts(MagneticFieldStrength="15000").header
    assert header is not None
    assert header.machine.field_strength_t == 1.5


@pytest.mark.parametrize("told", ["YES", "Yes", "yes "])
def test_burned_in_text_is_excluded_however_it_is_spelt(told: str) -> None:
    assert facts(BurnedInAnnotation=told).verdict == "burned-in-text"


def test_a_photograph_is_no_secondary_capture() -> None:
    assert facts(SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", Modality="XC").verdict == "not-mr"
    assert facts(SOPClassUID="1.2.840.10008.5.1.4.1.1.7.4").verdict == "secondary-capture"


def test_a_file_with_all_that_is_needed_is_an_image() -> None:
    assert facts().verdict == IMAGE
