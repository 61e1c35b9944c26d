"""The whole course of a person's health, from the frame of it and the parts."""

from __future__ import annotations

from imagebank.synthetic.events import Course
from imagebank.synthetic.register import care, treatment
from imagebank.synthetic.register.diagnoses import diagnoses
from imagebank.synthetic.register.identities import Identity
from imagebank.synthetic.register.rates import Rates
from imagebank.synthetic.register.scores import assessments
from imagebank.synthetic.register.subtypes import subtype, symptoms
from imagebank.synthetic.register.timelines import Timeline, timeline
from imagebank.synthetic.streams import stream


def frame_of(seed: int, person: Identity) -> Timeline:
    """When everything happens to a person."""
    return timeline(stream(seed, "timeline", person.number), person)


def course(seed: int, person: Identity, rates: Rates) -> Course:
    """What really happened to a person's health, and what was written down of it."""
    frame = frame_of(seed, person)
    cluster = subtype(stream(seed, "subtype", person.number), frame.condition.family)
    drugs = treatment.medications(seed, frame)
    return Course(
        condition=frame.condition.name,
        subtype=cluster,
        onset=frame.onset,
        first_contact=frame.first_contact,
        last_contact=frame.last,
        dementia_day=frame.slot.dementia_day,
        referrals=care.referrals(seed, frame),
        episodes=care.episodes(seed, frame, person.area),
        diagnoses=diagnoses(seed, frame, rates),
        assessments=assessments(seed, frame, rates),
        symptoms=symptoms(seed, frame, cluster),
        medications=drugs,
        bloods=treatment.bloods(seed, frame, drugs),
        death=care.death(seed, frame),
    )
