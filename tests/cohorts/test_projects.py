"""A project sees what its file says, and one without a file sees nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_answers import QUESTION, TABLES

from conftest import imagebank
from imagebank.catalogue.snapshots import publish
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.projects import read_scope
from imagebank.cohorts.query import from_document
from imagebank.cohorts.query.schema import QueryError
from imagebank.core.config import open_bank
from imagebank.workflows.init import init


def written(folder: Path, text: str) -> Path:
    path = folder / "young.yaml"
    path.write_text(text)
    return path


def test_a_project_reaches_no_further_than_its_file_says(tmp_path: Path) -> None:
    scope = read_scope(
        written(tmp_path, "patients: {sex: female}\nstudies: {age_years: '< 70'}\nhidden: [diagnoses]\n")
    )
    answer = ask(Plain(TABLES, scope), from_document({"unit": "study", "columns": ["patients.sex", "age_years"]}))
    rows = answer.table.to_pylist()
    assert rows
    assert all(row["sex"] == "female" and row["age_years"] < 70 for row in rows)
    with pytest.raises(QueryError, match="`young` may not ask for `diagnoses`"):
        ask(
            Plain(TABLES, scope),
            from_document({"unit": "study", "columns": [{"name": "n", "value": {"count": "diagnoses"}}]}),
        )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("patient: {sex: female}", "has no `patient`"),
        ("patients: {sex: femal}", "is never `femal`"),
        ("studies: {score: 3}", "no column `score`|many values"),
        ("hidden: [note]", "`note`, which is no table"),
        ("hidden: [patients.sx]", "no column `sx`"),
        ("hidden: notes", "takes a list"),
        ("- a", "no mapping"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(QueryError, match=what):
        read_scope(written(tmp_path, text))


def test_nobody_asks_as_a_project_that_has_no_file(tmp_path: Path) -> None:
    root = tmp_path / "bank"
    init(root, images=[], records=[], pretend=True)
    publish(open_bank(root).layout, TABLES, {})
    (tmp_path / "old.yaml").write_text(QUESTION)
    asked = ("cohort", tmp_path / "old.yaml", "--bank", root, "--project")
    assert "no project `new`" in imagebank(*asked, "new").err
    assert not (root / "answers").exists()
    (root / "projects").mkdir()
    written(root / "projects", "patients: {sex: female}\n")
    assert "did you mean `young`?" in imagebank(*asked, "yuong").err
    assert "no project `../young`" in imagebank(*asked, "../young").err
    ran = imagebank("cohort", "explain", tmp_path / "old.yaml", "--bank", root, "--project", "young")
    assert ran.code == 0, ran.err
    assert "female" in ran.out, "the SQL is that of the project"
