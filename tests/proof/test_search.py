"""The searcher: it finds a planted value in every form, and what it says nothing of is stated."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.proof.forms import CHARSETS, forms_of
from imagebank.proof.intervals import exact_interval
from imagebank.proof.search import Needle, Searcher, pixel_span

NAMES = {
    "utf-8": "Wójcikowski",
    "utf-16-le": "Rademaker",
    "utf-16-be": "Rademaker",
    "latin-1": "Grünwaldner",
    "cp1252": "Bœufgarden",
    "iso8859-2": "Dvořáková",
    "iso8859-5": "Людмилова",
    "iso8859-7": "Διονυσίου",
    "koi8-r": "Людмилова",
    "shift_jis": "ヤマダタロウ",
    "euc_jp": "山田太郎",
    "iso2022_jp": "山田太郎",
    "euc_kr": "김희중",
    "iso2022_kr": "김희중님",
    "gb18030": "王小东先生",
}
FILLER = b"\x00\x01SIEMENS\\ORIGINAL\\PRIMARY\x00"


def finds(value: str, content: bytes) -> bool:
    return bool(Searcher([Needle("x", "y", value)]).search(FILLER + content + FILLER))


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_name_is_found_in_each_character_set(charset: str) -> None:
    assert finds(NAMES[charset], NAMES[charset].encode(charset))
    assert not finds(NAMES[charset], b"nothing of the kind")


@pytest.mark.parametrize("shift", range(3))
def test_a_value_is_found_in_base64_at_each_alignment(shift: int) -> None:
    content = base64.b64encode(b"abc"[:shift] + b"Smithson-Jones" + b"xyz")
    assert finds("Smithson-Jones", content)


@pytest.mark.parametrize(
    "form",
    ["19570423", "1957-04-23", "1957.04.23", "23/04/1957", "23.04.1957", "04231957", "23 Apr 1957", "32407591"],
)
def test_a_date_is_found_in_every_order(form: str) -> None:
    assert finds("19570423", b" " + form.encode() + b" ")


@pytest.mark.parametrize("form", ["999 123 4567", "999-123-4567", "9991234567", "7654321999"])
def test_a_number_is_found_with_separators_without_them_and_reversed(form: str) -> None:
    assert finds("9991234567", form.encode()) or finds(form, b"9991234567")


@pytest.mark.parametrize("form", ["OBRIEN", "obrien", "ObRien", "O'Brien"])
def test_a_name_is_found_in_any_case(form: str) -> None:
    assert finds(form, b"^" + form.swapcase().encode() + b"^")


def test_a_name_without_its_accents_is_found() -> None:
    assert finds("Dvořáková", b"DVORAKOVA")


def test_hexadecimal_is_found() -> None:
    assert finds("Smithson-Jones", b"Smithson-Jones".hex().encode())


def test_bytes_are_found_as_they_stand() -> None:
    needle = Needle("x", "y", bytes(range(200, 216)))
    assert Searcher([needle]).search(b"abc" + bytes(range(200, 216))) == {needle}


def test_a_short_name_counts_outside_pixels_and_as_a_word_only() -> None:
    searcher = Searcher([Needle("name", "y", "Reed")])
    assert searcher.search(b"\\Reed^Ann")
    assert not searcher.search(b"agreed upon")
    assert not searcher.search(b"....Reed....", pixels=(2, 10))
    assert Searcher([Needle("name", "y", "Reedhamton")]).search(b"..Reedhamton..", pixels=(0, 14))


def test_digits_of_a_keyed_uid_are_chance() -> None:
    uid = b"2.25.19570423123456789012345678901234567"
    searcher = Searcher([Needle("date", "y", "19570423")])
    assert not searcher.search(b"\x00" + uid + b"\x00")
    assert searcher.search(b"\x0019570423\x00")
    assert Searcher([Needle("uid", "y", uid.decode())]).search(uid), "a UID that stayed is found all the same"


def test_a_needle_does_not_print_its_value() -> None:
    assert "Smith" not in repr(Needle("name", "(0010,0010)", "Smith"))


def test_the_pixels_of_a_file_are_found() -> None:
    content = b"header\xe0\x7f\x10\x00OW\0\0\x04\0\0\0abcd"
    assert pixel_span(content) == (6, len(content))
    assert pixel_span(b"no pixels") == (0, 0)


@given(st.text(st.characters(min_codepoint=65, max_codepoint=0x24F, categories=("L",)), min_size=8, max_size=20))
def test_every_word_is_found_in_its_own_utf_8(word: str) -> None:
    assert finds(word, word.encode())


def test_no_form_is_so_short_that_chance_finds_it() -> None:
    assert all(len(form) >= 4 for form in forms_of("Wu Li"))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 0, 0.0, 1.0), (10, 10, 0.6915, 1.0), (0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (95, 100, 0.8872, 0.9836)],
)
def test_the_interval_is_that_of_clopper_and_pearson(successes: int, trials: int, low: float, high: float) -> None:
    assert exact_interval(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_an_impossible_share_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer trials"):
        exact_interval(3, 2)
