"""demo --pacs: the pretend hospital behind a PACS, from which the bank fetches it.

Orthanc, where it is installed, listens on every address of a machine. So it runs in a network of its own that has
nothing but loopback, and the fetching command runs in there too. Elsewhere a pretend PACS serves in this process.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import typer

from imagebank.cli.acquire import print_run
from imagebank.core.errors import SourceError
from imagebank.core.layout import CONFIG_NAME
from imagebank.core.progress import Progress
from imagebank.workflows.acquiring import acquire

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
HTTP_PORT, DICOM_PORT = 8042, 4242  # nobody else is in the network of Orthanc
SECONDS_TO_START = 60
Serve = Callable[[int], AbstractContextManager[int]]
"""Serves the images on a port, or on any where it is 0; gives the port."""
SOURCE = """
# The pretend PACS of this demo.
[[pacs]]
name = "pacs"
nhs_numbers = ["{number}"]
settle_minutes = 0
"""


def acquire_from_pretend_pacs(
    bank: Path, images: Path, home: Path, environ: Mapping[str, str], progress: Progress, serve: Serve
) -> None:
    """Fetch the images of a folder from a PACS that serves them meanwhile; `serve` starts one in this process."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    enter = _private_network()
    if program and enter and PLUGIN.exists():
        typer.echo("the PACS is Orthanc", err=True)
        _name_source(bank, f'kind = "dicomweb"\nurl = "http://127.0.0.1:{HTTP_PORT}/dicom-web"\n')
        _acquire_from_orthanc(bank, images, home, [program, *enter], environ)
        return
    typer.echo("the PACS is a pretend one: Orthanc is not installed, or may not have a network of its own", err=True)
    with serve(_port_of(bank)) as port:
        told = f'kind = "dimse"\nhost = "127.0.0.1"\nport = {port}\ncalled_title = "PRETEND"\nretrieve = "get"\n'
        _name_source(bank, told)
        for run in acquire(bank, environ=environ, progress=progress):
            print_run(run)


def _port_of(bank: Path) -> int:
    """The port that an earlier run named, where there was one."""
    import tomllib

    told = tomllib.loads((bank / CONFIG_NAME).read_text("utf-8")).get("pacs") or [{}]
    port = int(told[0].get("port", 0))
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return port
    return 0


def _name_source(bank: Path, told: str) -> None:
    """Name the source in bank.toml; as it is now, where an earlier run named it."""
    text = (bank / CONFIG_NAME).read_text("utf-8")
    (bank / CONFIG_NAME).write_text(text.partition(SOURCE)[0] + SOURCE + told, "utf-8")


def _private_network() -> list[str]:
    """How a program is started in a network of its own; empty where that is not permitted."""
    enter = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if not (shutil.which("unshare") and shutil.which("ip")):
        return []
    works = subprocess.run([*enter, "ip", "link", "set", "lo", "up"], check=False, capture_output=True)
    return enter if works.returncode == 0 else []


def _acquire_from_orthanc(bank: Path, images: Path, home: Path, start: list[str], environ: Mapping[str, str]) -> None:
    """Start this module in a network of its own: it runs Orthanc, fills it and fetches."""
    program, *enter = start
    command = [sys.executable, "-m", "imagebank.cli.demo_pacs", str(bank), str(images), str(home), program]
    shell = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
    done = subprocess.run([*enter, *shell], check=False, env={**environ, "TCP_NODELAY": "1"})
    if done.returncode:
        raise SourceError("The images could not be fetched from Orthanc.", "run the demo without --pacs")


@contextmanager
def _orthanc(program: str, home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    settings = {
        "Name": "pretend",
        "HttpPort": HTTP_PORT,
        "DicomPort": DICOM_PORT,
        "StorageDirectory": str(home / "storage"),
        "IndexDirectory": str(home / "storage"),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "SyncStorageArea": False,
        "Plugins": [str(PLUGIN)],
    }
    (home / "orthanc.json").write_text(json.dumps(settings))
    with open(home / "log", "wb") as log:
        process = subprocess.Popen([program, str(home / "orthanc.json")], stdout=log, stderr=log)
    try:
        _wait(process)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError):
            _ask("GET", "/system")
            return
        time.sleep(0.1)
    raise SourceError("Orthanc did not start.", "run the demo without --pacs")


def _ask(method: str, path: str, body: bytes | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=60)
    try:
        connection.request(method, path, body)
        return connection.getresponse().read()
    finally:
        connection.close()


def _fill(images: Path) -> None:
    """Store every file that Orthanc takes; it holds them already where an earlier run did."""
    for path in sorted(images.rglob("*")):
        if path.is_file():
            _ask("POST", "/instances", path.read_bytes())


def main(bank: str, images: str, home: str, program: str) -> None:
    """What runs in the network of Orthanc."""
    from imagebank.cli.progress import TerminalProgress

    with _orthanc(program, Path(home)):
        _fill(Path(images))
        for run in acquire(Path(bank), environ=os.environ, progress=TerminalProgress()):
            print_run(run)


if __name__ == "__main__":
    main(*sys.argv[1:])
