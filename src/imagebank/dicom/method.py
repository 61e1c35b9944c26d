"""What a de-identified instance says of how, and by what, it was de-identified (PS3.15, section E.1.1; CID 7050)."""

from __future__ import annotations

from functools import cache

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom.policy import Policy

IMPLEMENTATION_UID = "2.25.172407346923480572950326571362490735283"
IMPLEMENTATION_NAME = "IMAGEBANK"
METHOD_CODES_TAG = Tag("DeidentificationMethodCodeSequence")


def describe_method(body: Dataset, policy: Policy) -> None:
    """Say in the instance that and how it was de-identified."""
    body.PatientIdentityRemoved = "YES"
    body.LongitudinalTemporalInformationModified = policy.longitudinal
    body.DeidentificationMethod = f"imagebank policy {policy.name} {policy.version} {policy.digest}"
    body[METHOD_CODES_TAG] = _method_codes(policy.codes)


@cache
def _method_codes(codes: tuple[tuple[str, str], ...]) -> DataElement:
    items = [_code(value, meaning) for value, meaning in codes]
    return DataElement(METHOD_CODES_TAG, "SQ", Sequence(items))


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
