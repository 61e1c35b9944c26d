"""Rows of the bank's tables with what a test says, and dull values for all the rest."""

from __future__ import annotations

from datetime import date
from typing import Any

from imagebank.core.columns import Column, columns

DULL: dict[Any, Any] = {str: "", int: 1, float: 1.0, bool: False, date: date(2015, 6, 1)}


def made(record: type, **given: Any) -> Any:
    """A row of a table."""
    return record(**{each.name: given.get(each.name, dull(each)) for each in columns(record)})


def dull(each: Column) -> Any:
    """What stands in a column that no question of the test asks for."""
    if each.optional:
        return None
    return each.values[0] if each.values else DULL.get(each.type, ())
