"""Which studies and series are worth fetching: the settings of a source against what its PACS tells. Pure.

Whoever is asked for is decided by the people of the bank; here it is decided which of their images are wanted. What a
PACS does not tell is no ground to leave something out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from imagebank.core.pacs_settings import PacsSource
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.model import Request, SeriesAnswer, StudyAnswer

LEFT = {
    "date-outside": "The study date lies outside `earliest` and `latest`.",
    "study-description": "The study description fits none of `study_descriptions`.",
    "modality": "The modality is not among `modalities`.",
    "body-part": "The body part is not among `body_parts`.",
    "series-description": "The series description fits one of `skip_series`.",
    "opted-out": "The person has opted out.",
    "other-patient": "The PACS answered with the study of somebody who was not asked for.",
    "no-patient-id": "The PACS gave no patient number, so that nobody can say whether the person has opted out.",
    "several-patients": "One accession number was answered with studies of more than one patient.",
    "not-asked": "The PACS answered with a study of another accession number, day or UID than it was asked for.",
    "no-series": "The PACS tells of no series in the study.",
    "elsewhere": "Another source of the same site brought the study.",
}
"""Why something that a PACS told of is not fetched."""
NOT_ABOUT_IT = ("other-patient", "not-asked")
"""Of these, those that say something of the question and nothing of the study."""


@dataclass(frozen=True)
class Wanted:
    """What a source is to give."""

    modalities: frozenset[str]
    body_parts: frozenset[str]
    study_descriptions: tuple[str, ...]
    skip_series: tuple[str, ...]
    earliest: date | None
    latest: date | None


def wanted_of(source: PacsSource) -> Wanted:
    """The filters of a source."""
    return Wanted(
        frozenset(each.upper() for each in source.modalities),
        frozenset(each.upper() for each in source.body_parts),
        tuple(each.lower() for each in source.study_descriptions),
        tuple(each.lower() for each in source.skip_series),
        date.fromisoformat(source.earliest) if source.earliest else None,
        date.fromisoformat(source.latest) if source.latest else None,
    )


def study_objection(study: StudyAnswer, wanted: Wanted) -> str:
    """Why a study is left, or nothing."""
    if study.day and wanted.earliest and study.day < wanted.earliest:
        return "date-outside"
    if study.day and wanted.latest and study.day > wanted.latest:
        return "date-outside"
    if wanted.modalities and study.modalities and not wanted.modalities & set(study.modalities):
        return "modality"
    if wanted.study_descriptions and study.description and not _fits(study.description, wanted.study_descriptions):
        return "study-description"
    return ""


def series_objection(series: SeriesAnswer, wanted: Wanted) -> str:
    """Why a series is left, or nothing."""
    if wanted.modalities and series.modality and series.modality.upper() not in wanted.modalities:
        return "modality"
    if wanted.body_parts and series.body_part and series.body_part.upper() not in wanted.body_parts:
        return "body-part"
    return "series-description" if _fits(series.description, wanted.skip_series) else ""


def _fits(description: Private, patterns: Iterable[str]) -> bool:
    text = description.reveal("compare a description with the patterns of the settings").strip().lower()
    return bool(text) and any(fnmatchcase(text, pattern) for pattern in patterns)


def patient_objections(
    request: Request, answers: list[StudyAnswer], opted_out: frozenset[Private]
) -> list[tuple[StudyAnswer, str]]:
    """Each study that answered a question, with the reason why its patient is not to be fetched, or nothing."""
    asked = [each for each in answers if _answers(each, request)]
    several = request.by == "accession" and len({plain_number(each.patient_id) for each in asked}) > 1
    allowed = frozenset(plain_number(each) for each in request.patients)
    told = []
    for each in answers:
        strange = _stranger(each, allowed, opted_out)
        if strange != "opted-out":
            strange = "not-asked" if each not in asked else "several-patients" if several else strange
        told.append((each, strange))
    return told


def _answers(study: StudyAnswer, request: Request) -> bool:
    """Whether a study is of the accession number, day or UID that was asked for: some PACS ignore such keys."""
    day = Private(study.day.strftime("%Y%m%d")) if study.day else NOBODY
    told = {"accession": study.accession, "day": day, "study": study.uid}.get(request.by, request.value)
    return plain_number(told) == plain_number(request.value)


def _stranger(study: StudyAnswer, allowed: frozenset[Private], opted_out: frozenset[Private]) -> str:
    number = plain_number(study.patient_id)
    if not number:
        return "no-patient-id"
    if is_opted_out(number, opted_out):
        return "opted-out"
    return "other-patient" if allowed and number not in allowed else ""


def is_opted_out(number: Private, opted_out: frozenset[Private]) -> bool:
    """Whether a number is of somebody who opted out, also where a site writes it with dashes or zeros of its own."""
    return plain_number(number) in opted_out or bare_number(number) in opted_out


def bare_number(number: Private) -> Private:
    """A number by its letters and digits alone, without zeros before them: to know the opted-out by."""
    text = "".join(each for each in number.reveal("compare numbers").upper() if each.isalnum())
    return Private(text.lstrip("0"))


def plain_number(number: Private) -> Private:
    """A number without the habits of a site: no spaces, capital letters."""
    return Private("".join(number.reveal("compare numbers").split()).upper())
