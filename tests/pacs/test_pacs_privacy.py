"""What acquisition must not tell: no identifier in a log at any level, in output, in file names or in the ledger."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pretend import FIRST, RudePacs, bank_of, change, instance, landed, rude_bank, run
from web_service import service

from conftest import imagebank
from imagebank.core.progress import Silent
from imagebank.synthetic.pacs import PretendPacs
from imagebank.workflows.acquiring import acquire
from imagebank.workflows.update import update

CANARY = "CANARY77X"
NAMES = ("Pretend", "Canary", FIRST, CANARY, "1.9.1", "A1", "20200304")


@pytest.mark.parametrize("way", ["get", "move"])
def test_no_log_at_any_level_holds_an_identifier(
    tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    held = [instance(number, patient=CANARY, PatientName="Canary^Pretend") for number in range(3)]
    with RudePacs(held).serving() as port:
        bank = bank_of(tmp_path, CANARY, port=port, retrieve=way, receive_port=0)
        caplog.set_level(logging.DEBUG)
        loggers = [logging.getLogger(name) for name in ("", "pynetdicom", "pynetdicom.assoc", "httpx", "imagebank")]
        before = [(each, each.level, each.propagate) for each in loggers]
        try:
            for each in loggers:  # as loud as they get
                each.setLevel(logging.DEBUG)
                each.addHandler(caplog.handler)
            run(bank)
        finally:
            for each, level, propagate in before:
                each.setLevel(level)
                each.propagate = propagate
                each.removeHandler(caplog.handler)
    heard = caplog.text + "".join(capfd.readouterr())
    assert not [name for name in (CANARY, "Canary^", "Pretend^") if name in heard]
    told = (bank / "landing" / "associations.log").read_text()
    assert not [name for name in (CANARY, "Canary", "1.9.1") if name in told]


def test_no_log_of_the_web_holds_an_identifier(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with service("") as (url, kind):
        bank = bank_of(tmp_path, kind="dicomweb", url=url)
        loggers = [logging.getLogger(name) for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection")]
        before = [(each, each.level) for each in loggers]
        try:
            for each in loggers:  # a person, or another library, turns them up again
                each.setLevel(logging.DEBUG)
                each.addHandler(caplog.handler)
            assert run(bank).is_whole
        finally:
            for each, level in before:
                each.setLevel(level)
                each.removeHandler(caplog.handler)
    assert any(FIRST in path for path in kind.asked), "the URL would have named the patient"
    assert caplog.text == ""


def test_what_is_printed_and_written_outside_the_landing_zone_and_vault_names_nobody(tmp_path: Path) -> None:
    held = [instance(number, patient=CANARY) for number in range(2)]
    with PretendPacs().serving() as dead:
        pass
    pacs = RudePacs(held)
    with pacs.serving() as port:
        bank = bank_of(tmp_path, CANARY, port=port)
        ran = [imagebank("--verbose", "acquire", bank), imagebank("acquire", "status", bank)]
        change(bank, f"port = {port}", f"port = {dead}")
        ran.append(imagebank("--verbose", "acquire", bank, environ={"IMAGEBANK_DEBUG": "1"}))
    assert ran[0].code == 0, ran[0].err
    printed = "".join(each.out + each.err for each in ran)
    ledger = b"".join(path.read_bytes() for path in bank.glob("ledger.db*"))
    names = "\n".join(path.relative_to(bank).as_posix() for path in bank.rglob("*"))
    for text in (printed, names, ledger.decode("latin-1")):
        assert not [name for name in (CANARY, "1.9.1", "Pretend^") if name in text]
    assert len(landed(bank)) == 2


def test_the_landing_zone_is_for_its_owner_only(tmp_path: Path) -> None:
    with rude_bank(tmp_path, RudePacs([instance(1)])) as bank:
        run(bank)
    for folder in [bank / "landing", *(path for path in (bank / "landing").rglob("*") if path.is_dir())]:
        assert folder.stat().st_mode & 0o077 == 0, folder.name
    assert (bank / "landing" / "acquisition.db").stat().st_mode & 0o077 == 0


def test_update_banks_what_landed_beside_a_running_acquire(tmp_path: Path) -> None:
    with rude_bank(tmp_path, RudePacs([instance(1)])) as bank:
        run(bank)
        update(bank, environ={}, progress=Silent())
        assert acquire(bank, environ={}, progress=Silent())[0].received == 0
    assert list((bank / "landing" / ".partial").iterdir()) == []
