"""The laws of the ledger, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebank.core.digests import digest_of
from imagebank.core.errors import BankError
from imagebank.engine import Attempt, Entry, Ledger, Lot, Outcome
from imagebank.engine.funnel import BY_WORTH, funnel
from postgres import Postgres, postgres

__all__ = ["postgres"]

BANK = "bank-of-the-tests"
WRITER = Path(__file__).with_name("writer.py")
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes URLs of databases that nobody used before."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.new_database
    return lambda: f"sqlite:///{tmp_path}/ledger-{len(list(tmp_path.iterdir()))}.db"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger.open(url, BANK)
    yield opened
    opened.close()


def lot(item: str, outcome: Outcome = Outcome.BANKED, reason: str = "", *, files: int = 2, source: str = "pacs") -> Lot:
    named = [f"{item}|{source}|{outcome}|{reason}|{number}" for number in range(files)]
    digests = sorted(digest_of(name.encode()) for name in named)
    series = not item.startswith("folder")
    return Lot(item, source, outcome, reason, files, files * 1000, b"".join(digests), series, "scanner" * series)


def attempt(item: str, step: str = "deidentify", *, seconds: float = 1.5) -> Attempt:
    return Attempt(step, item, "1", seconds, 100.0, "")


# What is written is read


def test_what_is_settled_is_read_back(ledger: Ledger) -> None:
    lots = [lot("a", Outcome.EXCLUDED, "opted-out"), lot("b"), lot("folder-1", Outcome.QUARANTINED, "empty-file")]
    ledger.settle(lots)
    assert list(ledger.lots()) == lots


def test_settling_an_item_replaces_all_its_lots_and_no_other(ledger: Ledger) -> None:
    ledger.settle([lot("a"), lot("a", Outcome.EXCLUDED, "identical-duplicate"), lot("b")])
    ledger.settle([lot("a", Outcome.UNLINKED, "nobody")])
    assert list(ledger.lots()) == [lot("a", Outcome.UNLINKED, "nobody"), lot("b")]


def test_settling_nothing_changes_nothing(ledger: Ledger) -> None:
    ledger.settle([lot("a")])
    ledger.settle([])
    assert list(ledger.lots()) == [lot("a")]


def test_settling_the_same_again_changes_nothing(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.settle([lot("a"), lot("b")])
    assert list(ledger.lots()) == [lot("a"), lot("b")]


def test_dropped_items_are_forgotten(ledger: Ledger) -> None:
    ledger.settle([lot("a"), lot("b"), lot("c")])
    ledger.drop_lots({"a", "c", "never-there"})
    assert list(ledger.lots()) == [lot("b")]


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(facts=st.dictionaries(st.text(), JSON, max_size=4), files=st.lists(st.tuples(st.text(), TEXT), max_size=3))
@SLOW
def test_an_entry_comes_back_as_it_was_whatever_its_texts(ledger: Ledger, facts: dict, files: list) -> None:
    entry = Entry("deidentify", "a", "key", "", facts, tuple(files))
    ledger.record(entry, attempt("a"))
    assert ledger.entry("deidentify", "a") == entry
    assert list(ledger.entries("deidentify")) == [entry]


def test_an_entry_of_another_step_or_item_is_left_alone(ledger: Ledger) -> None:
    entries = [Entry("convert", "a", "1"), Entry("deidentify", "a", "2"), Entry("deidentify", "b", "3")]
    for entry in entries:
        ledger.record(entry, attempt(entry.item, entry.step))
    ledger.record(Entry("deidentify", "a", "4"), attempt("a"))
    assert ledger.keys("deidentify") == {"a": "4", "b": "3"}
    assert ledger.keys("convert") == {"a": "1"}


def test_a_result_that_another_run_may_better_is_not_remembered_but_its_cost_is(ledger: Ledger) -> None:
    ledger.record(Entry("deidentify", "a", "1"), attempt("a", seconds=1.0))
    ledger.record(None, attempt("a", seconds=2.0))
    assert ledger.entry("deidentify", "a") is None
    assert ledger.costs() == [{"step": "deidentify", "runs": 2, "seconds": 3.0, "peak_mb": 100.0}]


def test_a_result_keeps_its_lots_with_it(ledger: Ledger) -> None:
    ledger.settle([lot("a", Outcome.UNLINKED, "nobody"), lot("b")])
    ledger.record(Entry("deidentify", "a", "1"), attempt("a"), [lot("a"), lot("a", Outcome.QUARANTINED, "no-pixels")])
    assert list(ledger.lots()) == [lot("a"), lot("a", Outcome.QUARANTINED, "no-pixels"), lot("b")]


def test_forgotten_results_are_gone_and_their_lots_stay(ledger: Ledger) -> None:
    for item in "abc":
        ledger.record(Entry("deidentify", item, "1"), attempt(item), [lot(item)])
    ledger.forget("deidentify", ["a", "b"])
    assert ledger.keys("deidentify") == {"c": "1"}
    assert len(list(ledger.lots())) == 3


def test_a_text_that_many_share_is_kept_once(ledger: Ledger, url: str) -> None:
    first, again, other = ledger.keep_text("décisions"), ledger.keep_text("décisions"), ledger.keep_text("others")
    assert first == again != other
    assert ledger.text(first) == "décisions"
    assert ledger.text("0" * 32) is None
    assert count(url, "texts") == 2


def test_a_value_of_the_bank_can_be_set_again(ledger: Ledger) -> None:
    ledger.set_meta("settled", "1")
    ledger.set_meta("settled", "2")
    assert ledger.meta("settled") == "2"
    assert ledger.meta("never") is None


def test_more_rows_than_are_fetched_at_once_come_complete_and_in_order(ledger: Ledger) -> None:
    lots = [lot(f"series-{number:05}", files=1) for number in range(4500)]
    ledger.settle(reversed(lots))
    assert list(ledger.lots()) == lots


def test_one_may_write_while_one_reads(ledger: Ledger) -> None:
    ledger.settle([lot(f"series-{number:05}", files=1) for number in range(4500)])
    for each in ledger.lots():
        ledger.settle([lot(each.item, Outcome.EXCLUDED, "opted-out")])
        if each.item == "series-00100":
            break
    assert Counter(each.outcome for each in ledger.lots()) == {Outcome.EXCLUDED: 101, Outcome.BANKED: 4399}


# A write is whole or not at all


def test_a_record_that_fails_in_the_middle_leaves_nothing(ledger: Ledger, url: str) -> None:
    before = Entry("deidentify", "a", "before")
    ledger.record(before, attempt("a"), [lot("a", Outcome.UNLINKED, "nobody")])
    with pytest.raises(BankError):
        ledger.record(Entry("deidentify", "a", "after"), attempt("a"), [lot("a"), lot("a")])
    assert ledger.entry("deidentify", "a") == before
    assert list(ledger.lots()) == [lot("a", Outcome.UNLINKED, "nobody")]
    assert count(url, "attempts") == 1


def test_settling_that_fails_in_the_middle_leaves_what_was(ledger: Ledger) -> None:
    ledger.settle([lot("a"), lot("b")])
    with pytest.raises(BankError):
        ledger.settle([lot("a", Outcome.EXCLUDED, "opted-out"), lot("b"), lot("b")])
    assert list(ledger.lots()) == [lot("a"), lot("b")]


# Offered = banked + excluded + unlinked + quarantined

ITEMS = ["a", "b", "c", "folder-1", "folder-2"]
SOURCES = ["pacs", "PACS", "pacs-2", "pacs_2", "pacs 2", "äther"]
LOTS = st.builds(
    lot, st.sampled_from(ITEMS), st.sampled_from(Outcome), st.sampled_from(["", "no-pixels", "nopixels", "Z", "ß"]),
    files=st.integers(1, 4), source=st.sampled_from(SOURCES),
)  # fmt: skip
OPERATIONS = st.lists(
    st.tuples(st.just("settle"), st.lists(LOTS, max_size=6))
    | st.tuples(st.just("record"), st.lists(LOTS, max_size=4))
    | st.tuples(st.just("drop"), st.lists(st.sampled_from(ITEMS), max_size=3)),
    max_size=8,
)


class PlainLedger:
    """The slow twin: a dictionary of the lots of each item."""

    def __init__(self) -> None:
        self.items: dict[str, list[Lot]] = {}

    def settle(self, lots: list[Lot]) -> None:
        for item in {each.item for each in lots}:
            self.items[item] = [each for each in lots if each.item == item]

    def drop(self, items: list[str]) -> None:
        for item in items:
            self.items.pop(item, None)

    def lots(self) -> list[Lot]:
        every = [each for lots in self.items.values() for each in lots]
        return sorted(every, key=lambda each: (each.item, each.source, each.outcome, each.reason))

    def files(self) -> Counter[Outcome]:
        return Counter(each.outcome for each in self.lots() for _ in range(each.files))

    def series(self) -> Counter[Outcome]:
        counted: Counter[Outcome] = Counter()
        for item, lots in self.items.items():
            if not item.startswith("folder"):
                counted[next(o for o in BY_WORTH if o in {each.outcome for each in lots})] += 1
        return counted


def once(lots: list[Lot]) -> list[Lot]:
    """The lots without a second one for the same item, source, outcome and reason."""
    return list({(each.item, each.source, each.outcome, each.reason): each for each in lots}.values())


@given(operations=OPERATIONS)
@SLOW
def test_the_ledger_is_as_its_plain_twin_after_any_sequence_of_writes(ledger: Ledger, operations: list) -> None:
    ledger.drop_lots(ITEMS)
    twin = PlainLedger()
    for name, told in operations:
        if name == "settle":
            ledger.settle(once(told))
            twin.settle(once(told))
        elif name == "record":
            ledger.record(None, attempt("a"), once(told))
            twin.settle(once(told))
        else:
            ledger.drop_lots(told)
            twin.drop(told)
        assert list(ledger.lots()) == twin.lots()
        assert_sums(ledger, twin)


def assert_sums(ledger: Ledger, twin: PlainLedger) -> None:
    counted = funnel(ledger.lots())
    assert {o: c.files for o, c in counted.outcomes.items() if c.files} == twin.files()
    assert {o: c.series for o, c in counted.outcomes.items() if c.series} == twin.series()
    assert counted.offered.files == sum(twin.files().values())
    assert counted.offered.series == len([item for item in twin.items if not item.startswith("folder")])
    assert counted.offered.size == sum(each.size for each in twin.lots())
    for split in (counted.by_source, counted.by_scanner):
        for outcome in Outcome:
            assert sum(part[outcome].files for part in split.values()) == counted.outcomes[outcome].files
    for outcome in Outcome:
        reasons = [count.files for (whose, _), count in counted.by_reason.items() if whose is outcome]
        assert sum(reasons) == counted.outcomes[outcome].files


def test_a_series_counts_once_by_the_best_that_became_of_it() -> None:
    lots = [lot("a", outcome) for outcome in Outcome] + [lot("b", Outcome.EXCLUDED), lot("b", Outcome.QUARANTINED)]
    counted = funnel(lots)
    assert {o: c.series for o, c in counted.outcomes.items() if c.series} == {
        Outcome.BANKED: 1,
        Outcome.QUARANTINED: 1,
    }
    assert counted.offered.files == 12


def test_a_folder_of_loose_files_is_no_series() -> None:
    counted = funnel([lot("folder-1", Outcome.EXCLUDED, "not-dicom", files=7)])
    assert (counted.offered.files, counted.offered.series) == (7, 0)


def count(url: str, table: str) -> int:
    """How many rows a table has, asked past the ledger."""
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
    engine.dispose()
    return int(rows)
