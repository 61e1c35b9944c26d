"""The commands of acquisition as a user runs them: Ctrl-C, a receiving node, mistakes in the settings, the demo."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pretend import (
    FIRST,
    Hurried,
    RudePacs,
    Telling,
    bank_of,
    change,
    instance,
    landed,
    records,
    rude_bank,
    run,
    status_of,
)
from pydicom.dataset import Dataset

from conftest import imagebank
from imagebank.cli import demo_pacs
from imagebank.cli.demo import _pretend_pacs
from imagebank.core.clock import now
from imagebank.core.progress import Silent
from imagebank.synthetic import Hospital
from imagebank.workflows.acquiring import Ask
from imagebank.workflows.acquisition import try_source
from imagebank.workflows.init import init


def test_ctrl_c_ends_in_order_and_the_next_run_goes_on(tmp_path: Path) -> None:
    class Slow(RudePacs):
        def outgoing(self, query: Dataset) -> list[Dataset]:
            sent = super().outgoing(query)
            if slow:
                time.sleep(0.3)
            return sent

    slow = True
    pacs = Slow([instance(1, study=number) for number in range(1, 30)])
    with rude_bank(tmp_path, pacs) as bank:
        command = [sys.executable, "-m", "imagebank", "acquire", str(bank)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while len(landed(bank)) < 2 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130, err
        assert "stopped" in out
        assert "Traceback" not in err
        assert 0 < len(landed(bank)) < 29
        slow = False
        assert run(bank).is_whole
        assert dict(status_of(bank).states) == {"complete": 29}


@pytest.mark.skipif(not shutil.which("storescu"), reason="dcmtk is not installed")
def test_receive_listens_until_it_is_stopped_and_update_banks_what_came(tmp_path: Path) -> None:
    bank = bank_of(tmp_path)
    change(bank, "peers = []", 'peers = ["MR1"]')
    text = (bank / "bank.toml").read_text()
    start = text.index("[receive]")
    (bank / "bank.toml").write_text(text[:start] + text[start:].replace("port = 11112", "port = 0", 1))
    for number in range(3):
        instance(number).save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    command = [sys.executable, "-m", "imagebank", "receive", str(bank)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    port = process.stderr.readline().split("port ")[1].split(";")[0]
    files = [str(tmp_path / f"{number}.dcm") for number in range(3)]
    send = ["storescu", "-aet", "MR1", "-aec", "IMAGEBANK", "127.0.0.1", port, *files]
    assert subprocess.run(send, env={**os.environ, "TCP_NODELAY": "1"}, check=False).returncode == 0
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "received 3 new" in out
    assert imagebank("update", bank).code == 0
    assert "pushed" in imagebank("status", bank).out
    assert imagebank("check", bank).code == 0


def test_mistakes_are_told_with_what_to_try(tmp_path: Path) -> None:
    bank = bank_of(tmp_path, host="")
    told = imagebank("acquire", bank)
    assert told.code == 3
    assert "`host`" in told.err
    assert "peers" in imagebank("receive", bank).err
    assert "known are: rude" in imagebank("acquire", bank, "--source", "other").err
    change(bank, 'host = ""', 'host = "127.0.0.1"\nhours = ["mon 25:00-26:00"]')
    assert imagebank("acquire", bank).code == 3
    (tmp_path / "list.csv").write_text("number\n1\n")
    listed = imagebank("acquire", bank, "--list", tmp_path / "list.csv")
    assert listed.code == 4
    assert "accession_number" in listed.err
    empty = tmp_path / "empty"
    init(empty, records=[records(tmp_path / "r", FIRST)], pretend=True)
    assert "[[pacs]]" in imagebank("acquire", empty).err


@pytest.mark.parametrize(("number", "patients", "works"), [(FIRST, 1, True), ("HN7", 0, False)])
def test_a_source_is_tried_with_a_patient(tmp_path: Path, number: str, patients: int, works: bool) -> None:
    with rude_bank(tmp_path, RudePacs([instance(1), instance(1, study=2)])) as bank:
        trial = try_source(bank, "rude", environ={}, by="patient", value=number)
    told = {step.name: step.told for step in trial.steps}
    assert told["patient"].startswith(f"{patients} patients of that number")
    assert (trial.works, trial.found_nothing) == (works, not works)
    if works:
        assert "1 in Implicit VR Little Endian" in told["received"]
    assert number not in repr(trial)


def test_outside_its_hours_a_source_is_not_asked(tmp_path: Path) -> None:
    pacs = RudePacs([instance(1)])
    with rude_bank(tmp_path, pacs, hours=["holiday 00:00-24:00"], holidays=["1999-01-01"]) as bank:
        told = Telling()
        ended = run(bank, progress=told)
        assert (ended.ended, ended.asked, pacs.finds) == ("closed", 0, 0)
        assert told.notes == ["rude: its hours do not begin soon"]
        change(bank, "'holiday 00:00-24:00'", "'Sun 02:00-02:01'")
        told = Telling()
        assert run(bank, progress=told).ended in ("closed", "done")
        assert told.notes[0].startswith("rude: its hours begin on Sunday") or pacs.finds


def test_a_run_that_waits_for_the_hours_of_a_source_says_until_when(tmp_path: Path) -> None:
    pacs, told, hurried = RudePacs([instance(1)]), Telling(), Hurried()
    soon = (now() + timedelta(minutes=3)).astimezone(ZoneInfo("Europe/London")).replace(second=0)
    window = f"{soon:%H:%M}-{soon + timedelta(minutes=30):%H:%M}"
    with rude_bank(tmp_path, pacs, hours=[window]) as bank:
        assert run(bank, Ask(patient=True), world=hurried.world(), progress=told).is_whole
    assert told.notes == [f"rude: its hours begin on {soon:%A %d %B at %H:%M %Z}: waiting; Ctrl-C ends it"]


@pytest.mark.parametrize("has_orthanc", [False, True])
def test_the_demo_fetches_the_pretend_hospital_from_a_pacs(
    hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_orthanc: bool
) -> None:
    if not has_orthanc:
        monkeypatch.setattr(demo_pacs, "PLUGIN", tmp_path / "nowhere")
    elif not (demo_pacs.PLUGIN.exists() and demo_pacs._private_network()):
        pytest.skip("Orthanc or a private network is not to be had here")
    bank = tmp_path / "bank"
    init(bank, records=[hospital.records], pretend=True)
    environ = {name: value for name, value in os.environ.items() if name != "IMAGEBANK_KEY"}
    serve = _pretend_pacs(hospital.images)
    for _ in range(2):  # the second run goes on where the first ended
        demo_pacs.acquire_from_pretend_pacs(bank, hospital.images, tmp_path / "orthanc", environ, Silent(), serve)
    told = status_of(bank)
    assert told.states["complete"] >= 15
    assert told.received > 100
