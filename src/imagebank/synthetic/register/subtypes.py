"""The true symptom clusters: a person's subtype decides how likely each symptom of their family is.

The matrix is data (`subtypes.csv`): 0.85 for the marks of a subtype, 0.1 for the rest, 0.9 for what the whole family
shares. At the first assessment every symptom is asked for; later a few are asked for again, and most stay as they were.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import accumulate
from random import Random

from imagebank.synthetic.events import Symptom
from imagebank.synthetic.register.chances import pick, whole
from imagebank.synthetic.register.tables import grouped, weighted
from imagebank.synthetic.register.timelines import Timeline
from imagebank.synthetic.streams import stream

STAYS = 0.85
ASKED_AGAIN = 4


@cache
def symptom_matrix(family: str) -> dict[str, tuple[tuple[str, float], ...]]:
    """The probability of each symptom by subtype of a family of conditions."""
    rows = {name: each for (of, name), each in grouped("subtypes", "family", "subtype").items() if of == family}
    return {name: tuple((row["symptom"], float(row["probability"])) for row in each) for name, each in rows.items()}


@cache
def _shares(family: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    rows = {name: each for (of, name), each in grouped("subtypes", "family", "subtype").items() if of == family}
    return tuple(rows), tuple(accumulate(float(each[0]["share"]) for each in rows.values()))


def subtype(chance: Random, family: str) -> str:
    """The true cluster of a person."""
    return weighted(chance, *_shares(family))


def symptoms(seed: int, frame: Timeline, true_subtype: str) -> tuple[Symptom, ...]:
    """What was found present, absent or past at one to three assessments."""
    chance = stream(seed, "symptoms", frame.slot.number)
    day = frame.between(chance, frame.first_contact, frame.first_contact + timedelta(45))
    state = {
        name: chance.random() < probability
        for name, probability in symptom_matrix(frame.condition.family)[true_subtype]
    }
    found = [Symptom(day, name, "present" if present else "absent") for name, present in state.items()]
    names = tuple(state)
    for _ in range(whole(chance, 0, 2)):
        later = frame.between(chance, day + timedelta(30), frame.last)
        if later > day:
            asked = dict.fromkeys(pick(chance, names) for _ in range(ASKED_AGAIN))
            found += [Symptom(later, name, _later(chance, state[name], frame.condition.is_dementia)) for name in asked]
    return tuple(sorted(found, key=lambda each: each.day))


def _later(chance: Random, was_present: bool, progressive: bool) -> str:
    """What was there is past now and then, but never in a dementia."""
    if chance.random() < STAYS or (was_present and progressive):
        return "present" if was_present else "absent"
    return "past" if was_present else "present"
