"""Going through a question: every expression of it, in every table, with the table of whose rows it is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import codelist_hash
from imagebank.cohorts.query.nodes import Cohort, Expression, Pick, Reduce, parts_of
from imagebank.cohorts.query.schema import BANK, Schema


def everywhere(value: Expression, frame: str) -> Iterator[tuple[Expression, str]]:
    """An expression and all below it, also those asked of the rows of other tables, each with its frame."""
    yield value, frame
    for part in parts_of(value):
        yield from everywhere(part, frame)
    if isinstance(value, Reduce | Pick):
        below = (value.rows.where, value.value)
        for each in below:
            if each is not None:
                yield from everywhere(each, value.rows.table)


def asked_of(cohort: Cohort) -> Iterator[Expression]:
    """Every expression that a cohort asks of its units."""
    yield from (step.keep for step in cohort.steps)
    yield from (order.value for order in (cohort.one_per.order if cohort.one_per else ()))
    yield from (column.value for column in cohort.columns)


def all_of(cohort: Cohort) -> Iterator[tuple[Expression, str]]:
    """Every expression of a cohort with its frame."""
    for value in asked_of(cohort):
        yield from everywhere(value, cohort.unit.table)


def places_of(cohort: Cohort, schema: Schema = BANK) -> frozenset[str]:
    """Every table and `table.column` that a cohort looks at."""
    found = {cohort.unit.table}
    for value, frame in all_of(cohort):
        match value:
            case nodes.Column(table, name):
                found |= {table, f"{table}.{name}"}
            case nodes.OwnDate():
                found |= {".".join(schema.date_of(frame) or ())}
            case Reduce(rows=rows) | Pick(rows=rows):
                found |= {rows.table, *_dates_of(rows, schema)}
    return frozenset(found)


def _dates_of(rows: nodes.Rows, schema: Schema) -> set[str]:
    dated = schema.date_of(rows.table)
    end = {f"{rows.table}.{schema.end_of(rows.table)}"} if rows.window and rows.window.overlapping else set()
    return end | ({".".join(dated)} if dated else set())


def codelists_of(cohort: Cohort) -> dict[str, str]:
    """The hash of each codelist that a cohort uses, by its name, or by its codes where it has none."""
    used = {value.codes for value, _ in all_of(cohort) if isinstance(value, nodes.Coded)}
    named = sorted(used, key=lambda codes: (codes.name, codes.include, codes.exclude))
    return {codes.name or " ".join(codes.include): codelist_hash(codes) for codes in named}


def nearest_of(cohort: Cohort) -> tuple[Pick, ...]:
    """Every choice of a nearest row that a cohort asks of its units, once whatever is taken of it."""
    found: dict[Pick, None] = {}
    for value in asked_of(cohort):
        for each, frame in everywhere(value, cohort.unit.table):
            if isinstance(each, Pick) and each.how == "nearest" and frame == cohort.unit.table:
                found[Pick("nearest", each.rows, nodes.Gap(), each.ties)] = None
    return tuple(found)
