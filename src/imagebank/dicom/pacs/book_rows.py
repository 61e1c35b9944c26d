"""What the book of acquisition tells of studies, series and instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from imagebank.core.private import Private

Place = tuple[str, str]
"""The series and instance of a file, by their keyed ids."""


@dataclass(frozen=True)
class StudyRow:
    """A study in the book, under its own keyed id; `patient` is a keyed id too, to know the opted-out by."""

    study: str
    uid: Private
    state: str
    reason: str
    agreed_at: float | None
    patient: str = ""


@dataclass(frozen=True)
class SeriesRow:
    """A series in the book; `expected` is None where nobody counted. `again`: its files are wanted once more."""

    series: str
    study: str
    uid: Private
    expected: int | None
    reason: str
    again: bool


@dataclass(frozen=True)
class InstanceRow:
    """An instance that came: its content, and whether its file is kept still."""

    series: str
    digest: bytes = field(repr=False)
    size: int = 0
    kept: bool = True


STUDIES = "SELECT study, uid, state, reason, agreed_at, patient FROM studies"
SERIES = "SELECT series, study, uid, expected, reason, again FROM series"


def read_study(row: Any) -> StudyRow:
    """A row of STUDIES."""
    study, uid, state, reason, agreed, patient = row
    return StudyRow(str(study), Private(str(uid)), str(state), str(reason), agreed, str(patient))


def read_series(row: Any) -> SeriesRow:
    """A row of SERIES."""
    series, study, uid, expected, reason, again = row
    return SeriesRow(str(series), str(study), Private(str(uid)), expected, str(reason), bool(again))
