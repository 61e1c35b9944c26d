"""The page of documentation that prints the default policy: options, actions, attributes, dates, private elements."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator

from imagebank.core.markdown import section, table
from imagebank.dicom.data_files import read_data
from imagebank.dicom.dates import CONSTANTS
from imagebank.dicom.options import options
from imagebank.dicom.policy import Policy, load_policy
from imagebank.dicom.policy_file import SAFE_PRIVATE
from imagebank.dicom.policy_file import SETTINGS as CHOICES
from imagebank.dicom.policy_report import Line, lines
from imagebank.dicom.table_e1_1 import NEWER, RESOLVED
from imagebank.dicom.table_e1_1 import table as floor
from imagebank.dicom.vendor_fields import CSA_FIELDS

ACTIONS = {  # a test holds that none is missing
    "number": "kept when it is a number of the declared kind",
    "code": "each value is kept when all its words are defined terms, else it becomes `OTHER`",
    "known": "kept when it is a code of the standard that is on the list, else it becomes `OTHER`",
    "words": "rebuilt from known protocol words; every other word is dropped",
    "device": "rebuilt from known makes, models and software",
    "station": "replaced by the bank's keyed id of the scanner",
    "date": "moved by the patient's offset; emptied when it cannot be moved exactly or would show the offset",
    "time": "kept when it is a time, else emptied; the setting `times` can make it the full hour or take it away",
    "uid": "mapped with the bank's key; UIDs that DICOM defines stay",
    "age": "whole years, 90 and over as 90",
    "sex": "kept when it is M, F or O, else emptied",
    "pseudonym": "replaced by the patient's pseudonym",
    "empty": "present and empty",
    "dummy": "replaced by a value that is the same for everybody",
    "tag": "kept",
    "sequence": "every item is walked by the same rules",
    "pixels": "kept in the image itself, removed inside sequences",
    "pattern": "kept when the whole text has the form below",
    "keyed": "replaced by a keyed number, so that equal stays equal",
    "csa": "rebuilt from its allowed fields",
    "ge": "rebuilt from its allowed fields",
}


def policy_markdown() -> str:
    """What happens to each DICOM attribute under the default policy."""
    policy = load_policy()
    told = lines(policy)
    kept = [line for line in told if not line.creator and (line.action != "remove" or line.objects)]
    removed = [line for line in told if line.action == "remove" and not line.objects]
    head = INTRODUCTION.format(name=policy.name, version=policy.version, digest=policy.digest, count=len(policy.rules))
    parts = [
        f"# De-identification policy\n{head}",
        section("Options", OPTIONS, table(OPTIONS_HEAD, _options(policy))),
        section("Settings", SETTINGS.format(**_choices())),
        section("Actions", table(("action", "what it does"), ((each, ACTIONS[each]) for each in _used(told)))),
        section("Conditional actions of the table", CONDITIONAL, table(CONDITIONAL_HEAD, _conditional())),
        section("Attributes that are not removed everywhere", table(KEPT_HEAD, map(_kept, kept))),
        section("Attributes that are removed", REMOVED.format(listed=len(floor()), removed=len(removed)), _newer()),
        section("Dates, times and ages", DATES.format(**_window()), table(("date", "what writes it"), _constants())),
        section("Private elements that are not removed", PRIVATE, table(PRIVATE_HEAD, _private(policy))),
        section("Header blocks of the makers", BLOCKS, table(BLOCKS_HEAD, _blocks())),
        section("A policy of your own", OWN),
    ]
    return "\n".join(parts)


INTRODUCTION = """
Policy `{name}` version {version}, hash `{digest}`. Every banked instance names that hash. It covers this policy, the
table of the standard, the word lists and everything else that a rule reads.

**What is not named on this page is removed**: {count} attributes of the standard have a rule of their own, all others
go, at every depth. Table E.1-1 of DICOM PS3.15 is the floor: an attribute that it removes or replaces may stand on the
keep list only under an action that an option in force allows, or the policy does not load. Overlays, curves, icons,
unknown groups, group lengths, preambles and trailing bytes are never copied; the file's own header is written anew.
What stays is ASCII, so files declare no character set.

`imagebank policy show` prints this for any policy, `imagebank policy diff A B` compares two, and
`imagebank policy explain FILE` tells for one file what happens to each element, without showing a value.
"""
OPTIONS = """
Each is a switch. Off means the stricter action, except of `clean_pixel_data`. The codes of the options in force stand
in every instance (`DeidentificationMethodCodeSequence`).
"""
OPTIONS_HEAD = ("option", "default", "code", "columns of E.1-1", "on", "off")
SETTINGS = """
`times` says what happens to times of day, in TM and in DT values: one of {times}. The default
keeps them: they order series and time slices, and without their date they name nobody.

`burned_in` says what happens to an instance in whose pixels text was found: one of {burned_in}. Under
`quarantine`, the default, it is refused as `burned-in-text`. Under `mask` the text is painted over with the darkest
value of its frame, the instance says `BurnedInAnnotation` `NO`, and one whose pixels are compressed is refused all the
same. Pixels that cannot be decoded are refused (`pixels-not-readable`): JPEG needs `pip install 'imagebank[jpeg]'`.
Text is found by its shape: of crisp letters 95 to 100 %, of smooth ones on dark ground 84 to 100 %,
of smooth ones anywhere 45 to 99 % (`benchmarks/burned_in.py`; its limits were set on the same frames).
An overlay that was drawn into the spare bits of the pixels is cleared, whatever the settings are.
"""
CONDITIONAL = """
The table leaves some actions to the object: may the attribute be absent (type 3), may it be empty (2), or must it say
something (1)? The type is looked up in the object definition of PS3.3 (mandatory and conditional modules; 1C counts as
1 and 2C as 2). Where the object or the type is unknown, the attribute is removed. Attributes that the table does not
list and no rule names are removed, too, but emptied where the object must have them (type 2). A kept text or date of
type 1 of which nothing may stay says `REMOVED`, or the first day of 1900; one that was empty stays empty.
"""
CONDITIONAL_HEAD = ("action of the table", "type 1", "type 2", "type 3 or unknown")
KEPT_HEAD = ("tag", "attribute", "action", "rule", "E.1-1", "where the object says otherwise")
REMOVED = """
The table lists {listed} attributes and groups of attributes, of which {removed} are removed from every object.
`imagebank policy show` lists them. These were laid over the table's edition 2024b:
"""
DATES = """
All dates of a patient move by the same whole number of days, so intervals are exact. A date that cannot be moved
exactly (a year or a month alone) is blanked, and so is one outside the window of {first} to {last}, before or after it
moves. So are the dates below: software writes them where it knows none, and moved they would show the offset.
"""
PRIVATE = """
By group, creator and element; which block a file reserved does not matter. A text stays only when all of it has the
form. Hitachi and Hyperfine write these facts into the standard's own elements; no private element of theirs is kept.
"""
PRIVATE_HEAD = ("element", "creator", "meaning", "VR", "action", "form", "source")
BLOCKS = """
Siemens and GE write whole blocks of fields into one private element. They are parsed and rebuilt from these fields;
everything else in them is gone. `[]` stands for an index.
"""
BLOCKS_HEAD = ("block", "field", "form")
OWN = """
A site's file says only what differs, and is named in `bank.toml` under `[policy] file`. It is refused, with a reason,
when it goes below the floor, when a word list has something else than words, or when a pattern would let names, dates
or long numbers through.

```toml
extends = "default"
name = "our-site"
version = "1"
words = ["our_words.txt"]          # more protocol words; the path starts at this file
private = ["our_private.toml"]     # more safe private elements, each with its source

[options]
patient_weight = true

[settings]
times = "hour"

[keep.words]
keywords = "DerivationDescription"

[remove]
keywords = "PatientAge"
```
"""


def _options(policy: Policy) -> Iterator[tuple[str, ...]]:
    for each in options().values():
        default = "on" if each.name in policy.options else "off"
        columns = ", ".join(f"`{column}`" for column in each.columns)
        yield f"`{each.name}`", default, f"{each.code} {each.meaning}".strip(), columns, each.on, each.off


def _choices() -> dict[str, str]:
    return {name: ", ".join(f"`{each}`" for each in values) for name, values in CHOICES.items()}


def _used(told: Iterable[Line]) -> list[str]:
    used = {line.action for line in told} | {line.objects.partition(" ")[0] for line in told}
    return [action for action in ACTIONS if action in used or action == "dummy"]


def _conditional() -> Iterator[tuple[str, ...]]:
    for basic in dict.fromkeys(basic for basic, _ in RESOLVED):
        yield basic, *(RESOLVED.get((basic, kind), "remove") for kind in ("1", "2")), "remove"


def _kept(line: Line) -> tuple[str, ...]:
    return line.tag, line.name, line.action, line.rule, line.columns, line.objects


def _newer() -> str:
    sections = tomllib.loads(read_data(NEWER))["rows"]
    rows = ((attribute, section["source"]) for section in sections for attribute in section["attributes"])
    return table(("attribute", "source"), rows)


def _constants() -> Iterator[tuple[str, str]]:
    yield from tomllib.loads(read_data(CONSTANTS))["constants"].items()


def _window() -> dict[str, str]:
    window = tomllib.loads(read_data(CONSTANTS))["window"]
    return {"first": window["first"], "last": window["last"]}


def _private(policy: Policy) -> Iterator[tuple[str, ...]]:
    creators = tomllib.loads(read_data(SAFE_PRIVATE))["creator"]
    for creator in sorted(creators, key=lambda each: (each["group"], each["name"])):
        for each in creator["elements"]:
            rule = policy.private[int(creator["group"], 16), creator["name"], int(each["element"], 16)]
            form = f"`{rule.pattern}`" if rule.pattern else ""
            place = f"({creator['group']},xx{each['element']})"
            yield place, creator["name"], each["meaning"], rule.vr, rule.action.value, form, creator["source"]


def _blocks() -> Iterator[tuple[str, str, str]]:
    loaded = tomllib.loads(read_data(CSA_FIELDS))
    names = {"image": "Siemens image header", "protocol": "Siemens protocol", "ge": "GE protocol data"}
    for block, title in names.items():
        told = loaded[block]
        for form in loaded["forms"]:
            yield from ((title, f"`{field}`", form) for field in told.get(form, "").split())
        yield from ((title, f"`{each['field']}`", f"`{each['form']}`") for each in told["texts"])
    yield "GE user data", "version, echo planar, phase encoding polarity, view order", "number"
