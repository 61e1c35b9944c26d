"""No displayed combination gives a hidden count away, and what is shown is near the truth.

The exhaustive tests play an attacker who knows the rule: they show every possible table of true counts, gather the
tables that look the same, and ask how many values a hidden count can have among them.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.cohorts.bounds import Bounds, Forest, Group, is_possible, narrowed
from imagebank.cohorts.disclosure import (
    Count,
    Disclosure,
    Mark,
    Shown,
    age_band,
    age_text,
    percent,
    rounded,
    share_of,
    whole,
)
from imagebank.cohorts.suppression import Table, attack, protect, shift, shift_slowly
from imagebank.core.errors import ConfigError

RULE = Disclosure()
counts = st.one_of(st.integers(0, 30), st.integers(0, 20_000))


def rounded_slowly(count: int, to: int) -> int:
    """The nearest multiple, found by looking at all of them; of two equally near, the greater."""
    return min(range(0, count + to + 1, to), key=lambda multiple: (abs(multiple - count), -multiple))


def patients(values: dict[str, int]) -> dict[str, Count]:
    return {key: Count(value, value) for key, value in values.items()}


@given(st.integers(0, 2000), st.integers(5, 50))
def test_rounding_agrees_with_its_slow_twin(count: int, to: int) -> None:
    assert rounded(count, to) == rounded_slowly(count, to)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (1, "<10"), (9, "<10"), (10, "10"), (12, "10"), (13, "15"), (12_547, "12,545")]
)
def test_a_single_count_is_shown_like_this(count: int, text: str) -> None:
    assert protect(patients({"n": count}), [], RULE)["n"].text == text


def test_studies_of_few_patients_are_hidden_however_many_they_are() -> None:
    shown = protect({"n": Count(40, 9), "m": Count(40, 10)}, [], RULE, in_patients=False)
    assert (shown["n"].text, shown["m"].text) == ("few", "40")


@given(st.lists(counts, min_size=1, max_size=8), st.booleans())
def test_a_small_count_is_never_shown_and_any_other_is_within_one_step(values: list[int], overlapping: bool) -> None:
    truth = {str(place): value for place, value in enumerate(values)}
    total = max(values) if overlapping else sum(values)
    shown = protect(patients({**truth, "all": total}), [Group("all", tuple(truth), overlapping)], RULE)
    for key, value in {**truth, "all": total}.items():
        if 0 < value < RULE.minimum:
            assert shown[key].value is None
        elif shown[key].value is not None:
            assert abs(shown[key].value - value) < RULE.round_to
            assert (shown[key].value == 0) == (value == 0)


@given(st.lists(counts, min_size=1, max_size=8), st.lists(counts, min_size=1, max_size=4))
def test_every_hidden_count_keeps_three_possible_values(left: list[int], right: list[int]) -> None:
    parts = {f"a{place}": value for place, value in enumerate(left)}
    more = {f"b{place}": value for place, value in enumerate(right)}
    truth = {**parts, **more, "a": sum(left), "b": sum(right), "all": sum(left) + sum(right)}
    groups = [Group("a", tuple(parts)), Group("b", tuple(more)), Group("all", ("a", "b"))]
    shown = protect(patients(truth), groups, RULE)
    bounds = attack(shown, groups, RULE)
    for key, value in truth.items():
        assert bounds[key].low <= bounds[key].high, "what is shown is possible"
        if 0 < value < RULE.minimum:
            assert bounds[key].width >= 3


Look = tuple[str, ...]


def looks(
    names: Sequence[str], groups: Sequence[Group], derive: Callable[..., dict[str, int]], top: int
) -> dict[Look, list[dict[str, int]]]:
    """Every table of true counts up to `top`, gathered by what is shown of it."""
    found: dict[Look, list[dict[str, int]]] = defaultdict(list)
    for values in itertools.product(range(top + 1), repeat=len(names)):
        truth = derive(*values)
        shown = protect(patients(truth), groups, RULE)
        found[tuple(shown[key].text for key in truth)].append(truth)
    return found


def check_nothing_is_given_away(
    names: Sequence[str], groups: Sequence[Group], derive: Callable[..., dict[str, int]], top: int
) -> int:
    """Assert that hidden counts keep three values among look-alikes; returns how many hidden counts were checked.

    Looks with a shown count at the upper edge are left out: some of their look-alikes lie beyond it.
    """
    checked = 0
    for look, tables in looks(names, groups, derive, top).items():
        texts = dict(zip(tables[0], look, strict=True))
        if any(texts[name].isdigit() and int(texts[name]) + 4 > top for name in names):
            continue
        for key in texts:
            if texts[key].startswith("<"):
                checked += 1
                assert len({table[key] for table in tables}) >= 3, (texts, tables[:3])
    return checked


def test_nothing_is_given_away_by_a_total_of_two() -> None:
    assert (
        check_nothing_is_given_away("ab", [Group("n", ("a", "b"))], lambda a, b: {"a": a, "b": b, "n": a + b}, 44) > 30
    )


def test_nothing_is_given_away_by_a_total_of_three() -> None:
    def derive(a: int, b: int, c: int) -> dict[str, int]:
        return {"a": a, "b": b, "c": c, "n": a + b + c}

    assert check_nothing_is_given_away("abc", [Group("n", ("a", "b", "c"))], derive, 24) > 100


def test_nothing_is_given_away_by_a_total_and_a_subtotal() -> None:
    def derive(a: int, b: int, c: int) -> dict[str, int]:
        return {"a": a, "b": b, "c": c, "s": a + b, "n": a + b + c}

    assert check_nothing_is_given_away("abc", [Group("s", ("a", "b")), Group("n", ("s", "c"))], derive, 24) > 100


def test_plain_rounding_would_have_given_it_away() -> None:
    groups = [Group("n", ("a", "b", "c"))]
    plain = {
        "a": Shown(None, Mark.SMALL, 9),
        "b": Shown(10, Mark.SHOWN),
        "c": Shown(10, Mark.SHOWN),
        "n": Shown(35, Mark.SHOWN),
    }
    assert attack(plain, groups, RULE)["a"].width == 1
    shown = protect(patients({"a": 9, "b": 12, "c": 12, "n": 33}), groups, RULE)
    assert attack(shown, groups, RULE)["a"].width >= 3
    assert [shown[key].mark for key in "abcn"] == [Mark.SMALL, Mark.SHOWN, Mark.SHOWN, Mark.SHOWN]


def test_nine_patients_of_nine_kinds_are_not_told_apart() -> None:
    truth = {**{str(place): 1 for place in range(9)}, "n": 9}
    shown = protect(patients(truth), [Group("n", tuple("012345678"))], RULE)
    assert all(each.value is None for each in shown.values())
    assert any(each.text == "withheld" for each in shown.values())


def test_crossed_totals_are_refused() -> None:
    with pytest.raises(ValueError, match="part of two totals"):
        protect(patients({"a": 1, "r": 1, "c": 1}), [Group("r", ("a",)), Group("c", ("a",))], RULE)


@given(counts, counts)
def test_percentages_come_from_what_is_shown(part: int, rest: int) -> None:
    shown = protect(patients({"part": part, "all": part + rest}), [], RULE)
    share = share_of(shown["part"], shown["all"])
    if shown["part"].value is None or not shown["all"].value:
        assert share is None
        assert percent(shown["part"], shown["all"]) == ""
    else:
        assert share == round(100 * shown["part"].value / shown["all"].value, 1) <= 100


def test_exact_numbers_are_exact() -> None:
    shown = protect(patients({"a": 3, "n": 1234}), [Group("n", ("a",))], Disclosure(exact=True))
    assert (shown["a"].text, shown["n"].text) == ("3", "1,234")


@pytest.mark.parametrize(("minimum", "round_to"), [(9, 5), (10, 4), (10, 11), (0, 5), (10, 0)])
def test_a_site_may_only_be_stricter(minimum: int, round_to: int) -> None:
    with pytest.raises(ConfigError):
        Disclosure(minimum=minimum, round_to=round_to)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 80), min_size=1, max_size=5))
def test_a_stricter_site_hides_at_least_as_much(values: list[int]) -> None:
    truth = {str(place): value for place, value in enumerate(values)}
    shown = protect(
        patients({**truth, "n": sum(values)}), [Group("n", tuple(truth))], Disclosure(minimum=20, round_to=10)
    )
    for key, value in truth.items():
        assert shown[key].value is None or value == 0 or value >= 20


@given(st.floats(0, 115))
def test_an_age_lies_in_its_band(age: float) -> None:
    band = age_band(age)
    if age >= 90:
        assert band == "90+" == age_text(age, RULE)
    else:
        low, high = (int(end) for end in band.split("–"))
        assert low <= age < high + 1
        assert high - low == 4


@given(st.floats(-1e6, 1e6))
def test_whole_numbers_are_the_nearest(value: float) -> None:
    assert abs(whole(value) - value) <= 0.5


def test_the_rules_touch_no_network_process_or_database() -> None:
    code = (
        "import sys, imagebank.cohorts.disclosure; "
        "world = ('socket', 'subprocess', 'sqlite3', 'duckdb', 'ibis', 'pyarrow', 'multiprocessing'); "
        "print([name for name in world if name in sys.modules])"
    )
    # The package's own __init__ gathers the public names and loads more than the rules do.
    bare = "import sys, types; p = types.ModuleType('imagebank.cohorts'); p.__path__ = [sys.argv[1]]; "
    bare += "import imagebank; sys.modules['imagebank.cohorts'] = p; "
    import imagebank.cohorts

    done = subprocess.run(
        [sys.executable, "-c", bare + code, imagebank.cohorts.__path__[0]], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@st.composite
def forests(draw: st.DrawFn) -> tuple[dict[str, Count], list[Group]]:
    """Counts that add up over two or three levels, with one, two or no groups below each."""
    counts: dict[str, Count] = {}
    groups: list[Group] = []

    def grow(name: str, value: int, depth: int) -> None:
        counts[name] = Count(value, value)
        for number in range(draw(st.integers(0, 2)) if depth else 0):
            shares = draw(st.lists(st.sampled_from([0, 1, 4, 9, 12, 40]), min_size=1, max_size=4))
            parts = [min(each, value) for each in shares]
            overlapping = sum(parts) >= value > 0 and draw(st.booleans())
            if not overlapping:
                parts = [min(each, max(0, value - sum(parts[:place]))) for place, each in enumerate(parts)]
                parts[-1] += value - sum(parts)
            names = tuple(f"{name}.{number}{place}" for place in range(len(parts)))
            groups.append(Group(name, names, overlapping))
            for each, part in zip(names, parts, strict=True):
                grow(each, part, depth - 1)

    grow("n", draw(st.integers(0, 150)), 2)
    return counts, groups


@settings(max_examples=60)
@given(forests(), st.booleans(), st.data())
def test_bounds_and_shifts_agree_with_their_slow_twins(
    made: tuple[dict[str, Count], list[Group]], zeros: bool, data: st.DataObject
) -> None:
    counts, groups = made
    table = Table(counts, groups, Disclosure(zeros=zeros))
    shown = protect(counts, [], table.rule)
    first = {key: table.first(key, each) for key, each in shown.items()}
    forest, slow = Forest(first, groups), narrowed(first, groups)
    assert forest.bounds == slow, "the true counts are possible"
    key, low = data.draw(st.sampled_from(sorted(counts))), data.draw(st.integers(0, 60))
    other = Bounds(low, low + data.draw(st.integers(0, 40)))
    tried, again = forest.tried(key, other), narrowed({**first, key: other}, groups)
    assert (tried if tried is None else {**slow, **tried}) == (again if is_possible(again) else None)
    assert shift(table, shown, forest) == shift_slowly(table, shown)


def test_where_nobody_and_few_look_alike_margins_leave_nobody_possible() -> None:
    groups, alike = [Group("n", ("a", "b", "c"))], Disclosure(zeros=False)
    shown = protect(patients({"a": 50, "b": 41, "c": 9, "n": 100}), groups, alike)
    assert attack(shown, groups, alike)["c"].low == 0
    assert attack(protect(patients({"a": 50, "b": 41, "c": 9, "n": 100}), groups, RULE), groups, RULE)["c"].low > 0
