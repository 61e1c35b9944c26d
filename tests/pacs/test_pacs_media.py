"""Archives and media: read once, bounded, and never a way out of the landing zone."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pretend import FIRST, OPT_OUTS, bank_of, change, instance, landed, run, status_of
from pydicom.fileset import FileSet

from conftest import imagebank


def test_archives_and_media_are_read_once_and_missing_files_are_told(tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "loose").mkdir(parents=True)
    files = []
    for number in range(6):
        files.append(tmp_path / f"{number}.dcm")
        instance(number).save_as(files[-1], enforce_file_format=True)
    with zipfile.ZipFile(media / "a.zip", "w") as archive:
        archive.write(files[0], "a/b.dcm")
        archive.writestr("readme.txt", "hello")
        archive.write(files[1], "../../escape.dcm")
    with tarfile.open(media / "b.tar.gz", "w:gz") as tar:
        tar.add(files[2], "x")
        tar.add(files[0], "again")
    shutil.copy(files[3], media / "loose")
    medium = FileSet()
    for path in files[4:]:
        medium.add(path)
    medium.write(media / "cd")
    gone = next(path for path in sorted((media / "cd").rglob("*")) if path.is_file() and path.name != "DICOMDIR")
    kept = gone.read_bytes()
    gone.unlink()
    bank = bank_of(tmp_path, name="media", kind="media", path=str(media))
    ended = run(bank)
    assert dict(ended.left) == {"not-an-instance": 1, "missing-on-medium": 1}
    assert len(landed(bank, "media")) == 5
    assert not list(tmp_path.rglob("escape.dcm"))
    assert dict(run(bank).left) == {"missing-on-medium": 1}
    gone.write_bytes(kept)
    assert run(bank).received == 1
    told = status_of(bank)
    assert (told.received, told.tallies["duplicates"]) == (6, 1)


def test_a_bomb_in_an_archive_is_not_unpacked_and_harms_nothing_beside_it(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    instance(1).save_as(tmp_path / "one.dcm", enforce_file_format=True)
    with zipfile.ZipFile(media / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(3 << 20))
        archive.writestr("large.dcm", (tmp_path / "one.dcm").read_bytes() + bytes(3 << 20))
        archive.write(tmp_path / "one.dcm", "/etc/one.dcm")
    with tarfile.open(media / "links.tar", "w") as tar:
        link = tarfile.TarInfo("link.dcm")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        device = tarfile.TarInfo("device.dcm")
        device.type = tarfile.CHRTYPE
        tar.addfile(device)
    os.mkfifo(media / "pipe")
    (media / "loop").symlink_to(media)
    (media / "nowhere.dcm").symlink_to(tmp_path / "gone")
    bank = bank_of(tmp_path, name="media", kind="media", path=str(media))
    change(bank, "largest_mb = 2048", "largest_mb = 1")
    assert dict(run(bank).left) == {"not-an-instance": 1, "too-large": 1, "not-a-file": 2, "unreadable": 1}
    assert len(landed(bank, "media")) == 1


def test_a_medium_whose_names_were_changed_by_its_mount_is_whole(tmp_path: Path) -> None:
    instance(1).save_as(tmp_path / "one.dcm", enforce_file_format=True)
    medium = FileSet()
    medium.add(tmp_path / "one.dcm")
    medium.write(tmp_path / "media" / "cd")
    for path in sorted((tmp_path / "media" / "cd").rglob("*"), reverse=True):
        ending = ".;1" if path.is_file() and path.name != "DICOMDIR" else ""
        path.rename(path.with_name(path.name.lower() + ending))
    bank = bank_of(tmp_path, name="media", kind="media", path=str(tmp_path / "media"))
    assert dict(run(bank).left) == {}
    assert len(landed(bank, "media")) == 1


def packed(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """A zip with some members."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def content(number: int, **more: Any) -> bytes:
    """An instance as a file."""
    file = io.BytesIO()
    instance(number, **more).save_as(file, enforce_file_format=True)
    return file.getvalue()


def media_bank(folder: Path, *patients: str) -> Path:
    """A bank whose one source is a folder of media."""
    (folder / "media").mkdir(exist_ok=True)
    return bank_of(folder, *patients, name="media", kind="media", path=str(folder / "media"))


def test_a_broken_archive_is_told_until_it_is_repaired_and_an_unchanged_one_is_not_read_again(tmp_path: Path) -> None:
    whole = packed(tmp_path, "a.zip", {f"{n}.dcm": content(n) for n in range(5)}).read_bytes()
    bank = media_bank(tmp_path)
    broken = tmp_path / "media" / "SMITH.zip"
    broken.write_bytes(whole[: len(whole) // 2])
    assert dict(run(bank).left) == {"damaged-archive": 1}
    assert run(bank).left == {}
    told = status_of(bank)
    assert (told.files, told.members) == ({"damaged-archive": 1}, {"damaged-archive": 1})
    shown = imagebank("acquire", "status", bank).out
    assert "1 archives, damaged-archive: The archive ends early" in shown
    assert "SMITH" not in shown
    plain = json.loads(imagebank("acquire", "status", "--json", bank).out)
    assert (plain[0]["files"], plain[0]["earlier"]["series"]) == ({"damaged-archive": 1}, 0)
    assert "media,SMITH.zip,damaged-archive,damaged-archive,1" in (bank / "landing" / "media.csv").read_text()
    broken.write_bytes(whole)
    assert run(bank).received == 5
    told = status_of(bank)
    assert (told.files, told.members, told.received) == ({"read": 1}, {"landed": 5}, 5)
    assert "SMITH" not in (bank / "landing" / "media.csv").read_text()


def test_a_run_that_was_stopped_goes_on_behind_the_last_member(tmp_path: Path) -> None:
    bank = media_bank(tmp_path)
    packed(tmp_path / "media", "a.zip", {f"{n}.dcm": content(n) for n in range(9)})
    asked = iter(range(100))
    assert run(bank, stop=lambda: next(asked) == 4).ended == "stopped"
    told = status_of(bank)
    assert (told.files, told.members) == ({"not-read": 1}, {"landed": 4})
    assert run(bank).received == 5
    told = status_of(bank)
    assert (told.files, told.members, told.tallies["duplicates"]) == ({"read": 1}, {"landed": 9}, 0)


def test_an_archive_that_is_gone_before_it_was_read_is_told_and_one_that_was_read_is_not(tmp_path: Path) -> None:
    bank = media_bank(tmp_path)
    read = packed(tmp_path / "media", "a.zip", {"1.dcm": content(1)})
    broken = packed(tmp_path / "media", "b.zip", {"2.dcm": content(2)})
    whole = broken.read_bytes()
    os.truncate(broken, 0)
    broken.unlink()
    broken.symlink_to(tmp_path / "gone")  # as on a disk that fails
    run(bank)
    for each in (read, broken):
        each.unlink()
    run(bank)
    assert status_of(bank).files == {"read": 1, "gone": 1}
    broken.write_bytes(whole)
    run(bank)
    assert (status_of(bank).files, status_of(bank).received) == ({"read": 2}, 2)


def test_an_archive_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    bank = media_bank(tmp_path)
    growing = packed(tmp_path / "media", "a.zip", {f"{n}.dcm": content(n) for n in range(3)})

    def grow() -> bool:
        os.utime(growing, (1, 1))
        return False

    assert dict(run(bank, stop=grow).left) == {"changed-while-read": 1}
    assert status_of(bank).files == {"changed-while-read": 1}
    run(bank)
    assert status_of(bank).files == {"read": 1}
    assert len(landed(bank, "media")) == 3


def test_a_medium_within_an_archive_has_its_missing_files_told(tmp_path: Path) -> None:
    medium = FileSet()
    for number in range(3):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(content(number))
        medium.add(path)
    medium.write(tmp_path / "cd")
    files = sorted(path for path in (tmp_path / "cd").rglob("*") if path.is_file() and path.name != "DICOMDIR")
    bank = media_bank(tmp_path)
    with tarfile.open(tmp_path / "media" / "cd.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "cd" / "DICOMDIR", "./disc 1/DICOMDIR")
        for path in files[1:]:
            tar.add(path, f"./disc 1/{path.relative_to(tmp_path / 'cd')}".lower())
    (tmp_path / "media" / "DICOMDIR").write_bytes((tmp_path / "cd" / "DICOMDIR").read_bytes()[:300])
    assert dict(run(bank).left) == {"missing-on-medium": 1, "unread-directory": 1}
    assert run(bank).left == {}
    assert status_of(bank).members == {"directory": 1, "landed": 2, "missing-on-medium": 1, "unread-directory": 1}


def test_the_same_instance_of_two_archives_counts_once_and_another_content_is_set_aside(tmp_path: Path) -> None:
    bank = media_bank(tmp_path)
    packed(tmp_path / "media", "a.zip", {"1.dcm": content(1), "2.dcm": content(2)})
    packed(tmp_path / "media", "b.zip", {"1.dcm": content(1), "2.dcm": content(2, EchoTime="7")})
    assert dict(run(bank).left) == {"set-aside": 1}
    assert status_of(bank).members == {"landed": 2, "copies": 1, "set-aside": 1}
    assert sorted(path.stem.count("-") for path in landed(bank, "media")) == [0, 0, 1]


def test_images_of_the_opted_out_do_not_land_and_are_read_when_they_opt_in(tmp_path: Path) -> None:
    bank = media_bank(tmp_path, FIRST, "HN0000002")
    packed(
        tmp_path / "media",
        "a.zip",
        {"1.dcm": content(1), "2.dcm": content(2, study=2, PatientID="hn-0000002")},
    )
    outs = tmp_path / "records" / "opt_outs.csv"
    outs.write_text(OPT_OUTS + "HN0000002,national,2020-01-01\n")
    assert dict(run(bank).left) == {"opted-out": 1}
    assert len(landed(bank, "media")) == 1
    told = status_of(bank)
    assert (told.members, told.left) == ({"landed": 1, "opted-out": 1}, {"opted-out": 1})
    assert run(bank).left == {}
    outs.write_text(OPT_OUTS)
    run(bank)
    assert len(landed(bank, "media")) == 2
    assert (status_of(bank).members["opted-out"], dict(status_of(bank).left)) == (0, {})


def test_memory_does_not_grow_with_a_member(tmp_path: Path) -> None:
    bank = media_bank(tmp_path)
    run(bank)  # whatever is loaded once is loaded
    header = content(1, PixelData=b"")[:-12]  # without the element of the pixels, which comes behind it
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 100 << 20)
    size = len(header) + len(pixels) + (100 << 20)
    with (
        zipfile.ZipFile(tmp_path / "media" / "a.zip", "w") as archive,
        archive.open("inner.tar.gz", "w") as inner,
        gzip.GzipFile(fileobj=inner, mode="wb", compresslevel=0) as packing,
        tarfile.open(fileobj=packing, mode="w|") as tar,
    ):
        info = tarfile.TarInfo("large.dcm")
        info.size = size
        with (tmp_path / "large.dcm").open("w+b") as file:
            file.write(header + pixels)
            file.truncate(size)
            file.seek(0)
            tar.addfile(info, file)
    tracemalloc.start()
    try:
        assert run(bank).received == 1
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert landed(bank, "media")[0].stat().st_size == size


def test_a_landed_file_of_a_medium_that_was_lost_is_read_again(tmp_path: Path) -> None:
    bank = media_bank(tmp_path)
    packed(tmp_path / "media", "a.zip", {f"{n}.dcm": content(n) for n in range(3)})
    run(bank)
    landed(bank, "media")[0].unlink()
    run(bank)
    assert len(landed(bank, "media")) == 3


def test_a_folder_that_may_not_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = media_bank(tmp_path)
    (tmp_path / "media" / "closed").mkdir()
    scandir = os.scandir

    def refuse(folder: Any) -> Any:
        if os.fsencode(folder).endswith(b"closed"):
            raise PermissionError
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert dict(run(bank).left) == {"unlisted-folder": 1}
