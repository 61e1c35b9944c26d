"""Folders of CSV and Parquet files, one a table, written batch by batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from imagebank.synthetic.declared import Table


class Folder(ABC):
    """One file a table below a folder; every table has its file, with or without rows."""

    suffix: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writers: dict[str, Any] = {}
        self._open = ExitStack()

    def begin(self, tables: Sequence[Table]) -> None:
        """Open the file of each table."""
        self.path.mkdir(parents=True, exist_ok=True)
        for table in tables:
            writer = self._writer(self.path / f"{table.name}{self.suffix}", table.schema)
            self._writers[table.name] = self._open.enter_context(writer)

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Add rows to a table."""
        self._writers[table].write_batch(batch)

    def finish(self) -> None:  # noqa: B027 - a database has more to do here
        """Nothing is left to do: the files are closed when the block ends."""

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._open.__exit__(kind, error, _)

    @abstractmethod
    def _writer(self, path: Path, schema: pa.Schema) -> Any:
        """What writes batches to one file; a context that closes it."""


class CsvFolder(Folder):
    """UTF-8 CSV with a header and Unix line ends; every text stands in quotes, and what is unknown is empty."""

    suffix = ".csv"

    def _writer(self, path: Path, schema: pa.Schema) -> Any:
        return pyarrow.csv.CSVWriter(path, schema)


class ParquetFolder(Folder):
    """Parquet with the declared types; the meaning of each column is in its metadata."""

    suffix = ".parquet"

    def _writer(self, path: Path, schema: pa.Schema) -> Any:
        return pyarrow.parquet.ParquetWriter(path, schema, compression="zstd")
