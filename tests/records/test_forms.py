"""The whole hospital through CSV, Parquet, PostgreSQL and OMOP: the same tables, and no row lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from extracted import Imported, imported, nothing_lost

from imagebank import records
from imagebank.records.reasons import REFUSALS, REPAIRS
from imagebank.records.settling import EVENT_NAMES
from imagebank.records.staging import refused_file, valid_file
from imagebank.synthetic.hospital import Design, build_hospital
from postgres import postgres

__all__ = ["postgres"]  # a fixture

EXCEPTIONS = {
    "omop": {
        "episodes": {"end_date"},  # the model wants an end: where there is none it has the day of the death
        "assessments": {"version"},  # it has no place for the version of an instrument
        "reports": {"accession_number"},  # nor for the number of the examination
    },
    "cris": {},
}
"""What a form cannot carry: columns by table."""
WITHDRAWN = {"cris": "withdrawn"}  # the reason of the rows that only this form has: they were taken back


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Imported]:
    """The same hospital in every form, imported."""
    database = request.getfixturevalue("postgres").new_database()
    root = tmp_path_factory.mktemp("forms")
    design = Design(40, 3, images=False, forms=("csv", "parquet", "cris", "omop"), database=database)
    build_hospital(root / "h", design=design)
    return {
        "csv": imported(root / "h" / "records", root / "csv"),
        "parquet": imported(root / "h" / "records-parquet", root / "parquet"),
        "cris": imported(root, root / "cris", mapping="cris", url=database),
        "omop": imported(root / "h" / "omop", root / "omop", mapping="omop"),
    }


def shown(rows: list[dict[str, Any]], without: set[str]) -> list[str]:
    """Rows as they go to the tables, in one order."""
    left = {"number", "what", "place", "part", "imported", "id", "updated", "who", *without}
    return sorted(repr({name: value for name, value in row.items() if name not in left}) for row in rows)


@pytest.mark.parametrize("table", EVENT_NAMES)
@pytest.mark.parametrize("form", ["parquet", "cris", "omop"])
def test_the_hospital_is_the_same_through_every_form(forms: dict[str, Imported], form: str, table: str) -> None:
    without = EXCEPTIONS.get(form, {}).get(table, set())
    _, accepted, _ = forms[form]
    assert shown(accepted[table], without) == shown(forms["csv"][1][table], without)
    assert table == "findings" or accepted[table]


@pytest.mark.parametrize("form", ["csv", "parquet", "cris", "omop"])
def test_no_row_of_any_form_is_lost(forms: dict[str, Imported], form: str) -> None:
    stored, accepted, refused = forms[form]
    nothing_lost(stored, accepted, refused)
    reasons = sorted(reason for _, reason in refused if reason != WITHDRAWN.get(form))
    assert reasons == sorted(reason for _, reason in forms["csv"][2])


def test_people_are_the_same_through_every_form(forms: dict[str, Imported]) -> None:
    def characteristics(form: str) -> list[str]:
        people = forms[form][0].people
        assert people
        return sorted(
            repr((c.person, c.birth_date, c.death_date, c.ethnic_category, c.deprivation_decile, c.deprivation_release))
            for c in people.characteristics
        )

    def names(form: str) -> Any:
        people = forms[form][0].people
        assert people
        return sorted(people.entrants, key=lambda each: each.person.person)

    assert characteristics("csv") == characteristics("parquet") == characteristics("cris") == characteristics("omop")
    assert names("csv") == names("cris") == names("parquet")
    told = [{(wish.person, wish.kind, wish.list_date) for wish in forms[f][0].people.opt_outs} for f in forms]  # type: ignore[union-attr]
    assert told == [told[0]] * len(told)
    assert told[0]


def test_every_reason_is_used_and_explained(forms: dict[str, Imported]) -> None:
    source = "".join(path.read_text() for path in Path(records.__file__).parent.glob("*.py"))
    for reason in (*REFUSALS, *REPAIRS):
        built = reason.startswith("unknown-") and reason.split("-")[1] in ("unit", "route", "frequency", "drug", "kind")
        assert source.count(f'"{reason}"') > 1 or f"'{reason}'" in source or built, reason
    used = {code for form in forms.values() for piece in form[0].pieces for code in piece.counted.repairs}
    assert used <= set(REPAIRS)
    assert {reason for form in forms.values() for _, reason in form[2]} <= set(REFUSALS)


def test_valid_and_refused_lie_beside_each_other() -> None:
    assert (valid_file(Path("a/b")).name, refused_file(Path("a/b")).name) == ("b.parquet", "b.refused.parquet")
