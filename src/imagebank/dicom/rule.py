"""What may happen to an element, and a rule that says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from imagebank.dicom.number_bounds import Bounds
from imagebank.dicom.words import Vocabulary


class Action(StrEnum):
    """What happens to an element."""

    NUMBER = "number"
    CODE = "code"
    KNOWN = "known"
    WORDS = "words"
    DEVICE = "device"
    STATION = "station"
    DATE = "date"
    TIME = "time"
    UID = "uid"
    AGE = "age"
    SEX = "sex"
    PSEUDONYM = "pseudonym"
    EMPTY = "empty"
    DUMMY = "dummy"
    TAG = "tag"
    SEQUENCE = "sequence"
    PIXELS = "pixels"
    PATTERN = "pattern"
    KEYED = "keyed"
    CSA = "csa"
    GE = "ge"
    REMOVE = "remove"


@dataclass(frozen=True)
class Rule:
    """The action for an element and the rule that says so; the rest is for some actions only.

    `vr` and `pattern`: private elements. `bounds`: kept numbers; of a standard one the dictionary says how many.
    `times`: keep, hour or remove, for dates with a time and for times.
    `vocabulary`: the words that descriptions may keep. `kind`: the type of the attribute in its object
    definition, 1 or 2, where it may not be absent. `why`: for people.
    """

    action: Action
    rule: str
    vr: str = ""
    pattern: str = ""
    bounds: Bounds = Bounds()
    times: str = "keep"
    vocabulary: Vocabulary | None = field(default=None, repr=False, compare=False)
    kind: str = field(default="", compare=False)
    why: str = field(default="", repr=False, compare=False)


DENY = Rule(Action.REMOVE, "default-deny", why="no rule names it")
DENY_EMPTY = Rule(Action.EMPTY, "default-deny:type-2", why="no rule names it, but the object must have it: emptied")
DENY_PRIVATE = Rule(Action.REMOVE, "private-not-on-safe-list", why="a private element that is not on the safe list")
BASIC_PROFILE = "ps3.15-e.1-1"
