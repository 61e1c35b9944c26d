"""What a person is told when the ledger cannot be had: what to do, and never a password, a value or a statement."""

from __future__ import annotations

import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagebank.core.errors import BankError, ConfigError, DiskFull, ImagebankError
from imagebank.engine import Attempt, Entry, Ledger, Lot, Outcome
from imagebank.engine.ledger import ledger_url
from postgres import Postgres, postgres

__all__ = ["postgres"]

SECRET = "hunter2secret"
PLANT = "JONES^ALFRED"

UNUSABLE = [
    "no url at all",
    "",
    f"mysql+pymysql://steward:{SECRET}@server/ledger",
    f"oracle://steward:{SECRET}@server/ledger",
    f"nonsense://steward:{SECRET}@server/ledger",
    f"postgresql+psycopg://steward:{SECRET}@server:port/ledger",
    f"postgresql+nodriver://steward:{SECRET}@server/ledger",
    f"postgresql+psycopg2://steward:{SECRET}@server/ledger",  # a driver that is not installed here
]


@pytest.mark.parametrize("url", UNUSABLE)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    error = refused(lambda: Ledger.open(url, "bank"))
    assert isinstance(error, ConfigError)
    assert "imagebank[postgres]" in error.advice


def test_a_missing_driver_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as where the extra was not installed
    error = refused(lambda: Ledger.open(f"postgresql+psycopg://steward:{SECRET}@/ledger", "bank"))
    assert isinstance(error, ConfigError)
    assert "install imagebank[postgres]" in error.advice


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://steward:{SECRET}@/ledger?host=/nowhere",
        f"postgresql+psycopg://steward:{SECRET}@127.0.0.1:1/ledger",
        f"postgresql+psycopg://steward:{SECRET}@/ledger?host=/nowhere&no_such_setting=1",
    ],
)
def test_a_server_that_is_not_there_is_an_error_without_the_password(url: str) -> None:
    assert isinstance(refused(lambda: Ledger.open(url, "bank")), BankError)


def test_a_database_that_is_not_there_is_an_error_without_the_password(postgres: Postgres) -> None:
    url = postgres.url("nobody_made_it", password=SECRET)
    assert isinstance(refused(lambda: Ledger.open(url, "bank")), BankError)


def test_a_server_that_goes_away_is_an_error_of_the_bank(postgres: Postgres) -> None:
    url = postgres.new_database()
    ledger = Ledger.open(url, "bank")
    end_connections(url)
    ledger.set_meta("settled", "1")  # a connection that was lost in between is simply made again
    dropped(url)
    assert isinstance(refused(lambda: ledger.set_meta("settled", "2")), BankError)
    ledger.close()


def end_connections(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        )
    engine.dispose()


def dropped(url: str) -> None:
    place = sa.make_url(url)
    engine = sa.create_engine(place.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {place.database} WITH (FORCE)"))
    engine.dispose()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"This is a letter to a patient." * 200)
    assert isinstance(refused(lambda: Ledger.open(f"sqlite:///{path}", "bank")), BankError)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (id INTEGER, name TEXT, value TEXT)")
    assert isinstance(refused(lambda: Ledger.open(f"sqlite:///{path}", "bank")), BankError)


def test_a_ledger_in_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/ledger.db"
    assert isinstance(refused(lambda: Ledger.open(url, "bank")), BankError)


def test_a_full_disk_is_told_as_such_and_nothing_half_written_is_kept(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", "bank")
    sa.event.listen(ledger._engine, "checkout", lambda raw, *_: raw.execute("PRAGMA max_page_count=40"))
    attempt = Attempt("deidentify", "a", "1", 1.0, 1.0, "")
    entry = Entry("deidentify", "a", "key", "", {"text": PLANT * 30_000})
    error = refused(lambda: ledger.record(entry, attempt, [Lot("a", "pacs", Outcome.BANKED, "", 1, 10, bytes(16))]))
    assert isinstance(error, DiskFull)
    assert ledger.entry("deidentify", "a") is None
    assert not list(ledger.lots())
    assert not ledger.costs()
    ledger.close()


def test_a_ledger_that_others_keep_busy_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagebank.engine.ledger.BUSY_MS", 50)
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(f"sqlite:///{path}", "bank")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        error = refused(lambda: ledger.set_meta("settled", "1"))
        other.execute("ROLLBACK")
    other.close()
    assert isinstance(error, BankError)
    assert "busy" in error.what
    ledger.close()


def test_what_a_database_refuses_is_told_without_the_values(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", "bank")
    lot = Lot("a", PLANT, Outcome.BANKED, "", 1, 10, bytes(16))
    assert isinstance(refused(lambda: ledger.settle([lot, lot])), BankError)
    ledger.close()


def refused(action: Callable[[], object]) -> ImagebankError:
    """The error of an action, after a look that nothing which a person may see repeats a secret or a value."""
    with pytest.raises(ImagebankError) as caught:
        action()
    told = "".join(traceback.format_exception(caught.value))
    for hidden in (SECRET, PLANT, "INSERT INTO"):
        assert hidden not in f"{told} {caught.value!r} {caught.value.what} {caught.value.advice}"
    for hidden in (SECRET, PLANT):  # nor what a debugger would find behind it
        assert hidden not in str(caught.value.__context__)
    return caught.value


def test_the_ledger_lies_in_the_bank_unless_a_variable_is_named(tmp_path: Path) -> None:
    path = tmp_path / "what? 100%20 #1" / "ledger.db"
    path.parent.mkdir()
    Ledger.open(ledger_url(path, "", {}), "bank").close()
    assert [each.name for each in path.parent.iterdir()] == ["ledger.db"]
    assert [each.name for each in tmp_path.iterdir()] == [path.parent.name]


def test_the_url_of_a_server_comes_from_the_environment() -> None:
    assert ledger_url(Path("unused"), "LEDGER", {"LEDGER": "postgresql+psycopg:///x"}) == "postgresql+psycopg:///x"


def test_a_variable_that_is_not_set_is_told_by_name() -> None:
    with pytest.raises(ConfigError, match="LEDGER"):
        ledger_url(Path("unused"), "LEDGER", {"OTHER": SECRET})
