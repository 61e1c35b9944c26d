"""What many tests share: a small pretend hospital, a bank of it, and the command line as a user runs it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from imagebank.core.progress import Silent
from imagebank.synthetic import Hospital, build_hospital
from imagebank.workflows.init import init
from imagebank.workflows.update import update

# Tests share the cores, so that an example has no time to keep.
settings.register_profile("unhurried", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
# What tests start hears Ctrl-C, also where they run in the background or in one process of many, which are deaf to it.
signal.signal(signal.SIGINT, signal.default_int_handler)

DATA = (Path(__file__).resolve().parent.parent.parent / "shared" / "data").resolve()


def pytest_make_parametrize_id(val: object) -> str | None:
    """The name of a set in the name of a test: the same in each of the processes that share the tests."""
    return str(sorted(val, key=str)) if isinstance(val, set | frozenset) else None


@dataclass(frozen=True)
class Ran:
    """What one run of the command line came to."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """A pretend hospital of three patients and all its troubles. Read it, do not change it."""
    return build_hospital(tmp_path_factory.mktemp("hospital") / "hospital", patients=3, size="tiny")


@pytest.fixture(scope="session")
def banked(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank of that hospital after one update, with all that was printed beside it. Read it, do not change it."""
    root = tmp_path_factory.mktemp("banked") / "bank"
    init(root, images=[hospital.images], records=[hospital.records], pretend=True)
    ran = imagebank("--verbose", "update", root)
    assert ran.code == 0, ran.err
    (root.parent / "log.txt").write_text(ran.out + ran.err)
    return root


@pytest.fixture
def own_bank(banked: Path, tmp_path: Path) -> Path:
    """A copy of that bank to do with as the test likes."""
    return copy_bank(banked, tmp_path / "bank")


def copy_bank(bank: Path, to: Path) -> Path:
    """A copy of a bank with its key; its sources stay where they are."""
    shutil.copytree(bank, to)
    shutil.copy(bank.with_suffix(".key"), to.with_suffix(".key"))
    config = (to / "bank.toml").read_text()
    for line in config.splitlines():
        if line.startswith("path = ") and '"vault"' not in line:
            place = (bank / line.split('"')[1]).resolve()
            config = config.replace(line, f'path = "{place}"')
    config = config.replace(f"../{bank.name}.key", f"../{to.name}.key")
    (to / "bank.toml").write_text(config)
    return to


@pytest.fixture
def small_bank(tmp_path: Path) -> Callable[..., Path]:
    """Makes a bank of a folder of images and a folder of records."""

    def make(images: Path, records: Path, *, updated: bool = True) -> Path:
        root = tmp_path / "bank"
        init(root, images=[images], records=[records], pretend=True)
        if updated:
            update(root, environ={}, progress=Silent())
        return root

    return make


def imagebank(*arguments: object, environ: dict[str, str] | None = None, timeout: float = 300) -> Ran:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "imagebank", *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if name != "IMAGEBANK_KEY"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env={**clean, **(environ or {})}, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)
