"""Sequences within sequences: what stays of them, and what an error costs, do not depend on the room that is left."""

from __future__ import annotations

import io

import pydicom
import pytest
from made_files import EXPLICIT, POLICY, whole
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from test_twins import SUBJECT, example, nested, quickly, slowly

from imagebank.dicom.deidentify import DEEPEST, to_bytes
from imagebank.dicom.elements import MOST_DEPTH
from imagebank.dicom.instance import Cleaner
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


@pytest.mark.parametrize("depth", [1, MOST_DEPTH - 1, MOST_DEPTH + 8, DEEPEST - 1, DEEPEST + 1, 5000])
def test_nesting_of_any_depth_is_cleaned_or_refused_and_overruns_no_stack(depth: int) -> None:
    content = whole(EXPLICIT, example(x00082112=nested(depth)))
    answer, quick = quickly(Cleaner(SUBJECT, POLICY), content)
    assert answer == slowly(content)
    assert quick == (depth < MOST_DEPTH)
    kept = pydicom.dcmread(io.BytesIO(answer[0]))
    levels = 0
    while "SourceImageSequence" in kept:
        kept, levels = kept.SourceImageSequence[0], levels + 1
    assert levels == min(depth, DEEPEST)
