"""What a peer sends, read in pieces of a known size."""

from __future__ import annotations

import socket
from collections.abc import Callable


class Stream:
    """The incoming side of a connection. After a time-out `patient` says whether to wait once more."""

    def __init__(self, connection: socket.socket, patient: Callable[[], bool]) -> None:
        self._connection, self._patient = connection, patient

    def read(self, size: int) -> bytes:
        """That many bytes; fewer where the peer hung up. Raises TimeoutError and other OSError."""
        content = bytearray(size)
        have = 0
        while have < size:
            try:
                came = self._connection.recv_into(memoryview(content)[have:])
            except TimeoutError:
                if not self._patient():
                    raise
                continue
            if not came:
                break
            have += came
        return bytes(memoryview(content)[:have])
