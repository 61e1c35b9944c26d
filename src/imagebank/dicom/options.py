"""The options of the policy: named switches, what they allow, and the codes that say they are in force. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from imagebank.dicom.data_files import read_data
from imagebank.dicom.table_e1_1 import Row

OPTIONS = "options.toml"


@dataclass(frozen=True)
class Option:
    """One switch, with what it does on and off; `code` is empty where it refines the option that it `needs`."""

    name: str
    code: str
    meaning: str
    needs: str
    columns: tuple[str, ...]
    actions: tuple[str, ...]
    on: str
    off: str

    def allows(self, action: str, row: Row) -> bool:
        """Whether this option lets an attribute of the table stay under an action."""
        return action in self.actions and any(column in row.options for column in self.columns)


@cache
def options() -> Mapping[str, Option]:
    """All options by name, in the order of their file."""
    return {name: _option(name, each) for name, each in tomllib.loads(read_data(OPTIONS)).items()}


def _option(name: str, each: dict[str, object]) -> Option:
    def several(key: str) -> tuple[str, ...]:
        told = each.get(key, [])
        return tuple(map(str, told)) if isinstance(told, list) else ()

    def one(key: str) -> str:
        return str(each.get(key, ""))

    return Option(
        name=name,
        code=one("code"),
        meaning=one("meaning"),
        needs=one("needs"),
        columns=several("columns"),
        actions=several("actions"),
        on=one("on"),
        off=one("off"),
    )


def in_force(switches: Mapping[str, bool]) -> tuple[Option, ...]:
    """The options that are on, those left out that need one that is off."""
    return tuple(each for each in options().values() if _is_on(each, switches))


def _is_on(option: Option, switches: Mapping[str, bool]) -> bool:
    return switches.get(option.name, False) and (not option.needs or switches.get(option.needs, False))
