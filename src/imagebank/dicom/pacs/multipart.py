"""A multipart body taken apart as it comes. Pure: chunks in, pieces of parts out; little is held.

Where a part tells its length, its bytes are not searched, and the boundary must follow them: a length that is not true
would land half of an instance. Elsewhere the boundary is looked for, also across chunks. Some services answer with one
instance and no parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.message import Message
from typing import NamedTuple, Protocol

MOST_HEADER = 16_384
LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)\s*$")
ONE_INSTANCE = "application/dicom"


class Piece(NamedTuple):
    """Some bytes of a part; `ends` with the last."""

    content: bytes
    ends: bool


class BadMultipart(Exception):
    """The body is not what its content type promised, or ended early."""


class Body(Protocol):
    """A body on its way."""

    def feed(self, chunk: bytes) -> Iterable[Piece]:
        """The pieces that a chunk completes. Raises BadMultipart."""

    def end(self) -> Iterable[Piece]:
        """The body is over: its last pieces. Raises BadMultipart when it ended early."""


def body_of(content_type: str) -> Body:
    """What takes a body of this content type apart. Raises BadMultipart."""
    told = Message()
    told["Content-Type"] = content_type
    if told.get_content_type() == ONE_INSTANCE:
        return OneInstance()
    boundary = told.get_boundary()
    if told.get_content_maintype() != "multipart" or not boundary:
        raise BadMultipart
    return Multipart(boundary.encode("latin-1", "replace"))


class OneInstance:
    """A body that is one instance, and has no parts."""

    def feed(self, chunk: bytes) -> list[Piece]:
        """A chunk is a piece."""
        return [Piece(chunk, ends=False)]

    def end(self) -> list[Piece]:
        """The instance ends with its body, of which HTTP knows whether it is whole."""
        return [Piece(b"", ends=True)]


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
            step = {"before": self._before, "header": self._header, "content": self._content, "behind": self._behind}
            piece = step[self._state]()
            if piece is None:
                return
            if piece.content or piece.ends:
                yield piece

    def end(self) -> tuple[Piece, ...]:
        """The body is over. Raises BadMultipart when it ended early."""
        if self._state != "over":
            raise BadMultipart
        return ()

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
            self._state = "behind"
        return Piece(content, ends=False)

    def _behind(self) -> Piece | None:
        """Behind a part that told its length: a boundary, or the length was not true."""
        if not self._delimiter.startswith(self._buffer[: len(self._delimiter)]):
            raise BadMultipart
        if len(self._buffer) < len(self._delimiter):
            return None
        self._state = "before"
        return Piece(b"", ends=True)

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
