"""What may stay of each DICOM element: default deny, then the keep list of a policy file. Pure: tags in, rules out.

Laws: an element without a rule is removed; an attribute that Table E.1-1 of PS3.15 removes or replaces may only be kept
under an action that one of the options in force allows, or the policy does not load; a conditional action of the table
ends as the attribute's type in the object definition says, and removes where that is unknown; a private element may
only stay by group, creator and element from the safe list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from pydicom.datadict import dictionary_VR

from imagebank.core.errors import ConfigError
from imagebank.dicom.iods import attribute_types, object_names
from imagebank.dicom.options import in_force
from imagebank.dicom.policy_file import BUILT_IN, PolicyText, read_policy
from imagebank.dicom.policy_rules import hashed_texts, private_rules, rules_of
from imagebank.dicom.rule import BASIC_PROFILE, DENY, DENY_EMPTY, DENY_PRIVATE, Action, Rule
from imagebank.dicom.table_e1_1 import resolve, row_of, table

NO_DUMMY = ("OB", "OD", "OF", "OL", "OW", "SQ", "UN")  # kinds of value for which nothing can be made up
__all__ = ["BASIC_PROFILE", "DENY", "DENY_EMPTY", "DENY_PRIVATE", "Action", "Policy", "Rule", "load_policy", "pin"]


@dataclass(frozen=True)
class Policy:
    """A policy as loaded: rules by tag, safe private elements, and the hash that results name."""

    name: str
    version: str
    options: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]  # code and meaning of each option in force, for the instance
    times: str
    burned_in: str  # what becomes of an instance with text in its pixels: quarantine or mask; empty: nobody looks
    digest: str
    rules: Mapping[int, Rule] = field(repr=False)
    private: Mapping[tuple[int, str, int], Rule] = field(repr=False)
    resolved: Mapping[int, Rule] = field(repr=False)  # of attributes without a rule of their own

    def rule(self, tag: int) -> Rule:
        """The rule for a standard element; what nothing names falls under default deny."""
        return self.rules.get(tag) or self.resolved.get(tag) or _repeating(tag)

    def private_rule(self, tag: int, creator: str | None) -> Rule:
        """The rule for a private element with the creator of its block."""
        return self.private.get((tag >> 16, (creator or "").strip(), tag & 0xFF), DENY_PRIVATE)

    def for_class(self, sop_class: str) -> Policy:
        """This policy where the object is known: conditional actions end as the types of its attributes say."""
        found = _BY_CLASS.get((self.digest, sop_class))
        if found is None:
            types = attribute_types(sop_class)
            rules = {tag: replace(rule, kind=types.get(tag, "")[:1]) for tag, rule in self.rules.items()}
            found = replace(self, rules=rules, resolved=_resolved(sop_class))
            if sop_class in object_names():  # a class is a value of the file: no others are remembered
                _BY_CLASS[self.digest, sop_class] = found
        return found

    @property
    def longitudinal(self) -> str:
        """What LongitudinalTemporalInformationModified says of an instance."""
        return "MODIFIED" if "modified_dates" in self.options else "REMOVED"


_PINNED = re.compile(r"(.+)#([0-9a-f]{16})")
_BY_CLASS: dict[tuple[str, str], Policy] = {}


def load_policy(source: str | Path = "default") -> Policy:
    """The policy of a built-in name or of a file, pinned to a hash where one stands behind a #.

    Raises ConfigError when it keeps what the standard removes, or when it is no longer the one that was pinned.
    """
    pinned = _PINNED.fullmatch(str(source))
    name = pinned[1] if pinned else source
    policy = _built_in(str(name)) if str(name) in BUILT_IN else _build(read_policy(name))
    if pinned and pinned[2] != policy.digest:
        raise ConfigError(f"The policy {name} was changed while it was in use.", "run the command again")
    return policy


def pin(source: str | Path, digest: str) -> str:
    """A source of a policy that loads only while its hash is this one."""
    return f"{source}#{digest}"


@cache
def _built_in(name: str) -> Policy:
    return _build(read_policy(name))


def _build(text: PolicyText) -> Policy:
    on = in_force(text.options)
    return Policy(
        name=text.name,
        version=text.version,
        options=tuple(option.name for option in on),
        codes=tuple((option.code, option.meaning) for option in on if option.code),
        times=text.settings["times"],
        burned_in=text.settings["burned_in"] if any(option.name == "clean_pixel_data" for option in on) else "",
        digest=hashlib.sha256("\0".join((*text.texts, *hashed_texts())).encode()).hexdigest()[:16],
        rules=rules_of(text, on),
        private=private_rules(text, on),
        resolved=_resolved(""),
    )


@lru_cache(maxsize=32)
def _resolved(sop_class: str) -> Mapping[int, Rule]:
    """The rules of all attributes that the table lists, or that the object must have although empty."""
    types = attribute_types(sop_class)
    rules = {tag: DENY_EMPTY for tag, kind in types.items() if kind.startswith("2")}
    listed = (int(code, 16) for code in table() if code.isalnum() and "X" not in code)
    return rules | {tag: _from_table(tag, types.get(tag, "")) for tag in listed}


def _from_table(tag: int, kind: str) -> Rule:
    row = row_of(tag)
    if row is None:
        return DENY
    action = Action(resolve(row.basic, kind))
    why = f"Table E.1-1 says {row.basic} ({row.source})"
    if action is Action.REMOVE or (action is Action.DUMMY and dictionary_VR(tag) in NO_DUMMY):
        return Rule(Action.REMOVE, BASIC_PROFILE, why=why)
    return Rule(action, f"{BASIC_PROFILE}:{row.basic}:type-{kind}", why=f"{why}; here its type is {kind}")


def _repeating(tag: int) -> Rule:
    """The rule of curves (50xx) and overlays (60xx), which the table lists once for all groups."""
    return _from_table(tag, "") if tag >> 24 in (0x50, 0x60) else DENY
