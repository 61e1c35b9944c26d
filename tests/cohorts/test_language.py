"""What the language means, by the tables of examples that docs/cohorts.md prints, and by what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from engines_made import duckdb_of
from spec_bank import spec_bank

import imagebank
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.engines.result import Scope
from imagebank.cohorts.query import Schema, canonical, digest, from_document, from_json, from_yaml, to_json, to_yaml
from imagebank.cohorts.query.editors import stub
from imagebank.cohorts.query.nodes import Column
from imagebank.cohorts.query.schema import BANK, QueryError
from imagebank.cohorts.query.sentences import say
from imagebank.core.columns import column

SPECS = Path(__file__).parent / "specs"
STUDIES = ("a", "b", "c1", "c2", "d")


def cases(name: str) -> list[list[str]]:
    _, _, rows = (SPECS / f"{name}.txt").read_text("utf-8").partition("\n\n")
    return [[cell.strip() for cell in row.split(" |")] for row in rows.strip().splitlines()[1:]]


def of_studies(**more: Any) -> Any:
    return from_document({"unit": "study", **more})


@pytest.fixture(scope="module")
def engines() -> list[Any]:
    return [Plain(spec_bank()), Database(duckdb_of(spec_bank()))]


@pytest.mark.parametrize(("keep", "kept"), [case[:2] for case in cases("conditions")])
def test_a_condition_keeps_what_its_example_says(engines: list[Any], keep: str, kept: str) -> None:
    cohort = of_studies(steps=[{"step": "step", "keep": yaml.safe_load(f"{{{keep}}}")}])
    for engine in engines:
        result = ask(engine, cohort)
        assert sorted(result.selection.units_at(1)) == kept.split(), engine.name
    assert say(cohort.steps[0].keep, "studies")


@pytest.mark.parametrize(("value", "expected"), [(case[0], case[1:6]) for case in cases("values")])
def test_a_value_is_what_its_example_says(engines: list[Any], value: str, expected: list[str]) -> None:
    cohort = of_studies(columns=[{"name": "found", "value": yaml.safe_load(value)}])
    for engine in engines:
        found = ask(engine, cohort).table.to_pylist()
        assert [row["study"] for row in found] == list(STUDIES)
        assert [text(row["found"]) for row in found] == expected, engine.name


def text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize(("keep", "says", "advice"), [case[:3] for case in cases("refused")])
def test_a_question_without_sense_is_refused_with_the_way_out(keep: str, says: str, advice: str) -> None:
    document = yaml.safe_load(f"{{{keep}}}") if ":" in keep else keep
    with pytest.raises(QueryError) as raised:
        of_studies(steps=[{"step": "step", "keep": document}])
    assert raised.value.what.removeprefix("Step `step`: ") == says
    assert raised.value.advice == advice


@dataclass(frozen=True)
class Renamed:
    """A table of which a column was renamed."""

    study: str = column("Id.", key=True)
    patient: str = column("Patient.")
    study_date: date | None = column("Date.", formerly=("scan_date",))


def test_a_renamed_column_says_what_it_is_called_now() -> None:
    with pytest.raises(QueryError, match=r"`studies\.scan_date` is now called `studies\.study_date`"):
        from_document({"unit": "study", "columns": ["scan_date"]}, schema=Schema({"studies": Renamed}))


def test_the_faces_have_one_meaning() -> None:
    from imagebank import assessments, diagnoses, series, studies

    mmse = assessments.where(assessments.name == "MMSE").within(days=180)
    built = (
        studies.cohort("x")
        .keep("T1w", series.where(series.sequence == "T1w").exist())
        .keep("no dementia", ~diagnoses.where(diagnoses.code.in_codelist("dementia")).within(last=0).exist())
        .keep("aged", (studies.age_years >= 50) & studies.study_date.is_known())
        .one_per_patient("first")
        .column("mmse", mmse.nearest("score"))
        .time_to("dementia", diagnoses.where(diagnoses.code.in_codelist("dementia")).within(first=1))
        .value
    )
    written = from_yaml("""
        name: x
        unit: study
        steps:
          - {step: T1w, keep: {exists: {table: series, where: {sequence: T1w}}}}
          - step: no dementia
            keep: {none: {table: diagnoses, where: {code: {codes: dementia}}, within: [null, 0]}}
          - {step: aged, keep: {all: [{age_years: ">= 50"}, {study_date: known}]}}
        one_per_patient: first
        columns:
          - {name: mmse, value: {nearest: {table: assessments, where: {name: MMSE}, within: 180}, take: score}}
          - {name: dementia, time_to: {table: diagnoses, where: {code: {codes: dementia}}, within: [1, null]}}
    """)
    assert built == written == from_json(to_json(built)) == from_yaml(to_yaml(written))
    assert digest(built) == digest(written)


def test_every_word_of_python_says_what_the_word_of_the_file_says() -> None:
    from imagebank import choose, diagnoses, earliest, quality, scanners, series, studies

    told = {
        "starts": (scanners.model.starts_with("Prisma"), "{scanners.model: {starts: Prisma}}"),
        "of": (series.of_same("patient").count() > 1, "{count: {table: series, of: patient}, is: '> 1'}"),
        "quality": (
            studies.image_quality(quality.sequence == "T1w") > 0.5,
            "{quality_of: {sequence: T1w}, is: '> 0.5'}",
        ),
        "years": (studies.study_date.year().is_in(2015, 2016), "{value: {year_of: study_date}, one_of: [2015, 2016]}"),
        "late": (
            diagnoses.within(first=0, of=earliest(studies.study_date)).exist(),
            "{exists: {table: diagnoses, within: {days: [0, null], around: {earliest: [study_date]}}}}",
        ),
        "young": (
            choose((studies.age_years < 65.0, True), otherwise=False) == True,  # noqa: E712 - a question, no truth
            "{compare: [{choose: [{when: {age_years: '< 65.0'}, then: true}], otherwise: false}, '=', true]}",
        ),
    }
    built = studies.cohort()
    for name, (condition, _) in told.items():
        built = built.keep(name, condition)
    steps = [{"step": name, "keep": yaml.safe_load(text)} for name, (_, text) in told.items()]
    assert built.value == of_studies(steps=steps)


def test_the_order_of_conditions_joined_by_and_changes_no_hash() -> None:
    one, other = (
        of_studies(steps=[{"step": "s", "keep": {"all": parts}}])
        for parts in ([{"age_years": "> 1"}, {"scanner": "x"}], [{"scanner": "x"}, {"age_years": "> 1"}])
    )
    assert one != other
    assert canonical(one) == canonical(other)
    assert digest(one) != digest(of_studies(steps=[{"step": "s", "keep": {"age_years": "> 1"}}]))


def test_python_refuses_a_mismatch_where_it_is_written() -> None:
    from imagebank import assessments, studies

    with pytest.raises(QueryError, match="has many values per study"):
        _ = studies.age_years > assessments.score
    with pytest.raises(QueryError, match="no truth value"):
        _ = studies.age_years > 1 and studies.age_years < 3
    with pytest.raises(QueryError, match="Nothing is one of no values"):
        studies.scanner.is_in()
    with pytest.raises(QueryError, match="A date cannot be compared with a text") as raised:
        _ = studies.study_date >= "2020-01-31"
    assert "date(2026, 1, 31) in Python" in raised.value.advice
    with pytest.raises(QueryError, match="is a whole number, not yes or no"):
        studies.cohort().keep("five", 5)  # type: ignore[arg-type]


def test_every_column_of_every_table_is_at_hand_in_python() -> None:
    for table in BANK.tables:
        for each in BANK.columns(table):
            assert getattr(imagebank, table).column(each.name).node == Column(table, each.name)
            assert f"def {each.name}(self) -> Value:" in stub()
    assert imagebank.studies.age_years.node == Column("studies", "age_years")


def test_imagebank_has_no_other_doors() -> None:
    with pytest.raises(AttributeError, match="frobnicate"):
        _ = imagebank.frobnicate


UNFIT = """columns: 5
columns: age_years
steps: {a: 1}
define: [a]
groups: sex
one_per: first
one_per: {unit: patient, order: [age_years]}
columns: [{name: d, value: {nearest: diagnoses, take: code, ties: before}}]
columns: [{name: d, time_to: diagnoses, censor: patients.death_date}]
steps: [{step: a, keep: {study_date: 2020-01-01 10:00:00}}]
steps: [{step: a, keep: {scanners.model: {contains: }}}]
steps: [{step: a, keep: {exists: {table: diagnoses, where: {code: {codes: {include: F00}}}}}}]
steps: [{step: a, keep: {exists: {table: diagnoses, within: 10000000000000000000000}}}]
steps: [{step: a, keep: {exists: {table: episodes, within: {days: 5, overlapping: maybe}}}}]
steps: [{step: a, keep: &itself {not: *itself}}]"""


@pytest.mark.parametrize("text", UNFIT.splitlines())
def test_a_document_of_another_shape_is_refused_and_never_half_understood(text: str) -> None:
    with pytest.raises(QueryError):
        from_yaml(f"unit: study\n{text}")


def test_a_project_cannot_ask_for_what_its_scope_hides() -> None:
    cohort = of_studies(columns=["patients.ethnic_group"])
    with pytest.raises(QueryError, match=r"`small` may not ask for `patients\.ethnic_group`"):
        ask(Plain(spec_bank(), Scope("small", hidden=frozenset({"patients.ethnic_group"}))), cohort)


def test_an_anchor_that_is_reckoned_from_the_rows_own_table_names_one_owner(engines: list[Any]) -> None:
    around = {"earliest": ["study_date", {"day": "2020-07-01"}]}
    rows = {"table": "studies", "within": {"days": [None, 500], "around": around}}
    cohort = of_studies(columns=[{"name": "found", "value": {"count": rows}}])
    for engine in engines:
        assert ask(engine, cohort).table["found"].to_pylist() == [1, 1, 2, 2, 1], engine.name


def test_the_first_event_after_the_scan_is_censored_by_the_last_contact() -> None:
    tables = spec_bank()
    cohort = of_studies(columns=[{"name": "dementia", "time_to": {"table": "diagnoses", "within": [1, None]}}])
    contacts = {"a": 99, "b": 30, "c": 50, "d": -1}

    from spec_bank import on

    tables["patients"] = [replace(each, last_contact_date=on(contacts[each.patient])) for each in tables["patients"]]
    rows = ask(Plain(tables), cohort).table.to_pylist()
    found = {row["study"]: (row["dementia_days"], row["dementia_seen"]) for row in rows}
    assert found == {"a": (99, False), "b": (30, True), "c1": (50, False), "c2": (None, False), "d": (None, False)}


@pytest.mark.parametrize("number", [10**400, 2**63, -1e10, 1e-300, float("inf"), float("nan")])
def test_no_number_is_so_large_that_a_database_fails_for_some_patients_alone(number: float) -> None:
    chosen = {"choose": [{"when": {"sex": "female"}, "then": number}], "otherwise": 1}
    with pytest.raises(QueryError, match="too large or too near to 0"):
        from_document({"unit": "patient", "columns": [{"name": "n", "value": chosen}]})
    many: Any = 1e9
    for _ in range(12):
        many = {"calculate": [many, "*", 1e9]}
    with pytest.raises(QueryError, match="more than 12 parts"):
        from_document({"unit": "patient", "columns": [{"name": "n", "value": many}]})
