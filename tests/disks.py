"""A disk that is soon full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk_of(megabytes: int, folder: Path) -> Iterator[Path]:
    """A file system of a size, for the time of a test. Skips the test where this user may not mount one."""
    folder.mkdir()
    size = f"size={megabytes}m"
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder]).returncode:
        pytest.skip("only root may mount the small file system that this test fills")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def enlarge(disk: Path, megabytes: int) -> None:
    """Give a disk room again."""
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", disk], check=True)
