"""Numbers that only one person or examination has: NHS and hospital numbers, accessions, UIDs.

NHS numbers lie in the 999 range that is kept for tests, and never in its first ten, which serve as dummies. All are
one-to-one functions of a person's number, so that nothing has to be remembered.
"""

from __future__ import annotations

from functools import cache

UID_ROOT = "1.2.826.0.1.3680043.8.498"
NHS_TEST_PREFIX = "999"
BLOCK = 8  # candidate bodies of NHS numbers a person; one in eleven has no check digit
RESERVED = 10  # bodies at the start of the range
VISITS = 8  # examinations that a person can have
SECOND_NUMBERS = 100_000  # added to a person's number for a second registration


def hospital_number(seed: int, number: int) -> str:
    """A letter and seven digits; different numbers give different ones."""
    return f"K{1_000_000 + (number * 7_368_787 + seed * 104_729) % 9_000_000}"


@cache
def dummy_nhs_number() -> str:
    """A valid number that several people carry by mistake."""
    return next(body + digit for body in (f"99900000{k}" for k in range(RESERVED)) if (digit := check_digit(body)))


def nhs_number(seed: int, number: int) -> str:
    """A valid NHS number of the test range; different numbers give different ones."""
    for k in range(BLOCK):
        body = ((number * BLOCK + k) * 389_611 + seed * 7_919) % 1_000_000
        text = f"{NHS_TEST_PREFIX}{body:06d}"
        digit = check_digit(text)
        if digit and body >= RESERVED:
            return text + digit
    raise AssertionError("eight bodies in a row have no check digit")


def check_digit(body: str) -> str:
    """The tenth digit of an NHS number (NHS Data Dictionary, modulus 11), or nothing where there is none."""
    total = sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True))
    digit = (11 - total % 11) % 11
    return "" if digit == 10 else str(digit)


def mistyped(number: str, position: int) -> str:
    """A number with one digit wrong, which modulus 11 always notices."""
    return f"{number[:position]}{(int(number[position]) + 1) % 10}{number[position + 1 :]}"


def is_nhs_number(text: str) -> bool:
    """Ten digits with the right check digit, and not the dummy."""
    return len(text) == 10 and text.isdigit() and check_digit(text[:9]) == text[9] and text != dummy_nhs_number()


def examination_number(seed: int, number: int, visit: int) -> int:
    """Nine digits that only one examination has; `visit` counts from 0."""
    return 100_000_000 + ((number * VISITS + visit) * 367_914_677 + seed * 7_777_777) % 900_000_000


def accession(seed: int, number: int, visit: int) -> str:
    """The number of the request."""
    return f"RJX{examination_number(seed + 1, number, visit)}"


def study_id(seed: int, number: int, visit: int) -> str:
    """The number that the scanner's console gives."""
    return f"E{1_000_000 + ((number * VISITS + visit) * 3_456_787 + seed * 31) % 9_000_000}"
