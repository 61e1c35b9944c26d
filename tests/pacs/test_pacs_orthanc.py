"""A whole journey with real PACS: from Orthanc and dcmqrscp to the bank, as if the images had come from a folder."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pretend import add_source, change, landed

from conftest import copy_bank, imagebank
from imagebank.synthetic import Hospital
from orthanc import Orthanc, orthanc_in

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
NUMBERS = {"nhs_numbers": ("{number}",), "settle_minutes": 0, "timeout_seconds": 30}
WEB = {"kind": "dicomweb", "url": "http://127.0.0.1:8042/dicom-web"}
DIMSE = {"kind": "dimse", "port": 4242, "called_title": "ORTHANC"}
SOURCES = {
    "web": WEB,
    "get": {**DIMSE, "retrieve": "get"},
    "move": {**DIMSE, "retrieve": "move"},
}


@pytest.fixture(scope="module")
def orthanc(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Orthanc with the images of the pretend hospital, as far as it takes them."""
    if not PLUGIN.exists():
        pytest.skip("Orthanc's DICOMweb plugin (orthanc-dicomweb) is not installed")
    settings = {
        "Plugins": [str(PLUGIN)],
        "SyncStorageArea": False,
        "DicomModalities": {"bank": ["IMAGEBANK", "127.0.0.1", 11112]},
    }
    with orthanc_in(tmp_path_factory.mktemp("orthanc"), **settings) as running:
        assert running.fill(hospital.images) > 100
        yield running


def in_namespace(orthanc: Orthanc, *arguments: object) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name == "IMAGEBANK_KEY"}
    assert not environ
    return orthanc.run(sys.executable, "-m", "imagebank", *arguments, timeout=120)


def empty_copy(banked: Path, to: Path) -> Path:
    """A bank with the id, the key and the records of another, and nothing in it."""
    bank = copy_bank(banked, to)
    for name in ("dicom", "bids", "tables", "vault", "landing", "quality", "profile"):
        shutil.rmtree(bank / name, ignore_errors=True)
    for path in bank.glob("ledger.db*"):
        path.unlink()
    text = (bank / "bank.toml").read_text()
    start, end = text.index("[[images]]"), text.index("[[records]]")
    (bank / "bank.toml").write_text(text[:start] + text[end:])
    return bank


def zips(bank: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (bank / "dicom").rglob("*.zip")}


@pytest.mark.parametrize("way", ["web", "get", "move"])
def test_what_a_pacs_gives_is_banked_as_from_a_folder(orthanc: Orthanc, banked: Path, tmp_path: Path, way: str) -> None:
    bank = empty_copy(banked, tmp_path / "bank")
    add_source(bank, **{"name": "orthanc", **NUMBERS, **SOURCES[way]})
    ran = in_namespace(orthanc, "acquire", bank)
    assert ran.returncode == 0, ran.stderr
    assert imagebank("update", bank).code == 0
    checked = imagebank("check", bank)
    assert checked.code == 0, checked.out
    mine, theirs = zips(bank), zips(banked)
    assert len(mine) > 25
    only = mine.keys() - theirs.keys()
    assert len(only) <= 1, "of two contents under one UID Orthanc keeps one, so that nothing contradicts it"
    if way == "web":  # files as they were stored; an association writes them anew, with other lengths
        differing = [name for name in mine.keys() & theirs.keys() if mine[name] != theirs[name]]
        assert len(differing) <= 2, "only series of which Orthanc kept one of two contents may differ"
    again = in_namespace(orthanc, "acquire", bank)
    assert "received 0 instances" in again.stdout, again.stdout
    told = json.loads(in_namespace(orthanc, "acquire", "status", bank, "--json").stdout)[0]
    assert told["received"] == len(landed(bank, "orthanc"))
    assert told["banked"] == sum(_files(bank))


def _files(bank: Path) -> list[int]:
    with sqlite3.connect(bank / "ledger.db") as ledger:
        return [row[0] for row in ledger.execute("SELECT files FROM lots WHERE outcome = 'banked'")]


def test_a_source_is_tried_and_told_of(orthanc: Orthanc, banked: Path, tmp_path: Path) -> None:
    bank = empty_copy(banked, tmp_path / "bank")
    add_source(bank, name="orthanc", **NUMBERS, **SOURCES["move"])
    studies = orthanc.http("GET", "/studies?expand")
    uid = next(each["MainDicomTags"]["StudyInstanceUID"] for each in studies)
    ran = in_namespace(orthanc, "acquire", "check", bank, "orthanc", "--study", uid)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line.split()[1] for line in ran.stdout.splitlines()] == [
        "echo",
        "find",
        "series",
        "instances",
        "retrieve",
        "received",
    ]
    assert "1.2.840.10008.1.2" in ran.stdout
    assert uid not in ran.stdout + ran.stderr
    assert landed(bank, "orthanc") == []
    change(bank, 'called_title = "ORTHANC"', 'called_title = "ORTHANC"\nreceive_address = "192.0.2.1"')
    broken = in_namespace(orthanc, "acquire", "check", bank, "orthanc", "--study", uid)
    assert broken.returncode == 4
    assert "port-taken" in broken.stdout


@contextmanager
def dcmqrscp(orthanc: Orthanc, folder: Path) -> Iterator[int]:
    """A second PACS, in the network of the first."""
    if not shutil.which("dcmqrscp"):
        pytest.skip("dcmqrscp of dcmtk is not installed")
    (folder / "db").mkdir(parents=True)
    config = folder / "dcmqrscp.cfg"
    config.write_text(
        "NetworkTCPPort = 4243\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        "HostTable BEGIN\nbank = (IMAGEBANK, localhost, 11112)\nHostTable END\n"
        f"VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nQRSCP {folder / 'db'} RW (200, 1024mb) ANY\nAETable END\n"
    )
    process = subprocess.Popen(
        orthanc.inside("dcmqrscp", "-c", config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            if orthanc.run("echoscu", "-aec", "QRSCP", "127.0.0.1", "4243").returncode == 0:
                break
            time.sleep(0.05)
        yield 4243
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("way", ["get", "move"])
def test_a_second_pacs_gives_the_same(orthanc: Orthanc, banked: Path, tmp_path: Path, way: str) -> None:
    bank = empty_copy(banked, tmp_path / "bank")
    with dcmqrscp(orthanc, tmp_path / "qr") as port:
        files = tmp_path / "files"
        files.mkdir()
        for number, each in enumerate(orthanc.http("GET", "/instances")[:60]):
            (files / f"{number}.dcm").write_bytes(orthanc.http("GET", f"/instances/{each}/file"))
        orthanc.run("storescu", "+sd", "-aec", "QRSCP", "127.0.0.1", str(port), files)
        source = {"kind": "dimse", "port": port, "called_title": "QRSCP", "retrieve": way}
        add_source(bank, name="qr", **NUMBERS, **source)
        ran = in_namespace(orthanc, "acquire", bank)
        assert ran.returncode == 0, ran.stderr
        assert len(landed(bank, "qr")) > 10, ran.stdout
        assert "wanted" not in ran.stdout, ran.stdout
