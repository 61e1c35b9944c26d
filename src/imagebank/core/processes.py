"""Whose file is this: a mark of the process that made it, and whether that still runs; and whose process this is.

A number of a process alone will not do: after a restart, and in every container, another process has the same one.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
STARTED = 19  # the place of the start time in /proc/PID/stat, behind the name of the program


def own_mark() -> str:
    """A mark of this process, without a dash: its number, when it started, and the start of the machine."""
    return mark_of(os.getpid())


def mark_of(number: int) -> str:
    """The mark of a process; empty where there is none of that number."""
    try:
        told = Path(f"/proc/{number}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
        return f"{number}.{told[STARTED]}.{_boot()}"
    except OSError:
        return ""


def is_running(mark: str) -> bool:
    """Whether the process that a mark is of still runs."""
    number = mark.partition(".")[0]
    return number.isdigit() and mark_of(int(number)) == mark


def _boot() -> str:
    return BOOT.read_text("ascii").replace("-", "")[:8]


def user_name() -> str:
    """The system user; their number where it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # which of them depends on the version of Python
        return f"user {os.getuid()}"
