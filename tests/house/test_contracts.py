"""The import contracts: they hold, and each of them can fail.

A contract that cannot fail protects nothing. So a skeleton of the package, with a single forbidden import in it, is
held against the very contracts of pyproject.toml.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = {each["id"]: each for each in PROJECT["tool"]["importlinter"]["contracts"]}

OFFENCES = [
    ("layers", "core/errors.py", "import imagebank.dicom.policy"),
    ("layers", "identities/nhs.py", "import imagebank.engine.step"),
    ("layers", "synthetic/people.py", "import imagebank.identities.nhs"),
    ("layers", "novelties/idea.py", ""),
    ("vault", "dicom/archive.py", "import imagebank.identities.vault"),
    ("vault", "identities/linkage.py", "from imagebank.identities import vault"),
    ("whereabouts", "dicom/filing.py", "from imagebank.identities.whereabouts import Whereabouts"),
    ("synthetic", "dicom/policy.py", "import imagebank.synthetic"),
    ("synthetic", "workflows/update.py", "import imagebank.synthetic.people"),
    ("synthetic", "cli/app.py", "def demo():\n    from imagebank.synthetic import build_hospital"),
    ("rules", "dicom/words.py", "import socket"),
    ("rules", "records/codes.py", "import urllib.request"),
    ("rules", "identities/linkage.py", "import sqlite3"),
]


def lint(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Hold the package that lies below a folder against the contracts."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(package)}
    return subprocess.run(
        [*command, *options], cwd=package, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def named_modules() -> Iterator[str]:
    """Every module of ours that a contract names."""
    for contract in CONTRACTS.values():
        for place in ("source_modules", "protected_modules", "allowed_importers"):
            yield from contract.get(place, ())


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """A package with the folders of ours and the modules that the contracts name, all empty."""
    for folder in [PACKAGE, *(path.parent for path in PACKAGE.glob("*/__init__.py"))]:
        add(tmp_path, folder.relative_to(PACKAGE.parent) / "__init__.py")
    add(tmp_path, Path("imagebank/__main__.py"))
    for name in named_modules():
        place = Path(*name.split("."))
        if not (tmp_path / place).is_dir():
            add(tmp_path, place.with_suffix(".py"))
    return tmp_path


def add(root: Path, place: Path, text: str = "") -> None:
    """A line in a module of the skeleton; the module and its folder are made where they are missing."""
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    if not (root / place.parent / "__init__.py").exists():
        (root / place.parent / "__init__.py").touch()
    with open(root / place, "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def test_our_imports_keep_every_contract() -> None:
    done = lint(PACKAGE.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in done.stdout


def test_the_skeleton_keeps_every_contract(skeleton: Path) -> None:
    done = lint(skeleton)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "place", "line"), OFFENCES)
def test_an_offence_breaks_its_contract(skeleton: Path, contract: str, place: str, line: str) -> None:
    add(skeleton, Path("imagebank", place), line)
    done = lint(skeleton, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout, done.stdout + done.stderr


def test_a_rule_that_touches_a_process_through_another_module_breaks_its_contract(skeleton: Path) -> None:
    add(skeleton, Path("imagebank/dicom/words.py"), "import imagebank.core.files")
    assert lint(skeleton, "--contract", "rules").returncode == 0
    add(skeleton, Path("imagebank/core/files.py"), "import subprocess")
    assert lint(skeleton, "--contract", "rules").returncode == 1


def test_every_contract_has_an_offence_that_breaks_it() -> None:
    assert {contract for contract, _, _ in OFFENCES} == set(CONTRACTS)


def test_every_folder_of_the_package_has_its_layer() -> None:
    layers = {name.strip(" ()") for layer in CONTRACTS["layers"]["layers"] for name in layer.split("|")}
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= layers
    assert CONTRACTS["layers"]["exhaustive"] is True
