"""Ten reference questions, answered by plain Python over the truth; `data/questions.toml` defines each in words.

Each question is a function from a person to the members of its groups, so that people can go by one after another.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

from imagebank.synthetic.events import Diagnosis
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth.subject import DEMENTIA, Subject, is_valid_mmse, shows, wanted_series
from imagebank.synthetic.truth.tables import QuestionAnswer, QuestionMemberAnswer
from imagebank.synthetic.visits import Visit

FLAIR = ("FLAIR-2D", "FLAIR-3D")
T1W = ("T1w-2D", "T1w-3D")
BLOCKS = (
    *("F00-F09", "F10-F19", "F20-F29", "F30-F39", "F40-F48", "F50-F59"),
    *("F60-F69", "F70-F79", "F80-F89", "F90-F98", "F99-F99", "G30-G32"),
)
ETHNIC_GROUPS = {
    **dict.fromkeys("ABC", "White"),
    **dict.fromkeys("DEFG", "Mixed"),
    **dict.fromkeys("HJKL", "Asian"),
    **dict.fromkeys("MNP", "Black"),
    **dict.fromkeys("RS", "Other"),
    "Z": "not stated",
}
Member = tuple[str, str]  # group, and hospital number or UID


@dataclass(frozen=True)
class Question:
    """One question in words: what is counted, the groups that are always answered, a sentence, the definition."""

    id: str
    unit: str
    groups: tuple[str, ...]
    sentence: str
    definition: str

    @property
    def text(self) -> str:
        """All of it, for a page."""
        return f"{self.sentence} Counts: {self.unit}.\n\n{self.definition.strip()}"


def _load() -> tuple[Question, ...]:
    text = (files("imagebank.synthetic.truth") / "data" / "questions.toml").read_text("utf-8")
    return tuple(
        Question(each["id"], each["unit"], tuple(each["groups"]), each["sentence"], each["text"])
        for each in tomllib.loads(text)["question"]
    )


QUESTIONS = _load()
"""The questions, in order."""


class Questionnaire:
    """Asks all questions of one person after another and counts."""

    def __init__(self) -> None:
        self._values = Counter({(each.id, group): 0 for each in QUESTIONS for group in each.groups})

    def members(self, person: Person) -> Iterator[QuestionMemberAnswer]:
        """The memberships that this person brings, counted as they are told."""
        subject = Subject(person)
        if not subject.studies:
            return
        for question in QUESTIONS:
            for group, member in ANSWERED_BY[question.id](subject):
                self._values[question.id, group] += 1
                yield QuestionMemberAnswer(question.id, group, member)

    def totals(self) -> Iterator[QuestionAnswer]:
        """The value of each group of each question, over everybody so far."""
        units = {each.id: each.unit for each in QUESTIONS}
        for (question, group), value in sorted(self._values.items()):
            yield QuestionAnswer(question, group, units[question], value)


def _dementia_prognosis(subject: Subject) -> Iterator[Member]:
    dementia = subject.first(*DEMENTIA)
    if any(_is_index_study(subject, study, dementia) for study in subject.studies):
        yield "all", subject.number
        yield ("converted" if dementia else "not converted"), subject.number


def _is_index_study(subject: Subject, study: Visit, dementia: date | None) -> bool:
    age = subject.age_on(study.day)
    memory = (e for e in subject.person.course.episodes if "memory" in e.team.lower() and e.start <= study.day)
    return (
        shows(study, "T1w-3D")
        and age is not None
        and age >= 50
        and any(memory)
        and subject.has_near(study.day, 180, is_valid_mmse)
        and (dementia is None or dementia > study.day + timedelta(91))
    )


def _first_episode_psychosis(subject: Subject) -> Iterator[Member]:
    first = subject.first("F2")
    age = subject.age_on(first) if first else None
    if first and age is not None and age <= 34 and _has_study_near(subject, first, T1W):
        yield "all", subject.number


def _has_study_near(subject: Subject, day: date, kinds: tuple[str, ...] = ()) -> bool:
    """Whether a study, with a series of one of the kinds if any are given, lies within 365 days."""
    near = [each for each in subject.studies if abs((each.day - day).days) <= 365]
    return any(not kinds or shows(each, *kinds) for each in near)


def _dementia_flair(subject: Subject) -> Iterator[Member]:
    if any(shows(study, *FLAIR) for study in subject.studies):
        group = ETHNIC_GROUPS.get(subject.person.ethnic_category[:1], "not known")
        for disease, codes in (("alzheimers", ("F00", "G30")), ("vascular", ("F01",))):
            if subject.first(*codes):
                yield f"{disease}/{group}", subject.number


def _repeat_scans(subject: Subject) -> Iterator[Member]:
    if (subject.studies[-1].day - subject.studies[0].day).days >= 365:
        yield "all", subject.number


def _mci_converters(subject: Subject) -> Iterator[Member]:
    anchor, dementia = subject.first("F06.7"), subject.first(*DEMENTIA)
    if anchor and (dementia is None or dementia > anchor) and _has_study_near(subject, anchor):
        yield "all", subject.number
        if dementia:
            yield "converted", subject.number


def _nearest_primary(subject: Subject) -> Iterator[Member]:
    primary = [each for each in subject.diagnoses if each.role == "primary"]
    for study in subject.studies:
        near = [each for each in primary if abs((each.day - study.day).days) <= 365]
        best = min(near, key=lambda each: _nearness(each, study.day), default=None)
        yield (block_of(best.code) if best else "none"), study.uid


def _nearness(diagnosis: Diagnosis, day: date) -> tuple[int, bool, int, str]:
    """Smaller is nearer: days apart, after the study, less specific, code."""
    gap = (diagnosis.day - day).days
    return abs(gap), gap > 0, -len(diagnosis.code.replace(".", "")), diagnosis.code


def block_of(code: str) -> str:
    """The block of an ICD-10 code, or `other`."""
    return next((block for block in BLOCKS if block[:3] <= code[:3] <= block[4:]), "other")


def _contrast_enhanced(subject: Subject) -> Iterator[Member]:
    for study in subject.studies:
        if any(each.agent and each.kind in T1W for each in wanted_series(study)):
            yield "all", study.uid


def _series_by_scanner(subject: Subject) -> Iterator[Member]:
    for study in subject.studies:
        for each in wanted_series(study):
            yield f"{study.scanner}/{study.day.year}", each.uid


def _late_life_depression(subject: Subject) -> Iterator[Member]:
    depression = subject.first("F32", "F33")
    if depression and any(_is_depression_study(subject, study, depression) for study in subject.studies):
        yield "all", subject.number


def _is_depression_study(subject: Subject, study: Visit, depression: date) -> bool:
    age = subject.age_on(study.day)
    is_old = age is not None and age >= 60
    is_honos = subject.has_near(study.day, 90, lambda score: score.name.startswith("HoNOS"))
    return is_old and depression <= study.day and shows(study, *FLAIR) and is_honos


def _t1_and_flair(subject: Subject) -> Iterator[Member]:
    for study in subject.studies:
        if shows(study, "T1w-3D") and shows(study, *FLAIR):
            yield "all", study.uid


ANSWERED_BY: dict[str, Callable[[Subject], Iterator[Member]]] = {
    "dementia-prognosis": _dementia_prognosis,
    "first-episode-psychosis": _first_episode_psychosis,
    "dementia-flair-by-ethnicity": _dementia_flair,
    "repeat-scans": _repeat_scans,
    "mci-converters": _mci_converters,
    "nearest-primary-diagnosis": _nearest_primary,
    "contrast-enhanced": _contrast_enhanced,
    "series-by-scanner-and-year": _series_by_scanner,
    "late-life-depression": _late_life_depression,
    "t1-and-flair-together": _t1_and_flair,
}
"""What answers each question; a test holds that it has all of them."""
