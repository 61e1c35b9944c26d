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
METHOD_CODES = {
    "113100": "Basic Application Confidentiality Profile",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113111": "Retain Safe Private Option",
}


def describe_method(body: Dataset, policy: Policy) -> None:
    """Say in the instance that and how it was de-identified."""
    body.PatientIdentityRemoved = "YES"
    body.LongitudinalTemporalInformationModified = "MODIFIED"
    body.DeidentificationMethod = f"imagebank policy {policy.name} {policy.version} {policy.digest}"
    body[METHOD_CODES_TAG] = _method_codes(policy.options)


@cache
def _method_codes(options: tuple[str, ...]) -> DataElement:
    items = [_code(value, meaning) for value, meaning in METHOD_CODES.items() if meaning in options]
    return DataElement(METHOD_CODES_TAG, "SQ", Sequence(items))


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
