"""Whether contrast agent was in the blood: yes, no or unknown.

The header's fields are not trusted alone. Radiographers leave them blank, write `none`, and consoles copy them to the
series before the injection. So `yes` needs a second witness: the series was acquired after the bolus began, its
description says so, or the same protocol was run before in the same examination.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from imagebank.dicom.fields import Fields, number_of

YES, NO, UNKNOWN = "yes", "no", "unknown"
AGENT_ANSWERS = (YES, NO, UNKNOWN)

NO_AGENT = {"", "NO", "NONE", "N", "N/A", "NA", "NIL", "OFF", "0", "WITHOUT"}
"""What technicians type into the contrast agent field when none was given."""

AFTER_WORDS = re.compile(
    r"(?<![a-z])(\+ ?c|\+ ?gd|\+ ?gad|gd|gad|gado\w*|dotarem|post(?!.?(op|rx|surg|trauma))|ce|c\+|kontrast|km|inj\w*"
    r"|(with|w/|con|avec|mit|com).?(contrast\w*|civ|mdc))(?![a-z])|造影",
    re.I,
)
"""Words of a description that say that agent was given, in several languages: only whole ones count."""

BEFORE_WORDS = re.compile(r"(?<![a-z])(pre|nativ\w*|without|unenhanced|non.?contrast|sans|ohne)(?![a-z])|単純", re.I)
"""Words of a description that say that none was."""

DENIED = re.compile(
    r"(?<![a-z])(ohne|sans|sin|sem|senza|without|w/?o|no|non|pre|vor).?"
    r"(km|gd|gad|gado\w*|inj\w*|iv|ce|civ|mdc|(contrast|kontrast)\w*)(?![a-z])|非造影|造影前",
    re.I,
)
"""Words of agent that another before them denies."""

_TIME = re.compile(r"(?:\d{8})?(\d{2})(\d{2})(\d{2})?(\.\d+)?([+-]\d{4})?")

DAY_S = 86_400.0
HALF_DAY_S = DAY_S / 2
"""No examination takes as long: of two times that are further apart, the later one was before midnight."""


@dataclass(frozen=True)
class AgentFacts:
    """What one series says of contrast agent; `mentioned` when its header has the element, even empty."""

    named: bool | None
    acquired_s: float | None
    bolus_start_s: float | None
    text_says: bool | None
    protocol: str
    number: int = 0
    mentioned: bool = False
    derived: bool = False


def named_agent(fields: Fields) -> bool | None:
    """True when an agent is named, False when the header says none was given; the name itself is not kept."""
    if fields.text("ContrastBolusAgentAdministered").upper() == "NO":
        return False
    named = fields.text("ContrastBolusAgent").strip().upper()
    volume = number_of(fields.text("ContrastBolusVolume"))
    if named in NO_AGENT - {""} or volume == 0:
        return False
    return True if named or volume else None


def mentions_agent(fields: Fields) -> bool:
    """Whether the header has the element at all, as it has where somebody opened the form of the injection."""
    return fields.has("ContrastBolusAgent") or fields.has("ContrastBolusAgentSequence")


def seconds_of(text: str) -> float | None:
    """Seconds since midnight of a DICOM time or date and time; None for anything else."""
    digits = _TIME.fullmatch(text.strip())
    if not digits:
        return None
    hours, minutes, seconds = (int(each or 0) for each in digits.group(1, 2, 3))
    return hours * 3600.0 + minutes * 60.0 + seconds if hours < 24 and minutes < 60 and seconds <= 60 else None


def text_says(text: str) -> bool | None:
    """What a description says of agent; None when it says nothing, or both."""
    told = DENIED.sub(" ", text)
    after, before = bool(AFTER_WORDS.search(told)), told != text or bool(BEFORE_WORDS.search(told))
    return None if after == before else after


def agent_alone(told: AgentFacts) -> str:
    """The answer for one series without its session."""
    if told.named is False:
        return NO
    if told.named is None:
        return YES if told.text_says else UNKNOWN
    if told.acquired_s is None or told.bolus_start_s is None:
        return YES if told.text_says else NO if told.text_says is False else UNKNOWN
    return YES if (told.acquired_s - told.bolus_start_s) % DAY_S < HALF_DAY_S else NO


def settle_agents(session: Sequence[AgentFacts]) -> list[str]:
    """The answers for all series of one examination, in the order given.

    In an examination in which no series names an agent, and no protocol was run twice, none was given. Where one was
    given, the first run of a protocol that was run twice came before it, every series after the first certain one is
    after it, and every series before the earliest bolus that a header tells is before it.
    """
    session = _past_midnight(session)
    alone = [agent_alone(each) for each in session]
    if not any(each.named or each.text_says for each in session):
        twice = any(_ran_before(each, session) for each in session)
        return [_silent(told, answer, twice) for told, answer in zip(session, alone, strict=True)]
    first = _first_certain(session, alone)
    bolus = min((each.bolus_start_s for each in session if each.named and each.bolus_start_s), default=None)
    return [_settle(session, place, answer, first, bolus) for place, answer in enumerate(alone)]


def _past_midnight(session: Sequence[AgentFacts]) -> Sequence[AgentFacts]:
    """The session with its times in order, where it goes on into the next day."""
    times = [each.acquired_s for each in session if each.acquired_s is not None]
    if not times or max(times) - min(times) <= HALF_DAY_S:
        return session
    return [
        replace(each, acquired_s=_next_day(each.acquired_s), bolus_start_s=_next_day(each.bolus_start_s))
        for each in session
    ]


def _next_day(clock_s: float | None) -> float | None:
    return clock_s + DAY_S if clock_s is not None and clock_s < HALF_DAY_S else clock_s


def _silent(told: AgentFacts, answer: str, twice: bool) -> str:
    """The answer where nobody names an agent: an element that is there and empty leaves it open."""
    return NO if answer == UNKNOWN and not twice and not told.mentioned else answer


def _when(told: AgentFacts) -> tuple[float, int]:
    return (2 * DAY_S if told.acquired_s is None else told.acquired_s, told.number)


def _first_certain(session: Sequence[AgentFacts], alone: Sequence[str]) -> tuple[float, int] | None:
    """When the earliest series was acquired that certainly came after the bolus."""
    certain = [_when(told) for told, answer in zip(session, alone, strict=True) if answer == YES]
    again = [_when(told) for told in session if told.named and _ran_before(told, session)]
    return min([*certain, *again], default=None)


def _ran_before(told: AgentFacts, session: Iterable[AgentFacts]) -> bool:
    """Whether the same protocol had been run before this series, which then was run again for a reason."""
    return any(other.protocol == told.protocol and _when(other) < _when(told) for other in session)


def _settle(
    session: Sequence[AgentFacts], place: int, answer: str, first: tuple[float, int] | None, bolus: float | None
) -> str:
    told = session[place]
    if answer != UNKNOWN or told.acquired_s is None or told.derived:
        return answer  # of a computed series the time tells nothing of the blood
    if bolus is not None and told.acquired_s < bolus:
        return NO
    if first is None:
        return answer
    if _when(told) >= first:
        return YES
    return NO if any(other.protocol == told.protocol and _when(other) >= first for other in session) else UNKNOWN
