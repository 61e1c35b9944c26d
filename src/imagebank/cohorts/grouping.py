"""Counting and measuring with ibis, a group at a time: what the topics of a profile have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagebank.cohorts.disclosure import Count
from imagebank.cohorts.facts import Key, Spread


def rows(expression: Any) -> list[dict[str, Any]]:
    """The rows of an expression."""
    return list(expression.to_pyarrow().to_pylist())


def tally(table: Any, keys: Mapping[str, Any], *, of_patients: bool = False) -> dict[Key, Count]:
    """Rows and distinct patients for each value of `keys`; with `of_patients` the patients are what is counted."""
    totals = {"row_count": table.count(), "patient_count": table.patient.nunique()}
    expression = table.group_by(**keys).aggregate(**totals)
    return {
        tuple(row[key] for key in keys): Count(
            row["patient_count"] if of_patients else row["row_count"], row["patient_count"]
        )
        for row in rows(expression)
    }


def one(table: Any, name: str, *, of_patients: bool = False) -> dict[Key, Count]:
    """The rows and patients of a whole table, under one key; nothing for an empty table."""
    import ibis

    return tally(table, {"kind": ibis.literal(name)}, of_patients=of_patients)


def spread(table: Any, value: str, keys: tuple[str, ...]) -> dict[Key, Spread]:
    """Quantiles (linear between neighbours) of the values that are there."""
    kept = table.filter(table[value].notnull())
    number = kept[value].cast("float64")
    expression = kept.group_by(list(keys)).aggregate(
        patients=kept.patient.nunique(),
        values_=number.count(),
        low=number.min(),
        lower=number.quantile(0.25),
        median=number.quantile(0.5),
        upper=number.quantile(0.75),
        high=number.max(),
    )
    return {
        tuple(row[key] for key in keys): Spread(
            row["patients"], row["values_"], row["low"], row["lower"], row["median"], row["upper"], row["high"]
        )
        for row in rows(expression)
    }


def band(value: Any, lower_ends: tuple[int, ...]) -> Any:
    """The lower end of the band that a number falls into."""
    import ibis

    steps = [(value >= end, ibis.literal(end)) for end in reversed(lower_ends)]
    return ibis.cases(*steps, else_=lower_ends[0])


def everybody(table: Any) -> Any:
    """The table with one key that all rows share."""
    import ibis

    return table.mutate(everybody=ibis.literal("all"))
