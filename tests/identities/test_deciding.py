"""When evidence is enough: the decision and its plain twin, which reckons in odds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.identities.deciding import Scored, Verdict, bits_needed, choose, prior_bits

WEIGHTS = st.integers(-40_000, 60_000).map(lambda thousandths: thousandths / 1000)
CANDIDATES = st.lists(WEIGHTS, max_size=5).map(lambda some: [Scored(f"p{k}", w) for k, w in enumerate(some)])


def decide_slowly(candidates: list[Scored], false_link_weighs: int) -> tuple[Verdict, str]:
    """The twin: expected cost of linking and of not linking, in exact odds, against nobody and against the next one."""
    if not candidates:
        return Verdict.NOBODY, ""
    odds = {each.person: Fraction(2) ** int(each.weight // 1) * Fraction(2 ** (each.weight % 1)) for each in candidates}
    best = min(odds, key=lambda person: (-odds[person], person))
    if odds[best] * false_link_weighs < 1:
        return Verdict.NOBODY, best
    if odds[best] < false_link_weighs:
        return Verdict.REVIEW, best
    others = [value for person, value in odds.items() if person != best]
    is_ahead = not others or odds[best] >= false_link_weighs * max(others)
    return (Verdict.LINK if is_ahead else Verdict.CLOSE), best


def is_on_an_edge(candidates: list[Scored], weighs: int) -> bool:
    """Whether a weight or a lead lies within rounding of a limit."""
    needed, weights = bits_needed(weighs), sorted((each.weight for each in candidates), reverse=True)
    values = [*weights[:1], *(abs(weights[0] - other) for other in weights[1:2])]
    return any(abs(abs(value) - needed) < 0.002 for value in values)


@given(CANDIDATES, st.sampled_from([2, 5, 20, 100]))
def test_the_decision_is_the_one_that_costs_least(candidates: list[Scored], weighs: int) -> None:
    choice = choose(candidates, false_link_weighs=weighs)
    if not is_on_an_edge(candidates, weighs):
        assert (choice.verdict, choice.best.person if choice.best else "") == decide_slowly(candidates, weighs)


@given(CANDIDATES, st.randoms())
def test_the_order_of_the_candidates_does_not_matter(candidates: list[Scored], random: object) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(candidates) == choose(shuffled)


@given(CANDIDATES, WEIGHTS)
def test_somebody_more_never_makes_a_link_to_another_surer(candidates: list[Scored], weight: float) -> None:
    before, after = choose(candidates), choose([*candidates, Scored("new", weight)])
    if after.verdict is Verdict.LINK and after.best and after.best.person != "new":
        assert before.verdict is Verdict.LINK
        assert before.lead >= after.lead


def test_two_equal_candidates_are_a_close_call() -> None:
    assert choose([Scored("a", 30.0), Scored("b", 30.0)]).verdict is Verdict.CLOSE


@pytest.mark.parametrize(
    ("weight", "verdict"), [(4.322, "link"), (4.321, "review"), (-4.321, "review"), (-4.4, "nobody")]
)
def test_the_threshold_follows_from_what_a_false_link_weighs(weight: float, verdict: str) -> None:
    assert choose([Scored("a", weight)], false_link_weighs=20).verdict == verdict


def test_a_link_is_dearer_among_more_people() -> None:
    assert prior_bits(40_000) < prior_bits(400) < 0
