"""What a project was told decides what it is told: sets that differ by few patients look the same."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.guard import GuardFull, Sketcher, memory, open_guard
from imagebank.cohorts.guard.ruling import Earlier, Law, Past, Ruling
from imagebank.cohorts.guard.sketch import Sketch
from imagebank.core.errors import BankError

RULE = Disclosure(zeros=False)
EVERYBODY = [f"p{number:05d}" for number in range(12_547)]
SKETCHER = Sketcher(b"k" * 32)
MARKS = SKETCHER.marks(EVERYBODY, EVERYBODY)


def picture(people: Sequence[int]) -> Sketch:
    return MARKS.of_patients(np.array(sorted(people), np.int64))


def past(*sets: Sequence[int]) -> Past:
    return Past([Earlier(picture(each), 5 * round(len(each) / 5)) for each in sets], RULE.minimum)


def some(count: int, seed: int) -> list[int]:
    return random.Random(seed).sample(range(len(EVERYBODY)), count)


@given(st.integers(0, 12_000), st.integers(0, 40), st.integers(0, 9999))
def test_pictures_never_tell_more_patients_apart_than_differ(size: int, apart: int, seed: int) -> None:
    drawn = some(size + apart, seed)
    distance = picture(drawn[:size]).distance(picture(drawn))
    assert distance <= apart
    assert distance >= apart - 6, "and few less"


@given(st.integers(30, 12_000), st.integers(1, 9), st.integers(0, 9999))
def test_a_set_that_differs_by_fewer_than_ten_patients_gets_the_earlier_answer(
    size: int, apart: int, seed: int
) -> None:
    drawn = some(size + apart, seed)
    told = past(drawn[:size])
    assert told.rule(picture(drawn)) == told.rule(picture(drawn[:size])) == told.rule(picture(drawn[apart:size]))
    assert told.rule(picture(drawn)).law is Law.EARLIER


def test_one_who_is_taken_out_of_ten_is_not_seen_to_go_but_five_are_never_shown_for_ten() -> None:
    whole = some(10, 5)
    told = past(whole)
    assert [told.rule(picture(whole[gone:])).value for gone in range(5)] == [10] * 5
    assert {told.rule(picture(whole[gone:])) for gone in range(5, 11)} == {Ruling(Law.SMALL)}


def test_one_patient_among_ten_thousand_is_found_every_time() -> None:
    whole = some(10_000, 1)
    told = past(whole)
    for place in range(0, 10_000, 101):
        assert told.rule(picture(whole[:place] + whole[place + 1 :])).law is Law.EARLIER


@given(st.integers(0, 9), st.integers(0, 9999))
def test_nobody_and_few_are_both_hidden(size: int, seed: int) -> None:
    assert past(some(500, 3)).rule(picture(some(size, seed))) == Ruling(Law.SMALL)


@settings(max_examples=40)
@given(st.integers(60, 6000), st.integers(60, 6000), st.integers(0, 9), st.integers(0, 9999))
def test_two_earlier_sets_together_give_the_sum_of_their_numbers(left: int, right: int, few: int, seed: int) -> None:
    drawn = some(left + right + few, seed)
    told = past(drawn[:left], drawn[left : left + right])
    both = told.rule(picture(drawn))
    assert both == Ruling(Law.DERIVED, sum(each.value or 0 for each in told.answers))


@settings(max_examples=40)
@given(st.integers(100, 6000), st.integers(60, 4000), st.integers(0, 9), st.integers(0, 9999))
def test_the_rest_of_a_set_gets_the_difference_of_two_earlier_numbers(
    part: int, rest: int, few: int, seed: int
) -> None:
    drawn = some(part + rest + few, seed)
    told = past(drawn, drawn[:part])
    remainder = told.rule(picture(drawn[part : part + rest]))
    numbers = [each.value or 0 for each in told.answers]
    assert remainder == Ruling(Law.DERIVED, numbers[0] - numbers[1])


def slow_derived(told: Past, new: Sketch) -> int | None:
    """Every pair, looked at one after the other."""
    for place, left in enumerate(told.answers):
        for right in told.answers[place + 1 :]:
            if np.count_nonzero(left.sketch.folded ^ right.sketch.folded ^ new.folded) < told.threshold:
                sizes = left.sketch.patients, right.sketch.patients
                if abs(sum(sizes) - new.patients) < told.threshold:
                    return (left.value or 0) + (right.value or 0)
                if abs(abs(sizes[0] - sizes[1]) - new.patients) < told.threshold:
                    return abs((left.value or 0) - (right.value or 0))
    return None


@settings(max_examples=60)
@given(
    st.lists(st.frozensets(st.integers(0, 60), min_size=10), min_size=2, max_size=8), st.frozensets(st.integers(0, 60))
)
def test_pairs_are_found_as_by_looking_at_each(sets: list[frozenset[int]], new: frozenset[int]) -> None:
    told = past(*(sorted(each) for each in sets))
    assert told.derived(picture(sorted(new))) == slow_derived(told, picture(sorted(new)))
    wide = Past(told.answers, 40)
    assert wide.derived(picture(sorted(new))) == slow_derived(wide, picture(sorted(new)))


def test_a_study_more_of_the_same_patients_is_seen() -> None:
    units = [f"s{number}" for number in range(400)]
    marks = SKETCHER.marks(units, [f"p{number // 2}" for number in range(400)])
    whole = marks.of_units(np.arange(400))
    assert whole.patients == 200
    assert whole.distance(marks.of_units(np.arange(1, 400))) == 1


def test_answers_are_kept_without_ids_and_only_where_the_answer_was_given(tmp_path: Path) -> None:
    with open_guard(tmp_path, "p", RULE) as guard:
        marks = guard.sketcher.marks(EVERYBODY[:100], EVERYBODY[:100])
        kept = guard.judge("patients", marks.of_patients(np.arange(100))).kept
        guard.settle("patients", {kept or 0: 100})
    with pytest.raises(ZeroDivisionError), open_guard(tmp_path, "p", RULE) as guard:
        guard.settle("patients", {guard.judge("patients", marks.of_patients(np.arange(50))).kept or 0: 1 // 0})
    content = (tmp_path / "answers.db").read_bytes()
    assert not any(name.encode() in content for name in EVERYBODY[:100])
    assert sqlite3.connect(tmp_path / "answers.db").execute("SELECT patients, value FROM answers").fetchall() == [
        (100, 100)
    ]
    assert (tmp_path / "answers.key").stat().st_mode & 0o077 == 0


def test_small_steps_do_not_lead_away_from_the_truth_for_ever(tmp_path: Path) -> None:
    shown = []
    with open_guard(tmp_path, "p", RULE) as guard:
        marks = guard.sketcher.marks(EVERYBODY[:400], EVERYBODY[:400])
        for size in range(100, 400, 3):
            ruled = guard.judge("patients", marks.of_patients(np.arange(size)))
            shown.append(size if ruled.law is Law.FRESH else ruled.value)
            if ruled.law is Law.FRESH:
                guard.settle("patients", {ruled.kept or 0: size})
            assert abs((shown[-1] or 0) - size) < 2 * RULE.minimum + 6, "pictures may see a few less"
    steps = {after - before for before, after in pairwise(shown) if after != before}
    assert steps, "a set that has grown enough gets a number of its own"
    assert min(steps) >= RULE.minimum, "and no two numbers tell fewer patients than the threshold apart"


def test_projects_do_not_see_each_others_answers(tmp_path: Path) -> None:
    for project in ("one", "another"):
        with open_guard(tmp_path, project, RULE) as guard:
            marks = guard.sketcher.marks(EVERYBODY[:100], EVERYBODY[:100])
            assert guard.judge("patients", marks.of_patients(np.arange(100))).law is Law.FRESH


def test_nothing_is_answered_when_the_key_is_gone(tmp_path: Path) -> None:
    with open_guard(tmp_path, "p", RULE):
        pass
    (tmp_path / "answers.key").unlink()
    with pytest.raises(BankError, match="key of the answers"), open_guard(tmp_path, "p", RULE):
        pass


def test_a_full_memory_answers_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_ANSWERS", 1)
    with open_guard(tmp_path, "p", RULE) as guard:
        marks = guard.sketcher.marks(EVERYBODY[:100], EVERYBODY[:100])
        guard.judge("patients", marks.of_patients(np.arange(100)))
    told = []
    for people in (np.arange(100), np.arange(50), np.array([], np.int64)):
        with pytest.raises(GuardFull) as caught, open_guard(tmp_path, "p", RULE) as guard:
            guard.judge("patients", marks.of_patients(people))
        told.append(caught.value.what)
    assert told == ["This project has been given as many answers as the bank remembers."] * 3
