"""The rules of acquisition, without a PACS: hours, rates, circuits, numbers, filters and states."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from imagebank.core.pacs_settings import PacsSource
from imagebank.core.private import Private
from imagebank.dicom.pacs import completeness as state
from imagebank.dicom.pacs.breaker import FAILURES, OPENINGS, PROBES, REST_SECONDS, Breaker
from imagebank.dicom.pacs.calendar import calendar_of
from imagebank.dicom.pacs.filters import patient_objections, series_objection, study_objection, wanted_of
from imagebank.dicom.pacs.model import Request, SeriesAnswer, StudyAnswer
from imagebank.dicom.pacs.numbers import keys_of
from imagebank.dicom.pacs.pace import LONGEST_WAIT_SECONDS, back_off, bucket

NIGHTS = ("mon-fri 19:00-06:00", "sat-sun 00:00-24:00", "holiday 10:00-12:00")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-02 18:59", False),  # a Monday in winter
        ("2026-03-02 19:00", True),
        ("2026-03-03 05:59", True),
        ("2026-03-03 06:00", False),
        ("2026-03-07 03:00", True),  # Saturday
        ("2026-12-25 11:00", True),  # a Friday, but a holiday
        ("2026-12-25 20:00", False),
        ("2026-12-25 03:00", True),  # Thursday's night goes on
        ("2026-07-01 18:30", True),  # summer: 19:30 in London
    ],
)
def test_a_calendar_opens_in_its_own_time_zone(moment: str, is_open: bool) -> None:
    calendar = calendar_of(NIGHTS, "Europe/London", ("2026-12-25",))
    assert calendar.is_open(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


def test_a_holiday_without_hours_of_its_own_is_a_sunday() -> None:
    calendar = calendar_of(("mon-sat 00:00-24:00",), "Europe/London", ("2026-12-25",))
    assert not calendar.is_open(datetime(2026, 12, 25, 12, tzinfo=UTC))
    assert calendar.is_open(datetime(2026, 12, 24, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("place", "day", "is_holiday"),
    [
        ("GB-ENG", "2026-12-26", True),  # a Saturday
        ("GB-ENG", "2026-12-28", True),  # which stands in for it
        ("GB-ENG", "2027-12-27", True),
        ("GB-ENG", "2026-11-30", False),
        ("gb-sct", "2026-11-30", True),
        ("DE-BY", "2026-06-04", True),
        ("IE", "2026-03-17", True),
    ],
)
def test_bank_holidays_of_a_place_come_each_year(place: str, day: str, is_holiday: bool) -> None:
    calendar = calendar_of(("mon-sat 00:00-24:00",), "Europe/London", (place, "2020-02-03"))
    assert calendar.is_open(datetime.fromisoformat(f"{day}T12:00+00:00")) is not is_holiday
    assert not calendar.is_open(datetime(2020, 2, 3, 12, tzinfo=UTC))


@pytest.mark.parametrize(("code", "told"), [("XX", "ISO 3166"), ("GB-XYZ", "GB has the parts ENG, NIR, SCT, WLS")])
def test_a_place_whose_holidays_are_not_known_is_refused(code: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        calendar_of((), "Europe/London", (code,))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-29T00:59", True),  # the clocks go from 01:00 to 02:00
        ("2026-03-29T01:00", False),
        ("2026-10-25T00:30", True),  # 01:30 in summer time
        ("2026-10-25T01:30", True),  # 01:30 once more
        ("2026-10-25T02:00", False),
        ("2026-10-24T20:59", False),
        ("2026-10-24T21:00", True),
    ],
)
def test_hours_follow_the_clocks_of_the_source_when_they_are_changed(moment: str, is_open: bool) -> None:
    calendar = calendar_of(("22:00-02:00",), "Europe/London", ())
    assert calendar.is_open(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


@given(some.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_a_source_opens_at_the_first_open_minute(moment: datetime) -> None:
    calendar, moment = calendar_of(NIGHTS, "Europe/London", ()), moment.replace(tzinfo=UTC)
    opens = calendar.opens_at(moment)
    assert opens is not None
    assert calendar.is_open(opens)
    if opens > moment:
        assert not calendar.is_open(opens - timedelta(minutes=1))


@pytest.mark.parametrize("hours", ["mon 25:00-26:00", "mon 10:61-11:00", "noon"])
def test_hours_that_do_not_exist_are_refused(hours: str) -> None:
    with pytest.raises(ValueError, match="hours"):
        calendar_of((hours,), "Europe/London", ())
    with pytest.raises(ValueError, match="zone"):
        calendar_of((), "Europe/Nowhere", ())


@given(some.floats(0.1, 100), some.lists(some.floats(0, 50), min_size=1, max_size=30))
def test_a_bucket_never_gives_more_than_its_rate(rate: float, amounts: list[float]) -> None:
    now, taken, level = 0.0, 0.0, bucket(rate, 0.0)
    for amount in amounts:
        now += level.wait(now)
        level = level.take(amount, now)
        taken += amount
    assert now + level.wait(now) >= (taken - 1) / rate - 1e-6


def test_a_bucket_without_a_rate_never_waits() -> None:
    assert bucket(0, 0.0).take(1e9, 0.0).wait(0.0) == 0


@given(some.integers(1, 100), some.floats(0, 1))
def test_back_off_grows_with_jitter_and_has_an_end(failures: int, chance: float) -> None:
    wait = back_off(failures, chance)
    assert 0 < wait <= LONGEST_WAIT_SECONDS
    assert wait <= back_off(failures + 1, 1.0)


def test_a_circuit_opens_rests_probes_and_closes() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert not breaker.is_open
        breaker = breaker.after_failure(100.0)
    assert breaker.is_open
    assert breaker.rest(100.0) == REST_SECONDS
    assert breaker.rest(100.0 + REST_SECONDS) == 0
    again = breaker.after_failure(200.0)
    assert again.rest(200.0) == 2 * REST_SECONDS
    assert not breaker.after_probe().is_open
    assert breaker.after_success() == Breaker()


def test_a_source_is_given_up_after_its_last_probe_or_opening() -> None:
    breaker = Breaker()
    for _ in range(FAILURES + PROBES):
        breaker = breaker.after_failure(0.0)
    assert breaker.is_given_up
    breaker = Breaker()
    for _ in range(OPENINGS):
        breaker = breaker.after_probe()
        for _ in range(FAILURES):
            breaker = breaker.after_failure(0.0)
    assert breaker.is_given_up


@pytest.mark.parametrize(
    ("number", "form", "key"),
    [
        (" 12 34 ", "{number}", "1234"),
        ("943 476 5919", "{spaced}", "943 476 5919"),
        ("123", "RX1{number:0>8}", "RX100000123"),
        ("RX1 00123", "{digits}", "100123"),
        ("RX00123", "{digits:0>8}", "00000123"),
        ("RX", "{digits:0>8}", None),
        ("00123", "{bare}", "123"),
        ("000", "P{bare}", None),
        ("RX12a", "{lower}", "rx12a"),
        ("*", "{number}", None),
        ("12?4", "{number}", None),
        ("1\\2", "{number}", None),
        ("", "{number}", None),
        ("9" * 70, "{number}", None),
    ],
)
def test_a_number_is_asked_for_as_the_site_writes_it_and_never_as_a_pattern(
    number: str, form: str, key: str | None
) -> None:
    assert keys_of(Private(number), (form,)) == ((Private(key),) if key else ())


def source(**settings: object) -> PacsSource:
    return PacsSource(name="x", kind="dimse", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "answer", "reason"),
    [
        ({}, StudyAnswer(Private("1"), modalities=("CT",)), "modality"),
        ({}, StudyAnswer(Private("1"), modalities=("CT", "MR")), ""),
        ({}, StudyAnswer(Private("1")), ""),
        ({"earliest": "2010-01-01"}, StudyAnswer(Private("1"), day=date(2009, 12, 31)), "date-outside"),
        ({"latest": "2010-01-01"}, StudyAnswer(Private("1"), day=date(2010, 1, 2)), "date-outside"),
        (
            {"study_descriptions": ("*head*",)},
            StudyAnswer(Private("1"), description=Private("MRI Knee")),
            "study-description",
        ),
        ({"study_descriptions": ("*head*",)}, StudyAnswer(Private("1"), description=Private("MRI HEAD")), ""),
    ],
)
def test_studies_are_left_by_the_filters(settings: dict[str, object], answer: StudyAnswer, reason: str) -> None:
    assert study_objection(answer, wanted_of(source(**settings))) == reason


@pytest.mark.parametrize(
    ("settings", "answer", "reason"),
    [
        ({}, SeriesAnswer(Private("1"), "SR"), "modality"),
        ({"body_parts": ("HEAD",)}, SeriesAnswer(Private("1"), "MR", "KNEE"), "body-part"),
        ({"body_parts": ("HEAD",)}, SeriesAnswer(Private("1"), "MR", ""), ""),
        (
            {"skip_series": ("*loc*",)},
            SeriesAnswer(Private("1"), "MR", "", Private("3-plane LOC")),
            "series-description",
        ),
    ],
)
def test_series_are_left_by_the_filters(settings: dict[str, object], answer: SeriesAnswer, reason: str) -> None:
    assert series_objection(answer, wanted_of(source(**settings))) == reason


@pytest.mark.parametrize(
    ("by", "value", "patients", "reasons"),
    [
        ("patient", "a1", ["A 1"], [""]),
        ("patient", "a1", ["B2"], ["other-patient"]),
        ("patient", "a1", [""], ["no-patient-id"]),
        ("day", "20200304", ["OUT"], ["opted-out"]),
        ("day", "20200304", ["RX-OUT", "0-OUT"], ["", "opted-out"]),
        ("day", "20200305", ["A1", "OUT"], ["not-asked", "opted-out"]),
        ("accession", "x 7", ["A1", "A1"], ["", ""]),
        ("accession", "X7", ["A1", "B2"], ["several-patients"] * 2),
        ("accession", "X8", ["A1", "B2"], ["not-asked"] * 2),
        ("study", "1", ["A1", "A1"], ["not-asked", ""]),
    ],
)
def test_whose_studies_are_fetched(by: str, value: str, patients: list[str], reasons: list[str]) -> None:
    request = Request(by, Private(value), frozenset((Private("a1"),)) if by == "patient" else frozenset())
    day, accession = date(2020, 3, 4), Private("X7")
    answers = [StudyAnswer(Private(str(n)), Private(p), accession, day=day) for n, p in enumerate(patients)]
    found = patient_objections(request, answers, frozenset((Private("OUT"),)))
    assert [reason for _, reason in found] == reasons


SIGNS = (state.FEWER, state.EQUAL, state.STILL_EQUAL, state.MORE)


def test_every_state_has_a_move_for_every_count() -> None:
    states = set(state.STATES) - {state.LEFT}
    assert set(state.MOVES) == set(itertools.product(states, SIGNS))
    assert set(state.MOVES.values()) <= states


@given(some.lists(some.sampled_from(SIGNS), min_size=1))
def test_complete_needs_two_counts_that_agree_and_a_missing_image_ends_it(signs: list[str]) -> None:
    now = state.WANTED
    for sign in signs:
        now = state.next_state(now, sign)
    if now == state.COMPLETE:
        assert signs[-1] in (state.EQUAL, state.STILL_EQUAL)
        assert len(signs) >= 2
    if signs[-1] == state.FEWER:
        assert now == state.WANTED
