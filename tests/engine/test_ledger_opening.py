"""A ledger that is opened: again, for another bank, by several processes, after one was killed, and to be read only."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from test_ledger import BANK, attempt, count, lot, new_url, url

from imagebank.core.errors import BankError
from imagebank.engine import Entry, Ledger
from postgres import postgres

__all__ = ["new_url", "postgres", "url"]

WRITER = Path(__file__).with_name("writer.py")


def test_two_processes_that_write_at_once_both_write_all(url: str) -> None:
    writers = [start_writer(url, f"series-{number}", 150) for number in range(2)]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    ledger = Ledger.open(url, BANK)
    assert len(ledger.keys("deidentify")) == len(list(ledger.lots())) == 300
    assert ledger.costs()[0]["runs"] == 300
    assert count(url, "texts") == 1
    ledger.close()


def test_a_writer_that_is_killed_leaves_whole_records_and_a_ledger_that_opens(url: str) -> None:
    writer = start_writer(url, "series", 100_000)
    assert writer.stdout is not None
    told = {writer.stdout.readline().strip() for _ in range(40)}
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate(timeout=30)
    ledger = Ledger.open(url, BANK)
    items = set(ledger.keys("deidentify"))
    assert items >= told
    assert items == {each.item for each in ledger.lots()}
    assert ledger.costs()[0]["runs"] == len(items)
    ledger.settle([lot("after")])
    ledger.close()


def start_writer(url: str, prefix: str, records: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), url, BANK, prefix, str(records)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_writer_leaves_a_sqlite_file_without_damage(tmp_path: Path) -> None:
    writer = start_writer(f"sqlite:///{tmp_path}/ledger.db", "series", 100_000)
    assert writer.stdout is not None
    writer.stdout.readline()
    writer.kill()
    writer.communicate(timeout=30)
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_ledger_that_is_only_read_does_not_change_by_one_byte(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = Ledger.open(f"sqlite:///{path}", BANK)
    digest = ledger.keep_text("decisions")
    ledger.record(Entry("deidentify", "a", "1"), attempt("a"), [lot("a")])
    ledger.close()
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    ledger = Ledger.open(f"sqlite:///{path}", BANK)
    assert list(ledger.lots())
    assert list(ledger.entries("deidentify"))
    assert ledger.keys("deidentify")
    assert ledger.entry("deidentify", "a")
    assert ledger.costs()
    assert ledger.text(digest)
    ledger.close()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]


def test_a_ledger_of_another_bank_is_refused(url: str) -> None:
    Ledger.open(url, BANK).close()
    with pytest.raises(BankError, match="another bank"):
        Ledger.open(url, "bank-next-door")
    assert Ledger.open(url, BANK).meta("bank") == BANK


def test_a_ledger_of_another_version_is_refused(url: str) -> None:
    ledger = Ledger.open(url, BANK)
    ledger.set_meta("schema", "0")
    ledger.close()
    with pytest.raises(BankError, match="another version"):
        Ledger.open(url, BANK)


def test_a_ledger_that_was_closed_and_opened_again_is_the_same(url: str) -> None:
    ledger = Ledger.open(url, BANK)
    ledger.record(Entry("deidentify", "a", "1", "", {"sequence": "T1w"}), attempt("a"), [lot("a")])
    ledger.close()
    again = Ledger.open(url, BANK)
    assert list(again.lots()) == [lot("a")]
    assert again.keys("deidentify") == {"a": "1"}
    again.close()
