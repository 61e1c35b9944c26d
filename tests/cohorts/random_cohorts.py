"""Random small banks full of ties and gaps, and random cohorts that ask anything the language allows of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from made_rows import dull

from imagebank.catalogue.tables import TABLES, Assessment, Diagnosis, Episode, Patient, Quality, Scanner, Series, Study
from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.codelists import codelist
from imagebank.cohorts.query.nodes import Cohort, Expression, Literal, Pick, Reduce, Rows, Tie, Unit, Window
from imagebank.cohorts.query.schema import BANK, KINDS, Kind
from imagebank.core.columns import columns

START = date(2015, 6, 1)
VALUES: dict[str, tuple[Any, ...]] = {
    "sex": ("female", "male"),
    "sequence": ("T1w", "FLAIR"),
    "dimension": ("2D", "3D"),
    "contrast_agent": ("yes", "no"),
    "manufacturer": ("Siemens", "GE", "ÉLSCINT"),
    "code": ("F00.1", "F00", "F01.9", "F20", "G30.1", "I10"),
    "role": ("primary", "secondary"),
    "origin": ("structured", "extracted"),
    "source": ("a", "B", "é"),
    "service": ("memory", "Memory clinic", "ward"),
    "verdict": ("usable", "caution", "unusable"),
    "name": ("MMSE", "MoCA"),
    "kind": ("inpatient", "outpatient"),
    "ethnic_group": ("White", "Black"),
}
NUMBERS = (0, 1, 2, 3)
SOME_COLUMNS = {
    "patients": ("sex", "birth_year", "ethnic_group", "deprivation_decile", "death_date", "last_contact_date"),
    "scanners": ("manufacturer", "field_strength_t"),
    "studies": ("study_date", "age_years", "series_count"),
    "series": ("sequence", "dimension", "contrast_agent", "fat_suppressed", "phantom", "rows", "echo_time_ms"),
    "quality": ("verdict", "sequence", "stratum_images", "snr"),
    "diagnoses": ("diagnosis_date", "end_date", "code", "role", "source", "origin"),
    "assessments": ("assessment_date", "name", "score", "out_of"),
    "episodes": ("start_date", "end_date", "kind", "service"),
}
TABLES_ASKED = tuple(table for table in SOME_COLUMNS if table not in ("patients", "scanners"))


@st.composite
def banks(draw: st.DrawFn) -> dict[str, list[Any]]:
    """A few patients with scans and events within a few days of one another."""
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    tables["scanners"] = [_row(draw, Scanner, scanner=name) for name in ("sc1", "sc2")]
    for number in range(draw(st.integers(0, 4))):
        patient = f"p{number}"
        tables["patients"].append(_row(draw, Patient, patient=patient))
        for study in (f"{patient}s{place}" for place in range(draw(st.integers(0, 3)))):
            tables["studies"].append(_row(draw, Study, patient=patient, study=study, scanner=_scanner(draw)))
            for series in (f"{study}x{place}" for place in range(draw(st.integers(0, 2)))):
                ids = {"patient": patient, "study": study, "series": series}
                tables["series"].append(_row(draw, Series, **ids, scanner=_scanner(draw)))
                for image in range(draw(st.integers(0, 2))):
                    quality = _row(draw, Quality, **ids, scanner=_scanner(draw), image=f"{series}i{image}")
                    tables["quality"].append(quality)
        for table, record in (("diagnoses", Diagnosis), ("assessments", Assessment), ("episodes", Episode)):
            tables[table] += [_row(draw, record, patient=patient) for _ in range(draw(st.integers(0, 4)))]
    return tables


def _scanner(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(("sc1", "sc2")))


def _row(draw: st.DrawFn, record: type, **given: Any) -> Any:
    return record(
        **{each.name: given[each.name] if each.name in given else _cell(draw, each) for each in columns(record)}
    )


def _cell(draw: st.DrawFn, each: Any) -> Any:
    """A value of a column; what no question of ours asks for is always the same."""
    if not any(each.name in asked for asked in SOME_COLUMNS.values()):
        return dull(each)
    if each.optional and draw(st.booleans()):
        return None
    return draw(_values(each))


def _values(each: Any) -> st.SearchStrategy[Any]:
    if each.type is date:
        return days()
    if each.type in (int, float):
        return st.sampled_from(NUMBERS).map(each.type)
    if each.type is bool:
        return st.booleans()
    return st.sampled_from(VALUES[each.name])


def days() -> st.SearchStrategy[date]:
    """One of a few days, so that ties are common."""
    return st.integers(-3, 3).map(lambda days: START + timedelta(days))


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    """Any cohort: steps, one for each patient, and columns of every kind."""
    unit = draw(st.sampled_from(Unit))
    frame = unit.table
    steps = [draw(expressions(frame, Kind.YES_NO)) for _ in range(draw(st.integers(0, 2)))]
    one_per = None
    if unit is not Unit.PATIENT and draw(st.booleans()):
        order = nodes.Order(draw(expressions(frame, draw(st.sampled_from(Kind)))), draw(st.booleans()))
        one_per = nodes.OnePer(Unit.PATIENT, (order,), "random")
    values = [draw(expressions(frame, draw(st.sampled_from(Kind)))) for _ in range(draw(st.integers(1, 3)))]
    return Cohort(
        name="random",
        unit=unit,
        steps=tuple(nodes.Step(f"step {place}", each) for place, each in enumerate(steps)),
        one_per=one_per,
        columns=tuple(nodes.Output(f"column {place}", each) for place, each in enumerate(values)),
    )


@st.composite
def expressions(draw: st.DrawFn, frame: str, kind: Kind, depth: int = 2, gap: bool = False) -> Expression:
    """An expression of a kind that can be asked of a row of a table."""
    if gap and kind is Kind.WHOLE and draw(st.booleans()):
        return nodes.Gap()
    choices = [_literals(kind), *_own_columns(frame, kind)]
    if depth > 0:
        choices = [*choices, *_made(frame, kind, depth - 1)] * 1 + _made(frame, kind, depth - 1)
    return draw(st.one_of(choices))


def _literals(kind: Kind) -> st.SearchStrategy[Expression]:
    values: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.YES_NO: st.booleans(),
        Kind.WHOLE: st.sampled_from(NUMBERS),
        Kind.NUMBER: st.sampled_from(NUMBERS).map(float),
        Kind.TEXT: st.sampled_from(("F00", "a", "é", "memory")),
        Kind.DATE: days(),
    }
    return values[kind].map(Literal)


def _own_columns(frame: str, kind: Kind) -> list[st.SearchStrategy[Expression]]:
    found: list[Expression] = [
        nodes.Column(table, name)
        for table, names in SOME_COLUMNS.items()
        if BANK.path(frame, table) is not None
        for name in names
        if KINDS[BANK.column(table, name).type] is kind
    ]
    if kind is Kind.DATE and BANK.date_of(frame):
        found.append(nodes.OwnDate())
    return [st.sampled_from(found)] if found else []


def _made(frame: str, kind: Kind, depth: int) -> list[st.SearchStrategy[Expression]]:
    def of(kind: Kind) -> st.SearchStrategy[Expression]:
        return expressions(frame, kind, depth)

    picked = _picks(frame, kind, depth)
    choose = st.builds(nodes.Choose, st.tuples(st.tuples(of(Kind.YES_NO), of(kind))), st.one_of(st.none(), of(kind)))
    match kind:
        case Kind.YES_NO:
            return [choose, picked, *_conditions(frame, depth)]
        case Kind.WHOLE:
            between = st.builds(nodes.DaysBetween, of(Kind.DATE), of(Kind.DATE))
            calculated = st.builds(nodes.Arithmetic, st.sampled_from("+-*"), of(kind), of(kind))
            counted = st.builds(Reduce, st.just("count"), rows(frame, depth))
            return [choose, picked, between, calculated, counted, st.builds(nodes.YearOf, of(Kind.DATE)),
                    _reductions(frame, ("different",), Kind.TEXT, depth),
                    _reductions(frame, ("sum", "least", "greatest"), kind, depth)]  # fmt: skip
        case Kind.NUMBER:
            divided = st.builds(nodes.Arithmetic, st.just("/"), of(Kind.NUMBER), of(Kind.WHOLE))
            return [choose, picked, divided, _reductions(frame, ("mean", "sum", "least"), kind, depth)]
        case Kind.DATE:
            earliest = st.builds(nodes.Earliest, st.tuples(of(kind), of(kind)))
            return [choose, picked, earliest, _reductions(frame, ("least", "greatest"), kind, depth)]
        case _:
            return [choose, picked, _reductions(frame, ("least", "greatest"), kind, depth)]


def _conditions(frame: str, depth: int) -> list[st.SearchStrategy[Expression]]:
    def of(kind: Kind) -> st.SearchStrategy[Expression]:
        return expressions(frame, kind, depth)

    some = st.sampled_from(Kind)
    yes = of(Kind.YES_NO)
    codes = st.builds(
        codelist,
        st.lists(st.sampled_from(("F00", "F0", "G30.1", "F")), min_size=1, max_size=2),
        st.lists(st.sampled_from(("F00.1", "F2")), max_size=1),
    )
    hows = st.sampled_from(("starts", "contains"))
    signs, ordered = (
        st.sampled_from(nodes.COMPARISONS),
        st.sampled_from([each for each in Kind if each is not Kind.YES_NO]),
    )
    return [
        ordered.flatmap(lambda kind: st.builds(nodes.Compare, signs, *[_loose(frame, kind, depth)] * 2)),
        st.builds(nodes.Compare, st.sampled_from(("=", "!=")), yes, yes),
        ordered.flatmap(lambda kind: st.builds(_between, *[_loose(frame, kind, depth)] * 3)),
        st.builds(nodes.OneOf, _loose(frame, Kind.TEXT, depth), st.just(("F00", "a", "primary"))),
        st.builds(nodes.Coded, _loose(frame, Kind.TEXT, depth), codes),
        st.builds(nodes.TextTest, hows, _loose(frame, Kind.TEXT, depth), st.sampled_from(("F0", "MEM", "é"))),
        some.flatmap(lambda kind: st.builds(nodes.Known, of(kind))),
        st.builds(nodes.Not, yes),
        st.builds(nodes.AllOf, st.tuples(yes, yes)),
        st.builds(nodes.AnyOf, st.tuples(yes, yes)),
        st.builds(Reduce, st.just("exists"), rows(frame, depth)),
    ]  # fmt: skip


def _between(value: Expression, low: Expression, high: Expression) -> nodes.Between:
    """A range; one the wrong way round is refused where both ends are written."""
    if isinstance(low, Literal) and isinstance(high, Literal) and low.value > high.value:  # type: ignore[operator]
        low, high = high, low
    return nodes.Between(value, low, high)


def _loose(frame: str, kind: Kind, depth: int) -> st.SearchStrategy[Expression]:
    """An expression that may be compared with any other: no column whose values are listed."""
    return expressions(frame, kind, depth).map(
        lambda value: nodes.Choose(((Literal(True), value),)) if _listed(value) else value
    )


def _listed(value: Expression) -> bool:
    return isinstance(value, nodes.Column) and bool(BANK.column(value.table, value.name).values)


def _reductions(frame: str, hows: tuple[str, ...], kind: Kind, depth: int) -> st.SearchStrategy[Expression]:
    def made(chosen: Rows) -> st.SearchStrategy[Expression]:
        return st.builds(Reduce, st.sampled_from(hows), st.just(chosen), expressions(chosen.table, kind, 0))

    return rows(frame, depth).flatmap(made)


def _picks(frame: str, kind: Kind, depth: int) -> st.SearchStrategy[Expression]:
    def made(chosen: Rows) -> st.SearchStrategy[Expression]:
        anchored = chosen.window is not None or BANK.date_of(frame) is not None
        hows = nodes.PICKS if anchored else nodes.PICKS[:2]
        value = expressions(chosen.table, kind, 0, gap=anchored)
        return st.builds(Pick, st.sampled_from(hows), st.just(chosen), value, _ties(chosen.table, anchored))

    return rows(frame, depth).flatmap(made)


def _ties(table: str, anchored: bool) -> st.SearchStrategy[tuple[Tie, ...]]:
    usual = [Tie("structured")] if table in ("diagnoses", "assessments", "episodes") else []
    usual += [Tie("specific")] if table == "diagnoses" else []
    usual += [Tie("before"), Tie("after")] if anchored else []
    columns = [Tie(rule, SOME_COLUMNS[table][0]) for rule in ("lowest", "highest")]
    return st.lists(st.sampled_from([*usual, *columns]), max_size=2).map(tuple)


@st.composite
def rows(draw: st.DrawFn, frame: str, depth: int) -> Rows:
    """Rows of a table that hangs off the frame."""
    possible = [table for table in TABLES_ASKED if BANK.link(frame, table)]
    table = draw(st.sampled_from(possible))
    where = draw(st.one_of(st.none(), expressions(table, Kind.YES_NO, min(depth, 1)))) if depth else None
    window = draw(st.one_of(st.none(), _windows(frame, table, depth)))
    links = [name for name in ("series", "study", "patient") if BANK.link(frame, table, name)]
    return Rows(table, where, window, draw(st.sampled_from(["", *links])))


@st.composite
def _windows(draw: st.DrawFn, frame: str, table: str, depth: int) -> Window | None:
    ends = sorted((draw(st.integers(-3, 3)), draw(st.integers(-3, 3))))
    first, last = (draw(st.sampled_from((end, None))) for end in ends)
    own = BANK.date_of(frame) is not None
    anchor = draw(st.none() if own and draw(st.booleans()) else expressions(frame, Kind.DATE, min(depth, 1)))
    return Window(first, last, anchor, bool(BANK.end_of(table)) and draw(st.booleans()))
