"""A policy told to people: what happens to each attribute and why, and how two policies differ. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_description, dictionary_has_tag, dictionary_keyword, keyword_dict

from imagebank.core.errors import ConfigError
from imagebank.dicom.iods import attribute_types, object_names
from imagebank.dicom.policy import Policy, Rule
from imagebank.dicom.rule import Action
from imagebank.dicom.table_e1_1 import row_of, table

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-fxX]{4})\)?")
NOT_LISTED = "not listed"
EVERY_OBJECT = "every MR object"


@dataclass(frozen=True)
class Line:
    """What happens to one attribute.

    `columns`: what Table E.1-1 says; `objects`: where the object definition makes a difference; `creator` and `form`:
    of a private element.
    """

    tag: str
    name: str
    action: str
    rule: str
    why: str
    columns: str
    objects: str = ""
    creator: str = ""
    form: str = ""


def lines(policy: Policy) -> list[Line]:
    """Every attribute that a rule or the table names, by tag, then the private elements; all others are removed."""
    tags = sorted({*policy.rules, *policy.resolved, *_types()})
    repeating = (_repeating(code, row.name, row.basic) for code, row in table().items() if "XX" in code)
    return [*(_line(policy, tag) for tag in tags), *repeating, *_private(policy)]


def _types() -> Iterator[int]:
    for sop_class in object_names():
        yield from (tag for tag, kind in attribute_types(sop_class).items() if kind.startswith("2"))


def _line(policy: Policy, tag: int) -> Line:
    rule = policy.rule(tag)
    told = Line(tag_text(tag), name_of(tag), rule.action.value, rule.rule, rule.why, columns_of(tag))
    return Line(**{**told.__dict__, "objects": _objects(policy, tag, rule), "form": _times(rule)})


def _times(rule: Rule) -> str:
    return f"times: {rule.times}" if rule.action in (Action.TIME, Action.DATE) and rule.times != "keep" else ""


def _objects(policy: Policy, tag: int, rule: Rule) -> str:
    """Where an object definition makes a difference: `empty in mr-image, raw-data`."""
    found: dict[str, list[str]] = {}
    for sop_class, name in object_names().items():
        action = policy.for_class(sop_class).rule(tag).action
        if action is not rule.action:
            found.setdefault(action.value, []).append(name)
    everywhere = len(object_names())
    places = {action: EVERY_OBJECT if len(names) == everywhere else ", ".join(names) for action, names in found.items()}
    return "; ".join(f"{action} in {names}" for action, names in places.items())


def _repeating(code: str, name: str, basic: str) -> Line:
    tag = f"({code[:4]},{code[4:]})"
    return Line(tag, name, Action.REMOVE.value, "ps3.15-e.1-1", f"Table E.1-1 says {basic}", f"basicProfile {basic}")


def _private(policy: Policy) -> Iterator[Line]:
    for (group, creator, element), rule in sorted(policy.private.items()):
        name, action = rule.why.partition(" (")[0], rule.action.value
        yield Line(
            f"({group:04X},xx{element:02X})", name, action, rule.rule, rule.why, "", creator=creator, form=rule.pattern
        )


def tag_text(tag: int) -> str:
    """A tag as the standard writes it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def name_of(tag: int) -> str:
    """The keyword of an attribute, else its name in the table, else `unknown`."""
    if dictionary_has_tag(tag):
        return dictionary_keyword(tag) or dictionary_description(tag)
    row = row_of(tag)
    return row.name if row else "unknown"


def columns_of(tag: int) -> str:
    """The action of the basic profile and of each option column that Table E.1-1 has for an attribute."""
    row = row_of(tag)
    if row is None:
        return NOT_LISTED
    return ", ".join((f"basicProfile {row.basic}", *(f"{name} {value}" for name, value in row.options.items())))


def find_lines(policy: Policy, attribute: str) -> list[Line]:
    """The lines of one attribute, by keyword or tag; (0019,xx0C) or (0019,100C) finds private elements.

    Raises ConfigError for what is neither a keyword nor a tag.
    """
    match = _TAG.fullmatch(attribute.strip())
    if match and int(match[1], 16) & 1:
        wanted = f"({match[1].upper()},xx{match[2][2:].upper()})"
        found = [line for line in _private(policy) if line.tag == wanted]
        return found or [Line(wanted, "private", "remove", "private-not-on-safe-list", "not on the safe list", "")]
    tag = int(match[1] + match[2], 16) if match and "x" not in match[2].lower() else keyword_dict.get(attribute.strip())
    if tag is None:
        near = difflib.get_close_matches(attribute, list(keyword_dict), n=1)
        advice = f"did you mean {near[0]}?" if near else "give a keyword (PatientName) or a tag ((0010,0010))"
        raise ConfigError("There is no DICOM attribute of that name.", advice)
    return [_line(policy, tag)]


@dataclass(frozen=True)
class Difference:
    """An attribute, option or setting that two policies treat differently."""

    what: str
    name: str
    first: str
    second: str


def differences(first: Policy, second: Policy) -> list[Difference]:
    """Where two policies differ: options, settings, then attributes by tag and private elements."""
    options = sorted({*first.options} ^ {*second.options})
    found = [Difference("option", each, _switch(each, first), _switch(each, second)) for each in options]
    if first.times != second.times:
        found.append(Difference("setting", "times", first.times, second.times))
    if first.burned_in and second.burned_in and first.burned_in != second.burned_in:
        found.append(Difference("setting", "burned_in", first.burned_in, second.burned_in))
    left, right = _by_place(lines(first)), _by_place(lines(second))
    for place in sorted({*left, *right}):
        told = [_told(side.get(place)) for side in (left, right)]
        if told[0] != told[1]:
            line = left.get(place) or right[place]
            found.append(Difference(" ".join(filter(None, place)), line.name, *told))
    return found


def _switch(option: str, policy: Policy) -> str:
    return "on" if option in policy.options else "off"


def _by_place(many: Iterable[Line]) -> dict[tuple[str, str], Line]:
    return {(line.tag, line.creator): line for line in many}


def _told(line: Line | None) -> str:
    if line is None:
        return "remove"
    return "; ".join(filter(None, (line.action, line.objects, line.form)))
