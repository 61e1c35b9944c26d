"""The receiving node against dcmtk's tools: who is let in, what is kept, and what a sender is told."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pretend import MR, instance
from pydicom.dataset import Dataset
from pynetdicom import AE

from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.commitment import Committer
from imagebank.dicom.pacs.landing import Landing, Limits
from imagebank.dicom.pacs.node import SPARE, Ended, Node, Settings
from imagebank.identities.pseudonyms import Keys

KEYS = Keys(bytes(32), "pretend0")
QUICK = {**os.environ, "TCP_NODELAY": "1"}
dcmtk = pytest.mark.skipif(not shutil.which("storescu"), reason="dcmtk is not installed")


@contextmanager
def node_in(folder: Path, limits: Limits | None = None, **settings: Any) -> Iterator[tuple[Node, Landing, list[Ended]]]:
    """A node on a free port of loopback."""
    book = Book(folder / "landing" / "book.db")
    landing = Landing(folder / "landing", "pushed", KEYS.uid_map, book, limits or Limits())
    ended: list[Ended] = []
    told = {"title": "BANK", "address": "127.0.0.1", "port": 0, "peers": frozenset(("SCANNER",)), **settings}
    addresses = told.pop("addresses", {})
    committer = Committer(landing, KEYS.uid_map, "BANK", addresses, 5)
    with Node(Settings(**told), landing, tell=ended.append, committer=committer) as node:
        yield node, landing, ended
    committer.close()
    book.close()


def files_of(folder: Path, *instances: Dataset) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(instances):
        each.save_as(folder / f"{number:03}.dcm", enforce_file_format=True)
    return folder


def storescu(node: Node, folder: Path, *options: str, title: str = "SCANNER", called: str = "BANK") -> Any:
    command = ["storescu", "-v", "-aet", title, "-aec", called, *options, "127.0.0.1", str(node.port), "+sd", "+r"]
    return subprocess.run([*command, str(folder)], capture_output=True, text=True, env=QUICK, check=False, timeout=60)


def landed(landing: Landing) -> list[Path]:
    return sorted(landing.folder.rglob("*.dcm"))


@dcmtk
def test_what_a_scanner_pushes_is_on_the_disk_once(tmp_path: Path) -> None:
    files = files_of(tmp_path / "files", *(instance(number) for number in range(12)))
    with node_in(tmp_path) as (node, landing, ended):
        assert storescu(node, files).returncode == 0
        assert storescu(node, files, "-xi").returncode == 0, "the same in another transfer syntax"
        assert len(landed(landing)) == 12
    assert ended[0].counts == {"new": 12}
    assert ended[1].counts == {"copy": 12}
    assert [each.end for each in ended] == ["released", "released"]
    names = [path.relative_to(landing.folder).as_posix() for path in landed(landing)]
    assert not any("1.9" in name for name in names)


@dcmtk
def test_every_transfer_syntax_and_size_of_real_files_arrives_as_it_was_sent(tmp_path: Path) -> None:
    from conftest import DATA

    if not DATA.is_dir():
        pytest.skip("the folder of real files is not here")
    import pydicom

    files = [path for path in sorted(DATA.rglob("*.dcm"))[::40] if path.stat().st_size < 3_000_000]
    chosen = [path for path in files if pydicom.dcmread(path, stop_before_pixels=True, force=True).get("SOPClassUID")][
        :20
    ]
    folder = tmp_path / "files"
    folder.mkdir()
    for number, path in enumerate(chosen):
        shutil.copy(path, folder / f"{number}.dcm")
    with node_in(tmp_path) as (node, landing, _):
        for path in sorted(folder.iterdir()):  # dcmtk gives up at the first file that it cannot send
            storescu(node, path, "-R")
        got = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in landed(landing)}
    assert len(got) >= len(chosen) // 2


@dcmtk
def test_echo_works_and_unknown_titles_are_refused(tmp_path: Path) -> None:
    files = files_of(tmp_path / "files", instance(1))
    with node_in(tmp_path) as (node, landing, ended):
        echo = ["echoscu", "-aet", "SCANNER", "-aec", "BANK", "127.0.0.1", str(node.port)]
        assert subprocess.run(echo, env=QUICK, check=False).returncode == 0
        stranger = storescu(node, files, title="STRANGER")
        assert stranger.returncode != 0
        assert "Calling AE Title Not Recognized" in stranger.stdout + stranger.stderr
        wrong = storescu(node, files, called="OTHER")
        assert "Called AE Title Not Recognized" in wrong.stdout + wrong.stderr
        assert landed(landing) == []
    assert [each.end for each in ended] == ["released", "refused", "refused"]
    assert "STRANGER" not in repr(ended)


@dcmtk
def test_other_content_under_the_same_uid_is_set_aside(tmp_path: Path) -> None:
    first = files_of(tmp_path / "a", instance(1))
    second = files_of(tmp_path / "b", instance(1, PixelData=bytes([1] * 32)))
    with node_in(tmp_path) as (node, landing, ended):
        for folder in (first, second, second, first):
            assert storescu(node, folder).returncode == 0
        assert len(landed(landing)) == 2
        assert landing.book.tallies("pushed")["set-aside"] == 1
    assert [dict(each.counts) for each in ended] == [{"new": 1}, {"aside": 1}, {"aside": 1}, {"copy": 1}]


@dcmtk
def test_a_full_landing_zone_is_told_with_its_status_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    files = files_of(tmp_path / "files", *(instance(number) for number in range(6)))
    size = (files / "000.dcm").stat().st_size
    with node_in(tmp_path, Limits(quota=3 * size + 200)) as (node, landing, _):
        full = storescu(node, files)
        assert "Refused: OutOfResources" in full.stdout + full.stderr
        assert 1 <= len(landed(landing)) < 6
        landing.limits = Limits()
        assert storescu(node, files).returncode == 0
        assert len(landed(landing)) == 6


@dcmtk
@pytest.mark.skipif(os.getuid() != 0, reason="a small disk can only be mounted as root")
def test_a_full_disk_is_told_with_its_status_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        many = (instance(number, PixelData=bytes(80_000)) for number in range(20))
        files = files_of(tmp_path / "files", *many)
        with node_in(disk) as (node, landing, _):
            full = storescu(node, files)
            assert "Refused: OutOfResources" in full.stdout + full.stderr
            held = len(landed(landing))
            assert 3 < held < 20
            assert list((disk / "landing" / ".partial").iterdir()) == []
            for path in landed(landing):
                assert path.stat().st_size > 80_000
    finally:
        subprocess.run(["umount", disk], check=False)


@dcmtk
def test_an_instance_that_is_too_large_is_refused_without_being_held(tmp_path: Path) -> None:
    files = files_of(tmp_path / "files", instance(1, PixelData=bytes(200_000)))
    with node_in(tmp_path, Limits(largest=100_000)) as (node, landing, ended):
        storescu(node, files)
        assert landed(landing) == []
    assert ended[0].counts == {"too-large": 1}


def talk(port: int, *messages: bytes) -> bytes:
    """Send bytes and hear what comes back until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for each in messages:
            connection.sendall(each)
        heard = b""
        while piece := _receive(connection):
            heard += piece
        return heard


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "message",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        struct.pack(">BxI", 1, 1 << 30),
        struct.pack(">BxI", 1, 40) + bytes(40),
        struct.pack(">BxI", 4, 10) + bytes(10),
        struct.pack(">BxI", 99, 0),
    ],
    ids=["http", "huge", "garbage", "data-first", "unknown-kind"],
)
def test_nonsense_is_hung_up_on(tmp_path: Path, message: bytes) -> None:
    with node_in(tmp_path) as (node, landing, ended):
        talk(node.port, message)
        assert landed(landing) == []
        node.close(2)
    assert [each.end for each in ended] == ["malformed"]


def test_a_silent_peer_is_hung_up_on(tmp_path: Path) -> None:
    with node_in(tmp_path, timeout_seconds=0.2) as (node, _, ended):
        talk(node.port)
    assert [each.end for each in ended] == ["silent"]


def test_a_peer_that_sends_a_byte_now_and_then_is_hung_up_on(tmp_path: Path) -> None:
    with (
        node_in(tmp_path, timeout_seconds=0.4) as (node, _, ended),
        socket.create_connection(("127.0.0.1", node.port), timeout=5) as slow,
    ):
        slow.sendall(struct.pack(">BxI", 1, 300))
        for _ in range(200):
            with suppress(ConnectionError):
                slow.sendall(b"\x01")
            if ended:
                break
            time.sleep(0.1)
    assert [each.end for each in ended] == ["silent"]


def test_peers_that_say_nothing_keep_no_scanner_out(tmp_path: Path) -> None:
    with node_in(tmp_path, associations=1) as (node, _, ended):
        silent = [socket.create_connection(("127.0.0.1", node.port), timeout=5) for _ in range(SPARE)]
        scanner = _associate(node.port)
        assert scanner.is_established
        beyond = [socket.create_connection(("127.0.0.1", node.port), timeout=5) for _ in range(3)]
        assert [_receive(each) for each in beyond] == [b""] * 3, "they are hung up on at once"
        scanner.release()
        for each in (*silent, *beyond):
            each.close()
    assert sum(each.end == "refused" for each in ended) == 3


def test_no_more_peers_are_let_in_than_the_settings_say(tmp_path: Path) -> None:
    with node_in(tmp_path, associations=1) as (node, _, _):
        first = _associate(node.port)
        assert first.is_established
        second = _associate(node.port)
        assert second.is_rejected
        first.release()


def _associate(port: int) -> Any:
    entity = AE(ae_title="SCANNER")
    entity.add_requested_context(MR)
    return entity.associate("127.0.0.1", port, ae_title="BANK")


def test_a_data_set_that_is_not_what_its_command_says_is_refused(tmp_path: Path) -> None:
    with node_in(tmp_path) as (node, landing, ended):
        association = _associate(node.port)
        lying = instance(1)
        lying.file_meta.MediaStorageSOPInstanceUID = lying.SOPInstanceUID
        status = association.send_c_store(lying)
        assert status.Status == wire.SUCCESS
        nameless = instance(2)
        del nameless.SeriesInstanceUID
        assert association.send_c_store(nameless).Status == wire.CANNOT_UNDERSTAND
        association.release()
        assert len(landed(landing)) == 1
    assert ended[0].counts == {"new": 1, "unnamed": 1}


def test_ports_and_threads_are_given_back(tmp_path: Path) -> None:
    before = threading.active_count()
    with node_in(tmp_path) as (node, _, _):
        port = node.port
        association = _associate(port)
        association.release()
    assert threading.active_count() <= before
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
