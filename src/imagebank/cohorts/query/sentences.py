"""A question in words, for people who read neither YAML nor SQL. Pure."""

from __future__ import annotations

from datetime import date

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import Codelist
from imagebank.cohorts.query.nodes import Cohort, Expression, OnePer, Pick, Reduce, Rows, Scalar, Unit, Window
from imagebank.cohorts.query.schema import BANK, Schema, one_row

SIGNS = {"=": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
SUFFIXES = ("_years", "_days", "_mm", "_ms", "_deg", "_t")
PLURALS = {"diagnosis": "diagnoses", "study": "studies", "series": "series", "biomarker": "biomarkers"}
UNITS = {Unit.PATIENT: "patients", Unit.STUDY: "studies", Unit.SERIES: "series"}
OWN = {"studies": "the scan", "series": "the scan", "quality": "the scan"}
LISTED = 8


def sentence(cohort: Cohort) -> str:
    """The whole question, in one paragraph."""
    frame = cohort.unit.table
    steps = "; ".join(say(step.keep, frame) for step in cohort.steps)
    told = f"{UNITS[cohort.unit].capitalize()}{f' with: {steps}' if steps else ', all of them'}."
    if cohort.one_per:
        told += f" {one_for_each(cohort.one_per, cohort.unit).capitalize()}."
    return told


def one_for_each(rule: OnePer, unit: Unit) -> str:
    """Which of several is kept."""
    which = {"nearest": "nearest to the date", "best quality": "best"}.get(rule.rule, rule.rule)
    return f"the {which} {unit} of each {rule.unit}"


def say(value: Expression, frame: str, schema: Schema = BANK) -> str:
    """An expression in words."""

    def of(part: Expression) -> str:
        return say(part, frame, schema)

    match value:
        case nodes.Literal(literal):
            return scalar(literal)
        case nodes.Column(table, name):
            return _column(table, name, frame)
        case nodes.OwnDate():
            return f"the date of {own(frame)}"
        case nodes.Gap():
            return "days"
        case nodes.Compare(sign, left, right):
            return f"{of(left)} {SIGNS[sign]} {of(right)}{_unit(left, right, schema)}"
        case nodes.Between(inner, low, high):
            return f"{of(inner)} is from {of(low)} to {of(high)}{_unit(inner, high, schema)}"
        case nodes.OneOf(inner, values):
            return f"{of(inner)} is one of {', '.join(map(scalar, values))}"
        case nodes.Coded(inner, codes):
            return f"{of(inner)} is in {codelist_words(codes)}"
        case nodes.TextTest(how, inner, text):
            return f"{of(inner)} {'begins with' if how == 'starts' else 'contains'} “{text}”"
        case nodes.AllOf(parts):
            return " and ".join(_joined(part, of(part)) for part in parts)
        case nodes.AnyOf(parts):
            return " or ".join(_joined(part, of(part)) for part in parts)
        case Reduce() | Pick():
            return _aggregate(value, frame, schema)
        case _:
            return _operation(value, frame, schema)


def _operation(value: Expression, frame: str, schema: Schema) -> str:
    parts = [say(part, frame, schema) for part in nodes.parts_of(value)]
    match value:
        case nodes.Not(Reduce("exists", rows)):
            return f"no {_rows(rows, frame, schema)}"
        case nodes.Not(nodes.Known(inner)):
            return f"{say(inner, frame, schema)} is missing"
        case nodes.Not():
            return f"not ({parts[0]})"
        case nodes.Known():
            return f"{parts[0]} is known"
        case nodes.Arithmetic(sign, _, _):
            return f"({parts[0]} {sign} {parts[1]})"
        case nodes.DaysBetween():
            return f"days from {parts[0]} to {parts[1]}"
        case nodes.YearOf():
            return f"year of {parts[0]}"
        case nodes.Earliest():
            return f"the earliest of {', '.join(parts)}"
        case nodes.Choose(cases, otherwise):
            told = "; ".join(f"{say(t, frame, schema)} if {say(w, frame, schema)}" for w, t in cases)
            return f"({told}{f'; else {say(otherwise, frame, schema)}' if otherwise else ''})"
    raise TypeError(f"{type(value).__name__} has no words")


def _joined(part: Expression, text: str) -> str:
    return f"({text})" if isinstance(part, nodes.AllOf | nodes.AnyOf) else text


def _column(table: str, name: str, frame: str) -> str:
    short = next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name).replace("_", " ")
    return short if table == frame or frame != "patients" else f"{short} of the {one_row(table)}"


def _unit(left: Expression, right: Expression, schema: Schema) -> str:
    """The unit of a column that is compared with a number: 50 years."""
    if not (isinstance(left, nodes.Column) and isinstance(right, nodes.Literal)):
        return ""
    unit = schema.column(left.table, left.name).unit
    if not unit or isinstance(right.value, str | bool):
        return ""
    return f" {unit}s" if unit in ("year", "point", "day", "degree") and right.value != 1 else f" {unit}"


def scalar(value: Scalar) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else f"{value:g}" if isinstance(value, float) else str(value)


def codelist_words(codes: Codelist) -> str:
    """A codelist by its name and codes."""
    shown = ", ".join(codes.include[:LISTED]) + (
        f" and {len(codes.include) - LISTED} more" if codes.include[LISTED:] else ""
    )
    without = f" without {', '.join(codes.exclude)}" if codes.exclude else ""
    return f"{codes.name} ({shown}{without})" if codes.name else f"{shown}{without}"


def _aggregate(value: Reduce | Pick, frame: str, schema: Schema) -> str:
    rows = value.rows
    if isinstance(value, Pick):
        picked = f"the {value.how} {_rows(rows, frame, schema)}"
        if value.value == nodes.Gap():
            return f"days from {_anchor(rows.window, frame, schema)} to {picked}"
        return f"{say(value.value, rows.table, schema)} of {picked}"
    if value.how == "exists":
        return f"some {_rows(rows, frame, schema)}"
    if value.value is None:
        return f"number of {_rows(rows, frame, schema, many=True)}"
    what = say(value.value, rows.table, schema)
    how = "number of different" if value.how == "different" else value.how
    return f"{how} {what} of {_rows(rows, frame, schema, many=True)}"


def _rows(rows: Rows, frame: str, schema: Schema, *, many: bool = False) -> str:
    word = one_row(rows.table).replace("_", " ")
    told = PLURALS.get(word, f"{word}s") if many else word
    if rows.where is not None:
        told += f" whose {say(rows.where, rows.table, schema)}"
    if rows.of:
        told += f" of the same {rows.of}"
    if rows.window is not None:
        told += f" {'that lasts ' if rows.window.overlapping else ''}{window_words(rows.window, frame, schema)}"
    return told


def own(frame: str) -> str:
    """What a row of a table is, as the anchor of a window."""
    return OWN.get(frame, f"the {one_row(frame)}")


def _anchor(window: Window | None, frame: str, schema: Schema) -> str:
    return own(frame) if window is None or window.anchor is None else say(window.anchor, frame, schema)


def window_words(window: Window, frame: str, schema: Schema = BANK) -> str:
    """A window in words: within 180 days of the scan."""
    first, last, anchor = window.first, window.last, _anchor(window, frame, schema)
    if first is None and last is None:
        return "at any time"
    if first is not None and last is not None:
        if first == -last:
            return f"within {last} days of {anchor}" if last else f"on the day of {anchor}"
        return (
            f"from {_side(first)} to {_side(last)} {anchor}"
            if first * last > 0
            else f"from {_side(first)} {anchor} to {_side(last)} it"
        )
    if last is not None:
        return {0: "on or before ", -1: "before "}.get(last, f"up to {_side(last)} ") + anchor
    return {0: "on or after ", 1: "after "}.get(first or 0, f"from {_side(first or 0)} ") + anchor


def _side(days: int) -> str:
    if days == 0:
        return "the day of"
    return f"{abs(days)} day{'s' if abs(days) != 1 else ''} {'before' if days < 0 else 'after'}"
