"""What may stay of each DICOM element: default deny, then the keep list of a policy file. Pure: tags in, rules out.

Laws: an element without a rule is removed; an attribute that Table E.1-1 of PS3.15 removes or replaces may only be kept
under an action that one of the policy's options allows, or the policy does not load; a private element may only stay by
group, creator and element from the safe list.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from pydicom.datadict import keyword_dict

from imagebank.core.errors import ConfigError


class Action(StrEnum):
    """What happens to an element that is not removed."""

    NUMBER = "number"
    CODE = "code"
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
    TAG = "tag"
    SEQUENCE = "sequence"
    PIXELS = "pixels"
    PATTERN = "pattern"
    CSA = "csa"
    REMOVE = "remove"


@dataclass(frozen=True)
class Rule:
    """The action for an element, the rule that says so, and for private elements their VR and pattern."""

    action: Action
    rule: str
    vr: str = ""
    pattern: str = ""


DENY = Rule(Action.REMOVE, "default-deny")
DENY_PRIVATE = Rule(Action.REMOVE, "private-not-on-safe-list")
BASIC_PROFILE = "ps3.15-e.1-1"

# Which columns of Table E.1-1 allow an action for an attribute that the basic profile removes or replaces.
ALLOWED_BY = {
    Action.UID: ("basicProfile:U", "basicProfile:X/Z/U*"),
    Action.SEQUENCE: ("basicProfile:X/Z/U*",),
    Action.DATE: ("rtnLongModifDatesOpt:C",),
    Action.TIME: ("rtnLongModifDatesOpt:C",),
    Action.WORDS: ("cleanDescOpt:C",),
    Action.DEVICE: ("rtnDevIdOpt:K", "rtnDevIdOpt:C"),
    Action.AGE: ("rtnPatCharsOpt:K", "rtnPatCharsOpt:C"),
    Action.SEX: ("rtnPatCharsOpt:K",),
}
REPLACING = (Action.EMPTY, Action.PSEUDONYM, Action.STATION)  # nothing of the original value stays


@dataclass(frozen=True)
class Policy:
    """A policy as loaded: rules by tag, safe private elements, and the hash that results name."""

    name: str
    version: str
    options: tuple[str, ...]
    digest: str
    rules: dict[int, Rule] = field(repr=False)
    private: dict[tuple[int, str, int], Rule] = field(repr=False)
    floor: dict[str, dict[str, str]] = field(repr=False)

    def rule(self, tag: int) -> Rule:
        """The rule for a standard element; group lengths and repeating groups fall under default deny."""
        return self.rules.get(tag) or (Rule(Action.REMOVE, BASIC_PROFILE) if f"{tag:08X}" in self.floor else DENY)

    def private_rule(self, tag: int, creator: str | None) -> Rule:
        """The rule for a private element with the creator of its block."""
        return self.private.get((tag >> 16, (creator or "").strip(), tag & 0xFF), DENY_PRIVATE)


@cache
def load_policy(name: str = "default") -> Policy:
    """The policy that ships under a name. Raises ConfigError when it keeps what the standard removes."""
    texts = [_text(file) for file in ("policy.toml", "safe_private.toml", "ps3_15_table_e1-1_2024b.json")]
    words = [_text(file) for file in ("protocol_words.txt", "code_words.txt", "device_words.toml")]
    loaded = tomllib.loads(texts[0])
    policy = Policy(
        name=loaded["name"],
        version=loaded["version"],
        options=tuple(loaded["options"]),
        digest=hashlib.sha256("\0".join(texts + words).encode()).hexdigest()[:16],
        rules=_rules(loaded["keep"]),
        private=_private(tomllib.loads(texts[1])["creator"]),
        floor={row["id"].upper(): row for row in json.loads(texts[2])},
    )
    _check_floor(policy)
    if name != policy.name:
        raise ConfigError(f"There is no policy `{name}`.", f"use `{policy.name}`")
    return policy


def _text(name: str) -> str:
    return (files("imagebank.dicom") / "data" / name).read_text(encoding="utf-8")


def _rules(keep: dict[str, Any]) -> dict[int, Rule]:
    rules: dict[int, Rule] = {}
    for action, section in keep.items():
        for keyword in section["keywords"].split():
            tag = keyword_dict.get(keyword)
            if tag is None or tag in rules:
                raise ConfigError(
                    f"The policy names `{keyword}` twice, or it is no DICOM keyword.", "correct the policy"
                )
            rules[tag] = Rule(Action(action), f"keep.{action}")
    return rules


def _private(creators: list[dict[str, Any]]) -> dict[tuple[int, str, int], Rule]:
    return {
        (int(creator["group"], 16), creator["name"], int(each["element"], 16)): _private_rule(each)
        for creator in creators
        for each in creator["elements"]
    }


def _private_rule(element: dict[str, str]) -> Rule:
    pattern = element.get("pattern", "")
    re.compile(pattern)
    action = element.get("action", Action.PATTERN if pattern else Action.NUMBER)
    return Rule(Action(action), "safe-private", element["vr"], pattern)


def _check_floor(policy: Policy) -> None:
    for tag, rule in policy.rules.items():
        row = policy.floor.get(f"{tag:08X}")
        if row is None or rule.action in REPLACING:
            continue
        told = {f"{column}:{value}" for column, value in row.items()}
        if not told & set(ALLOWED_BY.get(rule.action, ())):
            raise ConfigError(
                f"The policy keeps {row['name']} as `{rule.action}`, which Table E.1-1 does not allow.",
                "take it off the keep list, or give it an action that an option of the profile allows",
            )
