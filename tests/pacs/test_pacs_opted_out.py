"""Whoever has opted out is not asked for: nothing of them goes over the wire, whichever way a run is asked."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path

import pytest
from pretend import FIRST, OPT_OUTS, RudePacs, change, instance, landed, rude_bank, run, status_of
from pydicom.dataset import Dataset

from conftest import imagebank
from imagebank.core.errors import SourceError
from imagebank.core.private import Private
from imagebank.dicom.pacs.model import Request
from imagebank.workflows.acquiring import Ask

OUT = "HN0000666"


class Half(RudePacs):
    """Sends the first instance of a series only."""

    def outgoing(self, query: Dataset) -> list[Dataset]:
        return super().outgoing(query)[:1]


def opt_out(folder: Path, *numbers: str) -> None:
    rows = "".join(f"{number},national,2020-01-01\n" for number in numbers)
    (folder / "records" / "opt_outs.csv").write_text(OPT_OUTS + rows)


def test_the_opted_out_are_never_asked_for_nor_fetched(tmp_path: Path) -> None:
    pacs = RudePacs([instance(1), instance(1, study=2, patient=OUT)])
    with rude_bank(tmp_path, pacs, FIRST, OUT) as bank:
        opt_out(tmp_path, OUT)
        assert run(bank).is_whole
        assert OUT not in "".join(pacs.heard)
        days = ["acquire", str(bank), "--from", "2020-03-04", "--to", "2020-03-04"]
        ran = imagebank(*days)
        assert ran.code == 0, ran.err
        assert "opted-out" in ran.out
    assert len(landed(bank)) == 1


@pytest.mark.parametrize("written", [OUT, "hn 0000666", "HN-0000666", "00HN0000666"])
def test_a_list_that_names_somebody_who_opted_out_does_not_ask_for_them(tmp_path: Path, written: str) -> None:
    pacs = RudePacs([instance(1), instance(1, study=2, patient=written)])
    asked = Ask(requests=tuple(Request("patient", Private(each)) for each in (FIRST, written)))
    with rude_bank(tmp_path, pacs, FIRST, OUT) as bank:
        opt_out(tmp_path, OUT)
        assert run(bank, asked).left == {"opted-out": 1}
        assert written not in "".join(pacs.heard)
        assert run(bank, Ask(requests=(Request("day", Private("20200304")),))).left == {"opted-out": 1}
    assert len(landed(bank)) == 1


def test_a_person_who_opts_out_later_is_not_gone_on_with(tmp_path: Path) -> None:
    pacs = Half([instance(number) for number in range(4)])
    with rude_bank(tmp_path, pacs, FIRST, "HN0000002") as bank:
        run(bank)
        assert dict(status_of(bank).states) == {"wanted": 1}
        pacs.heard.clear()
        opt_out(tmp_path, FIRST)
        run(bank)
        assert not [word for word in (FIRST, "1.9.1") if word in "".join(pacs.heard)]
        assert dict(status_of(bank).states) == {}
        assert status_of(bank).left == {"opted-out": 1}
        opt_out(tmp_path)
        run(bank)
        assert dict(status_of(bank).states) == {"wanted": 1}


def test_a_list_that_is_too_old_stops_a_run_also_beside_another_command(tmp_path: Path) -> None:
    pacs = RudePacs([instance(1)])
    with rude_bank(tmp_path, pacs) as bank:
        run(bank)
        pacs.heard.clear()
        change(bank, "require_national_list = false", "require_national_list = true")
        with pytest.raises(SourceError, match="opt-out list"):
            run(bank)
        with open(next(bank.glob("*lock")), "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(SourceError, match="opt-out list"):
                run(bank)
        assert pacs.heard == []


def test_a_book_that_was_begun_by_an_older_version_is_gone_on_with(tmp_path: Path) -> None:
    pacs = Half([instance(number) for number in range(4)])
    with rude_bank(tmp_path, pacs) as bank:
        run(bank)
        with sqlite3.connect(bank / "landing" / "acquisition.db") as book:
            book.execute("ALTER TABLE studies DROP COLUMN patient")
            rows = book.execute("SELECT * FROM instances").fetchall()
            book.execute("DROP TABLE instances")
            book.execute(
                """CREATE TABLE instances (
                   source TEXT NOT NULL, instance TEXT NOT NULL, series TEXT NOT NULL, digest BLOB NOT NULL,
                   size INTEGER NOT NULL, kept INTEGER NOT NULL, copies INTEGER NOT NULL,
                   PRIMARY KEY (source, instance)) WITHOUT ROWID"""
            )
            book.executemany("INSERT INTO instances VALUES (?,?,?,?,?,?,?)", rows)
        assert dict(status_of(bank).states) == {"wanted": 1}
        pacs.outgoing = lambda query: RudePacs.outgoing(pacs, query)  # type: ignore[method-assign]
        assert run(bank).is_whole
        assert dict(status_of(bank).states) == {"complete": 1}
