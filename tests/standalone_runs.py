"""A small source to de-identify without a bank, and a run of it."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import pytest

from imagebank.core.progress import Silent
from imagebank.synthetic import Hospital
from imagebank.workflows import standalone
from imagebank.workflows.standalone.lists import Places

KEY = "5e" * 32


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text(KEY)
    return path


@pytest.fixture(scope="module")
def some(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small source: one file of each series, without an ending, and all the odd files."""
    root = tmp_path_factory.mktemp("some") / "source"
    taken: set[str] = set()
    for path in sorted(hospital.images.rglob("*")):
        place = path.relative_to(hospital.images)
        if path.is_file() and (place.parts[0] == "oddities" or str(place.parent) not in taken):
            taken.add(str(place.parent))
            target = root / place.with_suffix("" if path.suffix == ".dcm" else path.suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return root


def every_byte(output: Path) -> dict[str, str]:
    """SHA-256 of each output and of the log beside it."""
    places = Places(output)
    paths = [path for root in (places.output, places.log) for path in sorted(root.rglob("*")) if path.is_file()]
    return {str(path.relative_to(output.parent)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def run(source: Path, output: Path, key: Path, **more: object) -> standalone.Summary:
    request = standalone.Request(source, output, key, workers=1, **more)  # type: ignore[arg-type]
    return standalone.deidentify_source(request, progress=Silent())


def instances(output: Path) -> list[Path]:
    return sorted(output.rglob("*.dcm"))


def rows(path: Path) -> dict[str, str]:
    with open(path, newline="", encoding="utf-8") as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}
