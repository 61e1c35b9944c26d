"""The notes and radiology reports of a person, from the plan of the documents to the finished texts."""

from __future__ import annotations

from random import Random

from imagebank.synthetic.documents import Note
from imagebank.synthetic.model import Person, Relative
from imagebank.synthetic.streams import stream
from imagebank.synthetic.text.facts import facts_on
from imagebank.synthetic.text.flags import scribe_for
from imagebank.synthetic.text.language import text_grammar
from imagebank.synthetic.text.presentation import draw_presentation, finish
from imagebank.synthetic.text.radiology import read_head
from imagebank.synthetic.text.story import Story, story_of
from imagebank.synthetic.text.timeline import AUTHORS, Planned, plan_documents
from imagebank.synthetic.text.vocabulary import staff
from imagebank.synthetic.visits import Visit

UNDER_OLD_NUMBER = 0.15  # of the notes of somebody who has a duplicate registration


def notes_of(person: Person, *, seed: int) -> tuple[Note, ...]:
    """Three to eight documents along a person's course, in the order of their days."""
    chance = stream(seed, "text", person.key)
    story = story_of(person, chance)
    planned = plan_documents(person, chance)
    return tuple(_note(story, each, number, chance) for number, each in enumerate(planned, start=1))


def report_of(person: Person, visit: Visit, *, seed: int) -> Note:
    """The radiology report of a visit, filed under the person, whose head it may not be."""
    chance = stream(seed, "report", person.key, visit.key)
    story = story_of(person, chance)
    staff_of_visit = dict(visit.staff)
    author = staff_of_visit.get("radiologist") or chance.choice(staff("radiologist"))[0], "Cons Radiologist"
    facts = facts_on(story, visit.day, person.hospital_number, author, _relative(person, chance), chance)
    facts.colleagues["radiologist"] = author
    for role, post in (("referrer", "Ref"), ("operator", "Radiographer")):
        facts.colleagues[role] = (staff_of_visit.get(role) or chance.choice(staff("junior doctor"))[0], post)
    earlier = [each for each in person.visits if each.day < visit.day and each.person == visit.person]
    facts.reading = read_head(visit, max(earlier, key=lambda each: each.day, default=None))
    facts.scan_past = max((each.day for each in earlier), default=None)
    scribe = scribe_for(facts, chance)
    text_grammar().write("report", scribe)
    text, spans = finish(scribe, draw_presentation(scribe))
    key = f"{person.key}-{visit.key}-report"
    kind = "radiology report"
    return Note(key, person.key, person.hospital_number, visit.day, kind, author[0], text, spans, visit.uid)


def _note(story: Story, planned: Planned, number: int, chance: Random) -> Note:
    person = story.person
    author = _author(person, planned.kind, chance)
    hospital_number = _filed_under(person, chance)
    facts = facts_on(story, planned.day, hospital_number, author, _relative(person, chance), chance)
    scribe = scribe_for(facts, chance)
    text_grammar().write(planned.kind, scribe)
    text, spans = finish(scribe, draw_presentation(scribe))
    return Note(
        f"{person.key}-n{number}", person.key, hospital_number, planned.day, planned.kind, author[0], text, spans
    )


def _author(person: Person, kind: str, chance: Random) -> tuple[str, str]:
    role = chance.choice(AUTHORS[kind])
    if role == "practitioner" and person.general_practitioner:
        return person.general_practitioner, "GP"
    return chance.choice(staff(role))


def _filed_under(person: Person, chance: Random) -> str:
    """The current number; now and then that of a registration that was merged into it."""
    old = [each.hospital_number for each in person.recorded if each.merged_into and each.hospital_number]
    return chance.choice(old) if old and chance.random() < UNDER_OLD_NUMBER else person.hospital_number


def _relative(person: Person, chance: Random) -> Relative | None:
    named = [each for each in person.relatives if each.name]
    return chance.choice(named) if named else None
