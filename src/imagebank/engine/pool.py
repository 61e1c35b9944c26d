"""A pool of worker processes, bounded in memory, that never outlive the process that started them.

Each worker holds the reading end of a pipe, the lifeline, whose writing end only the parent has. However the parent
ends, the pipe closes, and the worker kills its whole process group, so that no program that it started stays behind. So
it does on SIGTERM, which the pool sends to all workers when one of them has died.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar

from imagebank.core.logs import quiet_libraries

P = ParamSpec("P")
T = TypeVar("T")


class WorkerPool(ProcessPoolExecutor):
    """An executor of processes of their own, which may use `memory_mb` MiB each."""

    def __init__(self, workers: int, memory_mb: int) -> None:
        context = multiprocessing.get_context("spawn")
        lifeline, self._held = context.Pipe(duplex=False)
        self._to_start = workers
        super().__init__(workers, context, _start_worker, (memory_mb, lifeline))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As for any executor. Workers start with the first job, deaf to Ctrl-C before they run a line of ours.

        They start together, because the standard pool watches only those that it knew when it last took a job: the
        death of one that started with a job would be noticed when the next job is taken or done, and that may be never.
        """
        with _undisturbed():
            while self._to_start:
                self._to_start -= 1
                super().submit(os.getpid)
            return super().submit(fn, *args, **kwargs)

    def end_workers(self) -> None:
        """End all workers at once, whatever they are doing; the pool is of no use afterwards."""
        self._held.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait: a worker that was started and not yet told what to do would end with a traceback.

    The mask is what workers inherit. It does not do alone: the system then gives the signal to a thread of a library,
    and Python interrupts the main thread all the same.
    """
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.getsignal(signal.SIGINT)
    waits = threading.current_thread() is threading.main_thread() and callable(handler)
    if waits:
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        if waits:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in came[:1]:
            signal.raise_signal(number)


def _start_worker(memory_mb: int, lifeline: Connection) -> None:
    """In a new worker: lead a group, let libraries say nothing, bound the memory, and watch the parent."""
    os.setpgrp()
    signal.signal(signal.SIGTERM, _end)
    quiet_libraries()
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    limit = memory_mb * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _end_with_parent(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent: it returns when the other end is closed
    _end()


def _end(*_: object) -> None:
    os.killpg(0, signal.SIGKILL)
