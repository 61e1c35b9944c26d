"""The leak test: the search can find every kind of canary, and nothing is found in what is written."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import typer.testing

from conftest import DATA
from imagebank.cli.app import app
from imagebank.core.errors import LawBroken, SourceError
from imagebank.dicom.policy import load_policy
from imagebank.proof.canaries import Canaries, Plant
from imagebank.proof.clones import Clone, clones_of
from imagebank.proof.planting import DEPTHS, VRS
from imagebank.proof.planting_pixels import HIGH_BITS, TIMES
from imagebank.proof.planting_texts import CHARACTER_SETS
from imagebank.proof.report import LeakReport, as_json, as_page, row
from imagebank.proof.search import Searcher
from imagebank.proof.views import found_in
from imagebank.synthetic import Hospital
from imagebank.workflows import leak_test
from imagebank.workflows.leak_test import LeakTest, measure_leaks
from small_hospital import trimmed

KINDS = [
    *("private creator", "private element", "private element without creator", "text encoded as UN", "retired element"),
    *("group 0004", "sequence that no rule knows", "name inside a description", "number inside a description"),
    *("date inside a description", "coded value", "make, model or software", "station or serial number", "date", "UID"),
    *("maker's part of a UID", "text where a number should be", "text where a time should be", "age over 90"),
    *("text where the sex should be", "element that must be empty", "patient id or name", "safe private element"),
    *("beside a safe private element", "CSA image header", "CSA series header", "Phoenix protocol", "overlay text"),
    *("overlay bits", "curve", "icon image", "preamble", "file meta", "trailing padding element", "file name"),
    *("bytes behind the end", "bytes behind the pixels", "long number where another should be"),
    "number of the patient as another",
    *("letters as a binary number", HIGH_BITS, *TIMES, *(f"characters: {name}" for name in CHARACTER_SETS)),
    *(f"{vr} element" for vr in VRS if vr not in ("UN", "OL", "OD", "OV", "SV", "UV", "UN")),
]


REAL = (
    "neurolabusc+dcm_qa_nih/In/20180918Si/mr_0003/epi_pe_ap-00001.dcm",
    "neurolabusc+dcm_qa_ge/In/01_Ax_DWI_TENSOR_R2/i22.MRDC.1",
    "neurolabusc+dcm_qa_philips_enh/In/cl/1301_0001.dcm",
    "neurolabusc+dcm_qa_enh/In/Siemens/XA10/6_1.dcm",
)


def image_in(images: Path) -> Path:
    return next(path for path in sorted(images.rglob("*")) if path.is_file() and "oddities" not in path.parts)


@pytest.fixture(scope="module")
def clones(hospital: Hospital) -> list[Clone]:
    content = image_in(hospital.images).read_bytes()
    return list(clones_of(content, "PATIENTXQZ", Canaries("test"), load_policy()))


@pytest.fixture(scope="module")
def by_kind(clones: list[Clone]) -> dict[str, list[tuple[Plant, Clone]]]:
    found: dict[str, list[tuple[Plant, Clone]]] = defaultdict(list)
    for clone in clones:
        for plant in clone.plants:
            found[plant.kind].append((plant, clone))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_canary_of_each_kind_is_found_where_it_is(kind: str, by_kind: dict[str, list[tuple[Plant, Clone]]]) -> None:
    """The search can fail: a clone that went through untouched would be one leak for each of its canaries."""
    assert by_kind[kind]
    for plant, clone in by_kind[kind][:12]:
        assert found_in(Searcher([plant.needle]), clone.content, clone.path) == {plant.needle}, plant.place


def test_no_canary_is_found_where_none_was_planted(clones: list[Clone], hospital: Hospital) -> None:
    searcher = Searcher({plant.needle for clone in clones for plant in clone.plants if plant.kind != "age over 90"})
    content = image_in(hospital.images).read_bytes()
    assert found_in(searcher, content, "somewhere/else.dcm") == frozenset()


def test_canaries_are_unique_and_the_same_for_the_same_seed(clones: list[Clone], hospital: Hospital) -> None:
    again = clones_of(image_in(hospital.images).read_bytes(), "PATIENTXQZ", Canaries("test"), load_policy())
    assert [clone.content for clone in again] == [clone.content for clone in clones]
    told = Counter(plant.value for clone in clones for plant in clone.plants if plant.kind != "age over 90")
    assert [value for value, times in told.items() if times > 1 and value != "PATIENTXQZ" and len(value) > 8] == []


def test_canaries_stand_at_every_depth(clones: list[Clone]) -> None:
    assert {plant.depth for clone in clones for plant in clone.plants} == set(range(DEPTHS))


def leaking(report: LeakReport) -> set[str]:
    return {each.kind for each in report.kinds if each.leaked}


def test_nothing_leaks_from_clones_of_a_pretend_image(hospital: Hospital) -> None:
    """Its scanner writes no VRs, which makes it the harder case."""
    report = measure_leaks([image_in(hospital.images)], None, LeakTest(workers=1))
    assert leaking(report) == set()
    assert report.blind == 0
    assert report.elsewhere == ()
    assert report.files["clones written"] == report.files["clones"] - len(TIMES) > 10, "what shows text is refused"
    assert {each.kind for each in report.kinds} >= set(KINDS)
    assert all(each.low > 0.9 for each in report.depths)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real MRI files are not beside the repository")
def test_nothing_leaks_from_clones_of_real_images() -> None:
    report = measure_leaks([DATA / name for name in REAL], None, LeakTest(workers=1))
    assert leaking(report) == set()
    assert report.blind == 0
    assert report.files["files given"] == len(REAL)


@pytest.fixture(scope="module")
def small_hospital(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trimmed(hospital, tmp_path_factory.mktemp("small") / "hospital")


def test_nothing_of_the_pretend_hospital_leaks(small_hospital: Path) -> None:
    report = measure_leaks([], small_hospital, LeakTest(workers=1))
    assert [each for each in report.hospital if each.leaked] == []
    assert sum(each.seen for each in report.hospital) > 200
    assert report.files["hospital files written"] > 50


def test_without_an_image_there_is_nothing_to_measure(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no image")
    for files in ([], [tmp_path / "text"], [tmp_path / "missing"]):
        with pytest.raises(SourceError):
            measure_leaks(files, None, LeakTest())


def leaky() -> LeakReport:
    kinds = (row("coded value", 20, 20, ["(0008,0008)"]), row(HIGH_BITS, 3, 3, []))
    return LeakReport({"files given": 1}, "default 1", kinds, ())


def test_a_leak_is_told_with_its_kind_place_and_interval() -> None:
    told = json.loads(as_json(leaky()))
    assert told["leaks"] == 1
    assert told["kinds"][0]["recall"] == 0.95
    assert 0.75 < told["kinds"][0]["low"] < 0.76
    page = as_page(leaky())
    assert "1 leaks" in page
    assert "(0008,0008)" in page
    assert "http" not in page.replace("http-equiv", ""), "the page loads nothing"


def test_a_leak_and_a_blind_search_end_the_command_with_7(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blind = LeakReport({}, "", (row("coded value", 5, 4, []),), ())
    for report in (leaky(), blind):
        monkeypatch.setattr(leak_test, "measure_leaks", lambda *_a, report=report: report)
        ran = typer.testing.CliRunner().invoke(app, ["leaks", "x", "--html", str(tmp_path / "page.html")])
        assert isinstance(ran.exception, LawBroken)
        assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
