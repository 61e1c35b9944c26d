"""The landing zone: what was fetched, flushed in groups, ends as what was pushed, flushed one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend import instance
from pydicom.uid import ImplicitVRLittleEndian

from imagebank.core import files
from imagebank.core.errors import DiskFull
from imagebank.dicom.pacs import landing as landing_module
from imagebank.dicom.pacs import part10
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.landed_file import digest_of_file
from imagebank.dicom.pacs.landing import Landing, Limits, Unrequested
from imagebank.dicom.pacs.part10 import ids_of
from imagebank.identities.pseudonyms import Keys

KEYS = Keys(bytes(32), "landing")
Way = Callable[[Landing, bytes], None]


def content(number: int, pixels: int) -> bytes:
    made = instance(number, series=number % 2, PixelData=bytes([pixels]) * 32)
    into = BytesIO()
    made.save_as(into, enforce_file_format=True)
    return into.getvalue()


def one_by_one(landing: Landing, sent: bytes) -> None:
    with landing.begin() as arrival:
        arrival.write(sent)
        arrival.finish()


def in_groups(landing: Landing, sent: bytes) -> None:
    arrival = landing.begin()
    arrival.write(sent)
    landing.take(arrival)


def ended(folder: Path, sent: list[bytes], way: Way) -> tuple[object, ...]:
    """What lies in the landing zone, and what its book says, once all was sent."""
    with closing(Book(folder / "book.db")) as book:
        landing = Landing(folder, "pacs", KEYS.uid_map, book, Limits())
        for each in sent:
            way(landing, each)
        landing.drain()
        lying = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.dcm"))}
        assert not list((folder / landing_module.PARTIAL).iterdir())
        return lying, book.counts("pacs"), book.tallies("pacs"), book.bytes_kept(), landing.arrived


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2)), max_size=20))
def test_both_ways_to_the_disk_end_alike(kinds: list[tuple[int, int]]) -> None:
    sent = [content(number, pixels) for number, pixels in kinds]
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        assert ended(Path(first), sent, one_by_one) == ended(Path(second), sent, in_groups)


def test_the_book_counts_nothing_that_was_not_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: set[int] = set()
    counted: list[int] = []

    def flush(paths: list[Path]) -> None:
        files.sync_disk(paths)
        flushed.update(path.stat().st_ino for path in paths)

    monkeypatch.setattr(landing_module, "sync_disk", flush)
    with closing(Book(tmp_path / "book.db")) as book:
        landing = Landing(tmp_path, "pacs", KEYS.uid_map, book, Limits())
        note = book.add_instance

        def add(source: str, name: str, row: object) -> None:
            path = next(tmp_path.rglob(f"{name}.dcm"))
            counted.append(path.stat().st_ino)
            assert path.stat().st_ino in flushed
            note(source, name, row)  # type: ignore[arg-type]

        monkeypatch.setattr(book, "add_instance", add)
        for number in range(100):
            in_groups(landing, content(number, 0))
        landing.drain()
        assert len(set(counted)) == 100


def test_what_nobody_asked_for_is_gone_at_once(tmp_path: Path) -> None:
    with closing(Book(tmp_path / "book.db")) as book:
        landing = Landing(tmp_path, "pacs", KEYS.uid_map, book, Limits())
        landing.asked = lambda _: False
        with pytest.raises(Unrequested):
            in_groups(landing, content(1, 0))
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and "book" not in path.name]


def test_files_that_wait_to_be_flushed_count_for_the_quota(tmp_path: Path) -> None:
    sent = [content(number, 0) for number in range(6)]
    with closing(Book(tmp_path / "book.db")) as book:
        landing = Landing(tmp_path, "pacs", KEYS.uid_map, book, Limits(quota=sum(map(len, sent[:4]))))
        for each in sent[:4]:
            in_groups(landing, each)
        with pytest.raises(DiskFull):
            in_groups(landing, sent[4])
        landing.drain()
        assert sum(count for count, _ in book.counts("pacs").values()) == 4


@pytest.mark.parametrize("is_deleted", [True, False])
def test_an_older_book_whose_digests_say_nothing_sets_nothing_aside(tmp_path: Path, is_deleted: bool) -> None:
    place = tmp_path / "book.db"
    with closing(Book(place)) as book:
        one_by_one(Landing(tmp_path, "pacs", KEYS.uid_map, book, Limits()), content(1, 0))
        book.let_go("pacs", book.kept("pacs") if is_deleted else ())
    with closing(sqlite3.connect(place)) as older, older:
        older.execute("UPDATE instances SET digest = X'00'")
        older.execute("PRAGMA user_version = 0")
    (path,) = tmp_path.rglob("*.dcm")
    if is_deleted:
        path.unlink()
    with closing(Book(place)) as book:
        landing = Landing(tmp_path, "pacs", KEYS.uid_map, book, Limits())
        one_by_one(landing, content(1, 0))
        assert list(tmp_path.rglob("*.dcm")) == [path]
        assert book.bytes_kept() == path.stat().st_size
        one_by_one(landing, content(1, 9))
        assert len(list(tmp_path.rglob("*.dcm"))) == 2, "another content is still told apart"


def test_nothing_counts_twice_for_the_quota_while_a_group_gets_its_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [content(number, 0) for number in range(6)]
    with closing(Book(tmp_path / "book.db")) as book:
        landing = Landing(tmp_path, "pacs", KEYS.uid_map, book, Limits(quota=sum(map(len, sent))))
        note = book.add_instance

        def add(source: str, name: str, row: object) -> None:
            landing.check_room(0)
            note(source, name, row)  # type: ignore[arg-type]

        monkeypatch.setattr(book, "add_instance", add)
        for each in sent:
            in_groups(landing, each)
        landing.drain()
        assert book.bytes_kept() == sum(map(len, sent))
        with pytest.raises(DiskFull):
            landing.check_room(1)


@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_the_names_are_read_from_the_beginning_without_pydicom(syntax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = instance(3)
    if syntax == "implicit":
        made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    into = BytesIO()
    made.save_as(into, enforce_file_format=True)
    patient = part10._patiently(into.getvalue())
    monkeypatch.setattr(part10, "_patiently", None)
    for cut in (len(into.getvalue()), into.getvalue().index(b"\x28\x00") + 40):
        assert ids_of(into.getvalue()[:cut]) == patient
        assert part10.ids_of_pieces([into.getvalue()[:200], into.getvalue()[200:cut]]) == patient


@given(st.integers(0, 3 << 20), st.lists(st.integers(1, 1 << 20), max_size=40), st.booleans())
@settings(max_examples=30, deadline=None)
def test_an_instance_lands_the_same_in_whatever_pieces_it_comes(pixels: int, cuts: list[int], fetched: bool) -> None:
    made = instance(1, PixelData=bytes(pixels + pixels % 2))
    into = BytesIO()
    made.save_as(into, enforce_file_format=True)
    left = memoryview(into.getvalue())
    with TemporaryDirectory() as name, closing(Book(Path(name) / "book.db")) as book:
        landing = Landing(Path(name), "pacs", KEYS.uid_map, book, Limits())
        arrival = landing.begin()
        while left:
            size = cuts.pop() if cuts else 1 << 19
            arrival.write(left[:size])
            left = left[size:]
        if fetched:
            landing.take(arrival)
            landing.drain()
        else:
            arrival.finish()
        (path,) = landing.folder.rglob("*.dcm")
        assert path.read_bytes() == into.getvalue()
        known = book.instance("pacs", path.stem)
        assert known
        assert known.digest == digest_of_file(path)


@pytest.mark.parametrize("has_syncfs", [True, False])
def test_a_disk_is_flushed_at_once_or_file_by_file(
    tmp_path: Path, has_syncfs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / str(number) for number in range(3)]
    for each in paths:
        each.write_bytes(b"content")
    calls: list[str] = []
    monkeypatch.setattr(files, "_syncfs", (lambda _: calls.append("disk") or 0) if has_syncfs else None)
    monkeypatch.setattr(files.os, "fsync", lambda _: calls.append("file"))
    files.sync_disk(paths)
    assert calls == (["disk"] if has_syncfs else ["file"] * 3)


def test_where_the_disk_cannot_be_flushed_at_once_each_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for each in paths:
        each.write_bytes(b"content")
    calls: list[int] = []
    monkeypatch.setattr(files, "_syncfs", lambda _: -1)
    monkeypatch.setattr(files.os, "fsync", calls.append)
    files.sync_disk(paths)
    assert len(calls) == 2
