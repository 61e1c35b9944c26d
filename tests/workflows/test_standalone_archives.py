"""De-identification of archives without a bank: every member is told, and so is what an archive may still hold."""

from __future__ import annotations

import csv
import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import imagebank
from imagebank.core.errors import SourceError
from imagebank.core.private import Private
from imagebank.dicom.decisions import Refused
from imagebank.workflows.standalone.lists import Places
from imagebank.workflows.standalone.offered import Offered, open_source
from imagebank.workflows.standalone.steps import read_offered
from standalone_runs import instances, key, run, some

__all__ = ["key", "some"]  # fixtures

Contents = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def images(some: Path) -> Contents:
    """Three images, each of a series of its own."""
    paths = [each for each in sorted(some.rglob("*")) if each.is_file() and "oddities" not in each.parts]
    return [(f"scan/IM{number}", path.read_bytes()) for number, path in enumerate(paths[:3])]


def tar_of(contents: Contents) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in contents:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zip_of(contents: Contents) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def with_a_damaged_header(contents: Contents) -> bytes:
    """A tar whose second header is damaged; the standard library would take that for its end."""
    tar = bytearray(tar_of(contents))
    tar[512 + -(-len(contents[0][1]) // 512) * 512] ^= 1
    with tarfile.open(fileobj=io.BytesIO(bytes(tar))) as peer:
        assert len(peer.getmembers()) == 1
    return bytes(tar)


def protected(contents: Contents) -> bytes:
    """A zip whose first member is said to be protected by a password."""
    packed = bytearray(zip_of(contents))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def listed(output: Path) -> list[tuple[str, str]]:
    """Every file that was refused or left out, and why."""
    found: list[tuple[str, str]] = []
    for name in ("refused.csv", "excluded.csv"):
        with open(Places(output).quarantine / name, newline="", encoding="utf-8") as file:
            found += [(row["file"], row["reason"]) for row in csv.DictReader(file)]
    return found


REST = "(the rest of the archive)"
NOISE = random.Random(1).randbytes(300_000)


@pytest.mark.parametrize(
    ("pack", "written", "told"),
    [
        (with_a_damaged_header, 1, [(REST, "damaged-archive")]),
        (
            lambda contents: gzip.compress(tar_of([*contents, ("noise", NOISE)]))[:-50_000],
            3,
            [("noise", "damaged-member"), (REST, "damaged-archive")],
        ),
        (lambda contents: zip_of(contents)[:-30], 0, [(REST, "damaged-archive")]),
        (lambda contents: b"7z\xbc\xaf'\x1c" + zip_of(contents), 0, [(REST, "unknown-archive")]),
        (
            lambda contents: zip_of([("a.zip", zip_of(contents)[:-30]), *contents]),
            3,
            [("a.zip/" + REST, "damaged-archive"), ("a.zip", "unpacked")],
        ),
    ],
)
def test_an_archive_that_was_not_read_to_its_end_is_told(
    pack: Callable[[Contents], bytes],
    written: int,
    told: list[tuple[str, str]],
    images: Contents,
    key: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "source").write_bytes(pack(images))
    counts = run(tmp_path / "source", tmp_path / "out", key).counts
    assert (counts.written, len(instances(tmp_path / "out")), listed(tmp_path / "out")) == (written, written, told)
    assert counts.offered == written + len(told)


def test_an_archive_that_was_not_read_to_its_end_ends_the_command_with_4(
    images: Contents, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.tar").write_bytes(with_a_damaged_header(images))
    ran = imagebank("deidentify", tmp_path / "a.tar", tmp_path / "out", "--key", key, "--workers", "1")
    assert ran.code == 4, ran.err
    assert "1 archives were not read to their end" in ran.err
    assert "damaged-archive" in ran.out
    assert len(instances(tmp_path / "out")) == 1


def test_members_without_content_are_told_and_the_others_are_written(
    images: Contents, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.zip").write_bytes(protected(images))
    told = run(tmp_path / "a.zip", tmp_path / "out", key, keep_refused=True)
    assert (told.counts.offered, told.counts.written) == (3, 2)
    assert listed(tmp_path / "out") == [("scan/IM0", "encrypted-member")]
    assert not (told.places.quarantine / "files").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_members_of_one_name_are_members_each(
    pack: Callable[[Contents], bytes], images: Contents, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(pack([("same", content) for _, content in images] + [("same", b"text")]))
    told = run(tmp_path / "a", tmp_path / "out", key)
    assert (told.counts.offered, told.counts.written) == (4, 3)
    assert listed(tmp_path / "out") == [("same", "not-dicom")]


def test_archives_within_an_archive_are_read_and_their_members_are_named_with_them(
    images: Contents, key: Path, tmp_path: Path
) -> None:
    one, two, three = images
    inner = zip_of([two, ("note", b"text"), ("b.tar.gz", gzip.compress(tar_of([three])))])
    (tmp_path / "a.zip").write_bytes(zip_of([one, ("inner.zip", inner)]))
    told = run(tmp_path / "a.zip", tmp_path / "out", key)
    assert (told.counts.offered, told.counts.written, told.counts.quarantined) == (6, 3, 0)
    assert listed(tmp_path / "out") == [
        ("inner.zip", "unpacked"),
        ("inner.zip/note", "not-dicom"),
        ("inner.zip/b.tar.gz", "unpacked"),
    ]
    assert {path.name for path in told.places.quarantine.iterdir()} == {"refused.csv", "excluded.csv"}


def test_a_packed_image_is_read_within_an_archive_and_refused_in_a_folder(
    images: Contents, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.dcm.gz").write_bytes(gzip.compress(images[0][1]))
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(tmp_path / "folder", "folder")
    assert run(tmp_path / "a.tar", tmp_path / "a" / "out", key).counts.written == 1
    told = run(tmp_path / "folder", tmp_path / "b" / "out", key)
    assert dict(told.counts.reasons) == {("quarantined", "compressed-file"): 1}


def test_an_archive_is_offered_the_same_again_and_again(images: Contents, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of([*images, ("inner.tar", tar_of(images))]))
    source = open_source(tmp_path / "a.zip", tmp_path)
    assert list(source) == list(source)
    assert source.count() == len(list(source)) == 7


def test_members_that_are_damaged_or_too_large_are_offered_with_a_reason(tmp_path: Path) -> None:
    noise = NOISE[:50_000]
    packed = bytearray(zip_of([("good", b"abc"), ("bad", noise), ("large", bytes(60_000))]))
    packed[packed.index(noise[:40]) + 9] ^= 1
    (tmp_path / "a.zip").write_bytes(packed)
    told = list(open_source(tmp_path / "a.zip", tmp_path, most=55_000))
    assert [each.content or each.reason for each in told] == [b"abc", "damaged-member", "too-large"]
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(60_000)))  # which does not tell its size
    assert [each.reason for each in open_source(tmp_path / "a.gz", tmp_path, most=55_000)] == ["too-large"]


def test_an_archive_that_is_gone_between_two_readings_is_an_error_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of([("a", b"abc")]))
    source = open_source(tmp_path / "a.zip", tmp_path)
    (tmp_path / "a.zip").unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        list(source)


def test_what_could_not_be_unpacked_has_no_content() -> None:
    with pytest.raises(Refused, match="damaged-member"):
        read_offered(Offered(0, Private("x"), reason="damaged-member"))
