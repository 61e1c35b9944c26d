"""The slots of the grammar that name somebody: the patient, relatives, staff and institutions."""

from __future__ import annotations

from functools import partial

from imagebank.synthetic.text import contacts, names
from imagebank.synthetic.text.clinical import MEANINGS
from imagebank.synthetic.text.days import DAY_SLOTS
from imagebank.synthetic.text.facts import Facts, colleague
from imagebank.synthetic.text.grammar import Step
from imagebank.synthetic.text.radiology import READING_SLOTS
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.vocabulary import institutions

ROLES = (
    *("consultant", "junior doctor", "nurse", "therapist", "social worker", "support worker", "practitioner"),
    *("radiologist", "author", "referrer", "operator"),
)
PLACES = ("surgery", "ward", "hospital", "team", "centre", "employer", "school")
TITLE = ("Dr", "Prof", "Mr", "Mrs", "Ms", "Miss")


def _name(form: str) -> Step:
    write = names.FORMS[form]
    return lambda scribe: write(scribe, scribe.facts.story.names)


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


SLOTS: dict[str, Step] = {
    **MEANINGS,
    **READING_SLOTS,
    **DAY_SLOTS,
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
