"""How each table of events is made from what a source brings: the rules asked, what is kept, what is refused. Pure.

A plan is SQL over the shaped rows `r` (every column of the target, as a text) and the answers of the rules, each under
its own name. The first refusal counts; repairs add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imagebank.records.days import Forms
from imagebank.records.looks import (
    KINDS_OF_CARE,
    ROLES,
    STATES,
    Look,
    code_look,
    day_look,
    drug_code_look,
    drug_look,
    finding_look,
    instrument_look,
    item_look,
    measure_look,
    name_look,
    number_look,
    service_look,
    value_look,
    word_look,
)
from imagebank.records.numerals import parse_dose, parse_score
from imagebank.records.registry import OTHER, Registry

MOST_DOSE, MOST_VALUE = 1e6, 1e9
"""Below the NHS numbers and most telephone numbers: a column that was mapped by mistake must not bring them in."""


@dataclass(frozen=True)
class Kept:
    """A column that is kept: its name, its SQL and its type."""

    name: str
    sql: str
    type: str = "VARCHAR"


@dataclass(frozen=True)
class Plan:
    """The rules of one table of events. `day` names the kept column that dates a row."""

    looks: tuple[Look, ...]
    kept: tuple[Kept, ...]
    refusals: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    day: str = ""


def plan_of(target: str, registry: Registry, forms: Forms) -> Plan:
    """The plan of a table of events."""
    return PLANS[target](registry, forms)


def _number(column: str) -> str:
    """A number, of a column whose `number_look` is asked."""
    return f"coalesce(try_cast(r.{column} AS DOUBLE), number_{column}.number)"


def _finite(column: str) -> str:
    """A number, NULL where there is none."""
    return f"CASE WHEN isfinite({_number(column)}) THEN {_number(column)} END"


def _small(column: str, most: float) -> str:
    """A number that is no identifier: those of people and telephones, in a column that was mistaken, are larger."""
    return f"CASE WHEN abs({_finite(column)}) < {most:.0f} THEN {_finite(column)} END"


def _when(condition: str, code: str) -> str:
    return f"CASE WHEN {condition} THEN '{code}' END"


def _dated(column: str, forms: Forms, name: str) -> tuple[Look, Kept, str]:
    """The look, the kept column and the refusal of the day that dates a row."""
    look = day_look(column, forms, required=True)
    return look, Kept(name, f"{look.name}.day", "DATE"), _when(f"{look.name}.day > $today", "in-the-future")


END = Kept(
    "end_date", "CASE WHEN day_end_date.day <= $today AND day_end_date.refused = '' THEN day_end_date.day END", "DATE"
)
END_REPAIRS = (
    _when("day_end_date.day > $today", "open-end"),
    _when("day_end_date.refused <> ''", "end-dropped"),
)


def _ended(start: str) -> str:
    return _when(f"day_end_date.day < {start}.day", "end-before-start")


def _diagnoses(_registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("date", forms, "diagnosis_date")
    role = word_look("role", ROLES, "unknown", "unknown-role")
    code = code_look()
    columns = (
        kept,
        END,
        *(Kept(n, f"code.{c}") for n, c in (("code", "code"), ("code_system", "system"), ("block", "block"))),
        Kept("role", f"{role.name}.word"),
    )
    looks = (day, code, role, day_look("end_date", forms.ahead()))
    return Plan(looks, columns, (future, _ended("day_date")), END_REPAIRS, "diagnosis_date")


def _assessments(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("date", forms, "assessment_date")
    score, told = _number("score"), "number_score.out_of"
    out_of = f"coalesce({_finite('out_of')}, {told}, instrument.highest)"
    columns = (
        kept,
        Kept("name", "instrument.name"),
        Kept("score", score, "DOUBLE"),
        Kept("out_of", out_of, "DOUBLE"),
        Kept("version", "instrument.version"),
    )
    refusals = (
        future,
        _when("r.score = ''", "no-score"),
        _when(f"{score} IS NULL OR (r.out_of <> '' AND {_number('out_of')} IS NULL)", "not-a-number"),
        _when(f"NOT isfinite({score}) OR {score} < 0 OR {score} > {out_of}", "impossible-score"),
        _when(f"{out_of} <= 0 OR {out_of} > instrument.highest OR {told} <> {out_of}", "impossible-denominator"),
        _when(f"{score} < instrument.lowest AND {out_of} = instrument.highest", "impossible-score"),
    )
    repairs = (
        _when(f"r.out_of = '' AND {told} IS NULL", "denominator-from-registry"),
        _when(f"{out_of} < instrument.highest", "odd-denominator"),
    )
    looks = (day, instrument_look(registry), number_look("score", parse_score), number_look("out_of"))
    return Plan(looks, columns, refusals, repairs, "assessment_date")


def _items(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("date", forms, "assessment_date")
    score = _number("score")
    unknown = f"(r.score = '' OR coalesce({score} = item.unknown, false))"
    columns = (
        kept,
        Kept("name", "item.name"),
        Kept("item", "item.item"),
        Kept("score", f"CASE WHEN NOT {unknown} THEN {score} END", "DOUBLE"),
    )
    refusals = (
        future,
        _when(f"r.score <> '' AND {score} IS NULL", "not-a-number"),
        _when(f"NOT {unknown} AND (NOT isfinite({score}) OR {score} < 0)", "impossible-score"),
        _when(f"NOT {unknown} AND {score} > item.highest", "impossible-score"),
    )
    return Plan((day, item_look(registry), number_look("score")), columns, refusals, (), "assessment_date")


def _symptoms(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("date", forms, "symptom_date")
    name = name_look("name", "symptoms", registry, unknown=None)
    state = word_look("state", STATES, "unknown", "unknown-state")
    columns = (kept, Kept("name", f"{name.name}.name"), Kept("state", f"{state.name}.word"))
    return Plan((day, name, state), columns, (future,), (), "symptom_date")


def _medications(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("start_date", forms, "start_date")
    names = tuple(
        name_look(column, kind, registry, unknown="", repair=f"unknown-{column}")
        for column, kind in (("unit", "units"), ("route", "routes"), ("frequency", "frequencies"))
    )
    dose = _small("dose", MOST_DOSE)
    columns = (
        kept,
        END,
        Kept("drug", "drug.drug"),
        Kept("drug_class", "drug.drug_class"),
        Kept("code", "nullif(drug_code.code, '')"),
        Kept("code_system", "nullif(drug_code.system, '')"),
        Kept("dose", dose, "DOUBLE"),
        *(Kept(each.inputs[0], f"{each.name}.name") for each in names),
    )
    repairs = (*END_REPAIRS, _when(f"r.dose <> '' AND {dose} IS NULL", "dose-dropped"))
    looks = (
        day,
        day_look("end_date", forms.ahead()),
        drug_look(registry),
        number_look("dose", parse_dose),
        drug_code_look(),
        *names,
    )
    return Plan(looks, columns, (future, _ended("day_start_date")), repairs, "start_date")


def _episodes(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("start_date", forms, "start_date")
    kind = word_look("kind", KINDS_OF_CARE, "unknown", "unknown-kind")
    columns = (kept, END, Kept("kind", f"{kind.name}.word"), Kept("service", "service.service"))
    looks = (day, day_look("end_date", forms.ahead()), kind, service_look(registry))
    return Plan(looks, columns, (future, _ended("day_start_date")), END_REPAIRS, "start_date")


def _biomarkers(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("date", forms, "biomarker_date")
    value = (
        "coalesce(CASE WHEN isfinite(try_cast(r.value AS DOUBLE)) THEN try_cast(r.value AS DOUBLE) END, value.number)"
    )
    value += " * measure.factor"
    bound = "coalesce(value.bound, '')"
    columns = (
        kept,
        Kept("name", "measure.name"),
        Kept("kind", "measure.kind"),
        Kept("value", value, "DOUBLE"),
        Kept("result", "coalesce(value.result, '')"),
        Kept("bound", bound),
        Kept("unit", "measure.unit"),
        Kept("low", f"{_small('low', MOST_VALUE)} * measure.factor", "DOUBLE"),
        Kept("high", f"{_small('high', MOST_VALUE)} * measure.factor", "DOUBLE"),
    )
    beyond = f"{bound} = '' AND ({value} < measure.lowest OR {value} > measure.highest)"
    refusals = (future, _when(f"{beyond} OR abs({value}) >= {MOST_VALUE:.0f}", "impossible-value"))
    looks = (day, measure_look(registry), value_look(registry), number_look("low"), number_look("high"))
    return Plan(looks, columns, refusals, (), "biomarker_date")


def _documents(kinds: str, dated: str, *more: Kept) -> Callable[[Registry, Forms], Plan]:
    def plan(registry: Registry, forms: Forms) -> Plan:
        day, kept, future = _dated("date", forms, dated)
        kind = name_look("kind", kinds, registry, unknown=OTHER, repair="unknown-kind")
        columns = (kept, Kept("kind", f"{kind.name}.name"), Kept("characters", "length(r.text)", "BIGINT"), *more)
        return Plan((day, kind), columns, (future,), (), dated)

    return plan


ACCESSION = Kept("accession_number", "r.accession_number")


def _findings(registry: Registry, forms: Forms) -> Plan:
    day, kept, future = _dated("date", forms, "finding_date")
    state = word_look("state", STATES, "unknown", "unknown-state")
    grade = _number("grade")
    told = f"CASE WHEN r.state = '' AND {grade} > 0 THEN 'present' WHEN r.state = '' AND {grade} = 0 THEN 'absent'"
    columns = (
        kept,
        Kept("name", "finding.name"),
        Kept("state", f"{told} ELSE {state.name}.word END"),
        Kept("grade", grade, "DOUBLE"),
        ACCESSION,
    )
    beyond = f"NOT isfinite({grade}) OR {grade} < 0 OR {grade} > coalesce(finding.highest, 0)"
    refusals = (
        future,
        _when(f"r.grade <> '' AND {grade} IS NULL", "not-a-number"),
        _when(f"{grade} IS NOT NULL AND ({beyond})", "impossible-score"),
    )
    return Plan((day, finding_look(registry), state, number_look("grade")), columns, refusals, (), "finding_date")


PLANS: dict[str, Callable[[Registry, Forms], Plan]] = {
    "diagnoses": _diagnoses,
    "assessments": _assessments,
    "assessment_items": _items,
    "symptoms": _symptoms,
    "medications": _medications,
    "episodes": _episodes,
    "biomarkers": _biomarkers,
    "notes": _documents("notes", "note_date"),
    "reports": _documents("reports", "report_date", ACCESSION),
    "findings": _findings,
}
"""The plan of each table of events."""
