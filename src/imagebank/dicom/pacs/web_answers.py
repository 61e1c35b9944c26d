"""What a QIDO-RS answer tells (DICOM JSON), as far as it can be understood; what cannot be is not there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imagebank.core.private import Private
from imagebank.dicom.pacs.answers import count_of, day_of
from imagebank.dicom.pacs.model import SeriesAnswer, StudyAnswer

TAGS = {
    "PatientID": "00100020",
    "AccessionNumber": "00080050",
    "StudyInstanceUID": "0020000D",
    "StudyDate": "00080020",
    "StudyDescription": "00081030",
    "ModalitiesInStudy": "00080061",
    "NumberOfStudyRelatedInstances": "00201208",
    "SeriesInstanceUID": "0020000E",
    "Modality": "00080060",
    "BodyPartExamined": "00180015",
    "SeriesDescription": "0008103E",
    "NumberOfSeriesRelatedInstances": "00201209",
    "SOPInstanceUID": "00080018",
}


def text_of(answer: dict[str, Any], keyword: str) -> str:
    """The first value; empty where there is none."""
    return next(_values(answer, keyword), "")


def study_answer(answer: dict[str, Any]) -> StudyAnswer:
    """What an answer at study level tells."""
    return StudyAnswer(
        Private(text_of(answer, "StudyInstanceUID")),
        Private(text_of(answer, "PatientID")),
        Private(text_of(answer, "AccessionNumber")),
        Private(text_of(answer, "StudyDescription")),
        day_of(text_of(answer, "StudyDate")),
        tuple(part.strip().upper() for each in _values(answer, "ModalitiesInStudy") for part in each.split("\\")),
        count_of(text_of(answer, "NumberOfStudyRelatedInstances")),
    )


def series_answer(answer: dict[str, Any]) -> SeriesAnswer:
    """What an answer at series level tells."""
    return SeriesAnswer(
        Private(text_of(answer, "SeriesInstanceUID")),
        text_of(answer, "Modality"),
        text_of(answer, "BodyPartExamined"),
        Private(text_of(answer, "SeriesDescription")),
        count_of(text_of(answer, "NumberOfSeriesRelatedInstances")),
    )


def _values(answer: dict[str, Any], keyword: str) -> Iterator[str]:
    """Values as texts; a value may be null (PS3.18 F.2.5). Some services write all modalities as one text."""
    element = answer.get(TAGS[keyword])
    values = element.get("Value") if isinstance(element, dict) else None
    for each in values if isinstance(values, list) else ():
        if each is not None and (text := str(each).strip(" \0")):
            yield text
