"""A multipart body taken apart as it comes. Pure: chunks in, pieces of parts out; little is held.

Where a part tells its length, its bytes are not searched; elsewhere the boundary is looked for, also across chunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MOST_HEADER = 16_384
LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)\s*$")
BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


class Piece(NamedTuple):
    """Some bytes of a part; `ends` with the last."""

    content: bytes
    ends: bool


class BadMultipart(Exception):
    """The body is not what its content type promised, or ended early."""


def boundary_of(content_type: str) -> bytes:
    """The boundary that a content type names. Raises BadMultipart."""
    match = BOUNDARY.search(content_type)
    if "multipart/" not in content_type.lower() or not match:
        raise BadMultipart
    return match[1].encode("latin-1")


class Multipart:
    """One body. Feed it chunks in order; `end` when there are no more."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that the first boundary looks like all others
        self._state = "before"
        self._left: int | None = None

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """The pieces that a chunk completes. Raises BadMultipart."""
        if self._state == "content" and self._left is not None and not self._buffer and len(chunk) < self._left:
            self._left -= len(chunk)
            yield Piece(chunk, ends=False)
            return
        self._buffer += chunk
        while self._state != "over":
            step = {"before": self._before, "header": self._header, "content": self._content}[self._state]
            piece = step()
            if piece is None:
                return
            if piece.content or piece.ends:
                yield piece

    def end(self) -> None:
        """The body is over. Raises BadMultipart when it ended early."""
        if self._state != "over":
            raise BadMultipart

    def _before(self) -> Piece | None:
        """Up to the boundary before a part, or the one that ends all."""
        place = self._buffer.find(self._delimiter)
        end = place + len(self._delimiter)
        if place < 0 or len(self._buffer) < end + 2:
            if place < 0:
                self._buffer = self._buffer[-len(self._delimiter) :]
            return None
        self._state = "over" if self._buffer[end : end + 2] == b"--" else "header"
        self._buffer = self._buffer[end:]
        return Piece(b"", ends=False)

    def _header(self) -> Piece | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEADER:
                raise BadMultipart
            return None
        length = LENGTH.search(self._buffer[:end].replace(b"\r\n", b"\n"))
        self._left = int(length[1]) if length else None
        self._buffer = self._buffer[end + 4 :]
        self._state = "content"
        return Piece(b"", ends=False)

    def _content(self) -> Piece | None:
        if self._left is None:
            return self._searched()
        if not self._buffer and self._left:
            return None
        content, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        self._left -= len(content)
        if self._left == 0:
            self._state = "before"
            return Piece(content, ends=True)
        return Piece(content, ends=False)

    def _searched(self) -> Piece | None:
        place = self._buffer.find(self._delimiter)
        if place >= 0:
            content, self._buffer = self._buffer[:place], self._buffer[place:]
            self._state = "before"
            return Piece(content, ends=True)
        sure = len(self._buffer) - len(self._delimiter) + 1
        if sure <= 0:
            return None
        content, self._buffer = self._buffer[:sure], self._buffer[sure:]
        return Piece(content, ends=False)
