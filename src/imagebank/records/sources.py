"""A record source as a list of parts: files, queries over files, tables and queries of a database.

A part has a content: the hash of what it holds, or for a database a count and a watermark. What has the same content
as before is not read again.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Mapped
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.core.files import temporary_beside, write_text
from imagebank.records.databases import Database, open_database
from imagebank.records.files import columns_of, content_of, matching, read_file, stem
from imagebank.records.mapping import Mapping, Place
from imagebank.records.queries import query_for, tables_of
from imagebank.records.rows import Rows, as_texts
from imagebank.records.staging import Room
from imagebank.records.watermarks import as_text, as_value, has_grown

QUERY_ROWS = 100_000


@dataclass(frozen=True)
class Part:
    """Something that is read as a whole: what it is called, its place in the mapping, and how to read it."""

    what: str
    place: Place
    number: int  # of the place in the mapping
    content: str
    read: Callable[[], Iterator[Rows]] = field(repr=False)
    columns: Callable[[], tuple[str, ...]] = field(repr=False)
    since: Callable[[str], Iterator[Rows] | None] | None = field(repr=False, default=None)
    """Rows from a watermark on; None where the highest one lies before it: then only all rows tell what changed."""
    rows: int = 0  # how many rows a place with a watermark has, and the highest
    mark: str = ""
    size_kb: int = 1  # about how much there is to read; 1 where nobody knows

    @property
    def has_ids(self) -> bool:
        """Whether rows have ids, so that a changed row takes the place of the old one."""
        return "id" in self.place.columns or bool(self.place.query)

    @property
    def key(self) -> str:
        """A short name for the place and the content."""
        told = json.dumps([self.place.target.name, self.number, self.content])
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Source:
    """An open record source."""

    name: str
    mapping: Mapping
    parts: tuple[Part, ...]
    absent: tuple[str, ...] = ()  # what a mapping of the site's own names and the source does not have, in words
    unread: tuple[str, ...] = ()  # files of the folder that no table comes from

    def of(self, target: str) -> list[Part]:
        """The parts of a table."""
        return [part for part in self.parts if part.place.target.name == target]


@contextmanager
def open_source(
    name: str, mapping: Mapping, room: Room, *, folder: Path | None = None, url: str = ""
) -> Iterator[Source]:
    """Open a record source: a folder, or a database by URL. Raises SourceError where it has no patients."""
    opened: Any = open_database(url, name) if url else nullcontext()
    with opened as database:
        if database:
            told = [(place, list(_in_database(database, place, k))) for k, place in enumerate(mapping.places)]
            unread: tuple[str, ...] = ()
        else:
            assert folder is not None
            reader = _Folder(folder, mapping, room)
            told = [(place, list(reader.parts(place, k))) for k, place in enumerate(mapping.places)]
            unread = reader.unread()
        absent = tuple(_absent(place, url) for place, parts in told if not parts and not place.shipped)
        source = Source(name, mapping, tuple(each for _, parts in told for each in parts), absent, unread)
        if not source.of("patients"):
            raise SourceError(
                f"The record source `{name}` has no {'patients' if url else 'patients.csv'}.",
                "check its path in bank.toml: the folder must hold patients.csv and may hold the other extracts, "
                "or its mapping must say where the patients are",
            )
        yield source


def _absent(place: Place, url: str) -> str:
    """What a place names and is not there."""
    if place.query:
        return f"[{place.target.name}] the query reads a table of which there is no file"
    if url:
        return f"[{place.target.name}] the database has no table `{place.table or '?'}` that this user can see"
    patterns = ", ".join(place.files or (f"{place.table or place.target.name}.*",))
    return f"[{place.target.name}] no file is called {patterns}"


def _in_database(database: Database, place: Place, number: int) -> Iterator[Part]:
    if not database.has(place):
        return
    what = f"Table {place.table}" if place.table else f"The query of [{place.target.name}]"
    read = (lambda: database.read(place), lambda: database.columns(place))
    if not place.watermark:
        yield Part(what, place, number, "", *read)
        return
    count, mark = database.mark(place)

    def since(text: str) -> Iterator[Rows] | None:
        earlier = as_value(text, mark)
        return database.read(place, since=earlier) if has_grown(earlier, mark) else None

    yield Part(what, place, number, f"{count} rows, {as_text(mark)}", *read, since, count, as_text(mark))


class _Folder:
    """A folder of files, with the hashes of files that did not change since they were last hashed."""

    def __init__(self, folder: Path, mapping: Mapping, room: Room) -> None:
        self._folder, self._mapping, self._room = folder, mapping, room
        self._remembered = room.folder / "hashes.json"
        self._hashes = _read_json(self._remembered)
        self._all: defaultdict[str, list[Path]] | None = None
        self._read: set[Path] = set()

    def parts(self, place: Place, number: int) -> Iterator[Part]:
        """The parts of a place: one a file, or one for a query over files."""
        if place.query:
            yield from self._of_query(place, number)
            return
        known: set[str] = set()
        for path in matching(self._folder, place.files or (f"{place.table or place.target.name}.*",)):
            content = self._content(path)
            self._read.add(path)
            copied = content in known
            known.add(content)
            yield Part(
                path.name,
                place,
                number,
                f"{path.relative_to(self._folder)} {content}{' copied' if copied else ''}",
                _reader(path, self._mapping, copied=copied),
                _columns(path, self._mapping),
                size_kb=path.stat().st_size // 1000 + 1,
            )

    def _of_query(self, place: Place, number: int) -> Iterator[Part]:
        read = {name: _only(name, paths) for name, paths in self._files().items() if name in tables_of(place, "duckdb")}
        first = next(iter(tables_of(place, "duckdb")), "")
        if first not in read:
            return
        self._read |= set(read.values())
        content = json.dumps({name: self._content(path) for name, path in sorted(read.items())})
        query = query_for(place, "duckdb", list(read))

        def rows() -> Iterator[Rows]:
            return _run_query(self._room, query, read, self._mapping, place)

        size = sum(path.stat().st_size for path in read.values()) // 1000 + 1
        what = f"The query of [{place.target.name}]"
        yield Part(what, place, number, content, rows, lambda: _names(next(rows())), size_kb=size)

    def unread(self) -> tuple[str, ...]:
        """The files that no table comes from, those in forms that cannot be read among them."""
        files = (path for path in sorted(self._folder.rglob("*")) if path.is_file() and path not in self._read)
        return tuple(str(path.relative_to(self._folder)) for path in files if not path.name.startswith("."))

    def _files(self) -> dict[str, list[Path]]:
        """Every file below the folder by the name that queries use."""
        if self._all is None:
            self._all = defaultdict(list)
            for path in matching(self._folder, ("**/*",)):
                self._all[stem(path).lower()].append(path)
        return self._all

    def _content(self, path: Path) -> str:
        """The hash of a file, asked anew only when its size or time changed."""
        try:
            told = path.stat()
        except OSError as error:
            raise SourceError(f"{path.name} cannot be read ({type(error).__name__}).", "check its rights") from None
        stamp = [told.st_size, told.st_mtime_ns]
        known = self._hashes.get(str(path))
        if known and known[:2] == stamp:
            return str(known[2])
        digest = content_of(path)
        self._hashes[str(path)] = [*stamp, digest]
        self._room.folder.mkdir(parents=True, exist_ok=True)
        write_text(self._remembered, json.dumps(self._hashes, sort_keys=True))
        return digest


def _only(name: str, paths: list[Path]) -> Path:
    """The file that a query means: the one that lies highest. Raises SourceError where there are two."""
    first, *others = sorted(paths, key=lambda path: len(path.parts))
    if others and len(others[0].parts) == len(first.parts):
        raise SourceError(
            f"A query reads `{name}`, but {first.name} and {others[0].name} are both called so.",
            "leave one of them in the folder of the source",
        )
    return first


def _reader(path: Path, mapping: Mapping, *, copied: bool) -> Callable[[], Iterator[Rows]]:
    if copied:
        return lambda: (rows.refused_as("copied-file") for rows in read_file(path, mapping))
    return lambda: read_file(path, mapping)


def _columns(path: Path, mapping: Mapping) -> Callable[[], tuple[str, ...]]:
    return lambda: columns_of(path, mapping)


def _names(rows: Rows) -> tuple[str, ...]:
    return tuple(rows.table.schema.names[:-1])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _run_query(room: Room, query: str, read: Mapped[str, Path], mapping: Mapping, place: Place) -> Iterator[Rows]:
    """The rows of a query over files. CSV and JSON lines become Parquet files of texts first."""
    import duckdb
    import pyarrow as pa

    made: list[Path] = []
    try:
        with room.database() as database:
            database.execute("SET preserve_insertion_order = true")
            for name, path in read.items():
                there = path if path.suffix == ".parquet" else _as_parquet(room, path, mapping, made)
                database.read_parquet(str(there)).create_view(name)
            first = 1
            for batch in database.sql(query).to_arrow_reader(QUERY_ROWS):
                yield as_texts(pa.Table.from_batches([batch]), first)
                first += batch.num_rows
            if first == 1:
                yield as_texts(database.sql(query).to_arrow_table(), 1)
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        first_line = str(error).splitlines()[0]
        raise SourceError(f"The query of [{place.target.name}] does not run.", f"DuckDB says: {first_line}") from None
    except duckdb.Error as error:
        raise SourceError(
            f"The query of [{place.target.name}] failed ({type(error).__name__}).", "check it in the mapping"
        ) from None
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def _as_parquet(room: Room, path: Path, mapping: Mapping, made: list[Path]) -> Path:
    """A file of texts as Parquet, in which an empty text is no value."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    room.folder.mkdir(parents=True, exist_ok=True)
    to = temporary_beside(room.folder / f"texts-{len(made)}.parquet")
    made.append(to)
    writer = None
    for rows in read_file(path, mapping):
        if rows.refused:
            raise SourceError(
                f"{path.name}: {len(rows.refused)} rows do not fit the header, the first at line {rows.refused[0][0]}.",
                "mend them: a query over the file could not say which rows it misses",
            )
        table = rows.table.drop_columns([rows.table.schema.names[-1]])
        columns = [compute.if_else(compute.equal(c, ""), None, c).cast(pa.string()) for c in table.columns]
        table = pa.table(columns, names=table.schema.names)
        writer = writer or parquet.ParquetWriter(to, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
    return to
