"""How British notes spell the name of a patient: every form, each piece marked as given or family name.

The canonical value of a mark is always the true given or family name; of initials it is both. `CalledNames` are the
spellings of one person, prepared once; the slots draw from them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from imagebank.synthetic.model import Name
from imagebank.synthetic.text.scribe import Scribe

GIVEN, FAMILY = "given name", "family name"
SHORTEST_TO_MISSPELL = 4
SLIPS = (("ph", "f"), ("nn", "n"), ("ll", "l"), ("ie", "ei"), ("ei", "ie"), ("ck", "k"), ("y", "i"), ("oo", "ou"))
TITLES = {"female": "Ms", "male": "Mr"}


def plain(text: str) -> str:
    """Without diacritics, as somebody types who has no such keys."""
    split = unicodedata.normalize("NFD", text.replace("ø", "o").replace("ł", "l").replace("ß", "ss").replace("æ", "ae"))
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def variants(name: str) -> tuple[str, ...]:
    """Other spellings that mean the same: hyphens split, apostrophes lost, particles in capitals or left out."""
    found = [plain(name)]
    if "-" in name:
        first, last = name.split("-", 1)
        found += [name.replace("-", " "), name.replace("-", " - "), first, last, name.replace("-", "‐")]
    if "'" in name:
        found += [name.replace("'", ""), name.replace("'", " "), name.replace("'", "’"), name.replace("'", "`")]
    if " " in name:
        words = name.split()
        found += [words[-1], " ".join(word[:1].upper() + word[1:] for word in words), "".join(words)]
    return tuple(dict.fromkeys(each for each in found if each.strip(" -‐") and each != name))


def misspelt(name: str, scribe: Scribe) -> str:
    """The name with one slip: a pair of letters changed, swapped, doubled or lost; short names stay."""
    if len(name) < SHORTEST_TO_MISSPELL:
        return name
    slips = [(old, new) for old, new in SLIPS if old in name]
    if slips and scribe.draw() < 0.5:
        old, new = scribe.pick(slips)
        return name.replace(old, new, 1)
    at = 1 + int(scribe.draw() * (len(name) - 2))
    ways = (
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        name[:at] + name[at + 1 :],
        name[:at] + name[at] + name[at:],
    )
    return scribe.pick([each for each in ways if each != name])


@dataclass(frozen=True)
class CalledNames:
    """One person's name, prepared: `given` and `family` may be empty, `title` never is."""

    given: str
    family: str
    middle: str
    birth_family: str
    known_as: str
    title: str
    initials: tuple[str, ...]
    given_variants: tuple[str, ...]
    family_variants: tuple[str, ...]
    native: tuple[str, ...]  # family, given

    @property
    def whole(self) -> str:
        """What initials stand for."""
        return f"{self.given} {self.family}".strip()


def called(name: Name, sex: str) -> CalledNames:
    """Prepare the spellings of a name."""
    return CalledNames(
        name.given,
        name.family,
        name.middle,
        name.birth_family,
        name.known_as,
        name.title or TITLES.get(sex, "Mx"),
        _initials(name),
        variants(name.given),
        variants(name.family),
        tuple(part for part in re.split(r"[\^=]", name.native) if part.strip()),
    )


def _initials(name: Name) -> tuple[str, ...]:
    """S.O'S. - SO - S O'S - SOS: only of people who have two names that begin with letters."""
    if not (name.given[:1].isalpha() and name.family[:1].isalpha()):
        return ()
    first, last = name.given[0].upper(), name.family[0].upper()
    found = [f"{first}.{last}.", f"{first}{last}", f"{first}{last}", f"{first}. {last}.", f"{first} {last}"]
    prefix = re.match(r"(O'|Mc|Mac(?=[A-Z]))([A-Z])", name.family)
    if prefix:
        found += [f"{first}.{prefix[0]}.", f"{first} {prefix[0]}", f"{first}{prefix[0]}"]
    if name.middle[:1].isalpha():
        found += [f"{first}{name.middle[0].upper()}{last}"]
    return tuple(found)


Form = Callable[[Scribe, CalledNames], None]


def _given(scribe: Scribe, name: CalledNames) -> None:
    if name.given:
        scribe.mark(name.given, GIVEN, name.given)
    else:
        scribe.mark(name.family, FAMILY, name.family)


def _family(scribe: Scribe, name: CalledNames) -> None:
    if name.family:
        scribe.mark(name.family, FAMILY, name.family)
    else:
        scribe.mark(name.given, GIVEN, name.given)


def _both(scribe: Scribe, name: CalledNames, between: str, first: str, last: str) -> None:
    if first:
        scribe.mark(first, GIVEN, name.given)
    if first and last:
        scribe.say(between)
    if last:
        scribe.mark(last, FAMILY, name.family)


def _full(scribe: Scribe, name: CalledNames) -> None:
    _both(scribe, name, " ", name.given, name.family)


def _titled_full(scribe: Scribe, name: CalledNames) -> None:
    scribe.say(f"{name.title} ")
    _full(scribe, name)


def _middle(scribe: Scribe, name: CalledNames) -> None:
    scribe.mark(name.given or name.family, GIVEN if name.given else FAMILY, name.given or name.family)
    if name.middle:
        scribe.say(" ")
        scribe.mark(name.middle, GIVEN, name.middle)
    if name.given and name.family:
        scribe.say(" ")
        scribe.mark(name.family, FAMILY, name.family)


def _titled(scribe: Scribe, name: CalledNames) -> None:
    scribe.say(f"{name.title} ")
    _family(scribe, name)


def _titled_initial(scribe: Scribe, name: CalledNames) -> None:
    scribe.say(f"{name.title} ")
    if name.given and name.family:
        _both(scribe, name, scribe.pick((" ", ". ")), name.given[0], name.family)
    else:
        _family(scribe, name)


def _initial_letters(scribe: Scribe, name: CalledNames) -> None:
    if name.initials:
        scribe.mark(scribe.pick(name.initials), GIVEN, name.whole)
    else:
        _given(scribe, name)


def _known_as(scribe: Scribe, name: CalledNames) -> None:
    scribe.mark(name.known_as, GIVEN, name.given) if name.known_as else _given(scribe, name)


def _misspelt(scribe: Scribe, name: CalledNames) -> None:
    if scribe.draw() < 0.5:
        scribe.say(f"{name.title} ")
        _both(scribe, name, " ", "", misspelt(name.family or name.given, scribe))
    else:
        first = misspelt(name.given, scribe) if scribe.draw() < 0.6 else name.given
        last = name.family if first != name.given else misspelt(name.family, scribe)
        _both(scribe, name, " ", first, last)


def _capitals(scribe: Scribe, name: CalledNames) -> None:
    if scribe.draw() < 0.5:
        _both(scribe, name, " ", name.given, name.family.upper())
    else:
        _both(scribe, name, " ", name.given.upper(), name.family.upper())


def _small(scribe: Scribe, name: CalledNames) -> None:
    _both(scribe, name, " ", name.given.lower(), name.family.lower())


def _family_first(scribe: Scribe, name: CalledNames) -> None:
    family = name.family.upper() if scribe.draw() < 0.6 else name.family
    if family:
        scribe.mark(family, FAMILY, name.family)
    if name.given:
        if family:
            scribe.say(scribe.pick((", ", ",", " ")))
        scribe.mark(name.given, GIVEN, name.given)


def _variant(scribe: Scribe, name: CalledNames) -> None:
    first = scribe.pick(name.given_variants) if name.given_variants and scribe.draw() < 0.6 else name.given
    last = scribe.pick(name.family_variants) if name.family_variants else name.family
    if first == name.given and scribe.draw() < 0.5:
        scribe.say(f"{name.title} ")
        first = ""
    _both(scribe, name, " ", first, last or name.family)


def _birth(scribe: Scribe, name: CalledNames) -> None:
    scribe.mark(name.birth_family, FAMILY, name.birth_family) if name.birth_family else _family(scribe, name)


def _native(scribe: Scribe, name: CalledNames) -> None:
    for place, text in enumerate(name.native[:2]):
        scribe.say(" " if place else "")
        scribe.mark(text, GIVEN if place else FAMILY, name.given if place else name.family)
    if not name.native:
        _full(scribe, name)


def _possessive(scribe: Scribe, name: CalledNames) -> None:
    if scribe.draw() < 0.5:
        _titled(scribe, name)
    else:
        _given(scribe, name)
    scribe.say("'" if scribe.parts[-1].endswith("s") and scribe.draw() < 0.5 else "'s")


FORMS: dict[str, Form] = {
    "full": _full,
    "titled-full": _titled_full,
    "middle": _middle,
    "titled": _titled,
    "titled-initial": _titled_initial,
    "initials": _initial_letters,
    "given": _given,
    "family": _family,
    "known-as": _known_as,
    "misspelt": _misspelt,
    "capitals": _capitals,
    "small": _small,
    "family-first": _family_first,
    "variant": _variant,
    "birth": _birth,
    "native": _native,
    "possessive": _possessive,
}
"""Every form of a patient's name, by the name that the grammar calls it."""
