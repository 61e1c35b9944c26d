"""dciodvfy finds nothing wrong with the scanners' files but what is planted and listed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sample_person import sample_person
from scanned import named, visit_of, write_all

from imagebank.synthetic.scanning import write_others, write_visit
from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.visits import OTHER_KINDS

pytestmark = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
ALLOWED = [row["message"] for row in rows("dciodvfy_allowed")]
SERIOUS = ("Error", "Abort", "Failed", "EmptyError")


def complaints(path: Path) -> list[str]:
    """What dciodvfy calls an error in a file."""
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, errors="replace")
    lines = (done.stdout + done.stderr).splitlines()
    assert any(line.startswith(("MRImage", "EnhancedMRImage", "SCImage", "BasicTextSR", "GrayscaleSoftcopy",
                                "BasicDirectory")) for line in lines), lines[-1:]  # fmt: skip
    return [line for line in lines if line.startswith(SERIOUS)]


def unlisted(path: Path) -> list[str]:
    return [line for line in complaints(path) if not any(message in line for message in ALLOWED)]


def test_one_file_of_each_kind_machine_and_software_conforms(tmp_path: Path) -> None:
    found = {}
    for each in write_all(tmp_path):
        for series in each.files.series:
            found[each.visit.scanner, each.visit.day.year, series.kind] = unlisted(each.images / series.paths[-1])
    assert len(found) > 250
    assert {where: what for where, what in found.items() if what} == {}


def test_allowed_messages_are_all_needed(tmp_path: Path) -> None:
    visit = visit_of("ge-15", date(2016, 1, 1), 45, "T1w-3D")
    files = write_visit(tmp_path, sample_person(), visit, seed=1, size="tiny")
    others = write_others(tmp_path, sample_person(), visit, ["directory"], seed=1, size="tiny")
    japanese = named("山田^花子", "やまだ^はなこ", "\\ISO 2022 IR 87")
    named_files = write_visit(tmp_path / "named", japanese, visit, seed=1, size="tiny")
    said = [*complaints(tmp_path / "named" / named_files.series[0].paths[0])]
    said += [*complaints(tmp_path / files.series[0].paths[0]), *complaints(tmp_path / others[0].paths[0])]
    assert {message for message in ALLOWED if any(message in line for line in said)} == set(ALLOWED)


def test_files_with_other_scripts_agents_faults_and_burned_in_text_conform(tmp_path: Path) -> None:
    people = [named("山田^花子", "やまだ^はなこ", "\\ISO 2022 IR 87"), named("Иванова^Елена", "", "ISO_IR 144")]
    for index, (machine, day) in enumerate(
        [("siemens-15", date(2012, 1, 1)), ("philips-15", date(2019, 1, 1)), ("siemens-30", date(2019, 1, 1))]
    ):
        visit = visit_of(machine, day, 10 + index, "T1w-3D", "DWI", "ADC", agent=True, burned_in=True)
        faulty = tuple(replace(each, fault="wrong-position") for each in visit.series)
        person = people[index % 2]
        files = write_visit(tmp_path, person, replace(visit, series=faulty), seed=1, size="tiny")
        for series in files.series:
            assert unlisted(tmp_path / series.paths[0]) == []


@pytest.mark.parametrize(
    ("machine", "day"),
    [("siemens-15", date(2012, 1, 1)), ("ge-15", date(2012, 1, 1)), ("philips-15", date(2019, 1, 1))],
)
def test_what_lies_beside_the_brain_images_conforms(machine: str, day: date, tmp_path: Path) -> None:
    visit = visit_of(machine, day, 21, "T1w-3D", "T2w-2D")
    kinds = (*OTHER_KINDS, "presentation-state", "directory")
    for each in write_others(tmp_path, sample_person(), visit, kinds, seed=1, size="tiny"):
        assert unlisted(tmp_path / each.paths[0]) == [], each.kind
