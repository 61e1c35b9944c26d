"""Work on many items by a few threads, each with a client of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TypeVar

from imagebank.dicom.pacs.model import Pacs

T = TypeVar("T")


def in_threads(work: Callable[[Pacs, T], None], items: Iterable[T], connect: Callable[[], Pacs], threads: int) -> None:
    """Do some work on each item, each thread with a client of its own. The first error ends all, and is raised."""
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for each in items:
        waiting.put(each)
    errors: list[BaseException] = []

    def serve() -> None:
        try:
            with closing(connect()) as client:
                while not errors:
                    work(client, waiting.get_nowait())
        except queue.Empty:
            pass
        except BaseException as error:
            errors.append(error)

    running = [threading.Thread(target=serve, daemon=True) for _ in range(min(threads, waiting.qsize()))]
    for thread in running:
        thread.start()
    for thread in running:
        while thread.is_alive():  # in short steps, so that the main thread hears of Ctrl-C
            thread.join(0.2)
    if errors:
        raise errors[0]
