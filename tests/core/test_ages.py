"""Ages by the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.core.ages import age_in_years

DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1950, 6, 15), date(2000, 6, 14), 49.9),
        (date(1950, 6, 15), date(2000, 6, 15), 50.0),
        (date(1950, 6, 15), date(2000, 12, 31), 50.5),
        (date(1944, 2, 29), date(2001, 2, 28), 56.9),
        (date(1944, 2, 29), date(2001, 3, 1), 57.0),
        (date(1944, 2, 29), date(2004, 2, 29), 60.0),
        (date(2000, 1, 1), date(2000, 1, 1), 0.0),
    ],
)
def test_an_age_turns_on_the_birthday(birth: date, day: date, age: float) -> None:
    assert age_in_years(birth, day) == age


@given(DAYS, DAYS)
def test_completed_years_are_those_of_the_calendar(birth: date, day: date) -> None:
    completed = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    assert completed <= age_in_years(birth, day) < completed + 1


@given(DAYS, DAYS)
def test_nobody_gets_younger(birth: date, day: date) -> None:
    assert age_in_years(birth, day) <= age_in_years(birth, day + timedelta(days=1))
