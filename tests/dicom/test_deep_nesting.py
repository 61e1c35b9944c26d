"""A file that cannot be written is refused at once, however deep in it the reason lies."""

from __future__ import annotations

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from imagebank.dicom.deidentify import to_bytes
from instances import image


def test_the_message_of_an_error_does_not_grow_with_the_depth_of_its_place() -> None:
    inner = Dataset()
    inner.add(DataElement(0x00280010, "US", 5))
    inner[0x00280010]._value = "no number"
    for _ in range(12):
        outer = Dataset()
        outer.add(DataElement(0x00081140, "SQ", [inner]))
        inner = outer
    instance = image()
    instance.ReferencedImageSequence = [inner]
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever pydicom raises
        to_bytes(instance)
    assert len(str(raised.value)) < 10_000
