"""What is compared of two people, and in which steps: the model of the linkage, without its weights.

Each comparison has levels from the strongest agreement to none. What is absent on either side says nothing. The SQL is
plain enough for DuckDB and Spark; Splink is imported when the model is built, since that takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS = (
    "given", "family", "birth", "year", "month", "day", "sex", "postcode", "outcode", "hospital_number", "nhs_number",
)  # fmt: skip
"""Columns of a row that is compared, beside its id; all are texts, and None where nothing is known."""
EXACT, ELSE, UNKNOWN = "the same", "another", "not known"


@dataclass(frozen=True)
class Level:
    """One step of agreement; `sql` is its condition. Agreement on a rare term weighs more where `rare_counts`."""

    label: str
    sql: str
    rare_counts: bool = False


@dataclass(frozen=True)
class Comparison:
    """What is compared, where one of the two is absent, and the steps before `ELSE`."""

    name: str
    absent: str
    levels: tuple[Level, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every level, from the strongest to the weakest."""
        return (*(level.label for level in self.levels), ELSE)


def _absent(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


def _starts(column: str) -> str:
    left, right = f"{column}_l", f"{column}_r"
    return f"substr({left}, 1, length({right})) = {right} or substr({right}, 1, length({left})) = {left}"


def _holds(column: str) -> str:
    left, right = f"{column}_l", f"{column}_r"
    longer = f"{left} like concat('%', {right}, '%') or {right} like concat('%', {left}, '%')"
    return f"length({left}) > 3 and length({right}) > 3 and ({longer})"


def _same(column: str, *, rare_counts: bool = False) -> Level:
    return Level(EXACT, f"{column}_l = {column}_r", rare_counts)


def _slip(column: str) -> Level:
    return Level("one slip", f"damerau_levenshtein({column}_l, {column}_r) <= 1")


COMPARISONS = (
    Comparison("given", _absent("given"), (
        _same("given", rare_counts=True),
        Level("the start of the other", _starts("given")),
        Level("alike", "jaro_winkler_similarity(given_l, given_r) >= 0.9"),
    )),
    Comparison("family", _absent("family"), (
        _same("family", rare_counts=True),
        Level("part of the other", _holds("family")),
        Level("alike", "jaro_winkler_similarity(family_l, family_r) >= 0.9"),
        Level("given and family swapped", "family_l = given_r and given_l = family_r"),
    )),
    Comparison("birth", _absent("birth"), (
        _same("birth"),
        Level("day and month swapped", "year_l = year_r and month_l = day_r and day_l = month_r"),
        _slip("birth"),
        Level("the year, and one is 1 January", "year_l = year_r and "
              "((month_l = '01' and day_l = '01') or (month_r = '01' and day_r = '01'))"),
    )),
    Comparison("sex", _absent("sex"), (_same("sex"),)),
    Comparison("postcode", _absent("postcode"), (
        _same("postcode"),
        Level("the same district", "outcode_l = outcode_r"),
    )),
    Comparison("hospital_number", _absent("hospital_number"), (_same("hospital_number"), _slip("hospital_number"))),
    Comparison("nhs_number", _absent("nhs_number"), (_same("nhs_number"), _slip("nhs_number"))),
)  # fmt: skip
"""The comparisons, in the order in which they are shown."""

CANDIDATES = (
    ("hospital_number",),
    ("nhs_number",),
    ("birth", "family"),
    ("birth", "given"),
    ("family", "given"),
    ("birth", "postcode"),
    ("family", "postcode"),
)
"""Pairs that agree in one of these are compared; all others cannot be one person."""
SWAPPED = "l.family = r.family and l.year = r.year and l.month = r.day and l.day = r.month"
"""A further rule for candidates: the family name, and a birth date with day and month swapped."""

SESSIONS = (("birth", "sex"), ("family", "given"))
"""Pairs on which the weights are trained: of each session all comparisons that it does not hold equal."""

NEEDED = {"given": 2, "birth": 2, "postcode": 2, "family": 2}  # letters that a value must have to be looked for
SPELLING = {  # the names of functions where they are not those of DuckDB
    "spark": {"jaro_winkler_similarity": "jaro_winkler", "damerau_levenshtein": "damerau_levenshtein"}
}


def levels_of(comparison: Comparison, dialect: str) -> Iterator[dict[str, Any]]:
    """The levels as Splink reads them, without weights."""
    yield {"sql_condition": comparison.absent, "label_for_charts": UNKNOWN, "is_null_level": True}
    for level in comparison.levels:
        told: dict[str, Any] = {"sql_condition": _spelt(level.sql, dialect), "label_for_charts": level.label}
        if level.rare_counts:
            told |= {"tf_adjustment_column": comparison.name, "tf_adjustment_weight": 1.0}
        yield told
    yield {"sql_condition": "ELSE", "label_for_charts": ELSE}


def _spelt(sql: str, dialect: str) -> str:
    for name, other in SPELLING.get(dialect, {}).items():
        sql = sql.replace(f"{name}(", f"{other}(")
    return sql


def levels_in_words(levels: Sequence[int]) -> str:
    """What agrees and what does not, as a reviewer reads it."""
    told = (
        (each.name.replace("_", " "), label_of(each, gamma)) for each, gamma in zip(COMPARISONS, levels, strict=True)
    )
    return ", ".join(f"{name} {label}" for name, label in told if label != UNKNOWN)


def label_of(comparison: Comparison, gamma: int) -> str:
    """The level that Splink numbers: 0 is the weakest, -1 that something is absent."""
    return UNKNOWN if gamma < 0 else comparison.labels[::-1][gamma]
