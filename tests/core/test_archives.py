"""Archives: every member is told once, whatever is done to the archive, and in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.core.archives import ENDS, UNREADABLE, Allowance, Broken, kind_of, unpack
from imagebank.core.archives import model as bounds

CONTENTS = [random.Random(n).randbytes(700 + n) for n in range(4)]
PACKERS = {
    "gz": lambda content: gzip.compress(content, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "": lambda content: content,
}


@contextmanager
def spool(pieces: Iterator[bytes]) -> Iterator[IO[bytes]]:
    yield io.BytesIO(b"".join(pieces))


def told(content: bytes, allowed: Allowance | None = None) -> list[bytes | str]:
    """What an archive gives: of each member its content, or why there is none."""
    found: list[bytes | str] = []
    for member in unpack(io.BytesIO(content), kind_of(content[:600]), allowed or Allowance.of(len(content)), spool):
        try:
            found.append(member.reason or b"".join(member.pieces))
        except Broken as broken:
            found.append(broken.reason)
    return found


def tar_of(contents: list[bytes], name: str = "m{}", **more: int) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", **more) as tar:  # type: ignore[call-overload]
        for number, content in enumerate(contents):
            info = tarfile.TarInfo(name.format(number))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zip_of(contents: list[bytes], method: int = zipfile.ZIP_DEFLATED, name: str = "m{}") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for number, content in enumerate(contents):
            archive.writestr(zipfile.ZipInfo(name.format(number)), content, method)
    return file.getvalue()


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_a_tar_gives_its_members_however_it_is_packed(packing: str, form: int) -> None:
    long = "é" * 60 if form == tarfile.USTAR_FORMAT else "é" * 300
    packed = PACKERS[packing](tar_of(CONTENTS, long.replace("é", "e") + "{}"[: 90 if form else 2], format=form))
    assert told(packed) == CONTENTS


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_gives_its_members(method: int) -> None:
    assert told(zip_of(CONTENTS, method)) == CONTENTS
    assert told(zip_of(CONTENTS, method, name="same")) == CONTENTS
    assert told(zip_of(CONTENTS, method, name="../../m{}")) == CONTENTS


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
def test_a_compressed_file_is_an_archive_of_one(packing: str) -> None:
    assert told(PACKERS[packing](CONTENTS[0])) == CONTENTS[:1]
    joined = PACKERS[packing](CONTENTS[0]) + PACKERS[packing](CONTENTS[1])
    assert told(joined) == [CONTENTS[0] + CONTENTS[1]]


def is_told(found: list[bytes | str], whole: list[bytes]) -> bool:
    """Whether a damaged archive gives a beginning of what it held, then that it is damaged, and nothing made up."""
    given = [each for each in found if isinstance(each, bytes)]
    return given == whole[: len(given)] and bool({*ENDS, *UNREADABLE} & set(found))


@pytest.mark.parametrize("packing", PACKERS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_tar_that_ends_early_at_any_byte_is_told(packing: str, data: st.DataObject) -> None:
    packed = PACKERS[packing](tar_of(CONTENTS))
    end = data.draw(st.integers(1, len(packed) - 1))
    if not packing and end >= 4 * 512 + sum(-(-len(each) // 512) * 512 for each in CONTENTS) + 512:
        return  # nothing but zeros is lost
    kind = kind_of(packed[:end])
    assert not kind or is_told(told(packed[:end]), CONTENTS)
    assert kind or end < 512


@settings(deadline=None, max_examples=60)
@given(end=st.integers(4, len(zip_of(CONTENTS)) - 1))
def test_a_zip_that_ends_early_at_any_byte_is_told(end: int) -> None:
    assert told(zip_of(CONTENTS)[:end]) == ["damaged-archive"]


@pytest.mark.parametrize("packing", PACKERS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_whatever_is_changed_in_an_archive_nothing_raises_and_nothing_packed_changes_unseen(
    packing: str, data: st.DataObject
) -> None:
    make = data.draw(st.sampled_from([tar_of, zip_of]))
    packed = bytearray(PACKERS[packing](make(CONTENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    found = told(bytes(packed)) if kind_of(bytes(packed[:600])) else []
    changed = [each for each in found if isinstance(each, bytes) and each not in CONTENTS]
    assert make is tar_of or packing or not changed  # a zip has a sum of each member, a plain tar has none


def test_a_damaged_header_does_not_end_a_tar_without_a_word() -> None:
    tar = bytearray(tar_of(CONTENTS))
    tar[1536 + 20] ^= 1  # the second header, as the first member takes two blocks
    assert told(bytes(tar)) == [CONTENTS[0], "damaged-archive"]
    with tarfile.open(fileobj=io.BytesIO(bytes(tar))) as peer:
        assert len(peer.getmembers()) == 1  # what the standard library would make of it


def test_tars_that_were_joined_are_read_as_one() -> None:
    assert told(tar_of(CONTENTS[:2]) + tar_of(CONTENTS[2:])) == CONTENTS


def test_a_packed_tar_whose_sum_is_wrong_is_told() -> None:
    packed = bytearray(gzip.compress(tar_of([*CONTENTS, bytes(3 << 20)]), 1))
    packed[-6] ^= 1
    found = told(bytes(packed))
    assert (found[:4], found[-1]) == (CONTENTS, "damaged-archive")


def test_links_devices_and_pipes_of_a_tar_are_no_files() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("/etc/passwd")
            info.type, info.linkname = kind, "../../etc/passwd"
            tar.addfile(info)
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    assert told(file.getvalue()) == ["not-a-file"] * 5


def test_a_link_in_a_zip_is_no_file() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert told(file.getvalue()) == ["not-a-file"]


def test_protected_and_strangely_packed_members_are_told_and_the_others_are_had() -> None:
    packed = bytearray(zip_of(CONTENTS, zipfile.ZIP_STORED))
    directory = packed.index(b"PK\x01\x02")
    packed[directory + 8] |= 1
    second = packed.index(b"PK\x01\x02", directory + 1)
    local = struct.unpack_from("<I", packed, second + 42)[0]
    packed[second + 10] = packed[local + 8] = 9  # Deflate64
    assert told(bytes(packed)) == ["encrypted-member", "unknown-compression", *CONTENTS[2:]]


def test_archives_within_archives_are_followed_to_a_fixed_depth() -> None:
    inner = gzip.compress(tar_of(CONTENTS[:1]))
    assert told(zip_of([inner, CONTENTS[1]])) == ["unpacked", CONTENTS[0], CONTENTS[1]]
    deep = zip_of([zip_of([zip_of([zip_of(CONTENTS)])])])
    assert told(deep) == ["unpacked", "unpacked", "nested-too-deep"]
    assert told(zip_of([inner[:-20], CONTENTS[1]]))[-1] == CONTENTS[1]
    assert told(zip_of([b"7z\xbc\xaf'\x1c....", CONTENTS[1]])) == ["unknown-archive", CONTENTS[1]]


@pytest.mark.parametrize("make", [zip_of, lambda contents: gzip.compress(tar_of(contents))])
def test_an_archive_that_unpacks_to_far_more_than_itself_is_left_there(make) -> None:  # type: ignore[no-untyped-def]
    bomb = make([CONTENTS[0], bytes(3 << 20), CONTENTS[1]])
    assert told(bomb, Allowance(2 << 20)) == [CONTENTS[0], "unpacks-too-far"]
    assert told(zip_of([make([bytes(3 << 20)]), CONTENTS[1]]), Allowance(2 << 20))[-1] == "unpacks-too-far"


def test_what_nobody_asks_for_counts_too() -> None:
    bomb = gzip.compress(tar_of([bytes(8 << 20), CONTENTS[1]]))
    found = unpack(io.BytesIO(bomb), "gz", Allowance(2 << 20), spool)
    assert [member.reason for member in found] == ["", "unpacks-too-far"]


def test_an_archive_of_too_many_members_is_left_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(zip_of(CONTENTS), Allowance(1 << 20, members=3)) == [*CONTENTS[:3], "too-many-members"]
    assert told(tar_of(CONTENTS), Allowance(1 << 20, members=4)) == CONTENTS
    monkeypatch.setattr("imagebank.core.archives.zips.MOST_DIRECTORY_BYTES", 100)
    assert told(zip_of(CONTENTS)) == ["too-many-members"]


def test_a_header_of_a_tar_that_would_fill_the_memory_is_damage() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        info = tarfile.TarInfo("names")
        info.type, info.size = tarfile.XHDTYPE, 64 << 20
        tar.addfile(info, io.BytesIO(bytes(64 << 20)))
    packed = gzip.compress(file.getvalue(), 1)
    assert told(packed, Allowance(1 << 30)) == ["damaged-archive"]


def test_an_xz_that_asks_for_too_much_memory_is_damage() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 8 << 20}]
    packed = bytearray(lzma.compress(CONTENTS[0], filters=filters))
    assert told(bytes(packed)) == CONTENTS[:1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imagebank.core.archives.unpacking.MOST_DICTIONARY", 1 << 20)
        assert told(bytes(packed)) == ["damaged-archive"]


def test_a_large_zip_has_its_directory_found() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = b"c" * 300
        with archive.open("m", "w", force_zip64=True) as member:
            member.write(CONTENTS[0])
    assert told(file.getvalue()) == CONTENTS[:1]


def test_dicom_is_no_archive_whatever_its_preamble_says() -> None:
    assert kind_of(b"PK\x03\x04" + bytes(124) + b"DICM") == ""
    assert kind_of(bytes(10240)) == ""
    assert bounds.MOST_RATIO > 1
