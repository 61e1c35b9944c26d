"""What a C-FIND answer tells, as far as it can be decoded: a value that cannot be is as one that is not there. Pure."""

from __future__ import annotations

from datetime import date

from pydicom.dataset import Dataset

from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.model import SeriesAnswer, StudyAnswer

MOST_DIGITS = 9  # of a count; a larger one is none


def text_of(answer: Dataset, keyword: str) -> str:
    """A value as text; empty where it is absent or cannot be decoded."""
    try:
        return str(answer.get(keyword) or "").strip(" \0")
    except Exception:  # pydicom raises many kinds for values that it cannot decode
        return ""


def number_of(answer: Dataset, keyword: str) -> int | None:
    """A value as a count; None where it is absent or no count."""
    return count_of(text_of(answer, keyword))


def count_of(text: str) -> int | None:
    """A count; None for anything else, such as ² or a number that no study could have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def day_of(text: str) -> date | None:
    """A DICOM date; None where it is none."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def study_answer(answer: Dataset) -> StudyAnswer:
    """What an answer at study level tells."""
    try:
        found = answer.get("ModalitiesInStudy") or ()
        modalities = (found,) if isinstance(found, str) else tuple(str(each) for each in found)
    except Exception:  # as above
        modalities = ()
    description = text_of(answer, "StudyDescription")
    return StudyAnswer(
        Private(text_of(answer, "StudyInstanceUID")),
        Private(text_of(answer, "PatientID")),
        Private(text_of(answer, "AccessionNumber")),
        Private(description) if description else NOBODY,
        day_of(text_of(answer, "StudyDate")),
        tuple(each.upper() for each in modalities),
        number_of(answer, "NumberOfStudyRelatedInstances"),
    )


def series_answer(answer: Dataset) -> SeriesAnswer:
    """What an answer at series level tells."""
    return SeriesAnswer(
        Private(text_of(answer, "SeriesInstanceUID")),
        text_of(answer, "Modality"),
        text_of(answer, "BodyPartExamined"),
        Private(text_of(answer, "SeriesDescription")),
        number_of(answer, "NumberOfSeriesRelatedInstances"),
    )
