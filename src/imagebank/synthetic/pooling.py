"""Work spread over processes, in order: results come as they were asked for, and few of them wait in memory."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
AHEAD = 2  # tasks a process that are under way or wait to be taken


def ordered_map(work: Callable[[A], B], items: Iterable[A], workers: int) -> Iterator[B]:
    """`map` over processes. With one worker it runs here. What a worker raises is raised here."""
    if workers < 2:
        yield from map(work, items)
        return
    rest = iter(items)
    spawn = multiprocessing.get_context("spawn")  # a fork would take open files along
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        waiting: deque[Future[B]] = deque(pool.submit(work, item) for item in islice(rest, AHEAD * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(rest, 1))
