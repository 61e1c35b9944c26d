"""dcmtk's echoscu, findscu, movescu and getscu: served by the pretend PACS, turned away by the receiving node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pretend import free_port, instance
from test_pacs_node import node_in

from imagebank.synthetic.pacs import PretendPacs

pytestmark = pytest.mark.skipif(not shutil.which("findscu"), reason="dcmtk is not installed")
QUICK = {**os.environ, "TCP_NODELAY": "1"}
STUDY_1, SERIES_12 = ("-k", "StudyInstanceUID=1.9.1"), ("-k", "SeriesInstanceUID=1.9.1.2")


def call(program: str, port: int, *options: str, called: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [program, "-v", "-aet", "TOOL", "-aec", called, *options, "127.0.0.1", str(port)]
    return subprocess.run(command, capture_output=True, text=True, env=QUICK, cwd=cwd, check=False, timeout=60)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[PretendPacs, int]]:
    """Two people, three studies, of which the first has two series."""
    held = [instance(number, series=series) for series in (1, 2) for number in range(3)]
    held += [instance(1, study=2, StudyDate="20210506"), instance(1, study=3, patient="HN0000002")]
    pacs = PretendPacs()
    for each in held:
        pacs.add(each)
    with pacs.serving() as port:
        yield pacs, port


@pytest.mark.parametrize(
    ("root", "level", "keys", "count"),
    [
        ("-P", "PATIENT", ("PatientID",), 2),
        ("-P", "PATIENT", ("PatientID=HN000000?",), 2),
        ("-P", "PATIENT", ("PatientID", "PatientName=PRETEND*"), 2),
        ("-P", "STUDY", ("PatientID=HN0000001",), 2),
        ("-S", "STUDY", ("PatientID=HN0000001",), 2),
        ("-S", "STUDY", ("StudyDate=20210101-",), 1),
        ("-S", "STUDY", ("StudyDate=20200101-20201231", "PatientID"), 2),
        ("-S", "STUDY", ("AccessionNumber=A3",), 1),
        ("-S", "SERIES", ("StudyInstanceUID=1.9.1",), 2),
        ("-S", "IMAGE", ("StudyInstanceUID=1.9.1", "SeriesInstanceUID=1.9.1.2"), 3),
        ("-S", "STUDY", ("PatientID=NOBODY",), 0),
    ],
)
def test_findscu_finds_at_every_level(
    served: tuple[PretendPacs, int], tmp_path: Path, root: str, level: str, keys: tuple[str, ...], count: int
) -> None:
    asked = [word for each in (f"QueryRetrieveLevel={level}", *keys) for word in ("-k", each)]
    done = call("findscu", served[1], root, *asked, "-X", called="PRETEND", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("rsp*.dcm"))) == count


def test_a_level_that_a_model_does_not_have_is_refused(served: tuple[PretendPacs, int], tmp_path: Path) -> None:
    options = ["-S", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID", "-X"]
    done = call("findscu", served[1], *options, called="PRETEND", cwd=tmp_path)
    assert "DoesNotMatchSOPClass" in done.stdout + done.stderr
    assert not list(tmp_path.glob("rsp*.dcm"))


@pytest.mark.parametrize(("level", "keys", "count"), [("STUDY", STUDY_1, 6), ("SERIES", (*STUDY_1, *SERIES_12), 3)])
@pytest.mark.parametrize("program", ["getscu", "movescu"])
def test_movescu_and_getscu_are_given_what_they_ask_for(
    served: tuple[PretendPacs, int], tmp_path: Path, program: str, level: str, keys: tuple[str, ...], count: int
) -> None:
    pacs, port = served
    options = ["-S", "-k", f"QueryRetrieveLevel={level}", *keys, "-od", str(tmp_path)]
    if program == "movescu":
        pacs.destinations["TOOL"] = ours = free_port()
        options += ["-aem", "TOOL", "+P", str(ours)]
    done = call(program, port, *options, called="PRETEND", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    got = [pydicom.dcmread(path) for path in tmp_path.iterdir()]
    assert len({each.SOPInstanceUID for each in got}) == count
    assert {each.StudyInstanceUID for each in got} == {"1.9.1"}


def test_movescu_to_a_place_that_nobody_knows_is_refused(served: tuple[PretendPacs, int], tmp_path: Path) -> None:
    options = ["-S", "-aem", "NOWHERE", "-k", "QueryRetrieveLevel=STUDY", *STUDY_1]
    done = call("movescu", served[1], *options, called="PRETEND", cwd=tmp_path)
    assert "MoveDestinationUnknown" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("program", "options"),
    [
        ("findscu", ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")),
        ("findscu", ("-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID")),
        ("findscu", ("-W", "-k", "PatientName")),
        ("movescu", ("-S", "-aem", "TOOL", "-k", "QueryRetrieveLevel=STUDY", *STUDY_1)),
        ("getscu", ("-S", "-k", "QueryRetrieveLevel=STUDY", *STUDY_1)),
    ],
)
def test_the_receiving_node_takes_images_and_hands_out_none(
    tmp_path: Path, program: str, options: tuple[str, ...]
) -> None:
    with node_in(tmp_path, peers=frozenset(("TOOL",))) as (node, landing, ended):
        with landing.begin() as arrival:
            instance(1).save_as(tmp_path / "one.dcm", enforce_file_format=True)
            arrival.write((tmp_path / "one.dcm").read_bytes())
            arrival.finish()
        assert call("echoscu", node.port, called="BANK", cwd=tmp_path).returncode == 0
        out = tmp_path / "out"
        out.mkdir()
        done = call(program, node.port, *options, called="BANK", cwd=out)
        node.close(2)
        assert re.search("no (adequate |acceptable )?presentation context", done.stdout + done.stderr, re.IGNORECASE)
        assert list(out.iterdir()) == []
    assert [set(each.counts) for each in ended] == [set(), {"not-offered"}]
