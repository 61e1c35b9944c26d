"""A thread that works on items in groups: what costs the same for many as for one is done once for many."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

GATHER_SECONDS = 0.5  # how long an item may wait for others
IDLE_SECONDS = 2.0

T = TypeVar("T")


class Groups(Generic[T]):
    """Items that `act` is given in the order they came, in groups of about `size`; for several threads.

    At most twice `size` wait. The first error of `act` is raised by the next `add` or `drain`, and its group is not
    tried again. The thread begins with the first item and ends when nothing comes for a while.
    """

    def __init__(self, act: Callable[[list[T]], None], size: int, *, gather_seconds: float = GATHER_SECONDS) -> None:
        self._act, self._size, self._gather_seconds = act, size, gather_seconds
        self._waiting: list[T] = []
        self._left = self._done = 0  # how many items ever were
        self._hurried = 0  # how many of them somebody waits for
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._runs = False

    def add(self, item: T) -> None:
        """Leave an item; waits while too many are left. Raises what an earlier group ended with."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < 2 * self._size)
            self._raise()
            self._waiting.append(item)
            self._left += 1
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, daemon=True).start()
            if len(self._waiting) in (1, self._size):
                self._changed.notify_all()

    def drain(self) -> None:
        """Wait until all that was left before is done. Raises what a group ended with."""
        self.wait()
        with self._changed:
            self._raise()

    def wait(self) -> None:
        """Wait until all that was left before is done; how it ended is for `drain` to tell."""
        with self._changed:
            left = self._hurried = self._left
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._done >= left)

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error:
            raise error

    def _run(self) -> None:
        while group := self._next():
            error: Exception | None = None
            try:
                self._act(group)
            except Exception as raised:
                error = raised
            with self._changed:
                self._done += len(group)
                self._error = self._error or error
                self._changed.notify_all()

    def _is_time(self) -> bool:
        return not self._waiting or len(self._waiting) >= self._size or self._hurried > self._done

    def _next(self) -> list[T]:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting), IDLE_SECONDS)
            self._changed.wait_for(self._is_time, self._gather_seconds)
            group, self._waiting = self._waiting, []
            self._runs = bool(group)
            self._changed.notify_all()
            return group
