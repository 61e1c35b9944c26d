"""Reading the files of a record source: CSV, Parquet and JSON lines, each in portions of texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.records.csv_files import (
    PORTION_ROWS,
    UNREADABLE,
    check_header,
    open_text,
    read_csv,
    style_of,
    unreadable,
)
from imagebank.records.mapping import Mapping
from imagebank.records.rows import Rows, as_texts

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
JSON_ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz")
ENDINGS = (*CSV_ENDINGS, *JSON_ENDINGS, ".parquet")


def matching(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The files that patterns name, by name, those alone that can be read.

    Raises SourceError for an odd pattern, and for a link to a file that is gone: its rows would be gone without a word.
    """
    found: set[Path] = set()
    for pattern in patterns:
        try:
            found |= {path for path in folder.glob(pattern) if _ending(path) and _is_there(path)}
        except (ValueError, NotImplementedError):
            raise SourceError(
                f"`{pattern}` is no pattern of files below the source's folder.", "use one like diagnoses-*.csv"
            ) from None
    return sorted(found)


def _is_there(path: Path) -> bool:
    if path.is_symlink() and not path.exists() and not path.name.startswith("."):
        raise SourceError(f"{path.name} is a link to a file that is not there.", "mount its disk, or take the link out")
    return path.is_file()


def stem(path: Path) -> str:
    """The name of a file without its ending: what a query calls it."""
    return path.name[: -len(_ending(path))]


def _ending(path: Path) -> str:
    name = path.name.lower()
    return max((each for each in ENDINGS if name.endswith(each)), key=len, default="")


def columns_of(path: Path, mapping: Mapping) -> tuple[str, ...]:
    """The columns of a file."""
    if _ending(path) in CSV_ENDINGS:
        return style_of(path, mapping.encoding, mapping.delimiter).header
    if _ending(path) == ".parquet":
        return tuple(_parquet(path).schema_arrow.names)
    return _keys_of(path)


def read_file(path: Path, mapping: Mapping) -> Iterator[Rows]:
    """The rows of a file in portions. Raises SourceError where it cannot be read."""
    if not _ending(path):
        raise SourceError(
            f"{path.name} does not end like a file that is read.", f"its name must end in one of {', '.join(ENDINGS)}"
        )
    if _ending(path) in CSV_ENDINGS:
        return read_csv(path, style_of(path, mapping.encoding, mapping.delimiter))
    return _read_parquet(path) if _ending(path) == ".parquet" else _read_json(path, PORTION_ROWS)


def _parquet(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{path.name} is no Parquet file that can be read ({type(error).__name__}).", _AGAIN
        ) from None
    check_header(path, tuple(file.schema_arrow.names))
    return file


_AGAIN = "export it again; nothing of it was imported"


def _read_parquet(path: Path) -> Iterator[Rows]:
    import pyarrow as pa

    first = 1
    try:
        for batch in _parquet(path).iter_batches(batch_size=PORTION_ROWS):
            yield as_texts(pa.Table.from_batches([batch]), first)
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path.name} cannot be read ({type(error).__name__}).", _AGAIN) from None


def _read_json(path: Path, size: int) -> Iterator[Rows]:
    """One JSON object a line; a line that is none is refused, an empty one is nothing.

    Every portion has the keys of the whole file: a key may be missing in many rows.
    """
    names: tuple[str, ...] = ()
    kept: list[dict[str, Any]] = []
    numbers: list[int] = []
    refused: list[tuple[int, str]] = []
    for number, line in _lines(path):
        row = _object(line)
        if row is not None:
            kept.append(row)
            numbers.append(number)
        elif line.strip():
            refused.append((number, "not-json"))
        if len(kept) == size:
            names = names or _keys_of(path)
            yield _of_objects(kept, numbers, refused, names)
            kept, numbers, refused = [], [], []
    yield _of_objects(kept, numbers, refused, names or tuple(dict.fromkeys(name for row in kept for name in row)))


def _keys_of(path: Path) -> tuple[str, ...]:
    """Every key of the objects of a file."""
    return tuple(dict.fromkeys(name for _, line in _lines(path) for name in _object(line) or ()))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a packed or plain file, with their numbers."""
    try:
        with open_text(path, "utf-8-sig") as file:
            yield from enumerate(file, start=1)
    except UNREADABLE as error:
        if isinstance(error, UnicodeError):
            raise SourceError(f"{path.name} cannot be read ({type(error).__name__}).", "write it as UTF-8") from None
        raise unreadable(path, error) from None


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        if isinstance(row, dict):
            "".join(row).encode()  # half a letter can stand in no name of a column
            return row
    except (ValueError, RecursionError):
        pass
    return None


def _of_objects(
    kept: list[dict[str, Any]], numbers: list[int], refused: list[tuple[int, str]], names: tuple[str, ...]
) -> Rows:
    told = {name: [_text(row.get(name)) for row in kept] for name in names}
    return Rows.of(told, numbers, tuple(refused))


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()


def content_of(path: Path) -> str:
    """The hash of a file's content."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None
