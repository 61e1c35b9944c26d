"""What is true on the day of one note, and what of it has not been written yet.

A note takes from the queues; when one runs out its flag goes down, so that productions that need more of it close.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from imagebank.synthetic.events import Assessment, BloodResult, Diagnosis, Episode, Medication
from imagebank.synthetic.model import Relative
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.story import Story
from imagebank.synthetic.text.vocabulary import Term, staff, symptom

RECENT = timedelta(days=100)  # a score is today's, or recent, within so many days
SOON = timedelta(days=75)  # a drug that starts within so many days is planned
DENIED = 9  # how many symptoms may be denied in a note


@dataclass
class Facts:
    """One note's truth. The lists are queues of what can still be written; `said` keeps the last of each that was."""

    story: Story
    day: date
    hospital_number: str
    author: tuple[str, str]
    relative: Relative | None
    present: list[Term] = field(default_factory=list)
    absent: list[Term] = field(default_factory=list)
    past: list[Term] = field(default_factory=list)
    dx: list[tuple[Diagnosis, Term]] = field(default_factory=list)
    dx_body: list[tuple[Diagnosis, Term]] = field(default_factory=list)
    dx_past: list[tuple[Diagnosis, Term]] = field(default_factory=list)
    dx_wrong: list[tuple[Diagnosis, Term]] = field(default_factory=list)
    drug: list[Medication] = field(default_factory=list)
    medicated: tuple[Medication, ...] = ()
    drug_past: list[Medication] = field(default_factory=list)
    drug_next: list[Medication] = field(default_factory=list)
    score: list[Assessment] = field(default_factory=list)
    score_past: list[Assessment] = field(default_factory=list)
    undone: list[Assessment] = field(default_factory=list)
    blood: list[BloodResult] = field(default_factory=list)
    dose_up: tuple[Medication, Medication] | None = None
    dose_down: tuple[Medication, Medication] | None = None
    episode: Episode | None = None
    scan_past: date | None = None
    scan_next: date | None = None
    colleagues: dict[str, tuple[str, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    reading: Any = None  # of the head, in a report
    unsaid: list[str] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def age(self) -> int:
        """Completed years on the day."""
        return self.story.person.age_on(self.day)


def facts_on(
    story: Story, day: date, hospital_number: str, author: tuple[str, str], relative: Relative | None, chance: Random
) -> Facts:
    """Gather what is true of a person on a day, in the order of one writer's attention."""
    facts = Facts(story, day, hospital_number, author, relative)
    _take_symptoms(facts, chance)
    _take_diagnoses(facts)
    _take_drugs(facts)
    _take_scores(facts)
    facts.blood = [each for each in story.person.course.bloods if day - 3 * RECENT <= each.day <= day]
    facts.episode = _episode(story, day)
    days = [visit.day for visit in story.person.visits]
    facts.scan_past = max((each for each in days if each < day), default=None)
    facts.scan_next = min((each for each in days if day <= each <= day + SOON), default=None)
    for queue in (facts.present, facts.past, facts.drug):
        chance.shuffle(queue)
    facts.medicated = tuple(facts.drug)
    facts.said["drug"] = facts.drug[-1] if facts.drug else None
    facts.said["dx"] = facts.dx[-1] if facts.dx else None
    return facts


def _take_symptoms(facts: Facts, chance: Random) -> None:
    for name in facts.story.symptom_days:
        state = facts.story.state_of(name, facts.day)
        if state in ("present", "absent", "past"):
            getattr(facts, state).append(symptom(name))
        if state == "absent" and facts.story.was_present(name, facts.day):
            facts.past.append(symptom(name))
    silent = facts.story.silent
    facts.absent.extend(chance.sample(silent, min(DENIED, len(silent))))
    chance.shuffle(facts.absent)


def _take_diagnoses(facts: Facts) -> None:
    seen: set[str] = set()
    for coded, term in facts.story.diagnoses:
        queue = {"current": facts.dx, "revised": facts.dx_past}.get(coded.status, facts.dx_wrong)
        if queue is facts.dx and coded.role != "primary" and "general" in term.themes:
            queue = facts.dx_body
        if coded.day <= facts.day and term.name not in seen:
            seen.add(term.name)
            queue.append((coded, term))
    replaced = [pair for pair in facts.dx_past if not facts.dx]
    if replaced:  # nothing has replaced it yet: on this day it is the diagnosis
        facts.dx, facts.dx_past = replaced[-1:], replaced[:-1]


def _take_drugs(facts: Facts) -> None:
    day = facts.day
    for each in facts.story.medications:
        if each.start > day:
            if each.start <= day + SOON:
                facts.drug_next.append(each)
        elif each.end is None or each.end > day:
            facts.drug.append(each)
        else:
            facts.drug_past.append(each)
    current = {each.drug: each for each in facts.drug}
    facts.drug_past = [each for each in facts.drug_past if _keep_past(facts, each, current.get(each.drug))]


def _keep_past(facts: Facts, old: Medication, now: Medication | None) -> bool:
    """Whether a stopped drug really stopped; a dose that was changed is remembered as such."""
    if now is None:
        return True
    if old.unit == now.unit and old.dose < now.dose:
        facts.dose_up = (old, now)
    elif old.unit == now.unit and old.dose > now.dose:
        facts.dose_down = (old, now)
    return False


def _take_scores(facts: Facts) -> None:
    """The newest score of each instrument is today's if it is recent; all others are history."""
    newest: set[str] = set()
    for each in sorted(facts.story.person.course.assessments, key=lambda each: each.day, reverse=True):
        if each.day > facts.day:
            continue
        if each.score is None:
            if each.day >= facts.day - RECENT:
                facts.undone.append(each)
        elif each.name not in newest and each.day >= facts.day - RECENT:
            newest.add(each.name)
            facts.score.append(each)
        else:
            newest.add(each.name)
            facts.score_past.append(each)


def _episode(story: Story, day: date) -> Episode | None:
    open_then = (
        each for each in story.person.course.episodes if each.start <= day and (each.end is None or day <= each.end)
    )
    return max(open_then, key=lambda each: (each.kind == "inpatient", each.start), default=None)


def colleague(scribe: Scribe, role: str) -> tuple[str, str]:
    """Who has a role in this note: the same person each time."""
    facts: Facts = scribe.facts
    if role == "author":
        return facts.author
    if role == "practitioner" and facts.story.person.general_practitioner:
        return facts.story.person.general_practitioner, "GP"
    if role not in facts.colleagues:
        others = [each for each in staff(role) if each != facts.author]
        facts.colleagues[role] = scribe.pick(others)
    return facts.colleagues[role]
