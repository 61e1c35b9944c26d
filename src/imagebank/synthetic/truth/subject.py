"""A person as the reference questions see them: the studies that take part, and what the records hold.

A study takes part when it is linkable, its person is in the records, and that person has no opt-out of any kind. Series
that a bank must not take (other body parts, screenshots, burned-in text) do not exist for the questions. A diagnosis
counts unless it was withdrawn: nobody who reads records can know that one is wrong. Events count under whichever of
the person's numbers they were filed. The birth date is that of the registration with the current number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from imagebank.synthetic.events import Assessment, Diagnosis
from imagebank.synthetic.model import Person
from imagebank.synthetic.truth.series import NOT_WANTED
from imagebank.synthetic.visits import Ordered, Visit

DEMENTIA = ("F00", "F01", "F02", "F03", "G30")


@dataclass(frozen=True)
class Subject:
    """One person, with what the questions ask of them."""

    person: Person

    @property
    def number(self) -> str:
        """Current hospital number."""
        return self.person.hospital_number

    @cached_property
    def studies(self) -> list[Visit]:
        """The studies that take part, by day, then UID."""
        if not self.person.recorded or self.person.opt_outs:
            return []
        taking_part = [each for each in self.person.visits if each.linkable and each.in_records]
        return sorted(taking_part, key=lambda each: (each.day, each.uid))

    @cached_property
    def diagnoses(self) -> list[Diagnosis]:
        """ICD-10 diagnoses that were not withdrawn, by day."""
        kept = [e for e in self.person.course.diagnoses if e.status != "withdrawn" and e.code_system == "ICD-10"]
        return sorted(kept, key=lambda each: each.day)

    @cached_property
    def birth_date(self) -> date | None:
        """As the registration with the current number, else the first one, has it."""
        known = sorted(self.person.recorded, key=lambda each: each.hospital_number != self.number)
        return known[0].birth_date if known else None

    def age_on(self, day: date) -> int | None:
        """Completed years on a day, None where no birth date is recorded."""
        born = self.birth_date
        if born is None:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def first(self, *prefixes: str) -> date | None:
        """Day of the first diagnosis whose code begins with one of these."""
        return next((each.day for each in self.diagnoses if each.code.startswith(prefixes)), None)

    def has_near(self, day: date, days: int, is_wanted: Callable[[Assessment], bool]) -> bool:
        """Whether a wanted assessment lies within so many days before or after a day."""
        scores = self.person.course.assessments
        return any(is_wanted(each) and abs((each.day - day).days) <= days for each in scores)


def wanted_series(study: Visit) -> list[Ordered]:
    """The series of a study that a bank may take."""
    return [each for each in study.series if each.kind not in NOT_WANTED and not each.burned_in]


def shows(study: Visit, *kinds: str) -> bool:
    """Whether a study has a series of one of these kinds."""
    return any(each.kind in kinds for each in wanted_series(study))


def is_valid_mmse(score: Assessment) -> bool:
    """An MMSE whose score lies between 0 and its highest score."""
    if score.name != "MMSE" or score.score is None or score.out_of is None:
        return False
    return 0 <= score.score <= score.out_of
