"""What a peer sends, read in pieces of a known size."""

from __future__ import annotations

import socket
from collections.abc import Callable

AHEAD = 4096  # bytes


class Stream:
    """The incoming side of a connection. After a time-out `patient` says whether to wait once more.

    A little more than was asked for is taken where it came already, mostly a header: the system is called less often.
    """

    def __init__(self, connection: socket.socket, patient: Callable[[], bool] = lambda: False) -> None:
        self._connection, self._patient = connection, patient
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
        while have < size:
            try:
                came = self._connection.recv_into(content[have:])
            except TimeoutError:
                if not self._patient():
                    raise
                continue
            if not came:
                break
            have += came
        self._ahead = content[size:have]
        return content[: min(size, have)]
