"""Who is out, and who may not yet be in because nobody has asked: the rules of opt-outs. Pure.

Three kinds of wishes, each with the date of its list: national, local, GP type 1; the wish of one registration counts
for the person. Where the bank requires the national list, a person whose number was not checked is held back, and a
list that is too old stops the work: fail closed. Whoever has no NHS number cannot be on the national list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from imagebank.identities.model import Person
from imagebank.identities.register import nhs_numbers_of

OPTED_OUT = "opted-out"
NOT_CHECKED = "opt-out-not-checked"


def held_back(
    people: Iterable[Person],
    listed: set[str],
    answers: Mapping[str, bool | None],
    *,
    required: bool,
    accept_test_numbers: bool,
) -> dict[str, str]:
    """Why each person who must not be banked is out. `answers` is what the national service said of NHS numbers."""
    found = {}
    for person in people:
        numbers = nhs_numbers_of(person, accept_test_numbers=accept_test_numbers)
        told = [answers.get(number) for number in numbers]
        if person.person in listed or False in told:
            found[person.person] = OPTED_OUT
        elif required and None in told:
            found[person.person] = NOT_CHECKED
    return found


def is_stale(newest: date | None, today: date, most_days: int) -> bool:
    """Whether the national list is absent or older than it may be."""
    return newest is None or (today - newest).days > most_days
