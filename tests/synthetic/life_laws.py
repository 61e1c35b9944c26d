"""What must hold of every pretend person, whoever they are: the laws that the tests of the register apply."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from imagebank.synthetic.model import Person
from imagebank.synthetic.register.clinical import condition
from imagebank.synthetic.register.orders import able
from imagebank.synthetic.register.tables import machines, table
from imagebank.synthetic.visits import FAULTS, OTHER_KINDS, SERIES_KINDS, Visit

END = date(2023, 12, 31)
PARENTS = {row["kind"]: row["parent"] for row in table("parents")}
STOOD = {row["name"]: (date.fromisoformat(row["start"]), date.fromisoformat(row["end"])) for row in machines()}
TEAMS = {}
for row in table("services"):
    day, end = date.fromisoformat(row["opened"]), date.fromisoformat(row["closed"]) if row["closed"] else None
    known_since, known_until = TEAMS.get(row["team"], (day, end))
    TEAMS[row["team"]] = (min(day, known_since), known_until and end and max(end, known_until))


def broken_laws(person: Person) -> list[str]:
    """The names of the laws that a person breaks."""
    found = [*_order(person), *_events(person), *_diagnoses(person), *_care(person), *_people(person)]
    return found + [law for visit in person.visits for law in _visit(person, visit)]


def _order(person: Person) -> Iterator[str]:
    course, died = person.course, person.course.death.day if person.course.death else END
    if not person.birth_date <= course.onset <= course.first_contact <= course.last_contact <= died <= END:
        yield "birth, onset, first contact, last contact, death"
    if course.dementia_day and not person.birth_date < course.dementia_day <= course.last_contact:
        yield "dementia day"
    if condition(course.condition).is_dementia != (course.dementia_day is not None):
        yield "only a dementia has a dementia day"


def _events(person: Person) -> Iterator[str]:
    course, died = person.course, person.course.death.day if person.course.death else END
    written = (*course.diagnoses, *course.assessments, *course.symptoms, *course.bloods)
    if any(not course.first_contact <= each.day <= course.last_contact for each in written):
        yield "an event outside of contact"
    if any(not person.birth_date <= each.day <= course.first_contact for each in course.referrals):
        yield "a referral after first contact"
    if not course.referrals[-1].accepted:
        yield "the last referral was refused"
    spells = [(each.start, each.end) for each in course.episodes]
    spells += [(each.start, each.end) for each in course.medications]
    if any(not course.first_contact <= start <= (end or died) <= died for start, end in spells):
        yield "a spell outside of life"
    for events in (course.diagnoses, course.assessments, course.symptoms, course.bloods):
        if [each.day for each in events] != sorted(each.day for each in events):  # type: ignore[attr-defined]
            yield "events out of order"


def _diagnoses(person: Person) -> Iterator[str]:
    picture = condition(person.course.condition)
    known = {*picture.codes, *picture.pairs.values(), *picture.comorbid}
    if any(each.code not in known for each in person.course.diagnoses if each.status == "current"):
        yield "a current code of another picture"
    if picture.codes and not any(
        each.role == "primary" for each in person.course.diagnoses if each.status == "current"
    ):
        yield "no main diagnosis"


def _care(person: Person) -> Iterator[str]:
    for each in person.course.episodes:
        opened, closed = TEAMS[each.team]
        if not opened <= each.start or (closed and not (each.end and each.end <= closed)):
            yield "cared for by a team that was not there"
    ill = person.course.dementia_day
    if ill and any(each.drug == "donepezil" and each.start < ill for each in person.course.medications):
        yield "treated before falling ill"


def _people(person: Person) -> Iterator[str]:
    if [home.since for home in person.homes] != sorted(home.since for home in person.homes):
        yield "homes out of order"
    if any(each.merged_into not in ("", person.hospital_number) for each in person.recorded):
        yield "merged into somebody else"
    if min(len(person.name.given), len(person.name.family)) < 5:
        yield "a name too short to search for"


def _visit(person: Person, visit: Visit) -> Iterator[str]:
    start, end = STOOD[visit.scanner]
    died = person.course.death.day if person.course.death else END
    if not start <= visit.day <= end:
        yield "scanned where no scanner stood"
    if (visit.day.month, visit.day.day) == (12, 25) and visit.day <= died:
        yield "scanned on Christmas"
    if visit.day > died and visit.linkable:
        yield "linked after death"
    if visit.day < person.course.first_contact:
        yield "scanned before first contact"
    if visit.linkable == bool(visit.trap not in ("", "opted-out")):
        yield "linkable and trap disagree"
    yield from _series(visit)


def _series(visit: Visit) -> Iterator[str]:
    kinds = [each.kind for each in visit.series]
    brain = [kind for kind in kinds if kind in SERIES_KINDS]
    if [each.number for each in visit.series] != list(range(1, len(kinds) + 1)):
        yield "series numbers"
    if set(kinds) - set(SERIES_KINDS) - set(OTHER_KINDS) or any(
        each.fault not in ("", *FAULTS) for each in visit.series
    ):
        yield "unknown kind or fault"
    if not set(brain) <= able(visit.scanner, visit.day.year):
        yield "a kind that the machine cannot make"
    if any(PARENTS.get(kind, kind) not in kinds for kind in kinds):
        yield "a map without its images"
    if any(later.uid == earlier.uid for earlier, later in pairwise(visit.series)):
        yield "one uid twice"
