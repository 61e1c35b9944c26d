"""Killed at any moment with many instances in flight, and started again: every instance is there once."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pretend import FIRST, bank_of, free_port, instance, landed, status_of

from conftest import imagebank
from imagebank.synthetic.pacs import PretendPacs

INSTANCES = int(os.environ.get("IMAGEBANK_KILL_INSTANCES", "400"))
KILLS = int(os.environ.get("IMAGEBANK_KILLS", "3"))
STUDIES = 10


@pytest.mark.parametrize("way", ["get", "move"])
def test_killed_at_random_points_every_instance_is_there_once(tmp_path: Path, way: str) -> None:
    """The whole of it: IMAGEBANK_KILLS=10 IMAGEBANK_KILL_INSTANCES=2000 ./run test tests/pacs/test_pacs_kill.py."""
    each = INSTANCES // STUDIES
    pacs = PretendPacs()
    for number in range(INSTANCES):
        pacs.add(instance(number % each, study=1 + number // each, PixelData=os.urandom(32)))
    pacs.destinations["IMAGEBANK"] = ours = free_port()
    with pacs.serving() as port:
        bank = bank_of(tmp_path, FIRST, port=port, called_title="PRETEND", retrieve=way, receive_port=ours)
        kills = _fetch_with_kills(bank, random.Random(20260101 + len(way)))
        assert kills >= min(KILLS, 2), "the runs were over before they could be killed"
        ran = imagebank("acquire", bank, timeout=120)
        assert ran.code == 0, ran.out + ran.err
    files = landed(bank)
    assert len(files) == INSTANCES
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in files}) == INSTANCES
    told = status_of(bank)
    assert (told.received, told.kept, dict(told.states)) == (INSTANCES, INSTANCES, {"complete": STUDIES})
    assert list((bank / "landing" / ".partial").iterdir()) == []
    if way == "move":
        return
    assert imagebank("update", bank).code == 0
    assert imagebank("check", bank).code == 0


def _fetch_with_kills(bank: Path, chance: random.Random) -> int:
    """Start acquire and kill it once something came, again and again."""
    killed = 0
    for _ in range(KILLS):
        before = len(landed(bank))
        command = [sys.executable, "-m", "imagebank", "acquire", str(bank)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while process.poll() is None and len(landed(bank)) == before and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3 * INSTANCES / 600))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    return killed
