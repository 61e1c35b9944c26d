"""How large the numbers of a question may be: so small that no database ever fails at one.

A database that fails where a product or a sum grows too large would fail for some patients and not for others, and the
failure would be an answer that nobody made safe. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.nodes import Arithmetic, Cohort, Expression, Scalar, parts_of
from imagebank.cohorts.query.schema import QueryError
from imagebank.cohorts.query.walking import all_of

LARGEST, LEAST = 1e9, 1e-9  # sums over fifty million rows stay below 2^63
MOST_PARTS = 12  # of a calculation: their product stays below 10^308


def check_numbers(cohort: Cohort) -> None:
    """Raise QueryError for a number that is too large or too near to 0, and for a calculation of too many parts."""
    for value, _ in all_of(cohort):
        for number in _written(value):
            if number and not LEAST <= abs(number) <= LARGEST:
                raise QueryError(
                    "A number of the question is too large or too near to 0.",
                    f"stay between {-LARGEST:,.0f} and {LARGEST:,.0f}, and no nearer to 0 than {LEAST:g}",
                )
        if isinstance(value, Arithmetic) and _size(value) > MOST_PARTS:
            raise QueryError(
                f"A calculation has more than {MOST_PARTS} parts.", "calculate with the rows of the cohort instead"
            )


def _written(value: Expression) -> Iterator[float]:
    match value:
        case nodes.Literal(literal):
            found: tuple[Scalar, ...] = (literal,)
        case nodes.OneOf(_, values):
            found = values
        case nodes.Reduce(rows=rows) | nodes.Pick(rows=rows) if rows.window:
            found = tuple(day for day in (rows.window.first, rows.window.last) if day is not None)
        case _:
            found = ()
    yield from (each for each in found if isinstance(each, int | float) and not isinstance(each, bool))


def _size(value: Expression) -> int:
    """How many factors a calculation has, those inside its choices and dates among them."""
    below = [_size(part) for part in parts_of(value)]
    if isinstance(value, nodes.Reduce | nodes.Pick) and value.value is not None:
        below.append(_size(value.value))
    return max(1, sum(below))
