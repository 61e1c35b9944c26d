"""Who is at risk of dementia at the first scan, and for how long each of them was followed: the truth about prognosis.

At risk are imaged people of 50 years or more at their first scan who had no dementia then, and whose picture is a
dementia that began later, mild cognitive impairment, depression, anxiety, or no diagnosis at all. Nobody else of the
pretend hospital ever gets a dementia after a scan.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.synthetic.model import Person
from imagebank.synthetic.register.clinical import condition

YOUNGEST = 50.0
AT_RISK = frozenset({"mild cognitive impairment", "depression", "recurrent depression", "anxiety", "undiagnosed"})


@dataclass(frozen=True)
class FollowUp:
    """What is known at the first scan, and days from it to the beginning of dementia (`event`) or the last contact.

    `age_years`, and `brain_percent` of the intracranial volume, are those of the first scan.
    """

    age_years: float
    brain_percent: float
    days: int
    event: bool


def follow_up(person: Person) -> FollowUp | None:
    """The true follow-up of a person for dementia, or None for who was not at risk."""
    if not person.visits:
        return None
    first, course = person.visits[0], person.course
    converts = condition(course.condition).is_dementia and course.dementia_day is not None
    if first.anatomy.age_years < YOUNGEST or not (converts or course.condition in AT_RISK):
        return None
    if course.dementia_day is not None and course.dementia_day <= first.day:
        return None
    end = course.dementia_day or course.last_contact
    brain = 100 * first.anatomy.brain_ml / first.anatomy.intracranial_ml
    return FollowUp(first.anatomy.age_years, round(brain, 2), (end - first.day).days, course.dementia_day is not None)
