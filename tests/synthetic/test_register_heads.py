"""True volumes: within the skull, smaller with age and disease, and tied to the law of time."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.synthetic.register import IMAGED, follow_up, invent
from imagebank.synthetic.register.clinical import condition, conditions
from imagebank.synthetic.register.days import LAST_DAY, scan_day, weights
from imagebank.synthetic.register.heads import Head, anatomy, brain_percent_at_risk, normal_brain_percent, points_lost
from imagebank.synthetic.register.quotas import SERIES, STUDIES, plan
from imagebank.synthetic.register.survival import common_scale, unscaled_time, years_to_death

scores = st.floats(-3, 3)
heads = st.builds(
    Head, st.integers(0, 2**31), st.sampled_from(["female", "male"]), scores, scores, scores, scores, scores
)
pictures = st.sampled_from(conditions())


@given(heads, pictures, st.floats(6, 109), st.floats(-1, 30))
def test_everything_fits_into_the_skull(head: Head, picture: object, age: float, years_ill: float) -> None:
    made = anatomy(head, picture, age, points_lost(picture, years_ill))  # type: ignore[arg-type]
    assert made.brain_ml + made.ventricles_ml < made.intracranial_ml
    assert min(made.ventricles_ml, made.hippocampus_left_ml, made.hippocampus_right_ml) > 0
    assert 0 <= made.lesion_ml <= 90
    assert 900 < made.intracranial_ml < 1_900


@given(heads, st.floats(50, 90), st.floats(0, 10), st.floats(0.5, 5))
def test_a_dementia_takes_brain_and_hippocampus_and_widens_the_ventricles(
    head: Head, age: float, years: float, more: float
) -> None:
    picture = condition("alzheimers")
    one, other = (anatomy(head, picture, age, points_lost(picture, each)) for each in (years, years + more))
    assert one.brain_ml > other.brain_ml or other.brain_ml == round(other.intracranial_ml * 0.52, 1)
    assert one.hippocampus_left_ml >= other.hippocampus_left_ml
    assert one.ventricles_ml <= other.ventricles_ml


def test_the_brain_shrinks_with_age_and_faster_after_sixty() -> None:
    assert normal_brain_percent(20) == 84
    falls = [normal_brain_percent(age) - normal_brain_percent(age + 10) for age in (30, 50, 70)]
    assert falls[0] == pytest.approx(0.9)
    assert falls[2] == pytest.approx(2.3)


def test_the_head_of_who_is_at_risk_shows_what_the_hazard_depends_on() -> None:
    for slot in [each for each in plan(1)[:600] if each.at_risk]:
        first = invent(1, slot.number).visits[0].anatomy
        expected = brain_percent_at_risk(slot.age_years, slot.brain_z)
        assert 100 * first.brain_ml / first.intracranial_ml == pytest.approx(expected, abs=0.02)


def test_repeated_scans_show_the_same_head_growing_older() -> None:
    people = [invent(1, slot.number) for slot in plan(1)[:1_500] if len(slot.scans) > 1]
    assert len(people) > 100
    for person in people:
        anatomies = [visit.anatomy for visit in person.visits]
        assert len({each.shape for each in anatomies}) == 1
        assert all(one.brain_ml >= other.brain_ml - 0.2 or one.age_years < 18
                   for one, other in itertools.pairwise(anatomies))  # fmt: skip


def test_men_have_larger_heads_and_patients_with_alzheimers_smaller_hippocampi() -> None:
    people = [invent(1, number) for number in range(5, IMAGED, 12)]
    size = {
        sex: mean(p.visits[0].anatomy.intracranial_ml for p in people if p.sex == sex) for sex in ("female", "male")
    }
    assert 150 < size["male"] - size["female"] < 210
    old = [p for p in people if 72 < p.visits[0].anatomy.age_years < 86]
    by_picture = {name: mean(p.visits[0].anatomy.hippocampus_left_ml for p in old if p.course.condition == name)
                  for name in ("alzheimers", "mild cognitive impairment")}  # fmt: skip
    assert by_picture["alzheimers"] < 0.92 * by_picture["mild cognitive impairment"]


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 2_024])
def test_the_plan_of_any_seed_is_exact(seed: int) -> None:
    slots = plan(seed)
    counted = Counter(slot.condition for slot in slots)
    assert counted == {each.name: each.patients for each in conditions()}
    assert sum(len(slot.scans) for slot in slots) == STUDIES
    assert sum(count for slot in slots for _, count in slot.scans) == SERIES
    assert {day.year for slot in slots for day, _ in slot.scans} == set(range(2008, 2023))
    assert Counter(slot.sex for slot in slots)["female"] == 6_775
    assert Counter(slot.group for slot in slots)["non-white"] == 5_521
    assert sum(slot.deprived for slot in slots) == 7_424
    oldest = [slot.age_years + (slot.scans[-1][0] - slot.entry).days / 365.25 for slot in slots]
    assert (int(min(slot.age_years for slot in slots)), int(max(oldest))) == (6, 108)


def test_the_table_of_pictures_adds_up() -> None:
    total = {name: sum(getattr(each, name) for each in conditions())
             for name in ("patients", "female", "non_white", "deprived", "converted", "stayed")}  # fmt: skip
    assert total == {"patients": IMAGED, "female": 6_775, "non_white": 5_521, "deprived": 7_424, "converted": 500,
                     "stayed": 1_960}  # fmt: skip
    assert all(max(each.female, each.non_white, each.deprived) <= each.patients for each in conditions())
    assert all(each.direct >= 0 for each in conditions())


def test_follow_up_is_only_of_who_was_at_risk() -> None:
    for slot in plan(1)[:400]:
        person = invent(1, slot.number)
        assert (follow_up(person) is not None) == slot.at_risk
    assert follow_up(replace(invent(1, 20_000))) is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_scans_fall_on_days_on_which_the_scanners_run(one: float, other: float) -> None:
    days = [scan_day(each) for each in (one, other)]
    assert all(weights()[(day - scan_day(0.0)).days + (scan_day(0.0).day - 2)] > 0 for day in days)
    assert max(days) <= LAST_DAY
    assert (days[0] <= days[1]) or one > other


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(-2, 2), st.floats(10, 5_000)), min_size=5, max_size=60))
def test_the_common_scale_gives_exactly_the_wanted_number_of_events(people: list[tuple[float, float, float]]) -> None:
    times = [unscaled_time(chance, predictor) for chance, predictor, _ in people]
    ends = [end for *_, end in people]
    ratios = sorted(end / time for time, end in zip(times, ends, strict=True))
    if ratios[-3] > 1.000001 * ratios[-4]:
        scale = common_scale(times, ends, 3)
        assert sum(time * scale < end for time, end in zip(times, ends, strict=True)) == 3


def test_death_comes_sooner_to_the_old_and_the_ill() -> None:
    assert years_to_death(0.5, 80, 1.0) < years_to_death(0.5, 60, 1.0) < years_to_death(0.5, 40, 1.0)
    assert years_to_death(0.5, 60, 3.0) < years_to_death(0.5, 60, 1.0)
    assert 7 < years_to_death(0.5, 80, 1.0) < 11
