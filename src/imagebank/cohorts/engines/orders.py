"""Which row goes first: the one total order that every engine keeps, and the ids of every answer. Pure."""

from __future__ import annotations

from dataclasses import replace

from imagebank.cohorts.query.checking import can_follow
from imagebank.cohorts.query.nodes import Expression, Gap, Pick, Rows, Tie, Unit, Window, parts_of
from imagebank.cohorts.query.schema import Schema

NEAREST_TIES = (Tie("before"), Tie("structured"), Tie("specific"))
"""The rules where a question names none; those that a table cannot follow are left out."""


def ids_of(unit: Unit) -> tuple[str, ...]:
    """The columns of ids with which the table of an answer begins."""
    return {
        Unit.PATIENT: ("patient",),
        Unit.STUDY: ("patient", "study"),
        Unit.SERIES: ("patient", "study", "series"),
    }[unit]


def ties_of(pick: Pick, schema: Schema) -> tuple[Tie, ...]:
    """The rules for ties that are in force: those named, else the usual ones as far as the table can follow them."""
    usual = NEAREST_TIES if pick.how == "nearest" else NEAREST_TIES[1:]
    return pick.ties or tuple(tie for tie in usual if can_follow(tie, pick.rows.table, schema))


def column_order(table: str, schema: Schema) -> tuple[str, ...]:
    """All columns of a table: the last word between two rows, those that name a row first."""
    columns = schema.columns(table)
    return (*(each.name for each in columns if each.key), *(each.name for each in columns if not each.key))


def anchored_rows(pick: Pick) -> Rows:
    """The rows of a pick; with a window without ends where days from an anchor decide or are asked for.

    So a pick that needs an anchor finds nothing where there is none.
    """
    sided = any(tie.rule in ("before", "after") for tie in pick.ties)
    if pick.rows.window is None and (pick.how == "nearest" or sided or _asks_gap(pick.value)):
        return replace(pick.rows, window=Window())
    return pick.rows


def _asks_gap(value: Expression) -> bool:
    return isinstance(value, Gap) or any(_asks_gap(part) for part in parts_of(value))
