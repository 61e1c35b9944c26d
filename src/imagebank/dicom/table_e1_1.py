"""Table E.1-1 of DICOM PS3.15, the floor of every policy, and how its conditional actions end. Pure.

A conditional action (X/Z, X/D, Z/D, X/Z/D, X/Z/U*) asks whether the attribute may be absent, may be empty or must say
something: its type in the object definition answers. Where that is unknown, the attribute goes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from imagebank.dicom.data_files import read_data

TABLE = "ps3_15_table_e1-1_2024b.json"
NEWER = "table_e1-1_newer.toml"
STANDARD = "PS3.15 2024b"
_LISTED = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\) (.+)")

# What is left of an attribute by the action of the table and the type of the attribute (1C counts as 1 and 2C as 2,
# since a rule is only asked about what is there). What is not named goes.
RESOLVED = {
    ("Z", "1"): "dummy",
    ("Z", "2"): "empty",
    ("D", "1"): "dummy",
    ("D", "2"): "dummy",
    ("X/Z", "1"): "dummy",
    ("X/Z", "2"): "empty",
    ("X/D", "1"): "dummy",
    ("X/D", "2"): "empty",
    ("Z/D", "1"): "dummy",
    ("Z/D", "2"): "empty",
    ("X/Z/D", "1"): "dummy",
    ("X/Z/D", "2"): "empty",
    ("X/Z/U*", "1"): "sequence",
    ("X/Z/U*", "2"): "empty",
    ("U", "1"): "uid",
    ("U", "2"): "uid",
}


@dataclass(frozen=True)
class Row:
    """One row: the attribute, its action in the basic profile, and the option columns that are not blank."""

    name: str
    basic: str
    options: Mapping[str, str]
    source: str


@cache
def table() -> dict[str, Row]:
    """All rows by tag, eight hexadecimal digits in capitals; repeating groups as 60XX3000."""
    rows = {each["id"].upper(): _row(each) for each in json.loads(read_data(TABLE))}
    for section in tomllib.loads(read_data(NEWER))["rows"]:
        for text in section["attributes"]:
            match = _LISTED.fullmatch(text)
            if match is None:
                raise ValueError(f"{NEWER}: an attribute is not written as (gggg,eeee) Name")
            rows[match[1] + match[2]] = _row({**section, "name": match[3]}, section["source"])
    return rows


def _row(each: Mapping[str, str], source: str = STANDARD) -> Row:
    options = {key: value for key, value in each.items() if key.endswith("Opt")}
    return Row(each["name"], each["basicProfile"], options, source)


def row_of(tag: int) -> Row | None:
    """The row of an attribute, if the table lists it."""
    rows, code = table(), f"{tag:08X}"
    found = rows.get(code)
    if found or tag >> 24 not in (0x50, 0x60) or tag >> 16 & 1:
        return found
    return rows.get("50XXXXXX") if tag >> 24 == 0x50 else rows.get(f"60XX{code[4:]}")


def resolve(basic: str, kind: str) -> str:
    """The name of the action that the table comes to for an attribute of a type; `remove` where nothing may stay."""
    return RESOLVED.get((basic, kind[:1]), "remove")
