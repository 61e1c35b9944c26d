"""Run inside a network namespace of its own: store a folder in Orthanc, and say what Orthanc serves of it.

Usage: orthanc_peer.py HOME FOLDER. Prints one JSON object: how storing went, the counts, and of every instance the
digest of its pixels, its UID and whether a picture of it could be rendered.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pydicom

HTTP, DICOM = 8042, 4242
QUICK = {**os.environ, "TCP_NODELAY": "1"}


def get(path: str) -> bytes:
    """What Orthanc answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{HTTP}{path}", timeout=30) as answer:
        return answer.read()


def wait_until_ready() -> None:
    """Half a minute at most."""
    for _ in range(300):
        try:
            get("/system")
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("Orthanc did not start")


def renders(identifier: str) -> bool:
    """Whether Orthanc can decode the first frame."""
    try:
        return get(f"/instances/{identifier}/frames/0/preview").startswith(b"\x89PNG")
    except urllib.error.HTTPError:
        return False


def served(identifier: str) -> tuple[str, str, bool]:
    """UID, digest of the pixels as stored, and whether the image can be rendered."""
    dataset = pydicom.dcmread(io.BytesIO(get(f"/instances/{identifier}/file")))
    digest = hashlib.sha256(dataset.get("PixelData", b"")).hexdigest()
    return str(dataset.SOPInstanceUID), digest, renders(identifier)


def main(home: Path, folder: Path) -> None:
    """Start Orthanc, store, ask, stop."""
    settings = {
        "StorageDirectory": str(home / "db"),
        "IndexDirectory": str(home / "db"),
        "HttpPort": HTTP,
        "DicomPort": DICOM,
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "Plugins": [],
        "SyncStorageArea": False,
        "DicomAlwaysAllowStore": True,
    }
    (home / "orthanc.json").write_text(json.dumps(settings))
    orthanc = subprocess.Popen(
        ["Orthanc", str(home / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=QUICK
    )
    try:
        wait_until_ready()
        command = ["storescu", "-R", "+sd", "+r", "-xr", "127.0.0.1", str(DICOM), str(folder)]
        stored = subprocess.run(command, capture_output=True, text=True, env=QUICK, check=False)
        found = [served(each) for each in json.loads(get("/instances"))]
        counts = json.loads(get("/statistics"))
        print(json.dumps({"code": stored.returncode, "said": stored.stderr, "counts": counts, "found": found}))
    finally:
        orthanc.terminate()
        orthanc.wait(30)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
