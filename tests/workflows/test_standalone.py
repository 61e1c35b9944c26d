"""De-identification without a bank: every file has one outcome, every road gives the same bytes, nothing leaks."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
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
from imagebank.cli.app import app
from imagebank.core.errors import ConfigError, LawBroken, VaultError
from imagebank.core.private import Private
from imagebank.core.progress import Silent
from imagebank.dicom.decisions import Refused
from imagebank.identities.pseudonyms import Keys, is_pseudonym
from imagebank.proof.search import Needle
from imagebank.synthetic import Hospital
from imagebank.workflows import standalone
from imagebank.workflows.standalone.lists import Counts, Places
from imagebank.workflows.standalone.offered import Offered, open_source
from imagebank.workflows.standalone.state import open_state
from imagebank.workflows.standalone.steps import read_offered
from imagebank.workflows.standalone.subjects import SHIFT_DAYS, Subjects, read_subject_map
from imagebank.workflows.standalone.verifying import Leak, Verified, VerifyTask, search_outputs, without_moved_dates
from small_hospital import trimmed

KEY = "5e" * 32
LONG_AGO = 1_400_000_000


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text(KEY)
    return path


@pytest.fixture(scope="module")
def some(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small source: one file of each series, without an ending, and all the odd files."""
    root = tmp_path_factory.mktemp("some") / "source"
    taken: set[str] = set()
    for path in sorted(hospital.images.rglob("*")):
        place = path.relative_to(hospital.images)
        if path.is_file() and (place.parts[0] == "oddities" or str(place.parent) not in taken):
            taken.add(str(place.parent))
            target = root / place.with_suffix("" if path.suffix == ".dcm" else path.suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return root


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


def every_byte(output: Path) -> dict[str, str]:
    """SHA-256 of each output and of the log beside it."""
    places = Places(output)
    paths = [path for root in (places.output, places.log) for path in sorted(root.rglob("*")) if path.is_file()]
    return {str(path.relative_to(output.parent)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def run(source: Path, output: Path, key: Path, **more: object) -> standalone.Summary:
    request = standalone.Request(source, output, key, workers=1, **more)  # type: ignore[arg-type]
    return standalone.deidentify_source(request, progress=Silent())


def instances(output: Path) -> list[Path]:
    return sorted(output.rglob("*.dcm"))


def rows(path: Path) -> dict[str, str]:
    with open(path, newline="", encoding="utf-8") as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}


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


def test_a_zip_a_tar_and_a_folder_give_the_same_bytes(some: Path, whole: Path, key: Path, tmp_path: Path) -> None:
    files = sorted(path for path in some.rglob("*") if path.is_file())
    with zipfile.ZipFile(tmp_path / "some.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(some))
    with tarfile.open(tmp_path / "some.tar.gz", "w:gz") as tar:
        tar.add(some, "some")
    for name in ("some.zip", "some.tar.gz"):
        (tmp_path / name).with_suffix(".d").mkdir()
        output = (tmp_path / name).with_suffix(".d") / "out"
        run(tmp_path / name, output, key)
        assert every_byte(output) == every_byte(whole)


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


def changed(path: Path, **values: object) -> bytes:
    """A file with other values."""
    dataset = pydicom.dcmread(path)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture
def image(some: Path) -> Path:
    return next(each for each in sorted(some.rglob("*")) if each.is_file() and "oddities" not in each.parts)


def test_a_file_without_a_patient_id_is_refused(image: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(changed(image, PatientID=""))
    told = run(tmp_path / "in", tmp_path / "out", key, keep_refused=True)
    assert dict(told.counts.reasons) == {("quarantined", "no-patient-id"): 1}
    kept = list((told.places.quarantine / "files").iterdir())
    assert [path.read_bytes() for path in kept] == [(tmp_path / "in" / "a").read_bytes()]
    assert told.places.quarantine.stat().st_mode & 0o077 == 0


def numbered(image: Path, folder: Path, told: list[tuple[str, str]]) -> Path:
    """A source with an image for each patient id and issuer."""
    folder.mkdir()
    for index, (number, issuer) in enumerate(told):
        content = changed(
            image,
            PatientID=number,
            IssuerOfPatientID=issuer,
            SOPInstanceUID=f"1.2.3.{index}",
            SeriesInstanceUID=f"1.2.4.{index}",
        )
        (folder / str(index)).write_bytes(content)
    return folder


def test_a_patient_under_two_numbers_becomes_two(image: Path, key: Path, tmp_path: Path) -> None:
    source = numbered(image, tmp_path / "in", [("A 1", ""), ("a1", "HERE"), ("B2", "")])
    assert run(source, tmp_path / "out", key).counts.patients == 2


def test_a_patient_id_of_two_issuers_is_refused_unless_the_issuer_counts(
    image: Path, key: Path, tmp_path: Path
) -> None:
    source = numbered(image, tmp_path / "in", [("A1", "HERE"), ("A1", "THERE"), ("A1", ""), ("B2", "HERE")])
    told = run(source, tmp_path / "out", key)
    assert dict(told.counts.reasons) == {("quarantined", "several-issuers"): 3}
    assert run(source, tmp_path / "by", key, by_issuer=True).counts.patients == 4


def test_outputs_are_withdrawn_when_a_later_file_makes_them_doubtful(image: Path, key: Path, tmp_path: Path) -> None:
    source = numbered(image, tmp_path / "in", [("A1", "HERE")])
    assert run(source, tmp_path / "out", key).counts.written == 1
    (source / "other").write_bytes((source / "0").read_bytes()[:-2] + b"\1\1")
    told = run(source, tmp_path / "out", key)
    assert dict(told.counts.reasons) == {("quarantined", "instance-conflict"): 2}
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


def test_a_subject_map_decides_who_is_written_and_under_what(image: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(changed(image, PatientID="AB 1", StudyDate="20200131"))
    (tmp_path / "in" / "b").write_bytes(changed(image, PatientID="X", SOPInstanceUID="1.2", SeriesInstanceUID="1.3"))
    (tmp_path / "map.csv").write_text("patient_id,subject,offset_days\nab1,Sub-7,-30\n")
    told = run(tmp_path / "in", tmp_path / "out", key, subject_map=tmp_path / "map.csv")
    assert dict(told.counts.reasons) == {("quarantined", "not-in-subject-map"): 1}
    (path,) = instances(tmp_path / "out")
    assert path.relative_to(tmp_path / "out").parts[0] == "Sub-7"
    assert pydicom.dcmread(path).StudyDate == "20200101"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("patient,subject\nA,1\n", "no column patient_id"),
        ("patient_id,subject\n,S1\n", "no patient id in line 2"),
        ("patient_id,subject\nA,S 1\n", "letters, digits"),
        ("patient_id,subject\nA,../x\n", "letters, digits"),
        ("patient_id,subject\nA,S1\nB,S1\n", "two patients one subject in line 3"),
        ("patient_id,subject\nA,S1\nB,s1\n", "two patients one subject in line 3"),
        ("patient_id,subject\nA,S1\nA,S2\n", "another subject or offset in line 3"),
        ("patient_id,subject\nSMITH1,smith1\n", "itself as its subject"),
        ("patient_id,subject,offset_days\nA,S1,0\n", "or 0"),
        ("patient_id,subject,offset_days\nA,S1,1.5\n", "no whole number"),
        ("patient_id,subject,offset_days\nA,S1,99999\n", "36500 days"),
    ],
)
def test_a_subject_map_that_is_not_understood_is_refused_with_its_line(
    text: str, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(ConfigError, match=complaint) as raised:
        read_subject_map(tmp_path / "map.csv")
    assert "SMITH1" not in str(raised.value)


def test_two_patients_share_a_subject_and_an_offset_only_when_said(tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text("patient_id,subject\nA,S1\nB,S1\nB,S1\n")
    subjects = Subjects(Keys(b"k" * 32, "x"), read_subject_map(tmp_path / "map.csv", shared=True))
    people = [subjects.link(Private(number)).person or "" for number in ("a", "b")]
    assert {subjects.pseudonym(person) for person in people} == {"S1"}
    assert len({subjects.offset_days(person) for person in people}) == 1
    assert SHIFT_DAYS[0] <= subjects.offset_days(people[0]) <= SHIFT_DAYS[1]


@pytest.mark.parametrize("inside", ["source/out", "."])
def test_source_and_destination_must_not_lie_in_one_another(inside: str, key: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(ConfigError, match="in one another"):
        run(tmp_path / "source", tmp_path / inside, key)


def test_a_destination_with_something_else_is_left_alone(some: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="did not write"):
        run(some, tmp_path / "out", key)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere", "out", "--key", "{key}"), 4),
        (("{key}", "out", "--key", "{key}"), 4),
        (("{some}", "out", "--key", "missing"), 5),
        (("{some}", "out", "--key", "{bad}"), 5),
        (("{some}", "out", "--key", "{key}", "--policy", "none"), 3),
        (("{some}", "out", "--key", "{key}", "--subject-map", "missing"), 3),
        (("{some}", "out"), 2),
    ],
)
def test_wrong_use_ends_with_its_code_and_no_traceback(
    arguments: tuple[str, ...], code: int, some: Path, key: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("12ab")
    told = [each.format(key=key, some=some, bad=bad) for each in arguments]
    told[1] = str(tmp_path / told[1])
    ran = imagebank("deidentify", *told)
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err


def test_members_that_cannot_be_unpacked_are_offered_with_a_reason(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good", b"abc")
        archive.writestr("bad", b"damaged content")
    content = (tmp_path / "a.zip").read_bytes().replace(b"damaged", b"DAMAGED")
    (tmp_path / "a.zip").write_bytes(content)
    assert [(each.content, each.reason) for each in open_source(tmp_path / "a.zip")] == [
        (b"abc", ""),
        (b"", "damaged-member"),
    ]
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a.zip", "first")
        (tmp_path / "noise").write_bytes(random.Random(1).randbytes(50_000))
        tar.add(tmp_path / "noise", "second")
    (tmp_path / "a.tar.gz").write_bytes((tmp_path / "a.tar.gz").read_bytes()[:30_000])
    assert [each.reason for each in open_source(tmp_path / "a.tar.gz")][-1] == "damaged-archive"


def test_a_file_that_is_gone_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="file-vanished"):
        read_offered(Offered(0, Private("x"), Private(str(tmp_path / "gone"))))


def test_a_state_cut_by_a_kill_is_read_up_to_the_cut(tmp_path: Path) -> None:
    keys = Keys(b"k" * 32, "x")
    with open_state(tmp_path / "log" / "state", keys):
        pass
    with open(tmp_path / "log" / "state", "a") as file:
        file.write('{"done":"a","path":"p","sha256":"s","set":"d"}\n{"done":"b","pa')
    with open_state(tmp_path / "log" / "state", keys) as state:
        assert list(state.written) == ["a"]


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
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).returncode:
        pytest.skip("only root may mount the small file system that this test fills")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_with_8_and_the_next_run_goes_on(images: Path, key: Path, small_disk: Path) -> None:
    ran = imagebank("deidentify", images, small_disk / "out", "--key", key)
    assert ran.code == 8, ran.err
    assert "No space is left" in ran.err
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
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
