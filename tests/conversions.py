"""The converter at work on real series, before and after de-identification."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dcm2niix
import nibabel
import numpy as np

from conftest import DATA
from imagebank.core.private import Private
from imagebank.dicom.archive import SeriesTask, SourceFile, bank_series
from imagebank.dicom.headers import FileFacts, read_facts
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys

SUBJECT = Subject("pretend", -100, "scanner", Keys(b"k" * 32, "bank").uid_map)
Files = list[tuple[Path, FileFacts]]


@dataclass(frozen=True)
class Converted:
    """One image that the converter made: what it looks like, and what its sidecar says."""

    looks: tuple[object, ...]  # shape, affine, digest of the voxels, b-values, directions
    sidecar: dict[str, Any]

    def order(self) -> tuple[str, str]:
        """A place among the images of a folder that does not depend on what may differ."""
        return str(self.looks), str([self.sidecar.get(field) for field in ("SeriesNumber", "EchoTime", "EchoNumber")])


@cache
def image_series() -> list[tuple[str, Files]]:
    """One file of each instance of the real files, by series; none where the files are not beside the repository."""
    if not DATA.is_dir():
        return []
    found: dict[str, dict[Private, tuple[Path, FileFacts]]] = defaultdict(dict)
    with open(DATA / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            facts = read_facts(DATA / row["path"])
            if facts.verdict == "image":
                found[facts.series_uid.reveal("test")].setdefault(facts.instance_uid, (DATA / row["path"], facts))
    every = [list(files.values()) for _, files in sorted(found.items())]
    return [(str(files[0][0].relative_to(DATA)), files) for files in every]


def converted(folder: Path, out: Path) -> list[Converted]:
    """What the converter makes of a folder, whatever it is called."""
    out.mkdir()
    options = ["-z", "n", "-b", "y", "-ba", "n", "-f", "%s_%p"]
    subprocess.run([dcm2niix.bin, *options, "-o", out, folder], capture_output=True, check=False)
    return sorted((_read(path) for path in out.glob("*.nii")), key=Converted.order)


def _read(path: Path) -> Converted:
    image = nibabel.load(path)
    tables = [path.with_suffix(ending) for ending in (".bval", ".bvec")]
    texts = [table.read_text() if table.exists() else "" for table in tables]
    voxels = hashlib.sha256(np.ascontiguousarray(image.dataobj).tobytes()).hexdigest()
    sidecar = path.with_suffix(".json")
    told = json.loads(sidecar.read_text(errors="replace")) if sidecar.exists() else {}
    return Converted((image.shape, np.round(image.affine, 4).tolist(), voxels, *texts), told)


HEADERS_ALONE = """
extends = "default"
name = "headers-alone"

[options]
clean_pixel_data = false
"""
"""The default policy, without the search of the pixels: noise in some phase images is taken for text."""


def both_ways(files: Files, folder: Path) -> tuple[list[Converted], list[Converted], tuple[tuple[int, str], ...]]:
    """What the converter makes of the original files and of the banked ones, and which files were refused."""
    sources = tuple(SourceFile(Private(str(path)), facts.digest, facts.size, "") for path, facts in files)
    policy = folder / "headers_alone.toml"
    policy.write_text(HEADERS_ALONE)
    result = bank_series(SeriesTask(folder / "series.zip", sources, SUBJECT, str(policy)))
    original, clean = folder / "original", folder / "clean"
    original.mkdir()
    for position, (path, _) in enumerate(files):
        (original / f"{position}.dcm").symlink_to(path)
    with zipfile.ZipFile(folder / "series.zip") as archive:
        archive.extractall(clean)
    return converted(original, folder / "a"), converted(clean, folder / "b"), result.refused
