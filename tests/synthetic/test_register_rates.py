"""Errors follow their rates, and changing one rate moves nothing else."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import pytest

from imagebank.core.errors import ConfigError
from imagebank.synthetic.model import Person
from imagebank.synthetic.register import DEFAULT_RATES, FIRST_REGISTERED, IMAGED, Rates, invent, traps

SOME = range(5, 1_205, 24)
IN_RECORDS = """missing_nhs mistyped_nhs test_nhs name_typo maiden_name transliterated day_month_swapped
    placeholder_birth_date unknown_sex old_address duplicate merged"""
AT_THE_SCANNER = """told_name_typo told_birth_date_swapped told_sex_wrong told_old_number filed_under_another
    scanned_after_death agent agent_badly_recorded repeated_series spine knee screenshot dose_report phantom fault
    burned_in patient_in_description"""
IN_THE_NOTES = "wrong_diagnosis withdrawn_diagnosis impossible_score odd_denominator unknown_item"
MAY_MOVE: dict[str, set[str]] = {
    **{rate: {"recorded", "visits"} for rate in IN_RECORDS.split()},
    **{rate: {"visits"} for rate in AT_THE_SCANNER.split()},
    **{rate: {"course"} for rate in IN_THE_NOTES.split()},
    **{rate: {"opt_outs", "visits"} for rate in ("opted_out_national", "opted_out_local", "opted_out_gp")},
    "moves": {"homes", "recorded"},
    "twins": {"kin"},
    "namesakes": {"kin"},
}
OF_TOLD = {"told_name_typo", "told_birth_date_swapped", "told_sex_wrong", "told_old_number", "filed_under_another"}


def differences(one: Person, other: Person) -> set[str]:
    return {each.name for each in fields(Person) if getattr(one, each.name) != getattr(other, each.name)}


def test_every_rate_is_tested_and_documented() -> None:
    names = {each.name for each in fields(Rates)}
    assert set(MAY_MOVE) | {"strangers"} == names
    assert [name for name in names if f"`{name}`" not in (Rates.__doc__ or "")] == []


@pytest.mark.parametrize("rate", sorted(MAY_MOVE))
def test_changing_one_rate_moves_nothing_else(rate: str) -> None:
    some = range(5, IMAGED, 41) if rate in ("scanned_after_death",) else SOME
    base = Rates(merged=0.5, agent=0.3) if rate in ("told_old_number", "agent_badly_recorded") else DEFAULT_RATES
    moved: set[str] = set()
    for number in some:
        never = invent(1, number, rates=base.having(**{rate: 0.0}))
        always = invent(1, number, rates=base.having(**{rate: 1.0}))
        moved |= differences(never, always)
        if rate in OF_TOLD:
            assert [replace(v, told=never.visits[0].told, linkable=True, trap="") for v in always.visits] == [
                replace(v, told=never.visits[0].told, linkable=True, trap="") for v in never.visits
            ]
    assert moved
    assert moved <= MAY_MOVE[rate]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.4, 1.0])
def test_the_share_of_people_without_nhs_number_follows_the_rate_and_a_higher_one_only_adds(rate: float) -> None:
    rates = DEFAULT_RATES.having(missing_nhs=rate, test_nhs=0)
    people = [invent(3, number, rates=rates) for number in range(FIRST_REGISTERED, FIRST_REGISTERED + 500)]
    missing = {person.key for person in people if not person.recorded[0].nhs_number}
    lower = {
        number
        for number in range(FIRST_REGISTERED, FIRST_REGISTERED + 500)
        if not invent(3, number, rates=rates.having(missing_nhs=rate / 2)).recorded[0].nhs_number
    }
    assert abs(len(missing) / 500 - rate) <= 0.07
    assert {str(number) for number in lower} <= missing


def test_the_answers_follow_the_errors() -> None:
    """A number that the records do not hold cannot link; a hospital number alone, with no birth date there, cannot."""
    lacking = DEFAULT_RATES.having(placeholder_birth_date=1.0, told_birth_date_swapped=0.0, name_typo=0.0)
    plain = DEFAULT_RATES.having(placeholder_birth_date=0.0, told_birth_date_swapped=0.0, name_typo=0.0)
    worse = [(invent(1, n, rates=plain).visits[0], invent(1, n, rates=lacking).visits[0]) for n in range(5, 405)]
    lost = [after for before, after in worse if before.linkable and not after.linkable]
    assert len(lost) > 40
    assert {visit.trap for visit in lost} <= {"birth-date-disagrees", "nothing-agrees", "before-birth"}
    assert all(before.linkable or not after.linkable for before, after in worse)


def test_strangers_come_at_their_rate() -> None:
    few, many = (traps(1, 100, rates=DEFAULT_RATES.having(strangers=rate)) for rate in (0.0, 0.1))
    unknown = [sum(not person.recorded and person.visits[0].trap == "not-in-records" for person in each)
               for each in (few, many)]  # fmt: skip
    assert unknown == [1, 11]
    assert [person for person in many if person.recorded] == [person for person in few if person.recorded]


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_a_rate_that_is_no_share_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match="missing_nhs"):
        Rates(missing_nhs=value)


def test_without_rates_nothing_is_planted() -> None:
    assert set(asdict(Rates.none()).values()) == {0.0}
