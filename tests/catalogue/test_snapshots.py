"""Snapshots are published whole or not at all, and the same tables are the same version."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagebank.catalogue import BadRow, current_version, load_manifest, open_snapshot, publish, snapshots, verify
from imagebank.catalogue.tables import Patient, Scanner
from imagebank.core.errors import BankError
from imagebank.core.files import remove_temporaries
from imagebank.core.layout import Layout

PATIENT = Patient("p1", "female", 1950, "A", "White", "nhs-2001", 3, "IoD2019", None, None, "records")
ONE: dict[str, list[Any]] = {"patients": [PATIENT]}
TWO: dict[str, list[Any]] = {"patients": [PATIENT, replace(PATIENT, patient="p2")]}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "bank", tmp_path / "vault")


def everything(layout: Layout) -> dict[str, str]:
    files = (path for path in layout.root.rglob("*") if path.is_file())
    return {layout.relative(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_version_is_a_number_and_the_hash_of_the_content(layout: Layout) -> None:
    version = publish(layout, ONE, {"policy": "abc"})
    manifest = load_manifest(layout, version)
    assert version == f"v0001-{manifest.content[:8]}" == current_version(layout)
    assert manifest.tables["patients"].rows == 1
    assert manifest.tables["series"].rows == 0
    assert manifest.provenance == {"policy": "abc"}
    assert verify(layout, version) == []


def test_publishing_the_same_tables_again_changes_no_byte(layout: Layout) -> None:
    first = publish(layout, TWO, {"policy": "abc"})
    before = everything(layout)
    assert publish(layout, {"patients": TWO["patients"][::-1]}, {"policy": "abc"}) == first
    assert everything(layout) == before


def test_the_same_tables_in_another_bank_are_the_same_bytes(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "other", tmp_path / "vault")
    publish(layout, TWO, {"policy": "abc"})
    publish(other, TWO, {"policy": "abc"})
    assert everything(layout) == everything(other)


def test_an_older_version_stays_readable(layout: Layout) -> None:
    first, second = publish(layout, ONE, {}), publish(layout, TWO, {})
    assert second.startswith("v0002-")
    assert open_snapshot(layout, first).table("patients").count().execute() == 1
    assert open_snapshot(layout).table("patients").count().execute() == 2
    assert verify(layout, first) == verify(layout, second) == []


def test_going_back_to_earlier_tables_is_a_new_version(layout: Layout) -> None:
    first, _, third = publish(layout, ONE, {}), publish(layout, TWO, {}), publish(layout, ONE, {})
    assert third.startswith("v0003-")
    assert third[6:] == first[6:]


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("writes_that_succeed", range(12))
def test_a_run_killed_at_any_write_leaves_a_readable_version_and_can_be_repeated(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, writes_that_succeed: int
) -> None:
    first = publish(layout, ONE, {})
    left = iter(range(writes_that_succeed))
    genuine: Callable[..., None] = os.replace

    def replace_until_killed(source: Any, target: Any) -> None:
        if next(left, None) is None:
            raise Killed
        genuine(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_until_killed)
        patch.setattr(snapshots.shutil, "rmtree", lambda *_, **__: None)
        try:
            publish(layout, TWO, {})
        except Killed:
            assert current_version(layout) == first
    assert open_snapshot(layout).table("patients").count().execute() in (1, 2)
    remove_temporaries(layout.root)
    second = publish(layout, TWO, {})
    assert second.startswith("v0002-")
    assert verify(layout, second) == []
    assert {path.name for path in layout.tables.iterdir()} == {first, second, "current"}


def test_a_version_that_was_never_published_is_replaced(layout: Layout) -> None:
    first = publish(layout, ONE, {})
    abandoned = publish(layout, TWO, {})
    layout.current.write_text(first + "\n")
    third = publish(layout, {"patients": [replace(PATIENT, patient="p3")]}, {})
    assert third.startswith("v0002-")
    assert not layout.snapshot(abandoned).exists()


def test_nothing_is_published_over_a_lost_pointer(layout: Layout) -> None:
    publish(layout, ONE, {})
    publish(layout, TWO, {})
    layout.current.unlink()
    before = everything(layout)
    with pytest.raises(BankError, match="newer"):
        publish(layout, TWO, {"x": "y"})
    assert everything(layout) == before


def test_verify_names_what_was_changed_added_or_lost(layout: Layout) -> None:
    version = publish(layout, ONE, {})
    folder = layout.snapshot(version)
    with open(folder / "patients.parquet", "ab") as file:
        file.write(b"x")
    (folder / "extra.txt").write_text("x")
    (folder / "notes.parquet").unlink()
    complaints = verify(layout, version)
    assert len(complaints) == 3
    for name in ("patients.parquet", "extra.txt", "notes.parquet"):
        assert any(name in complaint for complaint in complaints)


def test_verify_sees_a_renamed_version(layout: Layout) -> None:
    version = publish(layout, ONE, {})
    layout.snapshot(version).rename(layout.snapshot("v0001-00000000"))
    assert verify(layout, "v0001-00000000") == ["v0001-00000000: the name does not fit the manifest"]


def test_verify_survives_a_manifest_that_is_no_manifest(layout: Layout) -> None:
    version = publish(layout, ONE, {})
    (layout.snapshot(version) / "manifest.json").write_text("[1]")
    assert verify(layout, version) == [f"Snapshot {version} has no manifest that can be read."]


def test_a_row_that_points_nowhere_is_refused_without_its_value(layout: Layout) -> None:
    from imagebank.catalogue.tables import Note

    with pytest.raises(BadRow, match="table patients does not have") as caught:
        publish(
            layout,
            {
                "patients": [PATIENT],
                "notes": [Note("p-secret", None, "letter", 3, None, "records", "structured", "", "import", "")],
            },
            {},
        )
    assert "secret" not in caught.value.what
    assert current_version(layout) is None


def test_an_undeclared_table_is_refused(layout: Layout) -> None:
    with pytest.raises(BadRow, match="no table pets"):
        publish(layout, {"pets": []}, {})


def test_opening_a_bank_without_snapshots_says_what_to_do(layout: Layout) -> None:
    with pytest.raises(BankError) as caught:
        open_snapshot(layout)
    assert "imagebank update" in caught.value.advice


def test_opening_a_snapshot_writes_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    publish(layout, {**ONE, "scanners": [Scanner("s", "GE", "Signa", 1.5)]}, {})
    before = everything(layout)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    connection = open_snapshot(layout)
    assert connection.table("scanners").count().execute() == 1
    assert everything(layout) == before
    assert list((tmp_path / "work").iterdir()) == []
