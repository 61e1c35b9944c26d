"""A real PACS for tests: Orthanc, in a network of its own that no other machine and no other process can reach.

Orthanc listens on every address of its machine. So it is started in a network namespace that has nothing but its own
loopback, and its clients are run in there too: `http` for its REST interface, `run` for DICOM tools such as storescu.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HTTP_PORT, DICOM_PORT = 8042, 4242  # nobody else is in the namespace, so that they are always free
TITLE = "ORTHANC"
CLONE_NEWNET = 0x40000000
SECONDS_TO_START = 30
FILL = """
import http.client, pathlib, sys
connection, stored = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]), timeout=30), 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        connection.request("POST", "/instances", path.read_bytes())
        answer = connection.getresponse()
        answer.read()
        stored += answer.status == 200
print(stored)
"""
IN_NAMESPACE = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc."""

    process: subprocess.Popen[bytes]
    folder: Path

    def http(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The answer to a request of the REST interface, as JSON values; bytes where it is no JSON."""
        answer: list[Any] = []
        failure: list[BaseException] = []

        def ask() -> None:
            try:
                self._enter()
                answer.append(_ask(method, path, body))
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=ask)  # only this thread leaves the network of the tests
        thread.start()
        thread.join()
        if failure:
            raise failure[0]
        return answer[0]

    def upload(self, path: Path) -> str:
        """Store a DICOM file; returns Orthanc's own id of the instance."""
        return str(self.http("POST", "/instances", path.read_bytes())["ID"])

    def fill(self, folder: Path) -> int:
        """Store every file of a folder that Orthanc takes; returns how many it did."""
        done = self.run(sys.executable, "-c", FILL, folder, str(HTTP_PORT))
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    def run(self, *command: object, timeout: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a program inside the namespace."""
        environment = {**os.environ, "TCP_NODELAY": "1", **environ}
        inside = self.inside(*command)
        return subprocess.run(inside, capture_output=True, text=True, check=False, timeout=timeout, env=environment)

    def inside(self, *command: object) -> list[str]:
        """A command that runs a program inside the namespace."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", *map(str, command)]

    def _enter(self) -> None:
        descriptor = os.open(f"/proc/{self.process.pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "the network namespace cannot be entered")
        finally:
            os.close(descriptor)


def _ask(method: str, path: str, body: bytes | None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=30)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise OSError(f"Orthanc answered {response.status} to {method} {path}")
        return json.loads(content) if "json" in response.headers.get("Content-Type", "") else content
    finally:
        connection.close()


@contextmanager
def orthanc_in(folder: Path, **settings: object) -> Iterator[Orthanc]:
    """Start an Orthanc that keeps its files in a folder, and stop it. Skips where it or a namespace cannot be had."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None:
        pytest.skip("Orthanc is not installed")
    if (
        not shutil.which("ip")
        or subprocess.run([*IN_NAMESPACE, "ip", "link", "set", "lo", "up"], check=False).returncode
    ):
        pytest.skip("a private network namespace is not permitted here")
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "Name": "pretend",
        "HttpPort": HTTP_PORT,
        "DicomPort": DICOM_PORT,
        "DicomAet": TITLE,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowMove": True,
        "DicomAlwaysAllowGet": True,
        "UnknownSopClassAccepted": True,
        **settings,
    }
    (folder / "orthanc.json").write_text(json.dumps(config))
    command = f"ip link set lo up && exec {program} {folder / 'orthanc.json'}"
    with open(folder / "log", "wb") as log:
        quick = {**os.environ, "TCP_NODELAY": "1"}
        process = subprocess.Popen([*IN_NAMESPACE, "sh", "-c", command], stdout=log, stderr=log, env=quick)
    try:
        orthanc = Orthanc(process, folder)
        _wait(orthanc)
        yield orthanc
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(orthanc: Orthanc) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            orthanc.http("GET", "/system")
            return
        except OSError:
            if orthanc.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Orthanc did not start: {(orthanc.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
