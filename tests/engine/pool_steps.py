"""Steps for the tests of the pool: workers import them, so they live in a module of their own."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.errors import DiskFull
from imagebank.engine import Step

PLANT = "JONES^ALFRED"


@dataclass(frozen=True)
class Task:
    """What a job is to do: `act` names a function below; what it does for is `number`, and where, `folder`."""

    act: str
    number: int = 0
    folder: Path = field(default_factory=Path)


def act(task: Task) -> object:
    return ACTS[task.act](task)


STEP: Step[Task, object] = Step("act", "1", act)


def double(task: Task) -> int:
    return 2 * task.number


def leave_a_trace(task: Task) -> int:
    """Two times the number, with a file for each run of the job."""
    (task.folder / f"{task.number}-{time.monotonic_ns()}").touch()
    return 2 * task.number


def raise_with_text(_task: Task) -> None:
    name = "".join(reversed("DERFLA^SENOJ"))
    try:
        raise KeyError(name)
    except KeyError as error:
        raise ValueError(f"cannot read the header of {name}") from error


def leave_python(_task: Task) -> None:
    sys.exit(PLANT[:5])


def give_what_cannot_travel(_task: Task) -> object:
    return lambda: PLANT


def end_the_process(_task: Task) -> None:
    os._exit(3)


def be_killed(_task: Task) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def use_memory(task: Task) -> int:
    """Fill as many MiB as the number says."""
    return len(bytearray(b"x") * (task.number << 20)) >> 20


def find_the_disk_full(_task: Task) -> None:
    raise OSError(errno.ENOSPC, PLANT)


def find_the_bank_full(_task: Task) -> None:
    raise DiskFull("no space", "free some")


def find_no_file(_task: Task) -> None:
    raise FileNotFoundError(errno.ENOENT, "not there", PLANT)


def wait(task: Task) -> int:
    time.sleep(task.number / 1000)
    return task.number


def start_a_long_program(task: Task) -> None:
    """Write down who is at work, here and in a program of its own, and do not come back."""
    with subprocess.Popen(["sleep", "600"]) as program:
        (task.folder / f"{os.getpid()}").touch()
        (task.folder / f"{program.pid}").touch()
        program.wait()


def start_a_long_program_once(task: Task) -> str:
    """The first time, start a program and do not come back; the second time, say that all is well."""
    if any(task.folder.iterdir()):
        return "done"
    start_a_long_program(task)
    return "never"


def be_killed_when_the_program_runs(task: Task) -> None:
    while len(list(task.folder.iterdir())) < 2:
        time.sleep(0.01)
    be_killed(task)


ACTS: dict[str, Callable[[Task], object]] = {
    each.__name__: each
    for each in (
        double,
        leave_a_trace,
        raise_with_text,
        leave_python,
        give_what_cannot_travel,
        end_the_process,
        be_killed,
        use_memory,
        find_the_disk_full,
        find_the_bank_full,
        find_no_file,
        wait,
        start_a_long_program,
        start_a_long_program_once,
        be_killed_when_the_program_runs,
    )
}
