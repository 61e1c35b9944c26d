"""A member of an archive, why one may be unreadable, and how much an archive may become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from imagebank.core.private import Private

CHUNK = 1 << 20
UNPACKED_AT_ONCE = 1 << 16  # bytes of a packed tar, and so the most that is lost before the place where it is damaged
MOST_MEMBERS = 500_000  # of one archive: three days of a busy PACS; what is listed of each is in memory
MOST_RATIO = 100  # bytes that one byte of an archive may become; MRI packs to a half or a tenth
ALWAYS_ALLOWED = 64 << 20  # bytes that any archive may become, however small

UNPACKED = "unpacked"
UNREADABLE = {
    "encrypted-member": "The member of the archive is protected by a password: unpack the archive by hand.",
    "damaged-member": "The member of the archive cannot be unpacked: it is damaged.",
    "unknown-compression": "The member is packed in a way that is not understood here (Deflate64, LZMA).",
    "not-a-file": "The member of the archive is a link, a device or a pipe; the file of a link is a member of its own.",
    "nested-too-deep": "An archive within archives within archives: unpack it by hand.",
}
"""Why a member of an archive cannot be read."""
ENDS = {
    "damaged-archive": "The archive ends early, or is damaged: what would follow is not known. Offer it whole again.",
    "unpacks-too-far": "The archive unpacks to over a hundred times its size, and was left there: unpack it by hand.",
    "too-many-members": "The archive has over 500,000 members, and was left there: split it, or unpack it by hand.",
    "unknown-archive": "An archive that is not understood here (7z, rar, zstd): unpack it by hand, or pack it as zip.",
}
"""Why an archive was not read to its end, told with the last of its members."""


class Broken(Exception):
    """The content of a member ended with one of the reasons above; says nothing of what it held."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Allowance:
    """What an archive may still become, in bytes and members; archives within it share it."""

    def __init__(self, size: int, members: int = MOST_MEMBERS) -> None:
        self.size, self.members = size, members

    @classmethod
    def of(cls, packed: int) -> Allowance:
        """What an archive of so many bytes may become."""
        return cls(ALWAYS_ALLOWED + MOST_RATIO * packed)

    def spend(self, size: int) -> None:
        """So many bytes came out. Raises Broken."""
        self.size -= size
        if self.size < 0:
            raise Broken("unpacks-too-far")


@dataclass(frozen=True)
class Member:
    """One file of an archive: its pieces of at most CHUNK bytes, or why there are none.

    The pieces are had before the next member is asked for, and raise Broken.
    """

    name: Private
    reason: str = ""
    size: int = -1  # as the archive tells it; -1 where it does not
    pieces: Iterator[bytes] = field(default=iter(()), repr=False)


REST = Private("(the rest of the archive)")
