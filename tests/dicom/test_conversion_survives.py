"""What the converter makes of de-identified files is what it makes of the originals: images, affines, b-values."""

from __future__ import annotations

import csv
import subprocess
import zipfile
from collections import defaultdict
from pathlib import Path

import dcm2niix
import nibabel
import numpy as np
import pytest

from conftest import DATA
from imagebank.core.private import Private
from imagebank.dicom.archive import SeriesTask, SourceFile, bank_series
from imagebank.dicom.headers import FileFacts, read_facts
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys

SUBJECT = Subject("pretend", -100, "scanner", Keys(b"k" * 32, "bank").uid_map)

KNOWN_DIFFERENCES = {
    "dcm_qa_fmap": "GE tells the magnitude from the map by the run number of the raw data only, which is not kept",
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real MRI files are not beside the repository")


def image_series() -> list[tuple[str, list[tuple[Path, FileFacts]]]]:
    if not DATA.is_dir():
        return []
    """One file of each instance, by series."""
    found: dict[str, dict[Private, tuple[Path, FileFacts]]] = defaultdict(dict)
    with open(DATA / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            facts = read_facts(DATA / row["path"])
            if facts.verdict == "image":
                found[facts.series_uid.reveal("test")].setdefault(facts.instance_uid, (DATA / row["path"], facts))
    every = [list(files.values()) for _, files in sorted(found.items())]
    return [(str(files[0][0].relative_to(DATA)), files) for files in every]


def converted(folder: Path, out: Path) -> list[tuple[object, ...]]:
    """Shape, affine, b-values, b-vectors and sum of each image, whatever it is called."""
    out.mkdir()
    subprocess.run(
        [dcm2niix.bin, "-z", "n", "-b", "y", "-f", "%s_%p", "-o", out, folder], capture_output=True, check=False
    )
    told = []
    for path in out.glob("*.nii"):
        image = nibabel.load(path)
        tables = [path.with_suffix(ending) for ending in (".bval", ".bvec")]
        texts = [table.read_text() if table.exists() else "" for table in tables]
        total = np.asarray(image.dataobj).astype(float).sum()
        told.append((image.shape, np.round(image.affine, 3).tolist(), *texts, round(float(total), 3)))
    return sorted(told, key=str)


@pytest.mark.parametrize(("name", "files"), [pytest.param(n, f, id=n[:60]) for n, f in image_series()])
def test_a_series_converts_as_its_original_does(name: str, files: list[tuple[Path, FileFacts]], tmp_path: Path) -> None:
    sources = tuple(SourceFile(Private(str(path)), facts.digest, facts.size, "") for path, facts in files)
    result = bank_series(SeriesTask(tmp_path / "series.zip", sources, SUBJECT, "default"))
    if any(each in name for each in KNOWN_DIFFERENCES):
        assert result.refused or _differs(files, tmp_path), "the difference is gone: take it off the list"
        return
    assert result.refused == ()
    assert not _differs(files, tmp_path)


def _differs(files: list[tuple[Path, FileFacts]], tmp_path: Path) -> bool:
    """Whether the converter makes something else of the banked zip than of the original files."""
    original, clean = tmp_path / "original", tmp_path / "clean"
    original.mkdir()
    for position, (path, _) in enumerate(files):
        (original / f"{position}.dcm").symlink_to(path)
    with zipfile.ZipFile(tmp_path / "series.zip") as archive:
        archive.extractall(clean)
    return converted(clean, tmp_path / "b") != converted(original, tmp_path / "a")
