"""What a peer sends, read in pieces of a known size."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable

LOOK_SECONDS = 0.3


def look_at_nothing() -> None:
    """Nobody needs to know that nothing comes."""


class Stream:
    """The incoming side of a connection. After a time-out `patient` says whether to wait once more.

    `look` is called now and then while nothing comes; what it raises ends the wait.
    """

    def __init__(
        self, connection: socket.socket, patient: Callable[[], bool], look: Callable[[], None] = look_at_nothing
    ) -> None:
        self._connection, self._patient, self._look = connection, patient, look

    def read(self, size: int) -> bytes:
        """That many bytes; fewer where the peer hung up. Raises TimeoutError and other OSError."""
        content = bytearray(size)
        have = 0
        while have < size:
            try:
                self._wait()
                came = self._connection.recv_into(memoryview(content)[have:])
            except TimeoutError:
                if not self._patient():
                    raise
                continue
            if not came:
                break
            have += came
        return bytes(memoryview(content)[:have])

    def _wait(self) -> None:
        """Until something comes. Raises TimeoutError after a silence of the connection's time-out."""
        if isinstance(self._connection, ssl.SSLSocket) and self._connection.pending():
            return
        end = time.monotonic() + (self._connection.gettimeout() or float("inf"))
        while not select.select([self._connection], [], [], max(0.0, min(LOOK_SECONDS, end - time.monotonic())))[0]:
            self._look()
            if time.monotonic() >= end:
                raise TimeoutError
