"""De-identification without a bank: every file has one outcome, every road gives the same bytes, nothing leaks."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
import typer.testing

from conftest import imagebank
from disks import disk_of, enlarge
from imagebank.cli.app import app
from imagebank.core.errors import ConfigError, LawBroken, VaultError
from imagebank.identities.pseudonyms import Keys, is_pseudonym
from imagebank.proof.search import Needle
from imagebank.synthetic import Hospital
from imagebank.workflows import standalone
from imagebank.workflows.standalone.lists import Counts, Places
from imagebank.workflows.standalone.verifying import Leak, Verified, VerifyTask, search_outputs, without_moved_dates
from small_hospital import trimmed
from standalone_runs import KEY, every_byte, instances, key, rows, run, some

__all__ = ["key", "some"]  # fixtures

LONG_AGO = 1_400_000_000


@pytest.fixture(scope="module")
def images(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A larger source: two files of each series."""
    return trimmed(hospital, tmp_path_factory.mktemp("images") / "hospital") / "pacs"


@pytest.fixture(scope="module")
def whole(some: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of that source."""
    output = tmp_path_factory.mktemp("whole") / "out"
    ran = imagebank("deidentify", some, output, "--key", key, "--verify")
    assert ran.code == 0, ran.err
    return output


def test_every_file_offered_has_one_outcome(some: Path, whole: Path) -> None:
    told = json.loads((Places(whole).log / "summary.json").read_text())["files"]
    assert told["offered"] == sum(path.is_file() for path in some.rglob("*"))
    assert told["offered"] == told["written"] + told["excluded"] + told["quarantined"]
    assert told["written"] == len(instances(whole))
    assert told["excluded"] == len(rows(Places(whole).quarantine / "excluded.csv"))
    assert told["quarantined"] == len(rows(Places(whole).quarantine / "refused.csv"))


def test_each_odd_file_has_its_reason(whole: Path) -> None:
    excluded, refused = (rows(Places(whole).quarantine / name) for name in ("excluded.csv", "refused.csv"))
    assert excluded["oddities/DICOMDIR"] == "dicomdir"
    assert excluded["oddities/captures/SC1"] == "secondary-capture"
    assert refused["oddities/broken/IM000003"] == "truncated-pixels"


def test_output_lies_under_keyed_ids(whole: Path) -> None:
    uids = Keys(bytes.fromhex(KEY), "deidentify").uid_map
    assert len(instances(whole)) > 20
    for path in instances(whole):
        patient, study, series, _ = path.relative_to(whole).parts
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert is_pseudonym(patient)
        assert header.PatientID == header.PatientName == patient
        assert len(study) == len(series) == len(path.stem) == 26
        assert header.SOPInstanceUID.startswith("2.25.")
    assert uids.item("1.2.3") != Keys(b"x" * 32, "deidentify").uid_map.item("1.2.3")


def test_the_log_holds_decisions_and_no_value(whole: Path) -> None:
    lines = [json.loads(line) for line in (Places(whole).log / "decisions.jsonl").read_text().splitlines()]
    assert sum(line["instances"] for line in lines) == len(instances(whole))
    for line in lines:
        assert all(len(decision) == 3 and decision[0].startswith("(") for decision in line["decisions"])


def test_a_zip_a_tar_and_a_folder_give_the_same_bytes(some: Path, key: Path, tmp_path: Path) -> None:
    """But for files that are packed once more: those are read within an archive, and refused in a folder."""
    source = tmp_path / "some"
    shutil.copytree(some, source, ignore=shutil.ignore_patterns("*.gz"))
    with zipfile.ZipFile(tmp_path / "some.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(source))
    with tarfile.open(tmp_path / "some.tar.gz", "w:gz") as tar:
        tar.add(source, "some")
    folder, *archives = (tmp_path / name / "out" for name in ("folder", "zip", "tar"))
    run(source, folder, key)
    for name, output in zip(("some.zip", "some.tar.gz"), archives, strict=True):
        run(tmp_path / name, output, key)
        assert every_byte(output) == every_byte(folder)


def test_a_run_killed_anywhere_ends_as_if_it_had_not_been(images: Path, key: Path, tmp_path: Path) -> None:
    straight, broken = tmp_path / "a" / "out", tmp_path / "b" / "out"
    assert imagebank("deidentify", images, straight, "--key", key).code == 0
    rng, killed = random.Random(7), 0
    for _ in range(3):
        command = [sys.executable, "-m", "imagebank", "deidentify", images, broken, "--key", key]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_for_output(broken, process, rng.randrange(0, 80))
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait()
    assert killed >= 2
    assert imagebank("deidentify", images, broken, "--key", key, "--workers", "1").code == 0
    assert every_byte(broken) == every_byte(straight)
    assert list(broken.rglob(".tmp-*")) == []


def _wait_for_output(output: Path, process: subprocess.Popen[bytes], count: int) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline and len(instances(output)) < count:
        time.sleep(0.05)


def test_a_second_run_writes_nothing_anew_and_repairs_what_was_spoilt(some: Path, key: Path, tmp_path: Path) -> None:
    run(some, tmp_path / "out", key)
    before = every_byte(tmp_path / "out")
    first, second = instances(tmp_path / "out")[:2]
    untouched = second.stat().st_ino
    first.write_bytes(b"spoilt")
    run(some, tmp_path / "out", key)
    assert every_byte(tmp_path / "out") == before
    assert second.stat().st_ino == untouched


def test_no_file_time_tells_when_it_was_made(whole: Path) -> None:
    assert max(path.stat().st_mtime for path in [whole, *whole.rglob("*")]) < LONG_AGO


def test_a_file_of_an_earlier_run_that_is_now_refused_is_taken_away(some: Path, key: Path, tmp_path: Path) -> None:
    """A cut image under the id of a good one: nothing of the old output may stay where the log says refused."""
    source = tmp_path / "source"
    source.mkdir()
    path = next(each for each in some.rglob("*") if each.is_file() and "oddities" not in each.parts)
    (source / "a").write_bytes(path.read_bytes())
    assert run(source, tmp_path / "out", key).counts.written == 1
    (source / "a").write_bytes(path.read_bytes()[:-1000])
    told = run(source, tmp_path / "out", key)
    assert dict(told.counts.reasons) == {("quarantined", "truncated-pixels"): 1}
    assert instances(tmp_path / "out") == []


def test_another_key_gives_other_ids_and_other_dates_and_is_refused_at_the_same_destination(
    some: Path, whole: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.key"
    run(some, tmp_path / "out", other, new_key=True)
    assert other.stat().st_mode & 0o077 == 0
    names = [{path.name for path in output.iterdir()} for output in (whole, tmp_path / "out")]
    assert names[0] & names[1] == set()
    with pytest.raises(VaultError, match="another key"):
        run(some, whole, other)
    with pytest.raises(ConfigError, match="there already"):
        run(some, tmp_path / "out", other, new_key=True)


def test_verify_finds_what_was_left_in_an_output(whole: Path, tmp_path: Path) -> None:
    """The search itself can fail: a name, a number, a date and a UID put back into outputs are found."""
    path = instances(whole)[0]
    needles = frozenset(
        {
            Needle("name", "(0010,0010)", "Haverford"),
            Needle("LO", "(0010,0020)", "K8298664"),
            Needle("DA", "(0010,0030)", "19481203"),
            Needle("UI", "(0020,000D)", "1.2.826.0.1.3680043.8.498.1"),
        }
    )
    for needle in needles:
        content = path.read_bytes() + f" {needle.value} ".encode()
        (tmp_path / "a.dcm").write_bytes(content)
        assert search_outputs(VerifyTask(tmp_path, ("a.dcm",), needles)) == (Leak("a.dcm", needle.kind, needle.place),)
    (tmp_path / "a.dcm").write_bytes(path.read_bytes())
    assert search_outputs(VerifyTask(tmp_path, ("a.dcm",), needles)) == ()


def test_a_true_date_is_excused_only_where_moving_another_gives_it() -> None:
    needles = [Needle("DA", "x", "20200110"), Needle("DA", "x", "20200120"), Needle("DA", "y", "19500101")]
    assert {needle.value for needle in without_moved_dates(needles, -10)} == {"20200120", "19500101"}


def test_a_leak_ends_the_command_with_7(some: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leak = Verified(1, 1, (Leak("a", "name", "(0010,0010)"),))
    summary = standalone.Summary(Counts(1, 1, 0, 0), Places(tmp_path), 0, leak)
    monkeypatch.setattr(standalone, "deidentify_source", lambda *_a, **_k: summary)
    arguments = ["deidentify", str(some), str(tmp_path / "out"), "--key", str(key), "--verify"]
    ran = typer.testing.CliRunner().invoke(app, arguments)
    assert isinstance(ran.exception, LawBroken)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(1, tmp_path / "disk") as folder:
        yield folder


def test_a_full_disk_ends_with_8_and_the_next_run_goes_on(images: Path, key: Path, small_disk: Path) -> None:
    ran = imagebank("deidentify", images, small_disk / "out", "--key", key)
    assert ran.code == 8, ran.err
    assert "No space is left" in ran.err
    enlarge(small_disk, 200)
    assert imagebank("deidentify", images, small_disk / "out", "--key", key).code == 0


def test_output_log_and_messages_hold_nothing_that_identifies(whole: Path, hospital: Hospital, some: Path) -> None:
    from leaks import found, planted

    texts = {
        f"{path.name} {index}": path.read_bytes() + str(path.relative_to(whole.parent)).encode()
        for root in (whole, Places(whole).log)
        for index, path in enumerate(sorted(root.rglob("*")))
        if path.is_file()
    }
    assert len(texts) > 20
    assert found(whole.parent / "nothing", planted(hospital.answers, dates=False), texts) == []
