"""What the repository holds, and what it gives to those who install it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, offered_to_git

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REGISTRIES = [".".join(each) for each in (("pypi", "org"), ("pythonhosted", "org"), ("deb", "debian", "org"))]
HOMES = re.compile(r"(?<![\w.])/(?:home|root|Users|opt|work|workspace|mnt)/\w")
HEAVY = {"duckdb", "ibis", "nibabel", "nilearn", "numpy", "pandas", "pyarrow", "pydicom", "scipy", "sqlalchemy"}


def places_of_this_machine() -> list[str]:
    """Where the repository and the user's home lie here."""
    return [f"{place}/" for place in (ROOT.parent, Path.home()) if place != Path("/")]


@pytest.mark.parametrize("path", sorted(offered_to_git()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_names_a_path_of_a_machine_or_a_package_registry(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="replace")
    assert [each for each in REGISTRIES if each in text] == []
    assert [each for each in places_of_this_machine() if each in text] == []
    if path != Path(__file__):
        assert HOMES.findall(text) == []


def test_no_two_test_files_have_the_same_name() -> None:
    counted = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, times in counted.items() if times > 1] == []


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "run", *arguments], capture_output=True, text=True, check=False)


def test_run_alone_lists_every_verb() -> None:
    done = run()
    handled = set(re.findall(r"^    ([a-z]+)\)$", (ROOT / "run").read_text(), re.MULTILINE))
    assert done.returncode == 0
    assert set(re.findall(r"^  ([a-z]+) ", done.stdout, re.MULTILINE)) == handled
    assert handled == {"demo", "test", "check", "fix", "docs", "bench"}


def test_run_refuses_a_verb_that_it_does_not_know() -> None:
    done = run("frobnicate")
    assert done.returncode == 2
    assert "frobnicate" in done.stderr


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_run_is_plain_shell(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} on this machine")
    assert subprocess.run([shell, "-n", ROOT / "run"], check=False).returncode == 0
    assert (ROOT / "run").read_text().startswith("#!/bin/sh\n")


def test_ci_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert os.access(ROOT / "run", os.X_OK)
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["./run test"]


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_hold_names_and_versions_of_everything_we_ask_for() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    pinned = {normalised(line.split("==")[0]) for line in lines}
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *(each for extra in ("postgres", "test") for each in extras[extra])]
    names = {normalised(re.split(r"[\[<>=!~ ;]", each)[0]) for each in asked} - {"imagebank"}
    assert names - pinned == set()
    assert "torch" not in pinned


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling, of the extra `test`, is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = set(wheel.namelist())
    files = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*") if path.is_file()}
    wanted = {name for name in files if "__pycache__" not in name}
    assert {
        "imagebank/py.typed",
        "imagebank/dicom/data/policy.toml",
        "imagebank/cohorts/templates/profile.html",
    } <= wanted
    assert wanted - held == set()
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_help_imports_nothing_heavy() -> None:
    script = "import sys, imagebank.cli.app; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()
