"""A run killed anywhere and started again ends as if it had not been."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import imagebank
from dumps import research_zone, what_ledger_says, what_vault_says
from imagebank.synthetic import Hospital
from imagebank.workflows.init import init

KILLS = 8


@pytest.fixture(scope="module")
def twins(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two copies of one empty bank: the same id, the same key."""
    folder = tmp_path_factory.mktemp("twins")
    init(folder / "a" / "bank", images=[hospital.images], records=[hospital.records], pretend=True)
    shutil.copytree(folder / "a", folder / "b")
    return folder / "a" / "bank", folder / "b" / "bank"


def test_a_run_killed_at_random_points_ends_as_if_it_had_not_been(twins: tuple[Path, Path]) -> None:
    whole, broken = twins
    assert imagebank("update", whole).code == 0
    kills = _update_with_kills(broken, random.Random(20260101))
    assert kills >= 3, "the run was over before it could be killed: kill sooner"
    assert imagebank("check", broken).code == 0
    assert research_zone(broken) == research_zone(whole)
    assert what_ledger_says(broken) == what_ledger_says(whole)
    assert what_vault_says(broken) == what_vault_says(whole)


def test_two_orders_of_work_give_the_same_bank(twins: tuple[Path, Path], hospital: Hospital, tmp_path: Path) -> None:
    """One worker instead of many, and the sources offered in two portions: first only a part of the folders."""
    whole, _ = twins
    if not (whole / "tables").exists():
        assert imagebank("update", whole).code == 0
    part = tmp_path / "c" / "bank"
    shutil.copytree(whole.parent, tmp_path / "c", ignore=shutil.ignore_patterns("dicom", "bids", "tables", "*.db*"))
    images = tmp_path / "images"
    _link_tree(sorted(hospital.images.iterdir())[:4], hospital.images, images)
    config = (part / "bank.toml").read_text()
    lines = [f'path = "{images}"' if line.endswith('/pacs"') else line for line in config.splitlines()]
    lines = [f'path = "{hospital.records}"' if line.endswith('/records"') else line for line in lines]
    (part / "bank.toml").write_text("\n".join(lines).replace("workers = 0", "workers = 1") + "\n")
    assert imagebank("update", part).code == 0
    _link_tree(sorted(hospital.images.iterdir())[4:], hospital.images, images)
    assert imagebank("update", part).code == 0
    assert _without_tables(research_zone(part)) == _without_tables(research_zone(whole))
    assert _table_contents(part) == _table_contents(whole)


def _link_tree(folders: list[Path], root: Path, to: Path) -> None:
    for folder in folders:
        shutil.copytree(folder, to / folder.relative_to(root), copy_function=os.link)


def _without_tables(zone: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in zone.items() if not name.startswith("tables/")}


def _table_contents(bank: Path) -> dict[str, str]:
    current = bank / "tables" / (bank / "tables" / "current").read_text().strip()
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in current.glob("*.parquet")}


def _update_with_kills(bank: Path, rng: random.Random) -> int:
    """Start `update` again and again and kill it, the parent or one of its workers, until a run is left to end."""
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "imagebank", "update", str(bank)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(rng.uniform(0.5, 3.5))
        workers = _children(process.pid)
        if workers and rng.random() < 0.3:
            _kill(rng.choice(workers))
            time.sleep(rng.uniform(0.0, 1.0))
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait()
    assert imagebank("update", bank).code == 0
    return killed


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
