"""Keyed ids and NHS numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.identities.nhs import check_digit, is_nhs_number, normalise_nhs_number
from imagebank.identities.pseudonyms import ALPHABET, Keys, check_letter, is_pseudonym

KEYS = Keys(b"k" * 32, "a-bank-of-test")
UIDS = st.from_regex(r"1\.[1-9]\d{0,5}(\.(0|[1-9]\d{0,8})){1,6}", fullmatch=True)


@given(st.text(max_size=40))
def test_a_pseudonym_is_well_formed_and_the_same_each_time(person: str) -> None:
    pseudonym = KEYS.pseudonym(person)
    assert is_pseudonym(pseudonym)
    assert pseudonym == Keys(b"k" * 32, "a-bank-of-test").pseudonym(person)


@given(st.text(max_size=40), st.integers(0, 12), st.sampled_from(ALPHABET))
def test_every_single_wrong_letter_of_a_pseudonym_is_found(person: str, place: int, letter: str) -> None:
    pseudonym = KEYS.pseudonym(person)
    wrong = pseudonym[:place] + letter + pseudonym[place + 1 :]
    assert is_pseudonym(wrong) == (wrong == pseudonym)


def test_check_letters_are_those_of_luhn_modulo_32_worked_by_hand() -> None:
    assert check_letter("a" * 12) == "a"
    assert check_letter("a" * 11 + "b") == ALPHABET[30]  # 1 doubled is 2; 32 - 2


@given(st.text(min_size=1, max_size=30))
def test_another_key_or_bank_gives_other_ids(person: str) -> None:
    for other in (Keys(b"x" * 32, "a-bank-of-test"), Keys(b"k" * 32, "another-bank")):
        assert other.pseudonym(person) != KEYS.pseudonym(person)
        assert other.uid_map.uid("1.2.3") != KEYS.uid_map.uid("1.2.3")


def test_the_vault_key_does_not_depend_on_the_bank_so_that_a_foreign_vault_can_be_named() -> None:
    assert Keys(b"k" * 32, "one-bank").vault_key == Keys(b"k" * 32, "another").vault_key
    assert Keys(b"k" * 32, "one-bank").vault_key != Keys(b"x" * 32, "one-bank").vault_key


@given(UIDS)
def test_a_mapped_uid_is_valid_dicom_and_the_item_id_holds_the_same_bits(uid: str) -> None:
    mapped = KEYS.uid_map.uid(uid)
    assert mapped.startswith("2.25.")
    assert len(mapped) <= 64
    number = 0
    for letter in KEYS.uid_map.item(uid):
        number = number * 32 + ALPHABET.index(letter)
    assert number >> 2 == int(mapped[5:])  # 26 letters are 130 bits


def test_uids_that_dicom_defines_stay() -> None:
    assert KEYS.uid_map.uid("1.2.840.10008.5.1.4.1.1.4") == "1.2.840.10008.5.1.4.1.1.4"


@pytest.mark.parametrize("uid", ["1.2.840.10008.19650312", "1.2.840.10008.5.1.4.1.1.4.7712345", "1.2.840.10008."])
def test_a_number_below_the_root_of_dicom_is_no_uid_that_dicom_defines(uid: str) -> None:
    assert KEYS.uid_map.uid(uid).startswith("2.25.")


@given(st.text(max_size=20), st.integers(-900, 0), st.integers(0, 900))
def test_an_offset_lies_in_its_window_and_is_never_zero(person: str, earliest: int, latest: int) -> None:
    if earliest == latest == 0:
        return
    offset = KEYS.offset_days(person, earliest=earliest, latest=latest)
    assert earliest <= offset <= latest
    assert offset != 0


def test_offsets_fill_their_window_evenly() -> None:
    drawn = [KEYS.offset_days(str(person), earliest=-10, latest=-1) for person in range(5000)]
    counts = [drawn.count(day) for day in range(-10, 0)]
    assert min(counts) > 400
    assert max(counts) < 600


def test_keys_do_not_print() -> None:
    assert "k" * 32 not in repr(KEYS)
    assert repr(b"k" * 32) not in repr(KEYS) + repr(KEYS.uid_map)


def test_nhs_numbers_of_the_data_dictionary_are_valid_and_others_are_not() -> None:
    assert is_nhs_number("943 476 5919", accept_test_numbers=False)
    assert is_nhs_number("943-476-5919", accept_test_numbers=False)
    for wrong in ("9434765871", "943476591", "94347659190", "943476591A", "", "٩٤٣٤٧٦٥٩١٩"):
        assert not is_nhs_number(wrong, accept_test_numbers=False)


def test_numbers_of_ten_equal_digits_are_refused_although_some_pass_the_check() -> None:
    for digit in "0123456789":
        assert not is_nhs_number(digit * 10, accept_test_numbers=True)


@given(st.integers(0, 999_999))
def test_numbers_of_the_test_range_are_valid_only_on_purpose(tail: int) -> None:
    nine = f"999{tail:06d}"
    digit = check_digit(nine)
    if digit is not None and len(set(nine + str(digit))) > 1:
        assert is_nhs_number(f"{nine}{digit}", accept_test_numbers=True)
        assert not is_nhs_number(f"{nine}{digit}", accept_test_numbers=False)


@given(st.from_regex(r"[1-8][0-9]{8}", fullmatch=True), st.integers(0, 9), st.integers(0, 9))
def test_one_wrong_digit_is_always_found(nine: str, place: int, digit: int) -> None:
    last = check_digit(nine)
    if last is None or len(set(nine)) == 1:
        return
    good = f"{nine}{last}"
    wrong = good[:place] + str(digit) + good[place + 1 :]
    assert is_nhs_number(wrong, accept_test_numbers=True) == (wrong == good) or wrong == good


@given(st.text(alphabet="0123456789 -\u2013\u00a0", max_size=16))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise_nhs_number(normalise_nhs_number(text)) == normalise_nhs_number(text)
