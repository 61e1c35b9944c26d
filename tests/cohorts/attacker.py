"""An attacker of the numbers of cohorts, and a bank in which a few patients may have what nobody else has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from random_bank import bank

from imagebank.catalogue.tables import Diagnosis
from imagebank.cohorts.answers.answer import safe_answer, safe_attrition
from imagebank.cohorts.answers.figures import figures
from imagebank.cohorts.answers.methods import methods
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.guard import open_guard
from imagebank.cohorts.query import from_document

RULE = Disclosure(zeros=False)
SECRET = "B20.1"  # nobody has it but those whom a test gives it to
HAS: dict[str, Any] = {"exists": {"table": "diagnoses", "where": {"code": {"starts": SECRET}}}}
ALL = {**bank(110, seed=3), "series": [], "assessments": [], "notes": []}
NAMES = [each.patient for each in ALL["patients"]]

Question = dict[str, Any]


def with_secret(patients: Sequence[str]) -> dict[str, list[Any]]:
    """The bank, in which these patients have the secret."""
    model = next(each for each in ALL["diagnoses"] if isinstance(each, Diagnosis))
    added = [replace(model, patient=name, code=SECRET, block="other") for name in patients]
    return {**ALL, "diagnoses": [*ALL["diagnoses"], *added]}


def question(*keep: Any, unit: str = "patient", **more: Any) -> Question:
    steps = [{"step": f"step {place}", "keep": each} for place, each in enumerate(keep)]
    return {"name": "attack", "unit": unit, "steps": steps, **more}


def attrition_of(tables: dict[str, list[Any]], questions: Sequence[Question]) -> list[Any]:
    """What an attacker sees who asks one question after the other."""
    with TemporaryDirectory() as folder:
        seen = []
        for each in questions:
            result = ask(Plain(tables), from_document(each))
            with guarded(folder) as guard:
                seen.append([(s.units, s.patients, s.lost) for s in safe_attrition(result, RULE, guard)])
        return seen


def guarded(folder: str) -> Any:
    """A memory whose key is always the same, so that two games are played alike."""
    (Path(folder) / "answers.key").write_bytes(b"k" * 32)
    return open_guard(Path(folder), "attacker", RULE)


def whole_answers(tables: dict[str, list[Any]], questions: Sequence[Question]) -> tuple[str, str]:
    """Everything that answers show, one after the other: the tables, and figures, attrition and methods."""
    found, rest = [], []
    with TemporaryDirectory() as folder:
        for asked in questions:
            engine = Plain(tables)
            result = ask(engine, from_document(asked))
            with guarded(folder) as guard:
                answer = safe_answer(engine, result, RULE, guard)
            found.append(repr(answer.table))
            rest += [repr(answer.stages), repr(answer.nearest), methods(result, answer.nearest, RULE, "bank")]
            rest += [json.dumps(each.spec) + each.description for each in figures(answer)]
    return "\n".join(found), "\n".join(rest)
