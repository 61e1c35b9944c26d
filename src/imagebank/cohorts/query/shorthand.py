"""What people say in one word and the language says in several: age on a day, time to an event, the best of several.

Each function makes plain nodes, so that no engine knows of it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imagebank.cohorts.query.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Choose,
    Column,
    Compare,
    DaysBetween,
    Earliest,
    Expression,
    Known,
    Literal,
    Not,
    OnePer,
    Order,
    OwnDate,
    Pick,
    Reduce,
    Rows,
    Unit,
    Window,
)
from imagebank.cohorts.query.schema import BANK, QueryError, Schema

DAYS_A_YEAR = 365.25
STUDY_DATE = Column("studies", "study_date")
AGE = Column("studies", "age_years")
CENSORS = (Column("patients", "last_contact_date"), Column("patients", "death_date"))
"""When nobody looks any more: whichever comes first."""
USABLE_SHARE = {"usable": 1.0, "caution": 0.5}


def age_at(day: Expression, frame: str, schema: Schema = BANK) -> Expression:
    """Age on a day, in years: the age at the study (for patients and events at the first one), and the days since."""
    if schema.path(frame, "studies") is not None:
        known, since = AGE, STUDY_DATE
        return Arithmetic("+", known, Arithmetic("/", DaysBetween(since, day), Literal(DAYS_A_YEAR)))
    rows = Rows("studies", where=Known(AGE))
    first, date = Pick("first", rows, AGE), Pick("first", rows, STUDY_DATE)
    return Arithmetic("+", first, Arithmetic("/", DaysBetween(date, day), Literal(DAYS_A_YEAR)))


def time_to(
    event: Rows, schema: Schema = BANK, *, censors: Sequence[Expression] = CENSORS
) -> tuple[Expression, Expression]:
    """Days from the anchor to the first such event or to the end of follow-up, and whether it was the event.

    The end of follow-up is the earliest of `censors`. An event after it was not seen; where no censor is known every
    event was. Without an event and without a censor, and where follow-up ended before the anchor, there is no time.
    """
    window = event.window or Window(first=1)
    day = schema.date_of(event.table)
    if day is None:
        raise QueryError(f"The rows of {event.table} have no date, so there is no time to them.", "name another table")
    happened = Pick("first", replace(event, window=window), Column(*day))
    start, end = window.anchor or OwnDate(), Earliest(tuple(censors))
    seen = AllOf((Known(happened), AnyOf((Not(Known(end)), Compare("<=", happened, end)))))
    followed = Choose(((Compare(">=", end, start), DaysBetween(start, end)),))
    return Choose(((seen, DaysBetween(start, happened)),), followed), seen


def one_per(rule: str, frame: str, unit: Unit = Unit.PATIENT, of: Expression | None = None) -> OnePer:
    """One unit for each patient: `first` or `last` by date, `nearest` to a date, or of the `best quality`."""
    first = Order(OwnDate())
    if rule == "first":
        return OnePer(unit, (first,), rule)
    if rule == "last":
        return OnePer(unit, (Order(OwnDate(), descending=True),), rule)
    if rule == "nearest" and of is not None:
        gap = DaysBetween(of, OwnDate())
        size = Choose(((Compare("<", gap, Literal(0)), Arithmetic("*", gap, Literal(-1))),), gap)
        return OnePer(unit, (Order(size), first), rule)
    if rule == "best quality":
        return OnePer(unit, (Order(quality_of(frame, of), descending=True), first), rule)
    raise QueryError(
        f"One for each {unit} cannot be chosen as `{rule}`.", "use first, last, best quality, or nearest to a date"
    )


def quality_of(frame: str, where: Expression | None = None, schema: Schema = BANK) -> Expression:
    """The mean verdict on the images of a study or series: 1 all usable, 0.5 with caution, 0 unusable."""
    verdict = Column("quality", "verdict")
    if not schema.link(frame, "quality"):
        raise QueryError("Only studies and series have images to judge.", "ask for the first or the last")
    judged = Not(Compare("=", verdict, Literal("not-assessable")))
    cases = tuple((Compare("=", verdict, Literal(name)), Literal(share)) for name, share in USABLE_SHARE.items())
    rows = Rows("quality", where=judged if where is None else AllOf((judged, where)))
    return Reduce("mean", rows, Choose(cases, Literal(0.0)))
