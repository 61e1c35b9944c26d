"""The flags that guards of the grammar ask for: what is so of a person on a day, and what is left to be written."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from imagebank.synthetic.text.facts import Facts
from imagebank.synthetic.text.radiology import reading_flags
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.story import ADULT_YEARS, OLD_YEARS, SHOWN_YEARS, SPOUSES, words_on

RISKS = ("suicide", "aggression")  # groups of symptoms
COGNITIVE = ("MMSE", "MoCA", "ACE-III", "ACE-R", "M-ACE", "AMTS")
FLAGS = (
    *("relative", "rel_phone", "phone", "nhs", "mail", "known_as", "birth_name", "middle", "native", "variant"),
    *("initials", "spouse", "partnered", "moved", "female", "male", "child", "adult", "old", "over89"),
    *("present", "present2", "present_adj", "absent", "absent2", "absent_adj", "absent_risk", "past"),
    *("dx", "dx_past", "dx_body", "dx_wrong", "drug", "drug_past", "drug_next", "dose_up", "dose_down"),
    *("medicated", "diagnosed", "symptomatic", "oriented", "allergic", "fh", "blood", "episode", "inpatient"),
    *("score", "score2", "score_past", "score_today", "cog_score", "items", "undone"),
    *("scan_past", "scan_next", "referral"),
    *("atrophy", "wide", "lesions", "mta", "compared", "grown", "agent", "motion"),
    *("cognitive", "psychosis", "mood", "anxiety", "substance", "developmental", "general"),
)
BITS = {name: 1 << place for place, name in enumerate(FLAGS)}
QUEUES = {  # flag: (queue, how many must be left)
    "present": ("present", 1),
    "present2": ("present", 2),
    "absent": ("absent", 1),
    "absent2": ("absent", 2),
    "past": ("past", 1),
    "dx": ("dx", 1),
    "dx_past": ("dx_past", 1),
    "dx_body": ("dx_body", 1),
    "dx_wrong": ("dx_wrong", 1),
    "drug": ("drug", 1),
    "drug_past": ("drug_past", 1),
    "drug_next": ("drug_next", 1),
    "score": ("score", 1),
    "score2": ("score", 2),
    "score_past": ("score_past", 1),
    "undone": ("undone", 1),
    "blood": ("blood", 1),
}


def flags_of(facts: Facts) -> int:
    """The bits of everything that is so."""
    truths = {**_of_person(facts), **_of_relative(facts), **_of_day(facts), facts.story.theme: True}
    if facts.reading:
        truths |= reading_flags(facts.reading)
    return sum(BITS[name] for name, so in truths.items() if so)


def _of_person(facts: Facts) -> dict[str, bool]:
    story, person, names = facts.story, facts.story.person, facts.story.names
    return {
        "phone": bool(person.phone),
        "nhs": bool(person.nhs_number),
        "mail": bool(story.mail),
        "known_as": bool(names.known_as),
        "birth_name": bool(names.birth_family) and names.birth_family != names.family,
        "middle": bool(names.middle),
        "native": bool(names.native),
        "variant": bool(names.given_variants or names.family_variants),
        "initials": bool(names.initials),
        "female": person.sex == "female",
        "male": person.sex == "male",
        "partnered": any(each.relation in SPOUSES for each in person.relatives),
        "allergic": bool(story.allergen),
        "fh": bool(story.family_illness),
        "referral": bool(person.course.referrals),
    }


def _of_relative(facts: Facts) -> dict[str, bool]:
    relative = facts.relative
    return {
        "relative": relative is not None,
        "rel_phone": relative is not None and bool(relative.phone),
        "spouse": relative is not None and relative.relation in SPOUSES,
    }


def _of_day(facts: Facts) -> dict[str, bool]:
    person, age, episode = facts.story.person, facts.age, facts.episode
    return {
        "moved": len(person.homes) > 1 and person.home_on(facts.day) != person.homes[0],
        "child": age < ADULT_YEARS,
        "adult": age >= ADULT_YEARS,
        "old": age >= OLD_YEARS,
        "over89": age > SHOWN_YEARS,
        "medicated": bool(facts.drug),
        "diagnosed": bool(facts.dx),
        "symptomatic": bool(facts.present),
        "oriented": all(term.group != "orientation" for term in facts.present),
        "dose_up": facts.dose_up is not None,
        "dose_down": facts.dose_down is not None,
        "episode": episode is not None,
        "inpatient": episode is not None and episode.kind == "inpatient",
        "scan_past": facts.scan_past is not None,
        "scan_next": facts.scan_next is not None,
    }


def lower_flags(scribe: Scribe, queue: str) -> None:
    """Bring the flags of a queue up to date after something was taken from it."""
    facts: Facts = scribe.facts
    left = getattr(facts, queue)
    flags = scribe.flags & ~OF_QUEUE[queue]
    for bit, least in LEAST[queue]:
        if len(left) >= least:
            flags |= bit
    if queue in ASKED_MORE:
        flags |= ASKED_MORE[queue](facts)
    scribe.flags = flags


def _present(facts: Facts) -> int:
    return BITS["present_adj"] if any(term.adjectives for term in facts.present) else 0


def _absent(facts: Facts) -> int:
    flags = 0
    for term in facts.absent:
        if term.adjectives:
            flags |= BITS["absent_adj"]
        if term.group in RISKS:
            flags |= BITS["absent_risk"]
    return flags


def _score(facts: Facts) -> int:
    if not facts.score:
        return 0
    score = facts.score[-1]
    flags = BITS["items"] if any(each.items for each in facts.score) else 0
    flags |= BITS["score_today"] if score.day == facts.day else 0
    return flags | (BITS["cog_score"] if score.name in COGNITIVE else 0)


ASKED_MORE: dict[str, Callable[[Facts], int]] = {"present": _present, "absent": _absent, "score": _score}
"""Queues of which more is asked than how many are left."""

_MORE_FLAGS = {
    "present": ("present_adj",),
    "absent": ("absent_adj", "absent_risk"),
    "score": ("items", "score_today", "cog_score"),
}
LEAST = {
    queue: tuple((BITS[flag], least) for flag, (of, least) in QUEUES.items() if of == queue)
    for queue in dict.fromkeys(of for of, _ in QUEUES.values())
}
OF_QUEUE = {
    queue: sum(bit for bit, _ in bits) + sum(BITS[flag] for flag in _MORE_FLAGS.get(queue, ()))
    for queue, bits in LEAST.items()
}
"""All bits that a queue can set."""


def scribe_for(facts: Facts, chance: Random) -> Scribe:
    """A scribe who knows the facts."""
    words = words_on(facts.story, facts.day, facts.relative)
    scribe = Scribe(chance, facts, words, flags_of(facts))
    for queue in LEAST:
        lower_flags(scribe, queue)
    return scribe


def take(scribe: Scribe, queue: str) -> Any:
    """The next thing of a queue of the facts; the last one again when nothing is left."""
    facts: Facts = scribe.facts
    left: list[Any] = getattr(facts, queue)
    if not left:
        return facts.said[queue]
    item = facts.said[queue] = left.pop()
    if len(left) < 2 or queue in ASKED_MORE:
        lower_flags(scribe, queue)
    return item
