"""NHS numbers: ten digits with a modulus 11 check (NHS Data Dictionary)."""

from __future__ import annotations

import re

TEST_PREFIX = "999"
COUNTED = "01234567890123456789"
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u00a0]")


def normalise_nhs_number(text: str) -> str:
    """The number without spaces and hyphens."""
    return _SEPARATORS.sub("", text)


def is_nhs_number(text: str, *, accept_test_numbers: bool) -> bool:
    """Whether a text, spaces and hyphens allowed, is a valid NHS number.

    Ten equal digits pass the check sum of some numbers (0000000000, 1111111111) and are refused all the same, as digits
    in a row are; so is the test range 999 unless it is accepted on purpose.
    """
    number = normalise_nhs_number(text)
    if not re.fullmatch(r"[0-9]{10}", number) or is_filler(number):
        return False
    if number.startswith(TEST_PREFIX) and not accept_test_numbers:
        return False
    return int(number[9]) == check_digit(number[:9])


def is_filler(digits: str) -> bool:
    """Whether digits are what is typed where there is no number: all the same, or counted up or down."""
    return len(set(digits)) == 1 or digits in COUNTED or digits[::-1] in COUNTED


def is_test_number(text: str) -> bool:
    """Whether a text is a valid number of the test range."""
    return is_nhs_number(text, accept_test_numbers=True) and not is_nhs_number(text, accept_test_numbers=False)


def check_digit(first_nine: str) -> int | None:
    """The tenth digit for nine digits, or None where no valid number begins with them."""
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), first_nine, strict=True))
    digit = 11 - total % 11
    return None if digit == 10 else digit % 11
