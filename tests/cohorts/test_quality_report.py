"""The report on image quality: where studies end, what people said, what changed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_bank import bank

from imagebank.catalogue.tables import Quality
from imagebank.cohorts import Disclosure
from imagebank.cohorts.quality import (
    BankRows,
    Rating,
    agreements,
    parse_ratings,
    parse_sheet,
    protocols,
    ratings_csv,
    render,
    study_funnel,
)
from imagebank.cohorts.quality.funnel import BREAKDOWNS, ENDS, OVERLAPPING, Funnel, study_ends
from imagebank.cohorts.quality.ratings import GRADES, SHEET_COLUMNS, kappa
from imagebank.core.errors import SourceError
from imagebank.imaging.quality import VERDICTS, metrics

EXACT = Disclosure(exact=True)
SAFE = Disclosure()


def quality_of(tables: dict[str, list], seed: int = 3) -> list[Quality]:
    """A verdict on an image of most T1-weighted series, and of some others."""
    chance, rows = random.Random(seed), []
    for series in tables["series"]:
        if series.sequence in ("T1w", "T2w") and chance.random() < 0.9:
            verdict = chance.choices(VERDICTS, (80, 8, 8, 4))[0]
            reasons = () if verdict == "usable" else ("low-snr",)
            rows.append(
                Quality(
                    f"bids/{series.series}.nii.gz", series.series, series.study, series.patient, series.scanner, "B17",
                    series.sequence, verdict, reasons, series.sequence, 40, f"q/{series.series}.png", (),
                    **{name: chance.random() for name in metrics()},
                )
            )  # fmt: skip
    return rows


def funnel_of(tables: dict[str, list], quality: list[Quality], rule: Disclosure) -> Funnel:
    told = (tables[name] for name in ("studies", "series"))
    return study_funnel(*told, quality, tables["patients"], tables["diagnoses"], tables["scanners"], rule)


@pytest.fixture(scope="module")
def tables() -> dict[str, list]:
    return bank(patients=300)


@pytest.fixture(scope="module")
def quality(tables: dict[str, list]) -> list[Quality]:
    return quality_of(tables)


def test_each_study_ends_in_one_place(tables: dict[str, list], quality: list[Quality]) -> None:
    ends = study_ends(tables["studies"], tables["series"], quality)
    assert ends.keys() == {each.study for each in tables["studies"]}
    exact = funnel_of(tables, quality, EXACT)
    assert dict(zip(ENDS, (cell.value for cell in exact.everybody.cells), strict=True)) == {
        end: Counter(ends.values())[end] for end in ENDS
    }
    for name in set(BREAKDOWNS) - set(OVERLAPPING):
        sums = [sum(line.cells[k].value or 0 for line in exact.breakdowns[name]) for k in range(len(ENDS))]
        assert sums == [cell.value for cell in exact.everybody.cells], name


def test_the_best_image_of_a_study_decides(tables: dict[str, list]) -> None:
    series = next(each for each in tables["series"] if each.sequence == "T1w")
    study = next(each for each in tables["studies"] if each.study == series.study)
    one = next(each for each in quality_of(tables) if each.study == study.study)
    poor, good = (replace(one, sequence="T1w", verdict=verdict) for verdict in ("unusable", "usable"))
    assert study_ends([study], [series], [poor, good]) == {study.study: "usable"}
    assert study_ends([study], [series], [poor]) == {study.study: "unusable"}
    assert study_ends([study], [series], []) == {study.study: "not converted"}
    assert study_ends([study], [], []) == {study.study: "no T1w"}


def test_no_small_count_is_shown(tables: dict[str, list], quality: list[Quality]) -> None:
    exact, safe = (funnel_of(tables, quality, rule) for rule in (EXACT, SAFE))
    hidden = 0
    for name in BREAKDOWNS:
        for true, shown in zip(exact.breakdowns[name], safe.breakdowns[name], strict=True):
            for count, cell in zip(true.cells, shown.cells, strict=True):
                assert cell.value is None or cell.value == 0 or cell.value >= SAFE.minimum
                assert (count.value == 0) == (cell.value == 0) or cell.value is None
                hidden += cell.value is None
            assert (shown.usable_share is None) or all(cell.value is not None for cell in shown.cells)
    assert hidden


def test_kappa_is_cohens() -> None:
    """Of 50 grants, two readers said yes together 20 times and no together 15 times: kappa is 0.4."""
    pairs = [("usable", "usable")] * 20 + [("usable", "unusable")] * 5
    pairs += [("unusable", "usable")] * 10 + [("unusable", "unusable")] * 15
    value, low, high = kappa(pairs)
    assert value == pytest.approx(0.4)
    assert (low, high) == (pytest.approx(0.146, abs=0.002), pytest.approx(0.654, abs=0.002))


@given(st.lists(st.tuples(st.sampled_from(GRADES), st.sampled_from(GRADES)), max_size=40))
def test_kappa_is_symmetric_and_one_for_the_same_opinion(pairs: list[tuple[str, str]]) -> None:
    value, low, high = kappa(pairs)
    assert kappa([(b, a) for a, b in pairs])[0] == (pytest.approx(value) if value is not None else None)
    assert value is None or -1 <= value <= 1
    assert low is None or low <= value <= high
    same = kappa([(a, a) for a, _ in pairs])[0]
    assert same is None or same == pytest.approx(1)


def rating(rater: str, image: str, grade: str, at: str = "2026-01-01T00:00:00Z") -> Rating:
    return Rating(at, rater, image, grade, "")


def test_the_last_rating_of_a_person_counts_and_the_verdict_is_a_rater() -> None:
    said = [rating("A", "x", "usable"), rating("A", "x", "caution"), rating("B", "x", "caution")]
    found = agreements(said, {"x": "caution", "y": "not-assessable"})
    assert [(each.first, each.second, each.images, each.same) for each in found] == [
        ("A", "B", 1, 1),
        ("A", "the verdict", 1, 1),
        ("B", "the verdict", 1, 1),
    ]


def test_ratings_survive_their_file_and_notes_are_disarmed() -> None:
    said = [Rating("2026-01-01T00:00:00Z", "A", "x", "usable", 'blurred, "again"'), rating("B", "y", "caution")]
    assert parse_ratings(ratings_csv(said, head=True)) == said
    assert parse_ratings("") == []
    assert "'=1+1" in ratings_csv([replace(said[0], note="=1+1")], head=False)


@pytest.mark.parametrize(
    "text", ["a,b\n", "rated_at,rater,image,rating,note\n1,2,3\n", "rated_at,rater,image,rating,note\n1,A,x,good,\n"]
)
def test_a_damaged_file_of_ratings_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        parse_ratings(text)


def sheet(*rows: str) -> str:
    return "\n".join([",".join(SHEET_COLUMNS), *rows]) + "\n"


def test_a_sheet_gives_the_ratings_that_were_filled_in() -> None:
    text = "\ufeff" + sheet("x,m,T1w, Usable ,fine", "y,m,T1w,,", "z,m,T2w,unusable,")
    found = parse_sheet(text, rater="A.B", rated_at="t", images="xyz")
    assert [(each.image, each.rating, each.note) for each in found] == [("x", "usable", "fine"), ("z", "unusable", "")]


@pytest.mark.parametrize(
    ("text", "rater", "says"),
    [
        (sheet("x,m,T1w,good,"), "A", "Line 2"),
        (sheet("x,m,T1w,usable,", "w,m,T1w,usable,"), "A", "Line 3"),
        ("image;rating\n", "A", "columns"),
        (sheet(), "", "rater"),
        (sheet(), "the verdict", "rater"),
    ],
)
def test_a_sheet_that_is_wrong_is_refused_with_its_line(text: str, rater: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        parse_sheet(text, rater=rater, rated_at="t", images="xyz")


def test_a_change_of_protocol_and_of_software_is_found(tables: dict[str, list], quality: list[Quality]) -> None:
    scanner, old = "sc1", next(each for each in tables["series"] if each.sequence == "T1w")
    days = {f"s{k}": date(2010 + k // 10, 1 + k % 10, 1) for k in range(20)}
    series = [
        replace(old, study=study, scanner=scanner, repetition_time_ms=2300.0 if day.year == 2010 else 2000.0)
        for study, day in days.items()
    ]
    images = [
        replace(quality[0], study=study, scanner=scanner, software="A" if day.year == 2010 else "B")
        for study, day in days.items()
    ]
    told = protocols(series, images, days)
    assert [(each.software, each.first, each.last) for each in told.software] == [
        ("A", date(2010, 1, 1), date(2010, 10, 1)),
        ("B", date(2011, 1, 1), date(2011, 10, 1)),
    ]
    (found,) = told.compliance
    assert found.series == 20
    assert found.compliant == 10
    assert found.changes == ("2011: TR 2300 → 2000 ms",)


def page(tables: dict[str, list], quality: list[Quality], rule: Disclosure = SAFE, name: str = "Bank") -> str:
    names = ("patients", "scanners", "studies", "series", "diagnoses")
    rows = BankRows(name, "v1", False, quality=quality, **{each: tables[each] for each in names})
    offered = dict.fromkeys(("offered", "banked", "excluded", "unlinked", "quarantined"), 1)
    return render(rows, [], offered, rule, picture=lambda _: b"png", shift_days=(-365, -1))


def test_the_page_needs_nothing_else_and_is_the_same_again(tables: dict[str, list], quality: list[Quality]) -> None:
    text = page(tables, quality, name="<b>Bank")
    assert text == page(tables, quality, name="<b>Bank")
    assert "http" not in text.replace("http-equiv", "")
    assert "<script" not in text
    assert "<b>Bank" not in text
    assert "few" in text
    assert "stewards only" not in text
    assert "stewards only" in page(tables, quality, EXACT)


def test_an_empty_bank_has_a_page() -> None:
    nothing = {name: [] for name in ("patients", "scanners", "studies", "series", "diagnoses")}
    assert "No image has been judged yet" in page(nothing, [])
