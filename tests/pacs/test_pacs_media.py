"""Archives and media: read once, bounded, and never a way out of the landing zone."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from pretend import bank_of, change, instance, landed, run, status_of
from pydicom.fileset import FileSet


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
        with archive.open("zeros", "w") as member:
            for _ in range(3):
                member.write(bytes(1 << 20))
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
    assert dict(run(bank).left) == {"too-large": 1, "damaged-member": 2, "unreadable": 1}
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
