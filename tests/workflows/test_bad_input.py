"""Whatever is offered, a person gets a clear message or a quarantine reason, never a traceback, and nothing is lost."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest

from conftest import imagebank
from disks import disk_of, enlarge
from dumps import every_byte
from imagebank.core.errors import ImagebankError, SourceError
from imagebank.core.progress import Silent
from imagebank.dicom import headers
from imagebank.synthetic import Hospital, build_hospital
from imagebank.workflows import indexing
from imagebank.workflows.init import init
from imagebank.workflows.update import update
from outcomes import outcome_of_files

MakeBank = Callable[..., Path]


@pytest.fixture(scope="module")
def one_patient(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """A hospital of one patient, with images of a usual size."""
    return build_hospital(tmp_path_factory.mktemp("one") / "hospital", patients=1, trouble=False)


@pytest.fixture
def images(one_patient: Hospital, tmp_path: Path) -> Path:
    """One good series of the hospital, in a folder of its own."""
    folders = sorted(one_patient.images.rglob("*T2w*"))
    files = next(folder for folder in folders if len(list(folder.iterdir())) > 10)
    shutil.copytree(files, tmp_path / "images" / "series")
    return tmp_path / "images"


def good_files(images: Path) -> list[Path]:
    return sorted((images / "series").iterdir())


def edited(source: Path, to: Path, edit: Callable[[pydicom.Dataset], None]) -> None:
    dataset = pydicom.dcmread(source)
    edit(dataset)
    to.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(to)


def outcomes(bank: Path, images: Path) -> dict[str, tuple[str, str]]:
    """Outcome and reason of each file below `images`; every file there must have one, and the laws must hold."""
    ended = {str(Path(path).relative_to(images.resolve())): fate for path, fate in outcome_of_files(bank).items()}
    there = {str(path.relative_to(images)) for path in images.rglob("*") if path.is_file()}
    assert there <= set(ended)
    assert imagebank("check", bank).code == 0
    return ended


def test_an_empty_folder_gives_an_empty_bank_with_tables(
    small_bank: MakeBank, hospital: Hospital, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    bank = small_bank(tmp_path / "empty", hospital.records)
    assert (bank / "tables" / "current").is_file()
    assert imagebank("status", bank).code == 0
    assert imagebank("profile", bank).code == 0
    assert imagebank("check", bank).code == 0


def test_files_that_are_no_good_dicom_each_get_their_reason(
    small_bank: MakeBank, hospital: Hospital, images: Path
) -> None:
    good = good_files(images)[0]
    content = good.read_bytes()
    odd = images / "odd"
    odd.mkdir()
    (odd / "zero").write_bytes(b"")
    (odd / "text.txt").write_text("not DICOM")
    (odd / "random").write_bytes(os.urandom(5000))
    (odd / "magic-only").write_bytes(bytes(128) + b"DICM")
    (odd / "scan.dcm.gz").write_bytes(gzip.compress(content))
    (odd / "cut-in-header").write_bytes(content[:900])
    (odd / "cut-in-pixels").write_bytes(content[:-3000])
    (odd / "dangling").symlink_to(odd / "nowhere")
    ended = outcomes(small_bank(images, hospital.records), images)
    assert {name: fate for name, fate in ended.items() if name.startswith("odd/")} == {
        "odd/zero": ("quarantined", "empty-file"),
        "odd/text.txt": ("excluded", "not-dicom"),
        "odd/random": ("excluded", "not-dicom"),
        "odd/magic-only": ("quarantined", "missing-uid"),
        "odd/scan.dcm.gz": ("quarantined", "compressed-file"),
        "odd/cut-in-header": ended["odd/cut-in-header"],
        "odd/cut-in-pixels": ("quarantined", "instance-conflict"),
        "odd/dangling": ("quarantined", "file-vanished"),
    }
    assert ended["odd/cut-in-header"][0] == "quarantined"


@pytest.mark.parametrize("length", range(0, 4000, 250))
def test_a_file_cut_anywhere_is_never_banked(hospital: Hospital, tmp_path: Path, length: int) -> None:
    whole = next(p for p in sorted(hospital.images.rglob("*")) if p.is_file() and p.stat().st_size > 20000)
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[:length])
    facts = headers.read_facts(cut)
    if facts.verdict == headers.IMAGE:  # the header is whole: the pixels are counted when the file is banked
        from imagebank.dicom.deidentify import Refused, check_pixels

        with pytest.raises(Refused):
            check_pixels(pydicom.dcmread(cut))


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_an_image_without_a_uid_is_quarantined(
    small_bank: MakeBank, hospital: Hospital, images: Path, keyword: str
) -> None:
    edited(good_files(images)[0], images / "odd" / "no-uid", lambda dataset: delattr(dataset, keyword))
    ended = outcomes(small_bank(images, hospital.records), images)
    assert ended["odd/no-uid"] == ("quarantined", "missing-uid")


def test_of_equal_copies_one_is_banked_and_the_others_are_counted(
    small_bank: MakeBank, hospital: Hospital, images: Path
) -> None:
    shutil.copytree(images / "series", images / "copy")
    ended = outcomes(small_bank(images, hospital.records), images)
    banked = [name for name, fate in ended.items() if fate == ("banked", "")]
    copies = [name for name, fate in ended.items() if fate == ("excluded", "identical-duplicate")]
    assert len(banked) == len(copies) == len(good_files(images))


def test_of_two_contents_under_one_uid_neither_is_chosen(
    small_bank: MakeBank, hospital: Hospital, images: Path
) -> None:
    def dim(dataset: pydicom.Dataset) -> None:
        dataset.WindowCenter = 77

    edited(good_files(images)[3], images / "odd" / "other", dim)
    ended = outcomes(small_bank(images, hospital.records), images)
    conflicts = [name for name, fate in ended.items() if fate == ("quarantined", "instance-conflict")]
    assert sorted(conflicts) == sorted(["odd/other", f"series/{good_files(images)[3].name}"])


def test_a_series_of_two_patients_is_quarantined_whole(small_bank: MakeBank, hospital: Hospital, images: Path) -> None:
    def other(dataset: pydicom.Dataset) -> None:
        dataset.PatientID, dataset.PatientName = "X9999999", "Somebody^Else"
        dataset.SOPInstanceUID += ".9"

    edited(good_files(images)[0], images / "odd" / "other", other)
    ended = outcomes(small_bank(images, hospital.records), images)
    assert set(ended.values()) == {("quarantined", "two-patients")}


def test_a_source_that_is_not_there_stops_the_run_and_changes_nothing(
    small_bank: MakeBank, hospital: Hospital, images: Path
) -> None:
    bank = small_bank(images, hospital.records)
    before = every_byte(bank)
    images.rename(images.with_name("unmounted"))
    ran = imagebank("update", bank)
    assert ran.code == 4
    assert "cannot be read" in ran.err
    assert "Traceback" not in ran.err
    assert every_byte(bank) == before


def test_a_folder_without_permission_is_reported_after_the_rest_is_done(
    hospital: Hospital, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (images / "closed").mkdir()
    real = os.scandir

    def scandir(path: bytes) -> Iterator[os.DirEntry[bytes]]:
        if os.fsencode(path).endswith(b"closed"):
            raise PermissionError(13, "closed")
        return real(path)

    monkeypatch.setattr(indexing.os, "scandir", scandir)
    init(tmp_path / "bank", images=[images], records=[hospital.records], pretend=True)
    with pytest.raises(SourceError, match="1 folders"):
        update(tmp_path / "bank", environ={}, progress=Silent())
    assert {fate for fate, _ in outcome_of_files(tmp_path / "bank").values()} == {"banked"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "x"), "no-permission"),
        (FileNotFoundError(2, "x"), "file-vanished"),
        (OSError(5, "x"), "read-error"),
    ],
)
def test_a_file_that_cannot_be_opened_is_quarantined_and_tried_again(
    error: OSError, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(headers, "open", refuse, raising=False)
    facts = headers.read_facts(tmp_path / "any")
    assert facts.verdict == reason
    assert reason in headers.QUARANTINED
    assert reason in headers.PASSING


def test_a_file_that_vanishes_between_index_and_banking_is_quarantined_and_banked_when_it_returns(
    small_bank: MakeBank, hospital: Hospital, images: Path, tmp_path: Path
) -> None:
    bank = small_bank(images, hospital.records, updated=False)
    from imagebank.workflows.opening import open_for_work

    with open_for_work(bank, "test", environ={}, progress=Silent()) as work:
        indexing.index_sources(work)
    gone = good_files(images)[2]
    gone.rename(tmp_path / "away")
    update(bank, environ={}, progress=Silent())
    assert outcome_of_files(bank)[str(gone.resolve())] == ("quarantined", "file-vanished")
    assert imagebank("check", bank).code == 0
    shutil.copy2(tmp_path / "away", gone)
    update(bank, environ={}, progress=Silent())
    assert set(outcome_of_files(bank).values()) == {("banked", "")}


def test_records_without_a_column_name_the_nearest(small_bank: MakeBank, images: Path, tmp_path: Path) -> None:
    records = tmp_path / "records"
    records.mkdir()
    (records / "patients.csv").write_text("hospital_numbr,nhs_number,given_name,family_name,birth_date,sex\n")
    with pytest.raises(ImagebankError) as raised:
        small_bank(images, records)
    assert "hospital_number" in raised.value.what
    assert "hospital_numbr" in raised.value.advice


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    one_patient: Hospital, small_disk: Path, tmp_path: Path
) -> None:
    bank = small_disk / "bank"
    init(bank, images=[one_patient.images], records=[one_patient.records], key_file=tmp_path / "key", pretend=True)
    ran = imagebank("update", bank)
    assert ran.code == 8, ran.err
    assert "No space is left" in ran.err
    assert not [path for path in bank.rglob(".tmp-*") if path.suffix == ".zip"]
    enlarge(small_disk, 300)
    assert imagebank("update", bank).code == 0
    assert imagebank("check", bank).code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk_of(12, tmp_path / "disk") as folder:
        yield folder


def test_ctrl_c_ends_the_run_with_one_line_and_leaves_no_process(small_bank: MakeBank, hospital: Hospital) -> None:
    bank = small_bank(hospital.images, hospital.records, updated=False)
    command = [sys.executable, "-m", "imagebank", "update", str(bank)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, text=True)
    while not list(bank.glob("dicom/*/*/*.zip")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again" in told
    assert "Traceback" not in told
    deadline = time.monotonic() + 10
    while _alive(process.pid):
        assert time.monotonic() < deadline, "workers outlived their parent"
        time.sleep(0.1)
    assert imagebank("update", bank).code == 0


def _alive(session: int) -> list[str]:
    """The processes of a session that are not yet dead."""
    told = subprocess.run(["ps", "-eo", "sid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in told.splitlines()]
    return [row[2] for row in rows if row[0] == str(session) and not row[1].startswith("Z")]
