"""CSV of any making, row by row, with nothing lost: every row comes out whole or is reported with its number.

What hospitals send: UTF-8 with or without a mark, UTF-16, Windows-1252; commas, semicolons, tabs or bars; quotes with
line breaks in them; fields of millions of characters; rows with too many or too few fields. Numbers are those of the
line at which each row ends, as an editor shows it.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from imagebank.core.errors import SourceError
from imagebank.records.rows import Rows, uncollected

UNREADABLE = (UnicodeError, OSError, LookupError, EOFError, zlib.error)
"""What may be raised while a plain or packed text is read."""
DELIMITERS = ",;\t|"
SAMPLE_BYTES = 1 << 16
BLOCK_BYTES = 8 << 20
PORTION_ROWS = 200_000
PORTION_LETTERS = 48 << 20
FIRST_ROWS, SAMPLE_ROWS = 1000, 1000
_BREAK = re.compile(r"\r\n|\r|\n")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_TOLD = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # a first line by which spreadsheets tell each other the delimiter
csv.field_size_limit(1 << 30)  # a discharge summary in one field may be long
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Style:
    """How a CSV file is written."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    before: int = 0  # rows before the header: empty ones, and the one that tells the delimiter


def style_of(path: Path, encoding: str = "auto", delimiter: str = "auto") -> Style:
    """How the file is written. Raises SourceError where it has no header, or one that names a column twice."""
    try:
        encoding = _encoding(path) if encoding == "auto" else encoding
        with open_text(path, encoding) as file:
            sample = file.read(SAMPLE_BYTES)
    except UNREADABLE as error:
        raise _unreadable(path, error) from None
    first = next((line for line in sample.splitlines() if line.strip()), "")
    told = _TOLD.fullmatch(first)
    if delimiter == "auto":
        delimiter = told[1] if told else _delimiter(sample)
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    meant = ((k, row) for k, row in enumerate(rows) if "".join(row).strip() and not _tells(row, told))
    before, header = next(meant, (0, []))
    names = tuple(each.strip() for each in header)
    check_header(path, names)
    return Style(encoding, delimiter, names, before)


def _tells(row: list[str], told: re.Match[str] | None) -> bool:
    """Whether a row is the one that tells the delimiter."""
    return told is not None and row[0].strip().lower().startswith("sep=")


def check_header(path: Path, names: tuple[str, ...]) -> None:
    """Raise SourceError where no column has a name, or two have one: nobody could tell which one is meant."""
    if not any(names):
        raise SourceError(f"{path.name} has no header.", "its first row must name the columns")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise SourceError(
            f"{path.name} names the column `{twice[0]}` twice.",
            "export each column once, or give the second one another name",
        )


def _encoding(path: Path) -> str:
    """The mark of the file decides, then whether it is UTF-8; what is neither is taken for Windows-1252."""
    with _open_bytes(path) as file:
        head = file.read(SAMPLE_BYTES)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if head[1:200:2].count(0) > len(head[1:200:2]) // 2:
        return "utf-16-le"
    if head[0:200:2].count(0) > len(head[0:200:2]) // 2:
        return "utf-16-be"
    return "utf-8" if _is_utf8(path) else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _open_bytes(path) as file:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(sample: str) -> str:
    """The mark that the header has most often outside of quotes; where it has none, a comma does no harm."""
    first = next((line for line in _QUOTED.sub("x", sample).splitlines() if line.strip()), "")
    return max(DELIMITERS, key=lambda each: (first.count(each), -DELIMITERS.index(each)))


def _open_bytes(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else open(path, "rb")


def open_text(path: Path, encoding: str) -> IO[str]:
    """A plain or packed file of text, with the ends of its lines as they are."""
    return io.TextIOWrapper(_open_bytes(path), encoding=encoding, newline="")


def read_csv(path: Path, style: Style) -> Iterator[Rows]:
    """The rows in portions. Raises SourceError for what cannot be read, with the line where it is known.

    The reader is strict: a quotation mark that is not closed, or not doubled inside a field, would swallow the rows
    behind it without a trace, so the file is refused with the line at which the field ends.
    """
    rows: Any = None
    try:
        with open_text(path, style.encoding) as file:
            rows = csv.reader(file, delimiter=style.delimiter, strict=True)
            for _ in range(style.before + 1):
                next(rows, None)
            yield from _portions(rows, style)
    except (csv.Error, *UNREADABLE) as error:
        raise _unreadable(path, error, rows.line_num if rows else 0) from None


def _portions(rows: Any, style: Style) -> Iterator[Rows]:
    """Rows in portions of about the same number of letters. Single rows are looked at only where one is odd."""
    size, line = FIRST_ROWS, rows.line_num
    header = line
    while True:
        with uncollected():
            chunk = list(islice(rows, size))
            if not chunk:
                break
            made = _portion(chunk, style.header, line, rows.line_num)
        line = rows.line_num
        yield made
        letters = sum(len("".join(row)) for row in chunk[:SAMPLE_ROWS]) / len(chunk[:SAMPLE_ROWS])
        size = max(1, min(PORTION_ROWS, int(PORTION_LETTERS / (letters + 1))))
    if line == header:
        yield _portion([], style.header, line, line)


def _portion(chunk: list[list[str]], header: tuple[str, ...], first: int, last: int) -> Rows:
    """The rows that were read from behind one line to another, with the line at which each ends."""
    lines: Any = range(first + 1, last + 1) if last - first == len(chunk) else _lines_of(chunk, first)
    ragged: tuple[tuple[int, str], ...] = ()
    if set(map(len, chunk)) - {len(header)}:
        told = list(zip(chunk, lines, strict=True))
        ragged = tuple((at, "ragged-row") for row, at in told if row and len(row) != len(header))
        kept = [(row, at) for row, at in told if len(row) == len(header)]
        chunk, lines = [row for row, _ in kept], [at for _, at in kept]
    columns = zip(*chunk, strict=True) if chunk else ([] for _ in header)
    return Rows.of(dict(zip(header, columns, strict=True)), lines, ragged)


def _lines_of(chunk: list[list[str]], line: int) -> list[int]:
    """The line at which each row ends, where some fields have line breaks."""
    lines = []
    for row in chunk:
        line += 1 + sum(len(_BREAK.findall(field)) for field in row if "\n" in field or "\r" in field)
        lines.append(line)
    return lines


def _unreadable(path: Path, error: Exception, line: int = 0) -> SourceError:
    """What to say of a file that cannot be read: where, and what mends it; never what stands there."""
    where = f" near line {line}" if line else ""
    if isinstance(error, csv.Error):
        return SourceError(
            f"{path.name} cannot be read{where}: a quotation mark is not closed, or not doubled inside a field.",
            "export it with every text in quotation marks and those inside doubled; nothing of it was imported",
        )
    if isinstance(error, UnicodeError):
        return SourceError(
            f"{path.name} cannot be read{where}: it is written in no encoding that was tried.",
            "export it as UTF-8, or name its encoding in the mapping: [source] encoding = ...",
        )
    return unreadable(path, error)


def unreadable(path: Path, error: Exception) -> SourceError:
    """What to say of a file that cannot be opened or unpacked."""
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return SourceError(f"{path.name} cannot be unpacked.", "copy it again; nothing of it was imported")
    return SourceError(
        f"{path.name} cannot be read ({type(error).__name__}).", "check that it is there and that this user may read it"
    )
