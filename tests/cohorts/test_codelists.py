"""Codelists: in which forms codes are written, what they hold, and whom they find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engines_made import duckdb_of
from spec_bank import spec_bank

from imagebank.cohorts.codes import conditions
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.query import from_document, from_yaml
from imagebank.cohorts.query.codelists import codelist, codelist_hash, library
from imagebank.cohorts.query.schema import QueryError
from imagebank.cohorts.query.sentences import sentence


def test_a_codelist_is_known_by_what_it_holds() -> None:
    assert codelist_hash(codelist(["F00-F03", "G30"], name="mine")) == codelist_hash(library()["dementia"])
    assert codelist_hash(codelist(["F00-F03"])) != codelist_hash(codelist(["F00-F03"], ["F02"]))
    for wrong in (["F10-F00"], ["F00-G10"], [""], []):
        with pytest.raises(QueryError):
            codelist(wrong)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["F001", "f00.1", " F00.1*", "F00.1+"], ["F00.1"]),
        (["F03X", "F03.-"], ["F03"]),
        (["F00\u2013F02", "F00 - F02"], ["F00-F02"]),
        (["26929004"], ["26929004"]),  # of SNOMED CT
    ],
)
def test_codes_are_understood_in_the_forms_in_which_lists_write_them(written: list[str], meant: list[str]) -> None:
    for each in written:
        assert codelist([each]) == codelist(meant)


@pytest.mark.parametrize(("include", "exclude"), [(["F00, F01"], []), (["F00 F01"], []), (["F00.1", "F00.2"], ["F00"])])
def test_a_list_that_finds_nobody_is_refused(include: list[str], exclude: list[str]) -> None:
    with pytest.raises(QueryError, match=r"neither a code nor a block|leaves all of its codes out"):
        codelist(include, exclude)


def test_the_library_agrees_with_the_conditions_of_the_profile() -> None:
    known = {condition.prefixes for condition in conditions()}
    assert known <= {codes.include for codes in library().values()}


def test_a_file_beside_the_question_may_hold_the_codelist(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("code,use\nF00-F09,include\nF05,exclude\n")
    keep = "{exists: {table: diagnoses, where: {code: {codes: {file: mine.csv}}}}}"
    text = f"unit: patient\nsteps: [{{step: s, keep: {keep}}}]"
    assert "not F05" not in sentence(from_yaml(text, folder=tmp_path))
    assert "without F05" in sentence(from_yaml(text, folder=tmp_path))
    with pytest.raises(QueryError, match="may name no file"):
        from_yaml(text)


@pytest.mark.parametrize(("system", "count"), [("ICD-10", 1), ("ICD-10-CM", 1), ("Read", 0)])
def test_a_codelist_of_icd_10_does_not_mean_the_same_letters_of_another_system(system: str, count: int) -> None:
    """F11 is opioid use; in Read codes F110 is Alzheimer's disease."""
    row = replace(spec_bank()["diagnoses"][0], code="F110", code_system=system)
    tables = {**spec_bank(), "diagnoses": [row]}
    asked = {"unit": "patient", "steps": [{"step": "s", "keep": {"exists": {"table": "diagnoses"}}}]}
    asked["steps"][0]["keep"]["exists"]["where"] = {"code": {"codes": "substance-use"}}  # type: ignore[index]
    for engine in (Plain(tables), Database(duckdb_of(tables))):
        assert ask(engine, from_document(asked)).units == count
