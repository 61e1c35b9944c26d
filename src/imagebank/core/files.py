"""Writing so that a reader sees the old file or the new one, never half of one.

Every write goes to a temporary name in the same folder, is flushed to the disk, and is then renamed.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, ParamSpec, TypeVar

from imagebank.core.errors import ConfigError, DiskFull

TEMPORARY_PREFIX = ".tmp-"
FIRST_TIME = 946_684_800  # 2000-01-01 UTC, in seconds
TIME_SPAN = 315_360_000  # ten years
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

SYNCFS_TELLS = (5, 8)
"""Since this Linux, syncfs tells of data that could not be written (its manual page)."""

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears at `path`, whole, when the block ends without an error.

    Raises DiskFull when the disk has no space left; the temporary file is removed in any case.
    """
    with disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(path)
        try:
            with open(temporary, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a small file atomically, or leave it untouched when it already holds `content`."""
    if path.is_file() and path.read_bytes() == content:
        return
    with atomic_file(path) as file:
        file.write(content)


def read_text(path: Path, advice: str = "check that it is a UTF-8 text file that you may read") -> str:
    """A text that a person wrote, with or without the mark that Windows editors put first. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({type(error).__name__}).", advice) from None


def write_text(path: Path, content: str) -> None:
    """`write_bytes` for UTF-8 text."""
    write_bytes(path, content.encode())


def replace_folder(temporary: Path, path: Path) -> None:
    """Put a finished folder in the place of another. A crash between leaves no folder, never a mix."""
    with disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
        sync_folder(path.parent)


def temporary_beside(path: Path) -> Path:
    """A name in the same folder that no other process uses."""
    return path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")


def remove_temporaries(root: Path) -> int:
    """Delete what a killed run left half-written below `root`; returns how many files and folders went."""
    found = sorted(root.rglob(f"{TEMPORARY_PREFIX}*"))
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # it may have gone with its folder
    return len(found)


def hide_time(path: Path, digest: str) -> None:
    """Give a file a time that its content decides.

    The time of writing lies near the time of the scan in a bank that grows every night; beside the moved study date it
    would tell the patient's offset. A time that follows the content still lets backups see that a file changed.
    """
    seconds = FIRST_TIME + int(digest[:8], 16) % TIME_SPAN
    os.utime(path, (seconds, seconds))


def hide_folder_times(root: Path) -> None:
    """Give every folder below `root`, and `root` itself, one constant time, for the same reason."""
    for folder, _, _ in os.walk(root):
        os.utime(folder, (FIRST_TIME, FIRST_TIME))


def remove_empty_parents(path: Path, *, stop: Path) -> None:
    """Delete the empty folders from `path` upwards, keeping `stop`."""
    while path != stop and path.is_dir() and not any(path.iterdir()):
        path.rmdir()
        path = path.parent


def sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    sync_file(folder)


def sync_file(path: Path) -> None:
    """Make the content of a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_syncfs() -> Callable[[int], int] | None:
    """The system call that flushes a whole file system, where it is there and tells of errors."""
    system = os.uname()
    told = re.match(r"(\d+)\.(\d+)", system.release)
    if system.sysname != "Linux" or not told or tuple(map(int, told.groups())) < SYNCFS_TELLS:
        return None
    return getattr(ctypes.CDLL(None), "syncfs", None)


_syncfs = _find_syncfs()


def sync_disk(paths: Sequence[Path]) -> None:
    """Make these files of one disk durable: all at once where the system can, which costs far less."""
    if len(paths) < 2 or not _syncfs or not _synced_at_once(_syncfs, paths[0]):
        for path in paths:
            sync_file(path)


def _synced_at_once(syncfs: Callable[[int], int], path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return syncfs(descriptor) == 0
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn "no space left on device", however a file system or a database says it, into DiskFull."""
    try:
        yield
    except Exception as error:
        if is_disk_full(error):
            raise DiskFull(
                "No space is left on the disk that holds the bank.",
                "free some space, then run the same command again: it goes on where it stopped",
            ) from None
        raise


def is_disk_full(error: BaseException) -> bool:
    """Whether an exception of a file system, SQLite or PostgreSQL means that the disk has no space left."""
    if isinstance(error, OSError):
        return error.errno in NO_SPACE
    return any(words in str(error) for words in ("database or disk is full", "No space left on device"))
