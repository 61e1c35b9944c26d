"""How fast images come from a PACS: instances/s and MB/s from Orthanc to the landing zone, with peers in the same run.

Orthanc runs in a network namespace that nothing else can reach, and so does this program: it starts itself again there.
C-MOVE into our node stands against dcmtk's storescp, C-GET against getscu, WADO-RS against plain HTTP downloads of the
same bytes: one that keeps nothing, and one that writes a file for each instance and flushes those, which is what
everybody must do who wants files. dcmtk runs with TCP_NODELAY=1, as Orthanc does. Ours are hashed, flushed and in the
book when the clock stops; dcmtk flushes nothing, so it runs once more with a flush behind it. The best of some rounds
is told; all take turns, so that what else the machine does meets all alike.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from imagebank.core.files import sync_disk

INSIDE = "IMAGEBANK_BENCHMARK_INSIDE"
IN_NAMESPACE = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
HTTP_PORT, DICOM_PORT, MOVE_PORT, PEER_PORT = 8042, 4242, 11112, 11113
QUICK = {**os.environ, "TCP_NODELAY": "1"}
PEERS = {
    "WADO-RS to landing": ("plain HTTP, nothing kept", "plain HTTP, a file each, flushed"),
    "C-MOVE into our node": ("movescu into storescp", "the same, flushed"),
    "C-GET by us": ("getscu", "getscu, flushed"),
}
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
PART = re.compile(rb"(?i)content-length:\s*(\d+)\r\n.*?\r\n\r\n", re.DOTALL)
ROOT = f"http://127.0.0.1:{HTTP_PORT}/dicom-web"


def make_instances(folder: Path, count: int, side: int) -> tuple[str, str, int]:
    """One series of MR-like files; gives study, series and bytes."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset

    folder.mkdir()
    size = 0
    for number in range(count):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        made.SOPInstanceUID, made.StudyInstanceUID, made.SeriesInstanceUID = f"1.9.1.1.{number}", "1.9.1", "1.9.1.1"
        made.PatientID, made.Modality, made.InstanceNumber = "BENCH1", "MR", number
        made.Rows = made.Columns = side
        made.BitsAllocated = made.BitsStored = 16
        made.HighBit, made.PixelRepresentation, made.SamplesPerPixel = 15, 0, 1
        made.PhotometricInterpretation = "MONOCHROME2"
        made.PixelData = os.urandom(2 * side * side)
        path = folder / f"{number}.dcm"
        made.save_as(path, enforce_file_format=True)
        size += path.stat().st_size
    return "1.9.1", "1.9.1.1", size


def start_orthanc(folder: Path) -> subprocess.Popen[bytes]:
    """Orthanc with its DICOMweb plugin, ready."""
    settings = {
        "HttpPort": HTTP_PORT,
        "DicomPort": DICOM_PORT,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "Plugins": [str(PLUGIN)],
        "SyncStorageArea": False,
        "StorageCompression": False,
        "DicomModalities": {
            "bank": ["IMAGEBANK", "127.0.0.1", MOVE_PORT],
            "peer": ["STORESCP", "127.0.0.1", PEER_PORT],
        },
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "DicomAlwaysAllowFind": True,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    log = open(folder / "orthanc.log", "wb")  # noqa: SIM115 - belongs to the process
    process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log, env=QUICK)
    for _ in range(300):
        try:
            ask("GET", "/system")
            return process
        except OSError:
            time.sleep(0.1)
    raise SystemExit("Orthanc did not start")


def ask(method: str, path: str, body: bytes | None = None) -> bytes:
    """One request of Orthanc's own interface."""
    connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=30)
    connection.request(method, path, body)
    answer = connection.getresponse().read()
    connection.close()
    return answer


def best_of(rounds: int, acts: dict[str, Callable[[Path], int]], home: Path, count: int) -> dict[str, float]:
    """Seconds of the quickest round of each; each round has an empty folder, and must bring every instance.

    Nothing is deleted on the way: for a minute afterwards ext4 makes new files slowly.
    """
    best = dict.fromkeys(acts, float("inf"))
    for number, (name, act) in itertools.product(range(rounds), acts.items()):
        folder = home / f"{number} {name}"
        folder.mkdir()
        started = time.perf_counter()
        got = act(folder)
        best[name] = min(best[name], time.perf_counter() - started)
        if got != count:
            raise SystemExit(f"{got} instances came instead of {count}")
    return best


def plain_download(study: str, series: str) -> Callable[[Path], int]:
    """The same bytes over HTTP, counted and forgotten."""

    def act(_: Path) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=60)
        connection.request("GET", f"/dicom-web/studies/{study}/series/{series}", headers={"Accept": ACCEPT})
        answer = connection.getresponse()
        boundary = answer.headers["Content-Type"].split("boundary=")[1].encode()
        parts = 0
        tail = b""
        while chunk := answer.read(1 << 20):
            parts += (tail + chunk).count(boundary)
            tail = chunk[-len(boundary) + 1 :]
        connection.close()
        return parts - 1

    return act


def files_download(study: str, series: str) -> Callable[[Path], int]:
    """The same bytes over HTTP, each instance into a file of its own: the least that a landing zone must do."""

    def act(folder: Path) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=60)
        connection.request("GET", f"/dicom-web/studies/{study}/series/{series}", headers={"Accept": ACCEPT})
        answer = connection.getresponse()
        waiting, count = bytearray(), 0
        while chunk := answer.read(1 << 18):
            waiting += chunk
            while told := PART.search(waiting, 0, 4096):
                end = told.end() + int(told[1])
                if len(waiting) < end:
                    break
                (folder / f"{count}.dcm").write_bytes(memoryview(waiting)[told.end() : end])
                del waiting[:end]
                count += 1
        connection.close()
        return count

    return act


def ours(way: str, study: str, series: str) -> Callable[[Path], int]:
    """Our client, to the landing zone."""
    from imagebank.core.private import Private
    from imagebank.dicom.pacs.book import Book
    from imagebank.dicom.pacs.dimse import Dimse, Peer
    from imagebank.dicom.pacs.landing import Landing, Limits
    from imagebank.dicom.pacs.node import Node, Settings
    from imagebank.dicom.pacs.web import Service, Web
    from imagebank.identities.pseudonyms import Keys

    keys = Keys(bytes(32), "benchmark")

    def act(folder: Path) -> int:
        book = Book(folder / "book.db")
        landing = Landing(folder, "orthanc", keys.uid_map, book, Limits())
        client: Web | Dimse
        if way == "web":
            client = Web(Service(ROOT), landing)
            client.fetch(Private(study), Private(series), (), lambda: False)
        else:
            peer = Peer("127.0.0.1", DICOM_PORT, "ORTHANC", "IMAGEBANK", way)
            settings = Settings("IMAGEBANK", "127.0.0.1", MOVE_PORT, frozenset(("ORTHANC",)), in_groups=True)
            with Node(settings, landing):
                client = Dimse(peer, landing)
                told = client.fetch(Private(study), Private(series), (), lambda: False)
                while landing.arrived < told.said_done:
                    time.sleep(0.001)
                landing.drain()
        client.close()
        book.close()
        return sum(1 for _ in (folder / "orthanc").rglob("*.dcm"))

    return act


def movescu(study: str, series: str) -> Callable[[Path], int]:
    """dcmtk's movescu has Orthanc send to dcmtk's storescp."""

    def act(folder: Path) -> int:
        command = ["movescu", "-S", "-aec", "ORTHANC", "-aem", "STORESCP", "-k", "0008,0052=SERIES"]
        command += ["-k", f"0020,000d={study}", "-k", f"0020,000e={series}", "127.0.0.1", str(DICOM_PORT)]
        receiver = subprocess.Popen(["storescp", "+B", "-od", str(folder), str(PEER_PORT)], env=QUICK)
        try:
            time.sleep(0.05)
            subprocess.run(command, env=QUICK, check=True, capture_output=True)
        finally:
            receiver.terminate()
            receiver.wait()
        return sum(1 for _ in folder.iterdir())

    return act


def getscu(study: str, series: str) -> Callable[[Path], int]:
    """dcmtk's getscu."""

    def act(folder: Path) -> int:
        command = ["getscu", "-S", "+B", "-od", str(folder), "-aec", "ORTHANC", "-k", "0008,0052=SERIES"]
        command += ["-k", f"0020,000d={study}", "-k", f"0020,000e={series}", "127.0.0.1", str(DICOM_PORT)]
        subprocess.run(command, env=QUICK, check=True, capture_output=True)
        return sum(1 for _ in folder.iterdir())

    return act


def flushed(act: Callable[[Path], int]) -> Callable[[Path], int]:
    """The same, with what came on the disk when the clock stops."""

    def then_flush(folder: Path) -> int:
        count = act(folder)
        sync_disk(list(folder.iterdir()))
        return count

    return then_flush


def tell(name: str, seconds: float, count: int, size: int, peers: dict[str, float]) -> None:
    """One line, with the share of the rate of each peer."""
    shares = "".join(f"   {each / seconds:4.2f} of {peer}" for peer, each in peers.items())
    print(f"{name:<33} {count / seconds:7,.0f} instances/s {size / seconds / 1e6:7,.1f} MB/s{shares}", flush=True)


def main() -> None:
    """Fill Orthanc, fetch in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=600)
    parser.add_argument("--side", type=int, default=268, help="pixels; 268 gives files of 144 kB")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if INSIDE not in os.environ:
        missing = [each for each in ("storescp", "movescu", "getscu", "unshare", "ip") if not shutil.which(each)]
        if missing or not PLUGIN.exists():
            raise SystemExit(
                f"not here: {', '.join(missing) or 'orthanc-dicomweb'}; install orthanc-dicomweb and dcmtk"
            )
        start = "ip link set lo up && exec " + " ".join([sys.executable, *map(str, sys.argv)])
        raise SystemExit(subprocess.run([*IN_NAMESPACE, "sh", "-c", start], env={**QUICK, INSIDE: "1"}).returncode)
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), arguments)


def measure(home: Path, arguments: argparse.Namespace) -> None:
    """All ways, each beside its peer."""
    count, rounds = arguments.instances, arguments.rounds
    study, series, size = make_instances(home / "files", count, arguments.side)
    orthanc = start_orthanc(home)
    try:
        for path in (home / "files").iterdir():
            ask("POST", "/instances", path.read_bytes())
        print(f"{count} instances of {size / count / 1e3:.0f} kB, {os.cpu_count()} cores, best of {rounds}")
        acts = {
            "plain HTTP, nothing kept": plain_download(study, series),
            "plain HTTP, a file each, flushed": flushed(files_download(study, series)),
            "WADO-RS to landing": ours("web", study, series),
            "movescu into storescp": movescu(study, series),
            "the same, flushed": flushed(movescu(study, series)),
            "C-MOVE into our node": ours("move", study, series),
            "getscu": getscu(study, series),
            "getscu, flushed": flushed(getscu(study, series)),
            "C-GET by us": ours("get", study, series),
        }
        best = best_of(rounds, acts, home, count)
        for name, seconds in best.items():
            tell(name, seconds, count, size, {peer: best[peer] for peer in PEERS.get(name, ())})
    finally:
        orthanc.terminate()
        orthanc.wait(30)


if __name__ == "__main__":
    main()
