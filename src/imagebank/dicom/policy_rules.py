"""From what a policy file says to rules, and whether Table E.1-1 of PS3.15 lets them stand. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_dict

from imagebank.core.errors import ConfigError
from imagebank.dicom import iods, options, table_e1_1
from imagebank.dicom.charsets import TRANSLITERATION
from imagebank.dicom.data_files import read_data
from imagebank.dicom.dates import CONSTANTS
from imagebank.dicom.number_bounds import MOST, Bounds
from imagebank.dicom.options import Option
from imagebank.dicom.policy_file import PolicyText, Section, check_pattern
from imagebank.dicom.rule import Action, Rule
from imagebank.dicom.table_e1_1 import row_of
from imagebank.dicom.vendor_fields import CSA_FIELDS
from imagebank.dicom.words import KNOWN_CODES, vocabulary

REPLACING = (Action.EMPTY, Action.PSEUDONYM, Action.STATION, Action.DUMMY)  # nothing of the original value stays
_NUMBERS = ("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "US or SS", "UV")
_TEXTS = ("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT")
VRS = {  # what an action can be asked of; a kept list may not pass texts off as numbers
    Action.NUMBER: _NUMBERS,
    Action.CODE: ("CS", "LO", "SH"),
    Action.KNOWN: ("LO", "SH"),
    Action.WORDS: _TEXTS,
    Action.DEVICE: ("LO",),
    Action.STATION: _TEXTS,
    Action.DATE: ("DA", "DT"),
    Action.TIME: ("TM",),
    Action.UID: ("UI",),
    Action.AGE: ("AS",),
    Action.SEX: ("CS",),
    Action.PSEUDONYM: ("LO", "PN", "SH"),
    Action.TAG: ("AT",),
    Action.SEQUENCE: ("SQ",),
}
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
IN_PRIVATE = (
    Action.NUMBER, Action.PATTERN, Action.CODE, Action.KEYED, Action.CSA, Action.GE, Action.SEQUENCE, Action.DATE,
    Action.TIME, Action.UID,
)  # fmt: skip


HASHED = (
    options.OPTIONS, table_e1_1.TABLE, table_e1_1.NEWER, iods.TYPES, iods.MODULES, CONSTANTS, CSA_FIELDS,
    TRANSLITERATION, "code_words.txt", "device_words.toml", KNOWN_CODES,
)  # fmt: skip


def hashed_texts() -> Iterator[str]:
    """The texts beside the policy that its hash covers."""
    return map(read_data, HASHED)


def rules_of(text: PolicyText, on: tuple[Option, ...]) -> dict[int, Rule]:
    """The rules of the keep list, each held against the table. Raises ConfigError at the first that may not stand."""
    words = vocabulary(*text.words)
    times, every = text.settings["times"], tuple(options.options().values())
    in_force = {option.name for option in on}
    named: dict[int, str] = {}
    rules: dict[int, Rule] = {}
    for section in text.keep:
        action = _action(section, text)
        off = bool(section.option) and section.option not in in_force
        off = off or (action is Action.TIME and times == "remove")
        for tag, keyword in _tags(section, text, named):
            _check_kind(action, tag, keyword)
            check_floor(action, tag, keyword, every if off else on)
            if not off:
                why = section.why
                rules[tag] = Rule(action, f"keep.{section.name}", times=times, vocabulary=words, why=why)
    return rules


def _action(section: Section, text: PolicyText) -> Action:
    if section.action not in {*VRS, Action.PIXELS}:
        near = difflib.get_close_matches(section.action, list(VRS), n=1)
        advice = f"did you mean `{near[0]}`?" if near else f"use one of {', '.join(VRS)}"
        raise ConfigError(f"The policy `{text.name}` has no action `{section.action}`.", advice)
    return Action(section.action)


def _tags(section: Section, text: PolicyText, named: dict[int, str]) -> Iterator[tuple[int, str]]:
    """Tag and keyword of each attribute of a section; `named` remembers them, for none may stand twice."""
    inherited = section in text.inherited
    for keyword in section.keywords:
        if inherited and keyword in text.removed:
            continue
        tag = keyword_dict.get(keyword)
        if tag is None:
            near = difflib.get_close_matches(keyword, list(keyword_dict), n=1)
            advice = f"did you mean `{near[0]}`?" if near else "use the keyword of PS3.6, as in SeriesDescription"
            raise ConfigError(f"The policy `{text.name}` names `{keyword}`, which is no DICOM keyword.", advice)
        if tag in named:
            advice = f"name it once; if [keep.{named[tag]}] is of the policy that this one extends, [remove] it first"
            raise ConfigError(f"The policy `{text.name}` names `{keyword}` twice.", advice)
        named[tag] = section.name
        yield tag, keyword


def _check_kind(action: Action, tag: int, keyword: str) -> None:
    vr = dictionary_VR(tag)
    if keyword in PIXELS if action is Action.PIXELS else vr in VRS[action]:
        return
    fitting = ", ".join(name for name, vrs in VRS.items() if vr in vrs)
    advice = f"give it an action for {vr}: {fitting or 'there is none'}"
    raise ConfigError(f"The policy keeps {keyword} as `{action}`, which its kind of value ({vr}) cannot be.", advice)


def check_floor(action: Action, tag: int, keyword: str, on: tuple[Option, ...]) -> None:
    """Raise ConfigError where the table removes or replaces an attribute and no option in force allows the action."""
    row = row_of(tag)
    if row is None or action in REPLACING:
        return
    mapped = action is Action.UID and "U" in row.basic
    walked = action is Action.SEQUENCE and row.basic == "X/Z/U*"
    if mapped or walked or any(option.allows(action, row) for option in on):
        return
    might = [option.name for option in options.options().values() if option.allows(action, row)]
    advice = f"switch on the option `{might[0]}`" if might else "take it off the keep list: no option allows it"
    raise ConfigError(f"The policy keeps {keyword} as `{action}`, which Table E.1-1 does not allow.", advice)


def private_rules(text: PolicyText, on: tuple[Option, ...]) -> dict[tuple[int, str, int], Rule]:
    """The safe private elements; none when the option is off."""
    found = {
        (int(creator["group"], 16), creator["name"], int(each["element"], 16)): _private_rule(each, creator, text)
        for creator in text.private
        for each in creator["elements"]
    }
    return found if any(option.name == "safe_private" for option in on) else {}


def _private_rule(element: Mapping[str, Any], creator: Mapping[str, Any], text: PolicyText) -> Rule:
    pattern = element.get("pattern", "")
    action = element.get("action", Action.PATTERN if pattern else Action.NUMBER)
    where = f"({creator['group']},xx{element['element']}) of {creator['name']}"
    if action not in IN_PRIVATE or not element.get("source", creator.get("source")):
        advice = f"give it a source and one of the actions {', '.join(IN_PRIVATE)}"
        raise ConfigError(f"The safe private element {where} lacks a source, or its action is not allowed.", advice)
    check_pattern(pattern, where)
    why = f"{element.get('meaning', '')} ({element.get('source', creator.get('source'))})"
    return Rule(
        Action(action),
        "safe-private",
        element["vr"],
        pattern,
        Bounds(element.get("count", 1), element.get("most", MOST), tuple(element.get("bases", ()))),
        text.settings["times"],
        why=why,
    )
