"""Single people of the register: the same wherever they are asked for, shown in full by five, with sound numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from life_laws import broken_laws

from imagebank.synthetic.model import Person
from imagebank.synthetic.register import (
    DEFAULT_RATES,
    FIRST_REGISTERED,
    IMAGED,
    Rates,
    invent,
    is_nhs_number,
    main_diagnosis,
    numbers_of,
    register_size,
    traps,
)
from imagebank.synthetic.register.clinical import conditions
from imagebank.synthetic.register.names import charset_for, other_spelling, plain_letters, typo
from imagebank.synthetic.register.numbers import (
    check_digit,
    dummy_nhs_number,
    hospital_number,
    mistyped,
    nhs_number,
)
from imagebank.synthetic.register.orders import able
from imagebank.synthetic.register.tables import machines, table
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import OTHER_KINDS, SERIES_KINDS

NUMBERS = (0, 3, 77, 12_546, 20_000, 31_313)
SHOW = (
    "import hashlib; from imagebank.synthetic.register import invent, traps;"
    f"print(hashlib.sha256(repr(([invent(5, n) for n in {NUMBERS}], traps(5, 30))).encode()).hexdigest())"
)
seeds = st.integers(0, 10_000)
numbers = st.integers(0, 120_000)


@pytest.fixture(scope="module")
def five() -> list[Person]:
    return [invent(1, number) for number in range(5)]


def test_a_person_is_the_same_in_another_process_and_whatever_was_asked_before() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4321", "TZ": "Asia/Tokyo"}
    ran = subprocess.run([sys.executable, "-c", SHOW], check=True, env=environment, capture_output=True, text=True)
    here = ([invent(5, number) for number in NUMBERS], traps(5, 30))
    assert sha256(repr(here).encode()).hexdigest() == ran.stdout.strip()


def test_a_larger_hospital_only_adds_people() -> None:
    for smaller, larger in ((1, 2), (3, 50), (50, 12_547)):
        assert set(numbers_of(smaller)) < set(numbers_of(larger))
    assert (register_size(1), register_size(1_000), register_size(IMAGED)) == (3, 3_188, 40_000)
    assert all(register_size(patients) > 3 * patients - 1 for patients in range(1, 200))


def test_the_twin_or_namesake_of_an_imaged_person_is_on_every_register_that_holds_them() -> None:
    for patients in (1, 2, 7, 100, IMAGED):
        assert FIRST_REGISTERED + 2 * (patients - 1) + 1 <= max(numbers_of(patients))


def test_seeds_give_different_people() -> None:
    assert invent(1, 8).name != invent(2, 8).name or invent(1, 8).birth_date != invent(2, 8).birth_date
    assert invent(1, 8).nhs_number != invent(2, 8).nhs_number


@pytest.mark.parametrize("number", [-1, IMAGED, FIRST_REGISTERED - 1])
def test_numbers_that_nobody_has_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="No person has the number"):
        invent(1, number)


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_five_people_show_every_kind_of_series_and_manner_of_telling(seed: int) -> None:
    first = [invent(seed, number).visits[0] for number in range(5)]
    kinds = {series.kind for visit in first for series in visit.series}
    assert kinds == {*SERIES_KINDS, *OTHER_KINDS}
    makers = {row["name"]: row["manufacturer"] for row in machines()}
    assert len({makers[visit.scanner] for visit in first[:3]}) == 3
    assert len({visit.scanner for visit in first}) == 5
    for visit in first[:3]:
        assert {each.kind for each in visit.series} >= {"localizer", "T1w-3D", "T2w-2D", "FLAIR-2D", "DWI"}
    told = [visit.told for visit in first]
    assert [each.patient_id[0] for each in told] == ["K", "K", "9", "K", "9"]
    assert [bool(each.other_ids) for each in told] == [True, True, False, False, True]
    assert [each.other_ids_nested for each in told] == [False, True, False, False, False]
    assert told[4].birth_date == ""
    assert told[3].name.isupper()
    assert told[3].name.isascii()
    assert any(series.burned_in for visit in first[:3] for series in visit.series)
    assert any(series.patient_in_description for visit in first[:3] for series in visit.series)
    assert any(series.agent for visit in first[:3] for series in visit.series)


def test_nothing_goes_wrong_with_the_first_five(five: list[Person]) -> None:
    certain = Rates(**dict.fromkeys(("missing_nhs", "name_typo", "told_sex_wrong", "opted_out_local", "twins"), 1.0))
    for person in (*five, *(invent(1, number, rates=certain) for number in range(5))):
        assert all(visit.linkable and not visit.trap for visit in person.visits)
        assert not any(each.errors for each in person.recorded)
        assert not person.opt_outs
        assert not person.kin


@pytest.mark.parametrize("seed", [0, 3, 1234])
def test_the_laws_of_life_hold_for_other_seeds_and_rates(seed: int) -> None:
    often = Rates(**dict.fromkeys(DEFAULT_RATES.__dataclass_fields__, 0.5))
    for rates in (Rates.none(), often):
        for number in (*range(0, IMAGED, 251), *range(FIRST_REGISTERED, 40_000, 499)):
            assert broken_laws(invent(seed, number, rates=rates)) == []


def test_in_a_hospital_without_errors_every_scan_can_be_linked() -> None:
    people = [invent(1, number, rates=Rates.none()) for number in range(0, IMAGED, 40)]
    assert all(visit.linkable and not visit.trap for person in people for visit in person.visits)
    assert all(len(person.recorded) == 1 and is_nhs_number(person.recorded[0].nhs_number) for person in people)


def test_the_main_diagnosis_is_the_last_primary_one_that_stands() -> None:
    found = Counter()  # type: ignore[var-annotated]
    for number in range(0, 3_000, 3):
        course = invent(1, number).course
        picture = next(each for each in conditions() if each.name == course.condition)
        assert main_diagnosis(course.diagnoses) in (*picture.codes, *([""] if not picture.codes else []))
        found.update(each.status for each in course.diagnoses)
    assert set(found) == {"current", "revised", "wrong", "withdrawn"}


@pytest.mark.parametrize(("body", "digit"), [("943476591", "9"), ("943476582", ""), ("000000000", "0")])
def test_the_check_digit_is_that_of_the_data_dictionary(body: str, digit: str) -> None:
    assert check_digit(body) == digit


@given(seeds, numbers)
def test_every_nhs_number_is_valid_in_the_test_range_and_notices_a_wrong_digit(seed: int, number: int) -> None:
    made = nhs_number(seed, number)
    assert made.startswith("999")
    assert is_nhs_number(made)
    assert not any(is_nhs_number(mistyped(made, position)) for position in range(3, 10))


@given(seeds, numbers, numbers)
def test_no_two_people_share_a_number(seed: int, one: int, other: int) -> None:
    if one != other:
        assert nhs_number(seed, one) != nhs_number(seed, other)
        assert hospital_number(seed, one) != hospital_number(seed, other)


def test_the_dummy_number_looks_valid_but_is_nobodys() -> None:
    dummy = dummy_nhs_number()
    assert check_digit(dummy[:9]) == dummy[9]
    assert not is_nhs_number(dummy)
    assert dummy not in {nhs_number(1, number) for number in range(60_000)}


def test_names_are_many_and_long_enough_to_be_searched_for() -> None:
    rows = table("names")
    assert min(sum(letter.isalpha() for letter in row["name"]) for row in rows) >= 5
    counted = Counter((row["source"], row["part"] == "family") for row in rows)
    for source in ("british", "caribbean", "westafrican", "indian"):
        assert counted[source, False] >= 60
        assert counted[source, True] >= 120
    ordinary = {"may", "brain", "head", "white", "rose", "young", "long", "short", "small", "april", "august"}
    assert not {row["name"].lower() for row in rows} & ordinary


def test_every_name_is_spelt_by_its_character_set() -> None:
    found = Counter(invent(1, number).name.charset for number in range(5, 3_000, 3))
    assert len(found) >= 8
    assert charset_for("Papadopoulos^Παπαδόπουλος") == "ISO_IR 126"
    assert charset_for("Шевчук") == "ISO_IR 144"
    assert charset_for("山下^武^やました") == "\\ISO 2022 IR 87"
    assert charset_for("민서") == "\\ISO 2022 IR 149"
    assert charset_for("小梅") == "GB18030"
    assert charset_for("المصراوي") == "ISO_IR 127"


@given(st.sampled_from([row["name"] for row in table("names")]), st.integers(0, 1_000))
def test_a_slip_of_the_fingers_changes_a_name_a_little(name: str, key: int) -> None:
    slipped = typo(stream(0, key), name)
    assert slipped != name
    assert slipped[0] == name[0]
    assert abs(len(slipped) - len(name)) <= 1
    assert other_spelling(name) != name
    assert plain_letters(name).isascii()


def test_postcodes_and_telephones_cannot_be_real() -> None:
    for number in range(5, 600):
        person = invent(1, number)
        assert all(home.postcode[-1] in "CIKMOV" and home.lsoa[:6] in ("E01999", "") for home in person.homes)
        assert person.phone.startswith(("020 7946 0", "07700 900", "01632 960"))


def test_machines_gain_abilities_with_the_years() -> None:
    for row in machines():
        years = range(int(row["start"][:4]), int(row["end"][:4]))
        assert all(able(row["name"], year) <= able(row["name"], year + 1) for year in years)
        assert len(able(row["name"], years[0])) >= 10
