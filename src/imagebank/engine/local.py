"""Runs jobs on a `concurrent.futures.Executor`: a pool of processes here, any other executor by the same interface.

Laws: one bad item never stops a run. An exception becomes a failure with a code and no text; a worker that dies takes
nobody with it, its neighbours run again and the killer is found by running the suspects one by one. A full disk stops
the run, because nothing else can succeed. Workers have a memory bound and end when their parent does.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from imagebank.core.errors import DiskFull
from imagebank.core.files import NO_SPACE
from imagebank.core.logs import quiet_libraries
from imagebank.engine.step import Done, Failure, Job, Step

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
MakeExecutor = Callable[[int], Executor]

JOBS_AHEAD = 2  # jobs waiting for each worker: enough to keep it busy, few enough to keep memory flat
PASSING = {
    errno.ENOENT: "file-vanished",
    errno.EACCES: "no-permission",
    errno.EIO: "read-error",
    errno.ESTALE: "read-error",
}


def process_pool(memory_mb: int) -> MakeExecutor:
    """A maker of process pools whose workers may use `memory_mb` MiB each."""

    def make(workers: int) -> Executor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, context, _start_worker, (memory_mb, os.getpid()))

    return make


def run_jobs(
    step: Step[TaskT, ResultT], jobs: Iterable[Job[TaskT]], *, make_executor: MakeExecutor, workers: int
) -> Iterator[Done[TaskT, ResultT]]:
    """Run a step on every job and give back each as it is done, in any order.

    Raises DiskFull when a worker finds no space left.
    """
    waiting = iter(jobs)
    suspects: deque[Job[TaskT]] = deque()
    while True:
        yield from _until_broken(step, waiting, suspects, make_executor, workers)
        if not suspects:
            return
        while suspects:
            yield _alone(step, suspects.popleft(), make_executor)


def _until_broken(
    step: Step[TaskT, ResultT],
    waiting: Iterator[Job[TaskT]],
    suspects: deque[Job[TaskT]],
    make_executor: MakeExecutor,
    workers: int,
) -> Iterator[Done[TaskT, ResultT]]:
    """Run jobs until none is left or a worker has died; those that were under way then are the suspects."""
    executor = make_executor(workers)
    running: dict[Future[Done[TaskT, ResultT]], Job[TaskT]] = {}
    try:
        while True:
            for job in _take(waiting, workers * JOBS_AHEAD - len(running)):
                suspects.append(job)  # until the pool has taken it: a broken pool refuses
                running[executor.submit(_work, step, job)] = suspects.pop()
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                job = running[future]
                done = future.result()
                del running[future]
                yield _unless_disk_full(done)
    except BrokenProcessPool:
        for future, job in running.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                yield _unless_disk_full(future.result())
            else:
                suspects.append(job)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _take(jobs: Iterator[Job[TaskT]], count: int) -> Iterator[Job[TaskT]]:
    for _ in range(count):
        try:
            yield next(jobs)
        except StopIteration:
            return


def _alone(step: Step[TaskT, ResultT], job: Job[TaskT], make_executor: MakeExecutor) -> Done[TaskT, ResultT]:
    """Run one job in a pool of its own: a death then is its own doing."""
    executor = make_executor(1)
    try:
        return _unless_disk_full(executor.submit(_work, step, job).result())
    except BrokenProcessPool:
        return Done(job, None, Failure("worker-died", step.name), 0.0, 0.0)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _unless_disk_full(done: Done[TaskT, ResultT]) -> Done[TaskT, ResultT]:
    if done.failure and done.failure.reason == "disk-full":
        raise DiskFull(
            "No space is left on the disk that holds the bank.",
            "free some space, then run the same command again: it goes on where it stopped",
        )
    return done


def _work(step: Step[TaskT, ResultT], job: Job[TaskT]) -> Done[TaskT, ResultT]:
    """In the worker: run the step, time it, and let no exception's text out."""
    started = time.perf_counter()
    result, failure = None, None
    try:
        result = step.run(job.task)
    except Exception as error:
        failure = failure_of(error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Done(job, result, failure, time.perf_counter() - started, peak)


def failure_of(error: Exception) -> Failure:
    """The code of an exception: from a table where we know what it means, else its class."""
    where = _where(error)
    if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in NO_SPACE):
        return Failure("disk-full", where, passing=True)
    if isinstance(error, OSError) and error.errno in PASSING:
        return Failure(PASSING[error.errno], where, passing=True)
    if isinstance(error, MemoryError):
        return Failure("out-of-memory", where)
    return Failure(f"raised-{type(error).__name__}", where)


def _where(error: Exception) -> str:
    """The innermost place of our own code, as module:line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "imagebank" in Path(frame.filename).parts] or frames
    return f"{Path(ours[-1].filename).stem}:{ours[-1].lineno}" if ours else "unknown"


def _start_worker(memory_mb: int, parent: int) -> None:
    """In a new worker: bound its memory, leave Ctrl-C to the parent, and watch it: it may be killed without a word."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet_libraries()
    limit = memory_mb * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
