"""What a question may ask: every expression has a kind, and can be asked of the rows of some tables and not of others.

A question that makes no sense is refused while it is built, with the way out named. `kind_of` judges an expression in
one frame; `frames_of` says in which frames it has a meaning at all; `check` judges a whole cohort. Pure.
"""

from __future__ import annotations

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.fitting import check_alike, check_order, check_some_fit
from imagebank.cohorts.query.limits import check_numbers
from imagebank.cohorts.query.nodes import Cohort, Expression, Pick, Reduce, Rows, Scalar, parts_of
from imagebank.cohorts.query.schema import BANK, KINDS, Kind, QueryError, Schema, one_row

UNIT_TABLES = ("studies", "series", "patients")
WAYS_OUT = "say `nearest`, `first`, `last`, `mean`, `exists` or `count`"


def check(cohort: Cohort, schema: Schema = BANK) -> Cohort:
    """The cohort itself. Raises QueryError for the first thing that makes no sense, naming the step or column."""
    frame = cohort.unit.table
    for step in cohort.steps:
        _expect(f"Step `{step.name}`", step.keep, frame, schema, Kind.YES_NO)
    if cohort.one_per:
        if not schema.path(frame, cohort.one_per.unit.table):
            raise QueryError(
                f"One {cohort.unit} for each {cohort.one_per.unit} says nothing: they are the same or the wrong way "
                "round.",
                f"leave `one_per` out, or ask for a unit below {cohort.one_per.unit}",
            )
        for order in cohort.one_per.order:
            kind_of(order.value, frame, schema)
    _check_names(cohort)
    check_numbers(cohort)
    for column in cohort.columns:
        _within(f"Column `{column.name}`", column.value, frame, schema)
    return cohort


def _check_names(cohort: Cohort) -> None:
    names = [each.name for each in cohort.columns]
    for kind, found in (("column", names), ("step", [each.name for each in cohort.steps])):
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise QueryError(f"Two {kind}s are called `{twice[0]}`.", f"give each {kind} a name of its own")
    taken = sorted({"patient", "study", "series"} & set(names))
    if taken:
        raise QueryError(f"A column may not be called `{taken[0]}`.", "choose another name: every answer has the ids")
    for group in cohort.groups:
        if group not in names:
            raise QueryError(f"The group `{group}` is no column of the cohort.", "name one of its columns")


def _within(place: str, value: Expression, frame: str, schema: Schema) -> Kind:
    try:
        return kind_of(value, frame, schema)
    except QueryError as error:
        raise QueryError(f"{place}: {error.what}", error.advice) from None


def _expect(place: str, value: Expression, frame: str, schema: Schema, wanted: Kind) -> None:
    kind = _within(place, value, frame, schema)
    if kind is not wanted:
        raise QueryError(f"{place} is a {kind}, not {wanted}.", "compare it with something, or say `is known`")


def kind_of(value: Expression, frame: str, schema: Schema = BANK, *, gap: bool = False) -> Kind:
    """The kind of an expression asked of a row of `frame`. Raises QueryError where it has no meaning there."""
    match value:
        case nodes.Literal(literal):
            return KINDS[type(literal)]
        case nodes.Column(table, name):
            return _column(table, name, frame, schema)
        case nodes.OwnDate():
            return _own_date(frame, schema)
        case nodes.Gap():
            if not gap:
                raise QueryError("A gap has no meaning here.", "ask for it with `first`, `last` or `nearest`")
            return Kind.WHOLE
        case Reduce() | Pick():
            return _aggregate(value, frame, schema)
        case _:
            kinds = tuple(kind_of(part, frame, schema, gap=gap) for part in parts_of(value))
            return _combined(value, kinds, frame, schema)


def _column(table: str, name: str, frame: str, schema: Schema) -> Kind:
    kind = KINDS[schema.column(table, name).type]
    if schema.path(frame, table) is not None:
        return kind
    if schema.link(frame, table):
        raise QueryError(f"`{table}.{name}` has many values per {one_row(frame)}.", WAYS_OUT)
    raise QueryError(
        f"`{table}.{name}` cannot be asked of one {one_row(frame)}.", f"ask it of the rows of {table}, with a condition"
    )


def _own_date(frame: str, schema: Schema) -> Kind:
    if schema.date_of(frame) is None:
        raise QueryError(
            f"A {one_row(frame)} has no date of its own.",
            "name the date that the window is around: the first scan, or the first diagnosis of some kind",
        )
    return Kind.DATE


def _combined(value: Expression, kinds: tuple[Kind, ...], frame: str, schema: Schema) -> Kind:
    """The kind of an expression from the kinds of its parts, once they were found to fit."""
    match value:
        case nodes.Compare() | nodes.Between():
            check_alike(value, kinds, schema)
            if isinstance(value, nodes.Between):
                check_order(value, kinds[0])
            return Kind.YES_NO
        case nodes.OneOf(_, values):
            if not values:
                raise QueryError("Nothing is one of no values.", "name at least one")
            for each in values:
                check_alike(nodes.Compare("=", value.value, nodes.Literal(each)), (kinds[0], KINDS[type(each)]), schema)
            return Kind.YES_NO
        case nodes.Coded() | nodes.TextTest():
            kind = _only(Kind.TEXT, kinds, "A codelist and a test of letters are for texts", Kind.YES_NO)
            check_some_fit(value, schema)
            return kind
        case nodes.Known():
            return Kind.YES_NO
        case nodes.Not() | nodes.AllOf() | nodes.AnyOf():
            return _only(Kind.YES_NO, kinds, "And, or and not join conditions", Kind.YES_NO)
        case nodes.DaysBetween():
            return _only(Kind.DATE, kinds, "Days lie between dates", Kind.WHOLE)
        case nodes.YearOf():
            return _only(Kind.DATE, kinds, "A date has a year", Kind.WHOLE)
        case nodes.Earliest():
            return _only(Kind.DATE, kinds, "The earliest is one of dates", Kind.DATE)
        case nodes.Arithmetic(operator):
            if not all(kind.is_number for kind in kinds):
                raise QueryError(f"Only numbers can be calculated with; here is a {kinds[0]} and a {kinds[1]}.", DATES)
            whole = operator != "/" and set(kinds) == {Kind.WHOLE}
            return Kind.WHOLE if whole else Kind.NUMBER
        case nodes.Choose():
            return _chosen(value, frame, schema)
    raise TypeError(f"no kind is known for {type(value).__name__}")


DATES = "days between two dates are `days_between`"


def _only(wanted: Kind, kinds: tuple[Kind, ...], law: str, kind: Kind) -> Kind:
    other = next((each for each in kinds if each is not wanted), None)
    if other or not kinds:
        raise QueryError(f"{law}; here is a {other or 'blank'}.", f"use a {wanted}")
    return kind


def _chosen(value: nodes.Choose, frame: str, schema: Schema) -> Kind:
    results = [result for _, result in value.cases] + ([value.otherwise] if value.otherwise else [])
    _only(
        Kind.YES_NO, tuple(kind_of(when, frame, schema) for when, _ in value.cases), "A case is a condition", Kind.TEXT
    )
    kinds = {kind_of(result, frame, schema) for result in results}
    if kinds == {Kind.WHOLE, Kind.NUMBER}:
        return Kind.NUMBER
    if len(kinds) != 1:
        raise QueryError("The cases of one choice have values of several kinds.", "give each case the same kind")
    return kinds.pop()


def _aggregate(value: Reduce | Pick, frame: str, schema: Schema) -> Kind:
    check_rows(value.rows, frame, schema)
    table = value.rows.table
    if isinstance(value, Pick):
        _check_pick(value, frame, schema)
        return kind_of(value.value, table, schema, gap=True)
    if value.how in nodes.WITHOUT_VALUE:
        return Kind.YES_NO if value.how == "exists" else Kind.WHOLE
    if value.value is None:
        raise QueryError(f"The {value.how} of rows needs a value.", f"say of which column of {table}")
    kind = kind_of(value.value, table, schema)
    if value.how in ("sum", "mean") and not kind.is_number:
        raise QueryError(f"A {kind} has no {value.how}.", "take it of a number, or count")
    if value.how in ("least", "greatest") and kind is Kind.YES_NO:
        raise QueryError(f"A yes or no has no {value.how}.", "say `exists`")
    return {"different": Kind.WHOLE, "mean": Kind.NUMBER}.get(value.how, kind)


def check_rows(rows: Rows, frame: str, schema: Schema) -> None:
    """Raise QueryError when rows do not hang off the frame, or their condition or window makes no sense."""
    schema.record(rows.table)
    if not schema.link(frame, rows.table, rows.of):
        through = f" through their {rows.of}" if rows.of else ""
        raise QueryError(
            f"The rows of {rows.table} do not hang off a {one_row(frame)}{through}.",
            f"each {one_row(frame)} has one: use its columns" if schema.path(frame, rows.table) else "leave `of` out",
        )
    if rows.where is not None:
        _expect(f"The condition on {rows.table}", rows.where, rows.table, schema, Kind.YES_NO)
    window = rows.window
    if window is None:
        return
    if schema.date_of(rows.table) is None:
        raise QueryError(f"The rows of {rows.table} have no date.", "leave the window out")
    if window.overlapping and not schema.end_of(rows.table):
        raise QueryError(f"The rows of {rows.table} have one day only.", "leave `overlapping` out")
    if window.first is not None and window.last is not None and window.first > window.last:
        raise QueryError("The window ends before it begins.", f"for example [{window.last}, {window.first}]")
    _expect("The anchor of a window", window.anchor or nodes.OwnDate(), frame, schema, Kind.DATE)


def _check_pick(value: Pick, frame: str, schema: Schema) -> None:
    table = value.rows.table
    if schema.date_of(table) is None:
        raise QueryError(
            f"The rows of {table} have no date, so none is {value.how}.", "say `exists`, `count` or `least`"
        )
    anchored = value.rows.window is not None or schema.date_of(frame) is not None
    if not anchored and (value.how == "nearest" or nodes.Gap() in (value.value, *parts_of(value.value))):
        raise QueryError(f"Nearest to what? A {one_row(frame)} has no date of its own.", "give a window with an anchor")
    for tie in value.ties:
        if tie.rule in ("lowest", "highest"):
            schema.column(table, tie.column)
        if tie.rule in ("structured", "specific") and not can_follow(tie, table, schema):
            raise QueryError(f"The rows of {table} cannot be told apart as `{tie.rule}`.", "use `lowest` and a column")


def can_follow(tie: nodes.Tie, table: str, schema: Schema) -> bool:
    """Whether a table has what a tie rule looks at."""
    needed = {"structured": "origin", "specific": "code"}.get(tie.rule, tie.column)
    return not needed or needed in {each.name for each in schema.columns(table)}


def frames_of(value: Expression, schema: Schema = BANK) -> frozenset[str]:
    """The tables of whose rows an expression can be asked. Raises QueryError, with the way out, when there are none."""
    found = frozenset(frame for frame in schema.frames() if _fits(value, frame, schema))
    if found:
        return found
    for frame in sorted(UNIT_TABLES, key=lambda frame: not any(_fits(part, frame, schema) for part in parts_of(value))):
        kind_of(value, frame, schema)
    raise TypeError("an expression has a frame, or a reason why not")


def _fits(value: Expression, frame: str, schema: Schema) -> bool:
    try:
        kind_of(value, frame, schema, gap=True)
    except QueryError:
        return False
    return True


def literal(value: Scalar) -> nodes.Literal:
    """A value of a question. Raises QueryError for what a table cannot hold."""
    if type(value) not in KINDS:
        raise QueryError(f"A {type(value).__name__} is no value of a table.", "use a text, a number, a date, yes or no")
    return nodes.Literal(value)
