"""Runs jobs on a `concurrent.futures.Executor`: a pool of processes here, any other executor by the same interface.

Laws: one bad item never stops a run. An exception becomes a failure with a code and no text; a worker that dies takes
nobody with it, its neighbours run again and the killer is found by running the suspects one by one. A full disk stops
the run, because nothing else can succeed. Jobs are taken as workers become free, so that a list may be without end.
When nobody waits for the results any more, whoever is at work is ended at once: steps write whole files or none.
"""

from __future__ import annotations

import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import TypeVar

from imagebank.core.errors import DiskFull
from imagebank.engine.failures import DISK_FULL, failure_of
from imagebank.engine.pool import WorkerPool
from imagebank.engine.step import Done, Failure, Job, Step

__all__ = ["JOBS_AHEAD", "MakeExecutor", "failure_of", "process_pool", "run_jobs"]

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
MakeExecutor = Callable[[int], Executor]

JOBS_AHEAD = 2  # jobs under way for each worker: enough to keep it busy, few enough to keep memory flat


def process_pool(memory_mb: int) -> MakeExecutor:
    """A maker of process pools whose workers may use `memory_mb` MiB each."""

    def make(workers: int) -> Executor:
        return WorkerPool(workers, memory_mb)

    return make


def run_jobs(
    step: Step[TaskT, ResultT], jobs: Iterable[Job[TaskT]], *, make_executor: MakeExecutor, workers: int
) -> Iterator[Done[TaskT, ResultT]]:
    """Run a step on every job and give back each as it is done, in any order; few jobs start few workers.

    Raises DiskFull when a worker finds no space left.
    """
    waiting = iter(jobs)
    suspects: deque[Job[TaskT]] = deque()
    while first := list(islice(waiting, workers)):
        waiting = chain(first, waiting)
        yield from _until_broken(step, waiting, suspects, make_executor, len(first))
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
    running: dict[Future[Done[TaskT, ResultT]], Job[TaskT]] = {}
    with _opened(make_executor, workers) as executor:
        try:
            while True:
                for job in islice(waiting, workers * JOBS_AHEAD - len(running)):
                    suspects.append(job)  # until the pool has taken it: a broken pool refuses
                    future = executor.submit(_work, step, job)
                    running[future] = suspects.pop()
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done = _result(step, running[future], future)
                    del running[future]
                    yield done
        except BrokenExecutor:
            pass
    for future, job in running.items():
        if future.cancelled() or isinstance(future.exception(), BrokenExecutor):
            suspects.append(job)
        else:
            yield _result(step, job, future)


@contextmanager
def _opened(make_executor: MakeExecutor, workers: int) -> Iterator[Executor]:
    executor = make_executor(workers)
    try:
        yield executor
    except (KeyboardInterrupt, GeneratorExit):
        if isinstance(executor, WorkerPool):
            executor.end_workers()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _alone(step: Step[TaskT, ResultT], job: Job[TaskT], make_executor: MakeExecutor) -> Done[TaskT, ResultT]:
    """Run one job in a pool of its own: a death then is its own doing."""
    with _opened(make_executor, 1) as executor:
        try:
            return _result(step, job, executor.submit(_work, step, job))
        except BrokenExecutor:
            return Done(job, None, Failure("worker-died", step.name, passing=True), 0.0, 0.0)


def _result(step: Step[TaskT, ResultT], job: Job[TaskT], future: Future[Done[TaskT, ResultT]]) -> Done[TaskT, ResultT]:
    """What a worker gave back; a task or a result that cannot travel is that job's failure, not the run's."""
    try:
        done = future.result()
    except BrokenExecutor:
        raise
    except Exception as error:
        return Done(job, None, replace(failure_of(error), where=step.name), 0.0, 0.0)
    if done.failure and done.failure.reason == DISK_FULL:
        raise DiskFull(
            "No space is left on the disk that holds the bank.",
            "free some space, then run the same command again: it goes on where it stopped",
        )
    return done


def _work(step: Step[TaskT, ResultT], job: Job[TaskT]) -> Done[TaskT, ResultT]:
    """In the worker: run the step, time it, and let no exception's text out, nor one that would end the worker."""
    started = time.perf_counter()
    result, failure = None, None
    try:
        result = step.run(job.task)
    except BaseException as error:
        failure = failure_of(error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Done(job, result, failure, time.perf_counter() - started, peak)
