"""The digest of a file's content: by it a file is known again, and two copies are known for one.

BLAKE3, because it costs a fifth of what BLAKE2 or SHA-256 cost, and reading is little more than copying otherwise.
Not for anything that is keyed or that names somebody: that is for pseudonyms.
"""

from __future__ import annotations

from typing import Protocol

from blake3 import blake3

DIGEST_BYTES = 16
"""Two files of ten million collide with a chance of one in 10^24."""


class Digest(Protocol):
    """A digest in the making."""

    def update(self, content: bytes | memoryview, /) -> object:
        """The next bytes."""

    def digest(self, length: int = ..., /) -> bytes:
        """The digest of all that came, of that many bytes."""


def new_digest() -> Digest:
    """The digest of nothing yet."""
    return blake3()


def digest_of(content: bytes | memoryview) -> bytes:
    """The digest of a content that is in memory."""
    return blake3(content).digest(DIGEST_BYTES)
