"""Which values fit together: what can be compared, and tests that nothing could ever pass.

A question that no row can answer with yes looks like an answer of nobody, so it is refused while it is built. Pure.
"""

from __future__ import annotations

import difflib

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import has_code
from imagebank.cohorts.query.nodes import Expression, parts_of
from imagebank.cohorts.query.schema import Kind, QueryError, Schema

HOWS = {"starts": "starts with", "contains": "contains"}


def check_alike(value: Expression, kinds: tuple[Kind, ...], schema: Schema) -> None:
    """Refuse to compare what cannot be compared, and a value that the column can never have."""
    if Kind.YES_NO in kinds and not (isinstance(value, nodes.Compare) and value.operator in ("=", "!=")):
        raise QueryError("A yes or no is neither more nor less than another.", "compare it by = or !=, or say `not`")
    families = {Kind.NUMBER if kind.is_number else kind for kind in kinds}
    if len(families) > 1:
        how = ": date(2026, 1, 31) in Python, 2026-01-31 without quotes in YAML" if kinds[0] is Kind.DATE else ""
        raise QueryError(f"A {kinds[0]} cannot be compared with a {kinds[-1]}.", f"compare it with a {kinds[0]}{how}")
    columns = [part for part in parts_of(value) if isinstance(part, nodes.Column)]
    values = [part.value for part in parts_of(value) if isinstance(part, nodes.Literal)]
    for column in columns:
        allowed = schema.column(column.table, column.name).values
        for each in values:
            if allowed and each not in allowed:
                near = [name for name in allowed if name.startswith(str(each))]
                near += difflib.get_close_matches(str(each), allowed, n=1, cutoff=0.4)
                advice = f"did you mean `{near[0]}`?" if near else f"its values are: {', '.join(allowed)}"
                raise QueryError(f"`{column.table}.{column.name}` is never `{each}`.", advice)


def check_order(value: nodes.Between, kind: Kind) -> None:
    """Refuse ends the wrong way round, between which nothing lies. The order of texts is for the database to say."""
    low, high = value.low, value.high
    if kind is Kind.TEXT or not (isinstance(low, nodes.Literal) and isinstance(high, nodes.Literal)):
        return
    if low.value > high.value:  # type: ignore[operator]  # they are alike
        raise QueryError(
            f"Nothing lies between {low.value} and {high.value}, as the lower end comes first.",
            f"write [{high.value}, {low.value}]",
        )


def check_some_fit(value: nodes.Coded | nodes.TextTest, schema: Schema) -> None:
    """Refuse a test that none of the declared values of a column passes."""
    column = value.value
    declared = schema.column(column.table, column.name).values if isinstance(column, nodes.Column) else ()
    if isinstance(column, nodes.Column) and declared and not any(_passes(value, each) for each in declared):
        told = "in that codelist" if isinstance(value, nodes.Coded) else f"a text that {HOWS[value.how]} `{value.text}`"
        raise QueryError(f"`{column.table}.{column.name}` is never {told}.", f"its values are: {', '.join(declared)}")


def _passes(test: nodes.Coded | nodes.TextTest, text: str) -> bool:
    if isinstance(test, nodes.Coded):
        return has_code(test.codes, text)
    return text.startswith(test.text) if test.how == "starts" else test.text.casefold() in text.casefold()
