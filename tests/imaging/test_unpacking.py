"""The instances of a banked zip come out whole and in order, and a damaged archive is never taken for a whole one."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.imaging.unpacking import stored_entries, unpack

NAMES = st.text(st.sampled_from("0123456789.aé/"), min_size=1, max_size=12)
CONTENTS = st.dictionaries(NAMES, st.binary(max_size=40), max_size=5)
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])


def archive_of(contents: dict[str, bytes], method: int = zipfile.ZIP_STORED, *, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.comment = comment
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def unpacked(content: bytes, folder: Path) -> list[bytes]:
    path, place = folder / "series.zip", folder / "out"
    path.write_bytes(content)
    size = unpack(path, place)
    found = [each.read_bytes() for each in sorted(place.iterdir())]
    assert size == sum(map(len, found))
    for each in place.iterdir():
        each.unlink()
    return found


@given(CONTENTS, METHODS, st.sampled_from([b"", b"note"]))
@settings(max_examples=60, deadline=None)
def test_every_archive_gives_its_entries_in_the_order_of_their_names(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], method: int, comment: bytes
) -> None:
    content = archive_of(contents, method, comment=comment)
    assert unpacked(content, tmp_path_factory.mktemp("zip")) == [contents[name] for name in sorted(contents)]


def test_the_directory_of_a_banked_series_is_read_in_one_go() -> None:
    content = archive_of({"1.2.dcm": b"one", "1.1.dcm": b"other"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        told = [(each.filename.encode(), each.CRC, each.file_size, each.header_offset) for each in archive.infolist()]
    assert stored_entries(content) == told


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_byte_is_noticed_or_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    contents = {"1.1.dcm": b"x" * 50, "1.2.dcm": b"y" * 30}
    damaged = bytearray(archive_of(contents))
    damaged[place % len(damaged)] ^= change
    try:
        found = unpacked(bytes(damaged), tmp_path_factory.mktemp("zip"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        return
    assert sorted(found) == [b"x" * 50, b"y" * 30]


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 100, archive_of({"1.dcm": b"abc"})[:-1]])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(zipfile.BadZipFile):
        unpacked(content, tmp_path)
