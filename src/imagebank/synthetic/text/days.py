"""The slots of the grammar that write ages and days: birth, today, when something was found, how long ago it began."""

from __future__ import annotations

from datetime import date, timedelta

from imagebank.synthetic.text.dates import DAY_FORMS, LOOSE_FORMS, MONTH_FORMS, SPOKEN_FORMS, write_day, write_past
from imagebank.synthetic.text.facts import Facts
from imagebank.synthetic.text.grammar import Step
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.story import SHOWN_YEARS

AN = (8, 11, 18, *range(80, 90))  # ages that take "an"


def _age(scribe: Scribe) -> None:
    """An age; above 89 it is an identifier."""
    age: int = scribe.facts.age
    if age > SHOWN_YEARS:
        scribe.mark(str(age), "age over 89", str(age))
    else:
        scribe.say(str(age))


def _article_age(scribe: Scribe) -> None:
    scribe.say("an " if scribe.facts.age in AN else "a ")
    _age(scribe)


def _birth(scribe: Scribe) -> None:
    write_day(scribe, scribe.facts.story.person.birth_date)


def _spoken_birth(scribe: Scribe) -> None:
    write_day(scribe, scribe.facts.story.person.birth_date, SPOKEN_FORMS)


def _today(scribe: Scribe) -> None:
    write_day(scribe, scribe.facts.day)


def _spoken_today(scribe: Scribe) -> None:
    write_day(scribe, scribe.facts.day, SPOKEN_FORMS)


def _near(first: int, last: int) -> Step:
    """A day so many days from the note, never before birth."""

    def write(scribe: Scribe) -> None:
        facts: Facts = scribe.facts
        day = facts.day + timedelta(first + int(scribe.draw() * (last - first + 1)))
        day = max(day, facts.story.person.birth_date)
        loose = abs((day - facts.day).days) < 60 and scribe.draw() < 0.45
        write_day(scribe, day, LOOSE_FORMS if loose else DAY_FORMS)

    return write


def _known_day(scribe: Scribe, day: date | None) -> None:
    write_past(scribe, day or scribe.facts.day)


def _month(scribe: Scribe) -> None:
    """A month within the illness."""
    facts: Facts = scribe.facts
    day = facts.day - timedelta(40 + int(scribe.draw() * 900))
    write_day(scribe, min(facts.day, max(day, facts.story.person.course.onset)), MONTH_FORMS)


def _onset(scribe: Scribe) -> None:
    write_day(scribe, min(scribe.facts.day, scribe.facts.story.person.course.onset), MONTH_FORMS)


def _months(scribe: Scribe) -> int:
    facts: Facts = scribe.facts
    return max(1, round((facts.day - facts.story.person.course.onset).days / 30.4))


def _duration(scribe: Scribe) -> None:
    """How long it has been going on, before "history": 18 month, 2 year, 6/12."""
    months = _months(scribe)
    years = round(months / 12)
    scribe.say(f"{years} year" if months > 20 else scribe.pick((f"{months} month", f"{months}/12")))


def _long(scribe: Scribe) -> None:
    """How long it has been going on: 18 months, 2 years, 2 yrs."""
    months = _months(scribe)
    years = round(months / 12)
    plural = "s" if (years if months > 20 else months) > 1 else ""
    scribe.say(scribe.pick((f"{years} years", f"{years} yrs")) if months > 20 else f"{months} month{plural}")


def _diagnosed(queue: str) -> Step:
    """The day of the diagnosis that was just written."""
    return lambda scribe: _known_day(scribe, scribe.facts.said[queue][0].day)


def _first_seen(scribe: Scribe) -> None:
    _known_day(scribe, min(scribe.facts.story.person.course.first_contact, scribe.facts.day))


def _scored(scribe: Scribe) -> None:
    """The day of the score that was just written."""
    _known_day(scribe, scribe.facts.said["scored"].day)


def _referred(scribe: Scribe) -> None:
    referrals = scribe.facts.story.person.course.referrals
    days = [each.day for each in referrals if each.day <= scribe.facts.day]
    _known_day(scribe, max(days, default=scribe.facts.day))


def _drug_since(scribe: Scribe) -> None:
    """The day on which the drug that was just written began."""
    _known_day(scribe, scribe.facts.said["drug"].start)


def _drug_stopped(scribe: Scribe) -> None:
    drug = scribe.facts.said["drug_past"]
    _known_day(scribe, drug.end)


def _admitted(scribe: Scribe) -> None:
    episode = scribe.facts.episode
    _known_day(scribe, episode.start if episode else None)


def _scan(which: str) -> Step:
    return lambda scribe: _known_day(scribe, getattr(scribe.facts, which))


DAY_SLOTS: dict[str, Step] = {
    "age": _age,
    "age.a": _article_age,
    "birth": _birth,
    "birth.spoken": _spoken_birth,
    "today": _today,
    "today.spoken": _spoken_today,
    "date.ago": _near(-45, -1),
    "date.ahead": _near(3, 90),
    "date.month": _month,
    "duration": _duration,
    "duration.ago": _long,
    "date.onset": _onset,
    "date.dx": _diagnosed("dx"),
    "date.dx.past": _diagnosed("dx_past"),
    "date.first": _first_seen,
    "date.scored": _scored,
    "date.referred": _referred,
    "date.drug": _drug_since,
    "date.stopped": _drug_stopped,
    "date.in": _admitted,
    "date.reported": _near(0, 4),
    "date.scan": _scan("scan_past"),
    "date.scan.next": _scan("scan_next"),
}
"""Every slot that writes an age or a day."""
