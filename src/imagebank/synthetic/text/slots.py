"""The slots of the grammar that name somebody: the patient, relatives, staff and institutions, and every day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from imagebank.synthetic.text import contacts, names
from imagebank.synthetic.text.clinical import MEANINGS
from imagebank.synthetic.text.dates import DAY_FORMS, LOOSE_FORMS, MONTH_FORMS, SPOKEN_FORMS, write_day, write_past
from imagebank.synthetic.text.facts import Facts, colleague
from imagebank.synthetic.text.grammar import Step
from imagebank.synthetic.text.radiology import READING_SLOTS
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.story import SHOWN_YEARS
from imagebank.synthetic.text.vocabulary import institutions

ROLES = (
    *("consultant", "junior doctor", "nurse", "therapist", "social worker", "support worker", "practitioner"),
    *("radiologist", "author", "referrer", "operator"),
)
PLACES = ("surgery", "ward", "hospital", "team", "centre", "employer", "school")
TITLE = ("Dr", "Prof", "Mr", "Mrs", "Ms", "Miss")
AN = (8, 11, 18, *range(80, 90))


def _name(form: str) -> Step:
    write = names.FORMS[form]
    return lambda scribe: write(scribe, scribe.facts.story.names)


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


def _home(scribe: Scribe, write: object) -> None:
    facts: Facts = scribe.facts
    write(scribe, facts.story.person.home_on(facts.day))  # type: ignore[operator]


def _old_home(scribe: Scribe) -> None:
    contacts.write_address(scribe, scribe.facts.story.person.homes[0])


def _nhs(scribe: Scribe) -> None:
    contacts.write_nhs_number(scribe, scribe.facts.story.person.nhs_number)


def _hospital_number(scribe: Scribe) -> None:
    contacts.write_hospital_number(scribe, scribe.facts.hospital_number)


def _phone(scribe: Scribe) -> None:
    contacts.write_phone(scribe, scribe.facts.story.person.phone, "patient")


def _mail(scribe: Scribe) -> None:
    contacts.write_mail(scribe, scribe.facts.story.mail, "patient")


def _relative(form: str) -> Step:
    """A relative's name: in full, the first name, the last, without diacritics, in capitals."""

    def write(scribe: Scribe) -> None:
        name: str = scribe.facts.relative.name
        shown = {"first": name.split()[0], "last": name.split()[-1], "plain": names.plain(name), "full": name}[form]
        shown = shown.upper() if form == "full" and scribe.draw() < 0.08 else shown
        scribe.mark(shown, "relative", name, "relative")

    return write


def _relative_phone(scribe: Scribe) -> None:
    contacts.write_phone(scribe, scribe.facts.relative.phone, "relative")


def _bare(name: str) -> list[str]:
    words = name.split()
    return words[1:] if words[0] in TITLE and len(words) > 1 else words


def _staff(role: str) -> Step:
    """Somebody of the staff as colleagues write: Dr Marchbanks, CPN Maureen, Olumide (CPN), MT."""

    def write(scribe: Scribe) -> None:
        name, short = colleague(scribe, role)
        scribe.say(_before(scribe, name, short))
        scribe.mark(_shown(scribe, name), "staff", name, "staff")

    return write


def _before(scribe: Scribe, name: str, short: str) -> str:
    if name.split()[0] in TITLE or scribe.draw() < 0.3:
        return ""
    return f"{short} "


def _shown(scribe: Scribe, name: str) -> str:
    bare, title = _bare(name), name.split()[0]
    draw = scribe.draw()
    if title in TITLE:
        if draw < 0.55:
            return f"{title} {bare[-1]}"
        return name if draw < 0.9 else f"{title} {bare[0][0]} {bare[-1]}"
    return name if draw < 0.55 else bare[0] if draw < 0.85 else f"{bare[0][0]} {bare[-1]}"


def _signed(role: str) -> Step:
    """A signature."""

    def write(scribe: Scribe) -> None:
        name, _ = colleague(scribe, role)
        scribe.mark(name, "staff", name, "staff")

    return write


def _grade(role: str) -> Step:
    """The abbreviation of somebody's post."""
    return lambda scribe: scribe.say(colleague(scribe, role)[1])


def _staff_initials(scribe: Scribe) -> None:
    name, _ = colleague(scribe, "author")
    scribe.mark("".join(word[0] for word in _bare(name)), "staff", name, "staff")


def _staff_mail(scribe: Scribe) -> None:
    name, _ = colleague(scribe, "author")
    bare = [names.plain(word).lower() for word in _bare(name)]
    contacts.write_mail(scribe, (f"{bare[0]}.{bare[-1]}",), "staff", contacts.STAFF_MAIL)


def _bleep(scribe: Scribe) -> None:
    number = str(1000 + int(scribe.draw() * 8999))
    scribe.mark(number, "telephone", number, "staff")


def _office_phone(scribe: Scribe) -> None:
    contacts.write_phone(scribe, f"020 7946 0{int(scribe.draw() * 1000):03d}", "staff")


def _place(kind: str) -> Step:
    """An institution: the same one each time within a note; the team and site are those of the episode."""
    owner = "patient" if kind in ("employer", "school", "centre") else "nobody"

    def write(scribe: Scribe) -> None:
        facts: Facts = scribe.facts
        if kind not in facts.places:
            known = _of_episode(facts, kind) or facts.story.places.get(kind)
            facts.places[kind] = known or scribe.pick(institutions(kind))
        scribe.mark(facts.places[kind], "institution", facts.places[kind], owner)

    return write


def _of_episode(facts: Facts, kind: str) -> str:
    episode = facts.episode
    if episode is None or kind not in ("team", "hospital", "ward"):
        return ""
    if kind == "hospital":
        return episode.site
    inpatient = episode.kind == "inpatient"
    return episode.team if inpatient == (kind == "ward") else ""


def _vehicle(scribe: Scribe) -> None:
    draw = scribe.draw
    letters = "".join("ABDEFGHJKLMNPRSTWXY"[int(draw() * 19)] for _ in range(5))
    text = f"{letters[:2]}{int(draw() * 70) + 2:02d}{scribe.pick((' ', ''))}{letters[2:]}"
    scribe.mark(text, "vehicle", text.replace(" ", ""))


def _episode_day(which: str) -> Step:
    def write(scribe: Scribe) -> None:
        episode = scribe.facts.episode
        _known_day(scribe, getattr(episode, which) if episode else None)

    return write


def _scan(which: str) -> Step:
    return lambda scribe: _known_day(scribe, getattr(scribe.facts, which))


SLOTS: dict[str, Step] = {
    **MEANINGS,
    **READING_SLOTS,
    **{f"name.{form}": _name(form) for form in names.FORMS},
    **{f"staff.{role.replace(' ', '-')}": _staff(role) for role in ROLES},
    **{f"signed.{role.replace(' ', '-')}": _signed(role) for role in ROLES},
    **{f"grade.{role.replace(' ', '-')}": _grade(role) for role in ROLES},
    **{f"place.{kind}": _place(kind) for kind in PLACES},
    **{f"rel.{form}": _relative(form) for form in ("full", "first", "last", "plain")},
    "rel.phone": _relative_phone,
    "staff.initials": _staff_initials,
    "staff.mail": _staff_mail,
    "staff.bleep": _bleep,
    "staff.phone": _office_phone,
    "age": _age,
    "age.a": _article_age,
    "birth": _birth,
    "birth.spoken": _spoken_birth,
    "today": _today,
    "today.spoken": _spoken_today,
    "date.ago": _near(-45, -1),
    "date.ahead": _near(3, 90),
    "date.month": _month,
    "date.onset": _onset,
    "date.dx": _diagnosed("dx"),
    "date.dx.past": _diagnosed("dx_past"),
    "date.first": _first_seen,
    "date.scored": _scored,
    "date.referred": _referred,
    "date.drug": _drug_since,
    "date.stopped": _drug_stopped,
    "date.in": _episode_day("start"),
    "date.out": _episode_day("end"),
    "date.reported": _near(0, 4),
    "date.scan": _scan("scan_past"),
    "date.scan.next": _scan("scan_next"),
    "address": partial(_home, write=contacts.write_address),
    "address.lines": partial(_home, write=contacts.write_address_lines),
    "address.old": _old_home,
    "street": partial(_home, write=contacts.write_street),
    "district": partial(_home, write=contacts.write_district),
    "postcode": partial(_home, write=contacts.write_postcode),
    "nhs": _nhs,
    "hospital-number": _hospital_number,
    "phone": _phone,
    "mail": _mail,
    "vehicle": _vehicle,
}
"""Every slot that the grammar of the notes may call."""
