"""A real archive (Orthanc) stores and serves what the scanners write."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from sample_person import sample_person
from scanned import eras, visit_of

from imagebank.synthetic.scanning import write_others, write_visit

NEEDED = ("Orthanc", "storescu", "unshare", "ip")
PEER = Path(__file__).parent / "orthanc_peer.py"
KINDS = ("localizer", "T1w-3D", "DWI", "ADC")
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "peer"]


def refusal() -> str:
    """Why the archive cannot run here, or nothing. It listens on every address, so it gets a network of its own."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        return "this system gives no network namespace"
    return ""


@pytest.mark.skipif(bool(refusal()), reason=refusal())
def test_orthanc_stores_and_serves_every_makers_files(tmp_path: Path) -> None:
    sent, person = tmp_path / "sent", sample_person()
    for index, (machine, day) in enumerate(eras()):
        visit = visit_of(machine, day, 50 + index, *KINDS)
        write_visit(sent, person, visit, seed=1, size="tiny")
    beside = ("screenshot", "dose-report", "presentation-state", "spine")
    write_others(sent, person, visit, beside, seed=1, size="tiny")
    (tmp_path / "home").mkdir()
    command = [*ALONE, sys.executable, str(PEER), str(tmp_path / "home"), str(sent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    files = [pydicom.dcmread(path) for path in sent.rglob("*") if path.is_file()]
    ours = {str(each.SOPInstanceUID): hashlib.sha256(each.get("PixelData", b"")).hexdigest() for each in files}
    assert (told["code"], told["said"]) == (0, "")
    assert told["counts"]["CountInstances"] == len(files)
    assert told["counts"]["CountSeries"] == len(eras()) * len(KINDS) + len(beside)
    assert {uid: digest for uid, digest, _ in told["found"]} == ours
    pictures = {uid: shown for uid, _, shown in told["found"]}
    assert all(pictures[str(each.SOPInstanceUID)] for each in files if "PixelData" in each)
