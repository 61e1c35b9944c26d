"""How a table is declared: a frozen dataclass whose fields carry their own documentation.

The Parquet schema, the validation, the data dictionary and the disclosure rules all derive from these declarations.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Risk(StrEnum):
    """What a column could tell about a person, from least to most."""

    NONE = "none"  # about a machine or a file
    ATTRIBUTE = "attribute"  # says something of a person, names nobody
    QUASI = "quasi-identifier"  # together with others may single a person out
    LINKABLE = "linkable"  # the bank's own keyed id


@dataclass(frozen=True)
class Column:
    """One documented column. `type` is the plain Python type; `optional` says whether it may be empty."""

    name: str
    type: type
    optional: bool
    meaning: str
    unit: str | None
    values: tuple[str, ...]
    risk: Risk
    key: bool
    formerly: tuple[str, ...] = ()


def column(
    meaning: str,
    *,
    unit: str | None = None,
    values: tuple[str, ...] = (),
    risk: Risk = Risk.ATTRIBUTE,
    key: bool = False,
    formerly: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with its documentation; `key` marks the columns that together name a row.

    `formerly` lists the names that the column had before, so that a question which still uses one learns the new name.
    """
    told = {"meaning": meaning, "unit": unit, "values": values, "risk": risk, "key": key, "formerly": formerly}
    return dataclasses.field(metadata=told)


def columns(record: type) -> tuple[Column, ...]:
    """The documented columns of a record, in order."""
    hints = typing.get_type_hints(record)
    return tuple(_column(each, hints[each.name]) for each in dataclasses.fields(record))


def _column(field: dataclasses.Field[Any], hint: Any) -> Column:
    optional = isinstance(hint, types.UnionType)
    plain = next(a for a in typing.get_args(hint) if a is not type(None)) if optional else hint
    return Column(name=field.name, type=plain, optional=optional, **field.metadata)
