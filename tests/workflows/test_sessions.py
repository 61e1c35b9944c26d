"""The labels of sessions: opaque, in the order of time, and each of its own study alone."""

from __future__ import annotations

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from imagebank.workflows.converting import session_label

days = st.dates(date(1970, 1, 1), date(2090, 1, 1))
studies = st.text("abcdefghijkmnpqrstuvwxyz23456789", min_size=26, max_size=26)
secrets = st.text("abcdefghijkmnpqrstuvwxyz23456789", min_size=12, max_size=12)


@given(days, days, studies, studies, secrets)
def test_labels_of_one_patient_stand_in_the_order_of_time(
    first: date, second: date, study: str, other: str, secret: str
) -> None:
    labels = session_label(study, first, secret), session_label(other, second, secret)
    assert all(re.fullmatch(r"\d{5}[a-z0-9]{4}", label) for label in labels)
    if first != second:
        assert (labels[0] < labels[1]) == (first < second)


@given(days, studies, secrets)
def test_labels_differ_by_the_days_between(day: date, study: str, secret: str) -> None:
    first, second = (int(session_label(study, each, secret)[:5]) for each in (day, day + timedelta(days=365)))
    assert second - first == 365


def test_two_patients_count_from_different_days() -> None:
    day, study = date(2020, 2, 3), "a" * 26
    assert len({session_label(study, day, secret) for secret in ("abcdefghijkm", "m2345678abcd", "zzzzzzzzzzzz")}) == 3


def test_a_study_without_a_date_comes_last() -> None:
    assert session_label("wxyz" + "a" * 22, None, "abcdefghijkm") == "undatedwxyz"
    assert session_label("a" * 26, date(2090, 1, 1), "zzzzzzzzzzzz") < "undatedwxyz"
