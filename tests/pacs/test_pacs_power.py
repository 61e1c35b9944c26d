"""The machine loses power: what was acknowledged is on the disk, whole, and is there once after the next start.

The landing zone lies in a real file system in an image file. What that file holds at one moment is what the disk would
hold had the power gone then: everything that was not flushed is missing. Each copy of it is mounted and gone on with.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pydicom
import pytest
from pretend import MR, instance
from pynetdicom import AE
from test_pacs_node import KEYS, landed, node_in

from imagebank.core import processes
from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.landing import Limits
from imagebank.dicom.pacs.recovery import open_landing

INSTANCES, PIXELS = 24, 20_000
pytestmark = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mkfs.ext4"), reason="no disk can be made here")


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """A disk in a file."""
    at.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-o", "loop", image, at], check=False, capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted here")
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    made = tmp_path / "disk.img"
    with open(made, "wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", made], check=True, capture_output=True)
    return made


def sent_in(image: Path, folder: Path, **settings: bool) -> list[tuple[Path, set[str]]]:
    """What the disk held at some moments, each with the instances that had been answered before it."""
    moments: list[tuple[Path, set[str]]] = []
    acknowledged: set[str] = set()
    with mounted(image, folder / "disk") as disk, node_in(disk, **settings) as (node, landing, _):
        entity = AE(ae_title="SCANNER")
        entity.add_requested_context(MR)
        association = entity.associate("127.0.0.1", node.port, ae_title="BANK")
        for number in range(INSTANCES):
            sent = instance(number, series=number // 10, PixelData=os.urandom(PIXELS))
            assert association.send_c_store(sent).Status == wire.SUCCESS
            acknowledged.add(str(sent.SOPInstanceUID))
            if number % 3 == 0:
                landing.drain()
                copy = folder / f"{number}.img"
                shutil.copyfile(image, copy)
                moments.append((copy, set(acknowledged)))
        association.release()
    return moments


def test_what_was_acknowledged_is_there_after_a_loss_of_power(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = sent_in(image, tmp_path)
    monkeypatch.setattr(processes, "_boot", lambda: "restart")
    for copy, acknowledged in moments:
        with ExitStack() as stack:
            disk = stack.enter_context(mounted(copy, tmp_path / "after"))
            book = stack.enter_context(closing(Book(disk / "landing" / "book.db")))
            landing = open_landing(disk / "landing", "pushed", KEYS.uid_map, book, Limits())
            found = [pydicom.dcmread(path) for path in landed(landing)]
            known = {path.stem for path in landed(landing)}
            assert acknowledged <= {str(each.SOPInstanceUID) for each in found}
            assert all(len(each.PixelData) == PIXELS for each in found)
            assert len(found) == len(known) <= len(acknowledged) + 1
            assert {path.parent.name for path in landed(landing)} == set(book.counts("pushed"))
            assert sum(kept for _, kept in book.counts("pushed").values()) == len(found)
        copy.unlink()


def test_what_the_book_counted_of_a_fetch_is_there_after_a_loss_of_power(image: Path, tmp_path: Path) -> None:
    counted = 0
    for copy, _ in sent_in(image, tmp_path, in_groups=True):
        with ExitStack() as stack:
            disk = stack.enter_context(mounted(copy, tmp_path / "after"))
            book = stack.enter_context(closing(Book(disk / "landing" / "book.db")))
            whole = {
                (path.parent.name, path.stem)
                for path in (disk / "landing" / "pushed").rglob("*.dcm")
                if len(pydicom.dcmread(path, force=True).get("PixelData", b"")) == PIXELS
            }
            assert book.kept("pushed") <= whole
            counted = max(counted, len(book.kept("pushed")))
        copy.unlink()
    assert counted, "at some moment the book knew of some"
