"""From a cohort and an engine to an answer: attrition, table, how far `nearest` depends on its window, and hashes."""

from __future__ import annotations

from typing import Any

from imagebank.cohorts.engines.orders import ids_of
from imagebank.cohorts.engines.result import AnswerColumn, Engine, Result, Scope, Selection, Sensitivity, Stage
from imagebank.cohorts.query.checking import check, kind_of
from imagebank.cohorts.query.nodes import Cohort, Column, Expression, Output
from imagebank.cohorts.query.schema import BANK, Kind, QueryError, Schema
from imagebank.cohorts.query.sentences import one_for_each, say
from imagebank.cohorts.query.walking import codelists_of, nearest_of, places_of
from imagebank.cohorts.query.writing import digest
from imagebank.core.columns import Risk


def ask(engine: Engine, cohort: Cohort, schema: Schema = BANK) -> Result:
    """The answer of an engine. Raises QueryError when the cohort makes no sense or looks at what the scope hides."""
    check(cohort, schema)
    check_scope(cohort, engine.scope, schema)
    selection = engine.select(cohort)
    nearest = nearest_of(cohort)
    values = (*(column.value for column in cohort.columns), *nearest)
    members = selection.units_at(selection.last)
    found = _arrow(engine.describe(cohort, members, values), cohort, values, schema)
    width = len(ids_of(cohort.unit)) + len(cohort.columns)
    names = [*ids_of(cohort.unit), *(column.name for column in cohort.columns)]
    gaps = [found.column(width + place).to_pylist() for place in range(len(nearest))]
    return Result(
        cohort=cohort,
        digest=digest(cohort),
        engine=engine.name,
        version=engine.version,
        scope=engine.scope,
        selection=selection,
        attrition=attrition(cohort, selection, schema),
        table=found.select(range(width)).rename_columns(names),
        columns=tuple(_described(each, cohort, schema) for each in cohort.columns),
        sensitivity=tuple(
            sensitivity(say(pick, cohort.unit.table, schema), each) for pick, each in zip(nearest, gaps, strict=True)
        ),
        codelists=codelists_of(cohort),
    )


def check_scope(cohort: Cohort, scope: Scope, schema: Schema = BANK) -> None:
    """Raise QueryError when a cohort looks at a table or column that the scope hides."""
    for place in sorted(places_of(cohort, schema)):
        if place in scope.hidden or place.partition(".")[0] in scope.hidden:
            whose = f"The project `{scope.name}`" if scope.name else "This project"
            raise QueryError(
                f"{whose} may not ask for `{place}`.", "leave it out, or ask the steward to widen the project"
            )


def attrition(cohort: Cohort, selection: Selection, schema: Schema = BANK) -> tuple[Stage, ...]:
    """What was left after each step: true numbers."""
    frame = cohort.unit.table
    told = [("all", f"every {cohort.unit} in scope")]
    told += [(step.name, say(step.keep, frame, schema)) for step in cohort.steps]
    if cohort.one_per:
        told.append((f"one for each {cohort.one_per.unit}", one_for_each(cohort.one_per, cohort.unit)))
    return tuple(Stage(name, text, *selection.count(place)) for place, (name, text) in enumerate(told))


def _arrow(rows: Any, cohort: Cohort, values: tuple[Expression, ...], schema: Schema) -> Any:
    """The rows as an Arrow table of the kinds that the values have, whatever the engine gave."""
    import pyarrow

    kinds = {
        Kind.YES_NO: pyarrow.bool_(),
        Kind.WHOLE: pyarrow.int64(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.TEXT: pyarrow.string(),
        Kind.DATE: pyarrow.date32(),
    }
    frame = cohort.unit.table
    fields = [(name, pyarrow.string()) for name in ids_of(cohort.unit)]
    fields += [(f"v{place}", kinds[kind_of(value, frame, schema)]) for place, value in enumerate(values)]
    wanted = pyarrow.schema(fields)
    return pyarrow.Table.from_pylist(rows, wanted) if isinstance(rows, list) else rows.select(wanted.names).cast(wanted)


def _described(column: Output, cohort: Cohort, schema: Schema) -> AnswerColumn:
    """A column with its unit and meaning; those of a plain column of the bank are the bank's own."""
    frame, declared = cohort.unit.table, None
    if isinstance(column.value, Column):
        declared = schema.column(column.value.table, column.value.name)
    words = say(column.value, frame, schema)
    return AnswerColumn(
        name=column.name,
        kind=kind_of(column.value, frame, schema).value,
        unit=column.unit or (declared.unit if declared and declared.unit else ""),
        description=column.description or (declared.meaning if declared else words),
        sentence=words,
        risk=(declared.risk if declared else Risk.ATTRIBUTE).value,
    )


def sensitivity(sentence: str, gaps: list[int | None]) -> Sensitivity:
    """How far a nearest row depends on its window, from the days to it of each unit of the cohort."""
    known = sorted(abs(gap) for gap in gaps if gap is not None)
    middle = len(known) // 2
    median = None if not known else (known[middle] + known[-middle - 1]) / 2
    after = sum(gap is not None and gap > 0 for gap in gaps)
    return Sensitivity(sentence, len(gaps), len(gaps) - len(known), after, median)
