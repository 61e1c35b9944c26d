"""What pretend people are called: names of several communities, some with a form in their own script.

The lists (`names.csv`, `communities.csv`) are common names of each community in free combination; a likeness to a real
person is chance. Parts have five letters or more, so that a search for them finds nothing else.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from imagebank.synthetic.model import Name
from imagebank.synthetic.register.chances import pick
from imagebank.synthetic.register.tables import Row, grouped, running_sums, table, weighted

WITH_MIDDLE, WITH_BIRTH_NAME, WITH_NATIVE, KNOWN_OTHERWISE = 0.55, 0.6, 0.7, 0.5
ADULT_YEARS, MARRIED_YEARS = 18, 28
TITLES = {
    "female": (("Mrs", 52), ("Ms", 74), ("Miss", 96), ("Dr", 99), ("Prof", 100)),
    "male": (("Mr", 95), ("Dr", 98), ("Prof", 99), ("Rev", 100)),
}
CHARSETS = {
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "\\ISO 2022 IR 87": "iso2022_jp",
    "\\ISO 2022 IR 149": "euc_kr",
    "GB18030": "gb18030",
    "ISO_IR 192": "utf-8",
}
"""DICOM character sets, the narrow before the wide, with Python's name of each."""

_SCRIPTS = {"iso2022_jp": ("\u3040", "\u30ff"), "euc_kr": ("\uac00", "\ud7a3")}  # they spell some Chinese as well

_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "ß": "ss", "ø": "o"})


@dataclass(frozen=True)
class Given:
    """A part of a name in Latin letters, in its own script, and as it sounds."""

    text: str
    native: str = ""
    phonetic: str = ""


def community_of(chance: Random, category: str) -> Row:
    """The community from which somebody of an ethnic category is named; anybody's where it was not stated."""
    rows = grouped("communities", "ethnic_category").get((category,), table("communities"))
    return weighted(chance, rows, _running(category))


@cache
def _running(category: str) -> tuple[float, ...]:
    rows = grouped("communities", "ethnic_category").get((category,))
    if rows:
        return running_sums(rows, lambda row: float(row["weight"]))
    return running_sums(table("communities"), lambda row: 900.0 if row["community"] == "British" else 25.0)


@cache
def _parts(source: str, part: str) -> tuple[Given, ...]:
    return tuple(
        Given(row["name"], row["native"], row["phonetic"]) for row in grouped("names", "source", "part")[source, part]
    )


def invent_name(chance: Random, community: Row, sex: str, age_years: float) -> Name:
    """A full name of somebody of a community, as it would stand at an age."""
    given = pick(chance, _parts(community["given"], sex))
    middle = pick(chance, _parts(community["given"], sex)).text if chance.random() < WITH_MIDDLE else ""
    family, birth = (_family(chance, community, sex) for _ in range(2))
    married = sex == "female" and age_years >= MARRIED_YEARS and chance.random() < WITH_BIRTH_NAME
    other = nickname(given.text)
    name = Name(
        given=given.text,
        family=family.text,
        middle="" if middle == given.text else middle,
        birth_family=birth.text if married and birth.text != family.text else "",
        known_as=other if other and chance.random() < KNOWN_OTHERWISE else "",
        title=_title(chance, sex, age_years),
        native=_together(family.native, given.native) if chance.random() < WITH_NATIVE else "",
    )
    phonetic = _together(family.phonetic, given.phonetic) if name.native else ""
    return with_charset(replace(name, phonetic=phonetic))


def _family(chance: Random, community: Row, sex: str) -> Given:
    found = pick(chance, _parts(community["family"], "family"))
    if sex == "female" and community["family"] == "polish" and found.text.endswith("ski"):
        return Given(f"{found.text[:-1]}a")
    return found


def _title(chance: Random, sex: str, age_years: float) -> str:
    draw = chance.random() * 100
    if age_years < ADULT_YEARS:
        return "Miss" if sex == "female" else "Master"
    return next(title for title, limit in TITLES[sex] if draw < limit)


def _together(family: str, given: str) -> str:
    return f"{family}^{given}" if family and given else ""


def with_charset(name: Name) -> Name:
    """The name with the narrowest DICOM character set that spells all of it."""
    return replace(name, charset=charset_for(f"{name.family}{name.given}{name.middle}{name.native}{name.phonetic}"))


def charset_for(text: str) -> str:
    """The narrowest DICOM character set that spells a text."""
    return next(term for term, codec in CHARSETS.items() if text.isascii() or _spells(codec, text))


def _spells(codec: str, text: str) -> bool:
    if codec in _SCRIPTS and not any(_SCRIPTS[codec][0] <= letter <= _SCRIPTS[codec][1] for letter in text):
        return False
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@cache
def nickname(given: str) -> str:
    """What somebody of a given name is often called, or nothing."""
    return next((row["known_as"] for row in table("nicknames") if row["given"] == given), "")


def plain_letters(text: str) -> str:
    """ASCII letters only, as an old console would type them."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def typo(chance: Random, text: str) -> str:
    """The text with two letters swapped, one left out or one doubled; the first letter stays."""
    at = 1 + int(chance.random() * (len(text) - 2))
    kind = int(chance.random() * 3)
    if kind == 0 and text[at] != text[at + 1]:
        return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
    return f"{text[:at]}{text[at + 1 :]}" if kind == 1 else f"{text[: at + 1]}{text[at:]}"


@cache
def other_spelling(text: str) -> str:
    """Another way to spell a name in Latin letters, or nothing where none is known (`spellings.csv`)."""
    for row in table("spellings"):
        if row["text"] in text:
            return text.replace(row["text"], row["other"], 1)
    return ""
