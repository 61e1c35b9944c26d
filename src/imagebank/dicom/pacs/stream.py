"""What a peer sends, read in pieces of a known size."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable

AHEAD = 4096  # bytes
LOOK_SECONDS = 0.3


class Stream:
    """The incoming side of a connection. After a time-out `patient` says whether to wait once more.

    `look` is called now and then while nothing comes; what it raises ends the wait. A little more than was asked for is
    taken where it came already, mostly a header: the system is called less often.
    """

    def __init__(
        self,
        connection: socket.socket,
        patient: Callable[[], bool] = lambda: False,
        look: Callable[[], None] | None = None,
    ) -> None:
        self._connection, self._patient, self._look = connection, patient, look
        self._ahead = memoryview(b"")

    @property
    def has_more(self) -> bool:
        """Whether something came that nobody read yet."""
        return bool(self._ahead)

    def read(self, size: int) -> memoryview:
        """That many bytes; fewer where the peer hung up. Raises TimeoutError and other OSError."""
        if len(self._ahead) >= size:
            content, self._ahead = self._ahead[:size], self._ahead[size:]
            return content
        return self._receive(size)

    def _receive(self, size: int) -> memoryview:
        content, have = memoryview(bytearray(size + AHEAD)), len(self._ahead)
        content[:have] = self._ahead
        began = 0.0
        while have < size:
            try:
                if self._look:
                    self._wait(self._look)
                came = self._connection.recv_into(content[have:])
            except TimeoutError:
                if not self._patient():
                    raise
                continue
            if not came:
                break
            have += came
            began = began or time.monotonic()
            if have < size and time.monotonic() - began > (self._connection.gettimeout() or float("inf")):
                raise TimeoutError  # who sends a byte now and then is as good as silent
        self._ahead = content[size:have]
        return content[: min(size, have)]

    def _wait(self, look: Callable[[], None]) -> None:
        """Until something comes. Raises TimeoutError after a silence of the connection's time-out."""
        if isinstance(self._connection, ssl.SSLSocket) and self._connection.pending():
            return
        end = time.monotonic() + (self._connection.gettimeout() or float("inf"))
        while not select.select([self._connection], [], [], max(0.0, min(LOOK_SECONDS, end - time.monotonic())))[0]:
            look()
            if time.monotonic() >= end:
                raise TimeoutError
