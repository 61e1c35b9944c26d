"""What we write is valid DICOM for programs that are not ours: dciodvfy, dcmtk, pydicom and Orthanc."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from conftest import DATA
from imagebank.dicom.headers import IMAGE, facts_of
from imagebank.dicom.instance import clean_instance
from imagebank.dicom.policy import load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys
from orthanc import DICOM_PORT, TITLE, Orthanc, orthanc_in

SUBJECT = Subject("pretend23abcd", -100, "scannerxyz23", Keys(b"k" * 32, "bank").uid_map)
MOST_BYTES = 2_000_000
FILES_A_REPOSITORY = 2

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real MRI files are not beside the repository")


def sample() -> list[Path]:
    """Some images of each collection, and so of each maker: of different series, none of them large."""
    taken: Counter[str] = Counter()
    series: set[str] = set()
    found = []
    if not DATA.is_dir():
        return []
    with open(DATA / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = DATA / row["path"]
            if row["series_instance_uid"] in series or taken[row["repo"]] == FILES_A_REPOSITORY:
                continue
            if int(row["bytes"]) < MOST_BYTES and facts_of(path.read_bytes()).verdict == IMAGE:
                series.add(row["series_instance_uid"])
                taken[row["repo"]] += 1
                found.append(path)
    return found


SAMPLE = [pytest.param(path, id=str(path.relative_to(DATA))[-60:]) for path in sample()]


def cleaned(path: Path, folder: Path) -> Path:
    output = folder / "clean.dcm"
    output.write_bytes(clean_instance(path.read_bytes(), SUBJECT, load_policy()).content)
    return output


def errors(path: Path) -> Counter[tuple[str, str]]:
    """What dciodvfy calls an error: the complaint and the attribute, without values and places in the file."""
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy, of the Debian package dicom3tools, is not installed")
    done = subprocess.run(["dciodvfy", path], capture_output=True, check=False, timeout=60)
    lines = done.stderr.decode("latin-1").splitlines()
    return Counter(_complaint(line) for line in lines if line.startswith("Error"))


def _complaint(line: str) -> tuple[str, str]:
    attribute = re.search(r"Element=<(\w+)>", line)
    return re.sub(r"\w*=? ?<[^>]*>|\d+", "", line).strip(), attribute[1] if attribute else ""


@pytest.mark.parametrize("path", SAMPLE)
def test_dciodvfy_finds_no_error_that_the_original_did_not_have(path: Path, tmp_path: Path) -> None:
    assert sorted(errors(cleaned(path, tmp_path)).keys() - errors(path).keys()) == []


def test_dciodvfy_sees_an_error_that_we_make(tmp_path: Path) -> None:
    output = cleaned(sample()[0], tmp_path)
    dataset = pydicom.dcmread(output)
    del dataset.SOPInstanceUID, dataset.Modality
    dataset.save_as(output)
    assert errors(output) - errors(cleaned(sample()[0], tmp_path)) != Counter()


@pytest.mark.parametrize("path", SAMPLE)
def test_dcmtk_reads_header_and_pixels(path: Path, tmp_path: Path) -> None:
    if not shutil.which("dcmdump"):
        pytest.skip("dcmtk is not installed")
    output = cleaned(path, tmp_path)
    dumped = subprocess.run(["dcmdump", "--quiet", output], capture_output=True, text=True, check=False)
    assert dumped.returncode == 0, dumped.stderr
    assert "imagebank" in dumped.stdout
    for source in (path, output):
        drawn = subprocess.run(
            ["dcmj2pnm", "--quiet", "+Wm", source, tmp_path / f"{source.name}.pgm"], capture_output=True, check=False
        )
        if source == path and drawn.returncode:
            return  # dcmtk cannot decode the original either
        assert drawn.returncode == 0, drawn.stderr
    pictures = [(tmp_path / f"{source.name}.pgm").read_bytes() for source in (path, output)]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("path", SAMPLE)
def test_pydicom_reads_every_element_in_the_declared_character_set(path: Path, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(cleaned(path, tmp_path))
    assert len(list(dataset.iterall())) > 20
    assert [str(element.value) for element in dataset.iterall() if "�" in str(element.value)] == []
    assert not dataset.get("SpecificCharacterSet") or dataset.SpecificCharacterSet


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with orthanc_in(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


def test_orthanc_takes_every_file_and_gives_back_its_pixels(orthanc: Orthanc, tmp_path: Path) -> None:
    for path in sample():
        output = cleaned(path, tmp_path)
        instance = orthanc.upload(output)
        tags = orthanc.http("GET", f"/instances/{instance}/simplified-tags")
        assert tags["DeidentificationMethod"].startswith("imagebank")
        assert orthanc.http("GET", f"/instances/{instance}/file") == output.read_bytes()
    assert orthanc.http("GET", "/statistics")["CountInstances"] == len(sample())
    assert len(orthanc.http("GET", "/patients")) <= 2, "one pseudonym, and one original without a patient id"


def test_orthanc_takes_files_over_dicom(orthanc: Orthanc, tmp_path: Path) -> None:
    if not shutil.which("storescu"):
        pytest.skip("dcmtk is not installed")
    output = cleaned(sample()[0], tmp_path)
    done = orthanc.run("storescu", "-aec", TITLE, "127.0.0.1", DICOM_PORT, output)
    assert done.returncode == 0, done.stderr


def test_nobody_else_reaches_orthanc(orthanc: Orthanc) -> None:
    import socket

    with socket.socket() as outside:
        outside.settimeout(2)
        assert outside.connect_ex(("127.0.0.1", DICOM_PORT)) != 0
    assert orthanc.process.poll() is None
