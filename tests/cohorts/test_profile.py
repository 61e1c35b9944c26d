"""The profile says what the facts say, and nothing that may not be said."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import is_dataclass, replace
from datetime import date
from typing import Any

import pytest
import random_bank
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.cohorts.codes import block_title, blocks, conditions, titles
from imagebank.cohorts.disclosure import Count, Disclosure
from imagebank.cohorts.figures import figures, svg
from imagebank.cohorts.model import Profile, Section
from imagebank.cohorts.plain import plain_facts
from imagebank.cohorts.profile import profile_of
from imagebank.cohorts.safe import safe_counts
from imagebank.records.codes import icd10_block

EXACT = Disclosure(exact=True)


def make(tables: dict[str, list[Any]], rule: Disclosure = EXACT) -> Profile:
    return profile_of(plain_facts(tables), rule)


def numbers(section: Section, column: int = 0) -> dict[str, int | None]:
    return {row.label: row.cells[column].value for row in section.rows}


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Any]]:
    return random_bank.bank(300)


@pytest.fixture(scope="module")
def exact(tables: dict[str, list[Any]]) -> Profile:
    return make(tables)


@pytest.fixture(scope="module")
def safe(tables: dict[str, list[Any]]) -> Profile:
    return make(tables, Disclosure())


def test_headline_counts_patients_studies_and_series(exact: Profile, tables: dict[str, list[Any]]) -> None:
    texts = {each.label: each.text for each in exact.headline}
    assert texts["patients"] == "300"
    assert texts["MR studies"] == f"{len(tables['studies']):,}"
    assert texts["MR series"] == f"{len(tables['series']):,}"


def test_sexes_and_ethnic_groups_add_up_to_all_patients(exact: Profile) -> None:
    assert sum(filter(None, numbers(exact.section("sex")).values())) == 300
    groups = numbers(exact.section("ethnicity"))
    parts = ("Mixed", "Asian", "Black", "Other")
    assert groups["all other than White"] == sum(groups[part] or 0 for part in parts)
    assert sum(groups[name] or 0 for name in ("White", "all other than White", "not stated", "not known")) == 300


def test_the_share_other_than_white_is_given_with_both_denominators(exact: Profile) -> None:
    groups = numbers(exact.section("ethnicity"))
    other, white = groups["all other than White"] or 0, groups["White"] or 0
    of_all, of_stated = exact.section("ethnicity").measures
    assert of_all.text == f"{100 * other / 300:.0f}%"
    assert of_stated.text == f"{100 * other / (other + white):.0f}%"


def test_ages_of_a_sex_add_up_to_the_sex(exact: Profile) -> None:
    sexes = numbers(exact.section("sex"))
    for place, sex in enumerate(("female", "male")):
        assert sum(filter(None, numbers(exact.section("age"), place).values())) == sexes[sex]


def test_fifths_of_deprivation_are_the_sums_of_their_tenths(exact: Profile) -> None:
    rows = list(exact.section("deprivation").rows)
    for place in range(0, 15, 3):
        five, *tenths = (row.cells[0].value or 0 for row in rows[place : place + 3])
        assert five == sum(tenths)


def test_a_patient_with_both_halves_of_a_pair_has_alzheimer_disease_once(tables: dict[str, list[Any]]) -> None:
    first = next(row for row in tables["diagnoses"] if row.code == "F00.1")
    pair = [first, replace(first, code="G30.1", block="G30-G32")]
    found = numbers(make({**tables, "diagnoses": pair}).section("conditions"))
    assert found["Alzheimer disease"] == found["Any dementia"] == 1


def test_an_unmapped_block_is_listed_not_dropped(tables: dict[str, list[Any]]) -> None:
    odd = replace(tables["diagnoses"][0], code="X99", block="X90-X99")
    rows = make({**tables, "diagnoses": [odd]}).section("blocks").rows
    assert any(row.label.startswith("X90–X99") and row.cells[0].value == 1 for row in rows)


def test_scores_partition_the_patients(exact: Profile) -> None:
    rows = numbers(exact.section("score"))
    near = rows["MMSE within 180 days of the first study"] or 0
    assert near + (rows["MMSE at another time only"] or 0) + (rows["No MMSE"] or 0) == 300
    assert sum(value or 0 for label, value in rows.items() if label.endswith("points")) == near > 0


def test_a_score_on_day_180_counts_and_one_on_day_181_does_not(tables: dict[str, list[Any]]) -> None:
    study = next(row for row in tables["studies"] if row.study_date is not None)
    alone = {**tables, "patients": [row for row in tables["patients"] if row.patient == study.patient]}
    alone |= {name: [] for name in ("diagnoses", "notes", "series")} | {"studies": [study]}
    score = replace(tables["assessments"][0], patient=study.patient, name="MMSE", out_of=30.0)
    for days, near in ((180, 1), (181, 0), (-180, 1), (-181, 0)):
        day = date.fromordinal(study.study_date.toordinal() + days)
        found = make({**alone, "assessments": [replace(score, assessment_date=day)]})
        assert numbers(found.section("score"))["MMSE within 180 days of the first study"] == near


def test_series_add_up_over_manufacturers_and_states(exact: Profile, tables: dict[str, list[Any]]) -> None:
    for row in exact.section("sequences").rows:
        total, *makers = (cell.value or 0 for cell in row.cells)
        assert total == sum(makers) == sum(1 for series in tables["series"] if series.sequence == row.label)
    assert sum(filter(None, numbers(exact.section("conversion")).values())) == len(tables["series"])


def test_studies_add_up_over_years_for_every_scanner(exact: Profile) -> None:
    total, *years = exact.section("scanners").rows
    for place, cell in enumerate(total.cells):
        assert cell.value == sum(row.cells[place].value or 0 for row in years)


def test_every_section_names_its_unit_and_denominator(safe: Profile) -> None:
    assert all(section.unit and section.denominator for section in safe.sections)
    assert len({section.id for section in safe.sections}) == len(safe.sections)


@settings(max_examples=20, deadline=None)
@given(patients=st.integers(0, 60), seed=st.integers(0, 10**6))
def test_no_safe_profile_shows_a_small_or_an_unrounded_count(patients: int, seed: int) -> None:
    found = make(random_bank.bank(patients, seed), Disclosure())
    shown = [cell for section in found.sections for row in section.rows for cell in row.cells]
    shown += [heading.total for section in found.sections for heading in section.headings if heading.total]
    assert all(cell.value is None or cell.value == 0 or (cell.value >= 10 and cell.value % 5 == 0) for cell in shown)


@settings(max_examples=20, deadline=None)
@given(patients=st.integers(1, 200), seed=st.integers(0, 10**6))
def test_what_is_shown_is_within_one_step_of_the_truth(patients: int, seed: int) -> None:
    facts = plain_facts(random_bank.bank(patients, seed))
    safe, exact = safe_counts(facts, Disclosure()), safe_counts(facts, EXACT)
    common = safe.keys() & exact.keys()
    assert len(common) > 40
    for key in common:
        value, truth = safe[key].value, exact[key].value
        assert value is None or truth is None or abs(value - truth) < 5


def test_medians_of_fewer_than_ten_patients_are_not_shown() -> None:
    few = make(random_bank.bank(9), Disclosure())
    assert not [measure for section in few.sections for measure in section.measures if "edian" in measure.label]
    assert [measure for section in make(random_bank.bank(60), Disclosure()).sections for measure in section.measures]


def test_an_empty_bank_has_a_profile_without_figures() -> None:
    empty = make({name: [] for name in random_bank.bank(0)}, Disclosure())
    assert empty.headline[0].text == "0"
    assert figures(empty) == ()


def test_figures_draw_hidden_counts_as_hidden(safe: Profile) -> None:
    drawn = {figure.id: figure for figure in figures(safe)}
    assert set(drawn) == {"age", "ethnicity", "deprivation", "blocks", "scanners", "sequences"}
    hidden = [row for row in drawn["age"].spec["data"]["values"] if row["hidden"]]
    assert hidden
    assert all(row["count"] is None and row["most"] == 9 and row["text"] == "<10" for row in hidden)
    assert "not zero" in drawn["age"].caption
    few = {row["label"] for row in drawn["scanners"].spec["data"]["values"] if row["hidden"]}
    daggers = drawn["scanners"].spec["layer"][1]["data"]["values"]
    assert few
    assert {each["label"] for each in daggers} == few


def test_the_same_profile_gives_the_same_svg(safe: Profile) -> None:
    for figure in figures(safe):
        image = svg(figure)
        assert image == svg(figure)
        assert "<image" not in image
        assert not re.search(r"(href|src)=", image)


def test_every_block_and_condition_has_a_title() -> None:
    assert all(block_title(block) for block in blocks())
    known = {code for code in titles() if "-" not in code}
    assert {prefix for each in conditions() for prefix in each.prefixes} <= known
    assert Counter(code[:3] for code in known if "." in code).keys() <= known


def test_the_profile_lists_every_block_that_the_records_can_have() -> None:
    codes = [f"{letter}{number:02d}" for letter in "FGI" for number in range(100)]
    assert {icd10_block(code) for code in codes} == set(blocks())


def test_true_counts_are_no_part_of_a_profile(safe: Profile) -> None:
    def holds_a_count(value: object) -> bool:
        if isinstance(value, tuple):
            return any(holds_a_count(each) for each in value)
        return isinstance(value, Count) or (is_dataclass(value) and holds_a_count(tuple(vars(value).values())))

    assert holds_a_count((safe.sections[0], Count(1, 1)))
    assert not holds_a_count(safe)
