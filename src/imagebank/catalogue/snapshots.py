"""Snapshots: immutable versions of all tables, published whole or not at all.

A version is `v0007-1a2b3c4d`: a running number and the start of the hash of what the tables hold. Publishing the same
tables again changes no byte and no version. The folder is finished under a temporary name, renamed, and only then does
`current` name it: a reader sees the old version or the new one. A folder that `current` never came to name was never
published, and the next run replaces it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebank.catalogue.store import BadRow, schema_of, write_table
from imagebank.catalogue.streams import Stream, write_stream
from imagebank.catalogue.tables import TABLES
from imagebank.core.columns import Column, columns
from imagebank.core.errors import BankError
from imagebank.core.files import hide_time, replace_folder, sha256, temporary_beside, write_text
from imagebank.core.layout import Layout

MANIFEST = "manifest.json"
FORMAT = 1
VERSION = re.compile(r"v(\d{4,})-([0-9a-f]{8})")


@dataclass(frozen=True)
class TableEntry:
    """What the manifest says of one table: rows, SHA-256 of its file, names of its columns."""

    rows: int
    sha256: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a snapshot is and what made it; `content` is the hash over all tables."""

    version: str
    content: str
    tables: Mapping[str, TableEntry]
    provenance: Mapping[str, str]


Rows = Sequence[object] | Stream


def publish(layout: Layout, tables: Mapping[str, Rows], provenance: Mapping[str, str]) -> str:
    """Make the tables the current snapshot and return its version; a declared table that is not given is empty.

    A table of events may be a stream, which need not fit into memory; it may refer to tables that are rows.

    When the current snapshot already holds the same tables nothing is written, and its provenance stays as it was.
    Raises BadRow for rows that do not fit their tables, BankError when the snapshots on the disk make no sense.
    """
    check_names(tables)
    check_references(tables)
    folder = temporary_beside(layout.tables / "snapshot")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        known = _known_ids(tables)
        entries = {name: _write(folder, name, tables.get(name, ()), known) for name in TABLES}
        return _settle(layout, folder, entries, provenance)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, name: str, rows: Rows, known: Mapping[str, set[Any]]) -> TableEntry:
    path = folder / f"{name}.parquet"
    if isinstance(rows, Stream):
        count = write_stream(path, TABLES[name], rows, known)
    else:
        write_table(path, TABLES[name], rows)
        count = len(rows)
    return TableEntry(count, sha256(path), tuple(each.name for each in columns(TABLES[name])))


def _settle(layout: Layout, folder: Path, entries: Mapping[str, TableEntry], provenance: Mapping[str, str]) -> str:
    content = content_hash(entries)
    current = current_version(layout)
    if current and load_manifest(layout, current).content == content:
        return current
    version = f"v{_number(current) + 1:04d}-{content[:8]}"
    write_text(folder / MANIFEST, manifest_text(Manifest(version, content, entries, dict(provenance))))
    for path in sorted(folder.iterdir()):
        hide_time(path, content)
    _remove_unpublished(layout, current)
    replace_folder(folder, layout.snapshot(version))
    write_text(layout.current, version + "\n")
    return version


def _remove_unpublished(layout: Layout, current: str | None) -> None:
    """Delete what a killed run left beyond the current version: at most one number further."""
    beyond = [path for path in _versions(layout) if _number(path.name) > _number(current)]
    if any(_number(path.name) > _number(current) + 1 for path in beyond):
        raise BankError(
            "The bank has snapshots newer than the one that `tables/current` names.",
            "write the name of the newest good version into tables/current, then run the command again",
        )
    for path in beyond:
        shutil.rmtree(path)


def _versions(layout: Layout) -> list[Path]:
    found = layout.tables.iterdir() if layout.tables.is_dir() else ()
    return sorted(path for path in found if VERSION.fullmatch(path.name))


def _number(version: str | None) -> int:
    match = VERSION.fullmatch(version or "")
    return int(match.group(1)) if match else 0


def check_names(tables: Mapping[str, Rows]) -> None:
    """Raise BadRow for a table that is not declared."""
    for name in tables:
        if name not in TABLES:
            raise BadRow(f"There is no table {name}.", f"the tables are: {', '.join(TABLES)}")


def _tables_with_ids() -> dict[str, str]:
    """The table that each id names a row of."""
    return {column: name for name in TABLES if (column := _id_column(name))}


def _known_ids(tables: Mapping[str, Rows]) -> dict[str, set[Any]]:
    """The ids that the tables have, by column."""
    found: dict[str, set[Any]] = {}
    for column, name in _tables_with_ids().items():
        rows = tables.get(name, ())
        found[column] = set() if isinstance(rows, Stream) else {getattr(row, column) for row in rows}
    return found


def check_references(tables: Mapping[str, Rows]) -> None:
    """Raise BadRow when a row names a patient, study, scanner or series that its own table does not have.

    The rows of streams are checked when they are written.
    """
    ids, known = _tables_with_ids(), _known_ids(tables)
    for name, rows in tables.items():
        if isinstance(rows, Stream):
            continue
        for each in columns(TABLES[name]):
            target = ids.get(each.name)
            if target in (None, name) or all(_is_known(row, each, known) for row in rows):
                continue
            raise BadRow(
                f"Table {name}, column {each.name}: a row names a {each.name} that table {target} does not have.",
                f"offer that row of {target} too, or leave the row of {name} out",
            )


def _is_known(row: object, each: Column, known: Mapping[str, set[Any]]) -> bool:
    value = getattr(row, each.name, None)
    return value in known[each.name] or (value is None and each.optional)


def _id_column(name: str) -> str | None:
    keys = [each.name for each in columns(TABLES[name]) if each.key]
    return keys[0] if len(keys) == 1 else None


def content_hash(entries: Mapping[str, TableEntry]) -> str:
    """One hash over the files of all tables, in the order of their names."""
    text = json.dumps({name: entry.sha256 for name, entry in entries.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def manifest_text(manifest: Manifest) -> str:
    """The manifest as JSON, always in the same bytes."""
    tables = {
        name: {"rows": entry.rows, "sha256": entry.sha256, "columns": list(entry.columns)}
        for name, entry in manifest.tables.items()
    }
    content = {
        "format": FORMAT,
        "version": manifest.version,
        "content": manifest.content,
        "tables": tables,
        "provenance": dict(manifest.provenance),
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def current_version(layout: Layout) -> str | None:
    """The version that `tables/current` names, or None while nothing has been published."""
    if not layout.current.is_file():
        return None
    version = layout.current.read_text(encoding="utf-8").strip()
    if not VERSION.fullmatch(version):
        raise BankError("`tables/current` names no snapshot.", "write the name of the newest good version into it")
    return version


def load_manifest(layout: Layout, version: str) -> Manifest:
    """The manifest of a version. Raises BankError when it is missing or says something that is not understood."""
    path = layout.snapshot(version) / MANIFEST
    try:
        return _manifest(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BankError(
            f"Snapshot {version} has no manifest that can be read.",
            "restore the folder from a backup, or name an older version in tables/current",
        ) from None


def _manifest(content: dict[str, Any]) -> Manifest:
    if content["format"] != FORMAT:
        raise ValueError("unknown format")
    tables = {
        name: TableEntry(int(each["rows"]), str(each["sha256"]), tuple(each["columns"]))
        for name, each in content["tables"].items()
    }
    return Manifest(str(content["version"]), str(content["content"]), tables, dict(content["provenance"]))


def verify(layout: Layout, version: str) -> list[str]:
    """Every way in which the files of a snapshot differ from its manifest; empty when none does."""
    try:
        manifest = load_manifest(layout, version)
    except BankError as error:
        return [error.what]
    folder = layout.snapshot(version)
    expected = {MANIFEST, *(f"{name}.parquet" for name in manifest.tables)}
    found = {path.name for path in folder.iterdir()}
    missing = [f"{version}: {name} is missing" for name in sorted(expected - found)]
    extra = [f"{version}: {name} does not belong there" for name in sorted(found - expected)]
    return missing + extra + _changed(folder, manifest) + _misnamed(version, manifest)


def _changed(folder: Path, manifest: Manifest) -> list[str]:
    paths = {name: folder / f"{name}.parquet" for name in manifest.tables}
    return [
        f"{manifest.version}: {path.name} has changed since it was published"
        for name, path in paths.items()
        if path.is_file() and sha256(path) != manifest.tables[name].sha256
    ]


def _misnamed(version: str, manifest: Manifest) -> list[str]:
    honest = manifest.content == content_hash(manifest.tables) and version.endswith(manifest.content[:8])
    return [] if honest and manifest.version == version else [f"{version}: the name does not fit the manifest"]


def open_snapshot(layout: Layout, version: str | None = None) -> Any:
    """An ibis connection (DuckDB, in memory) with one view a table; it reads the bank and never writes to it.

    Raises BankError when nothing has been published, or when the version lacks a table or declares one differently.
    """
    wanted = version or current_version(layout)
    if wanted is None:
        raise BankError("The bank has no snapshot yet.", "run `imagebank update` first")
    manifest = load_manifest(layout, wanted)
    for name in TABLES:
        _check_columns(wanted, name, manifest)
    import ibis

    # An in-memory DuckDB would otherwise spill to the working directory, outside the research zone.
    connection = ibis.duckdb.connect(temp_directory="")
    for name in TABLES:
        connection.read_parquet(layout.snapshot(wanted) / f"{name}.parquet", table_name=name)
    return connection


def _check_columns(version: str, name: str, manifest: Manifest) -> None:
    declared = tuple(schema_of(TABLES[name]).names)
    if name not in manifest.tables or manifest.tables[name].columns != declared:
        raise BankError(
            f"Snapshot {version} was published by a version of imagebank that declares table {name} differently.",
            "run `imagebank update` to publish the tables anew",
        )
