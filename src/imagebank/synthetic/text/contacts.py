"""How notes write what reaches a person: telephones, numbers of the health service, e-mail and postal addresses."""

from __future__ import annotations

import re
from collections.abc import Callable

from imagebank.synthetic.model import Home, Name
from imagebank.synthetic.text.names import plain
from imagebank.synthetic.text.scribe import Scribe

MAIL_PLACES = ("example.org", "example.com", "mail.example", "post.example")
STAFF_MAIL = "souththames.nhs.example"


def _split(digits: str) -> tuple[str, str, str]:
    """Area or network code, and the two halves of the number, of eleven digits."""
    return (digits[:3], digits[3:7], digits[7:]) if digits.startswith("02") else (digits[:5], digits[5:8], digits[8:])


PHONE_FORMS: tuple[Callable[[str, str, str], str], ...] = (
    lambda a, b, c: f"{a} {b} {c}",
    lambda a, b, c: f"{a}{b}{c}",
    lambda a, b, c: f"{a} {b}{c}",
    lambda a, b, c: f"+44 (0){a[1:]} {b} {c}",
    lambda a, b, c: f"+44 {a[1:]} {b} {c}",
    lambda a, b, c: f"+44{a[1:]}{b}{c}",
    lambda a, b, c: f"({a}) {b} {c}",
    lambda a, b, c: f"{a}-{b}-{c}",
    lambda a, b, c: f"{a}{b[:1]} {b[1:]} {c}",
)
"""Spacings of a telephone number, from its three groups."""


def phone_text(scribe: Scribe, phone: str) -> str:
    """One of the ways to write a number; what has not eleven digits stays as it is."""
    digits = re.sub(r"\D", "", phone)
    return scribe.pick(PHONE_FORMS)(*_split(digits)) if len(digits) == 11 else phone


def write_phone(scribe: Scribe, phone: str, owner: str) -> None:
    """Write and mark a telephone number."""
    scribe.mark(phone_text(scribe, phone), "telephone", phone, owner)


NHS_FORMS: tuple[Callable[[str], str], ...] = (
    lambda n: f"{n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n: n,
    lambda n: f"{n[:3]} {n[3:6]} {n[6:]}",
    lambda n: f"{n[:3]}  {n[3:6]}  {n[6:]}",
    lambda n: f"{n[:3]}.{n[3:6]}.{n[6:]}",
)


def write_nhs_number(scribe: Scribe, number: str) -> None:
    """Write and mark an NHS number."""
    scribe.mark(scribe.pick(NHS_FORMS)(number), "nhs number", number)


HOSPITAL_FORMS: tuple[Callable[[str], str], ...] = (
    lambda n: n,
    lambda n: n,
    lambda n: n.lower(),
    lambda n: f"{n[:1]} {n[1:]}",
    lambda n: f"{n[:4]} {n[4:]}",
    lambda n: f"{n[:1]}-{n[1:]}",
)


def write_hospital_number(scribe: Scribe, number: str) -> None:
    """Write and mark a hospital number."""
    scribe.mark(scribe.pick(HOSPITAL_FORMS)(number), "hospital number", number)


def mail_names(name: Name) -> tuple[str, ...]:
    """What stands before the @ of somebody's address; nothing when the name has no letters of the alphabet."""
    first, last = (re.sub(r"[^a-z]", "", plain(part).lower()) for part in (name.given, name.family))
    if not (first and last):
        return ()
    return (f"{first}.{last}", f"{first}_{last}", f"{first[0]}{last}", f"{last}.{first[0]}", f"{first}{last}44")


def write_mail(scribe: Scribe, names: tuple[str, ...], owner: str, place: str = "") -> None:
    """Write and mark an e-mail address; its host is one that never exists."""
    address = f"{scribe.pick(names)}@{place or scribe.pick(MAIL_PLACES)}"
    shown = address if scribe.draw() < 0.85 else address[:1].upper() + address[1:]
    scribe.mark(shown, "email", address, owner)


def write_address(scribe: Scribe, home: Home) -> None:
    """Write an address on one line, with its postcode."""
    text = scribe.pick((home.address, f"{home.house} {home.street}, {home.district}", f"{home.house} {home.street}"))
    scribe.mark(text, "address", home.address)
    scribe.say(scribe.pick((", ", " ", ". ")))
    write_postcode(scribe, home)


def write_address_lines(scribe: Scribe, home: Home) -> None:
    """Write an address over two or more lines; the mark covers the line ends."""
    house = home.house.replace(", ", "\n") if scribe.draw() < 0.5 else home.house
    comma = "," if scribe.draw() < 0.4 else ""
    city = scribe.pick((f"{comma}\nLondon", f"{comma}\nLONDON", ", London", ""))
    scribe.mark(f"{house} {home.street}{comma}\n{home.district}{city}", "address", home.address)
    scribe.say(scribe.pick(("\n", " ", "\n")))
    write_postcode(scribe, home)


def write_street(scribe: Scribe, home: Home) -> None:
    """Write the street alone."""
    scribe.mark(home.street, "address", home.address)


def write_district(scribe: Scribe, home: Home) -> None:
    """Write the part of the town."""
    scribe.mark(home.district, "address", home.address)


def write_postcode(scribe: Scribe, home: Home) -> None:
    """Write a postcode, three in ten without its space or in small letters."""
    postcode, draw = home.postcode, scribe.draw()
    if draw < 0.15:
        postcode = postcode.replace(" ", "")
    elif draw < 0.3:
        postcode = postcode.lower()
    scribe.mark(postcode, "postcode", home.postcode)
