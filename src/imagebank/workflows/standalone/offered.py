"""What a folder or an archive offers: every file once, in an order that does not change.

An archive is read from front to back, so that nothing of it lies unpacked on a disk; one within it lies in a nameless
file meanwhile. A member that cannot be read is offered all the same, with its reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from imagebank.core.archives import ENDS, UNPACKED, UNREADABLE, Allowance, Broken, Member, kind_of, spooled, unpack
from imagebank.core.archives.kinds import START
from imagebank.core.errors import SourceError
from imagebank.core.private import NOBODY, Private
from imagebank.workflows.indexing import walk

MOST_MEMBER_BYTES = 4 << 30
OF_MEMBERS = {
    **UNREADABLE,
    **ENDS,
    "too-large": "The member of the archive is larger than 4 GiB.",
    UNPACKED: "An archive within an archive: its members are offered beside it.",
}
"""What may be said of a member of an archive instead of reading it."""


@dataclass(frozen=True)
class Offered:
    """One file: its place in the source, and where to read it; the content where it comes from an archive."""

    position: int
    name: Private
    path: Private = NOBODY
    content: bytes = field(default=b"", repr=False)
    reason: str = ""


@dataclass(frozen=True)
class Source:
    """A folder or an archive. `unlisted` counts the folders that could not be listed.

    A member of an archive that is larger than `most` bytes is not unpacked; archives within it lie in `spools`.
    """

    root: Path
    spools: Path
    kind: str
    files: tuple[bytes, ...] = field(default=(), repr=False)
    unlisted: int = 0
    most: int = MOST_MEMBER_BYTES

    def count(self) -> int:
        """How many files there are, for the progress. An archive is read for it."""
        return len(self.files) if self.kind == "folder" else sum(1 for _ in self._members())

    def __iter__(self) -> Iterator[Offered]:
        """Every file; may be asked for again and again. Raises SourceError where an archive is gone meanwhile."""
        return self._of_folder() if self.kind == "folder" else self._of_archive()

    def _of_folder(self) -> Iterator[Offered]:
        root = os.fsencode(self.root)
        for position, whole in enumerate(self.files):
            name = os.fsdecode(os.path.relpath(whole, root))
            yield Offered(position, Private(name), Private(os.fsdecode(whole)))

    def _of_archive(self) -> Iterator[Offered]:
        for position, member in enumerate(self._members()):
            try:
                yield Offered(position, member.name, content=_content(member, self.most))
            except Broken as broken:
                yield Offered(position, member.name, reason=broken.reason)

    def _members(self) -> Iterator[Member]:
        try:
            with open(self.root, "rb") as file:
                allowed = Allowance.of(os.fstat(file.fileno()).st_size)
                yield from unpack(file, self.kind, allowed, partial(spooled, self.spools))
        except OSError as error:
            raise _cannot_be_read(error) from None


def _content(member: Member, most: int) -> bytes:
    """The content of a member. Raises Broken."""
    if member.reason:
        raise Broken(member.reason)
    content = bytearray()
    for piece in member.pieces:
        if max(member.size, len(content) + len(piece)) > most:
            raise Broken("too-large")
        content += piece
    return bytes(content)


def open_source(root: Path, spools: Path, *, most: int = MOST_MEMBER_BYTES) -> Source:
    """See what a path is, and list a folder. Raises SourceError where it is nothing that can be read."""
    try:
        if root.is_dir():
            unlisted: list[bytes] = []
            files = [
                folder + b"/" + each.name for folder, listed in walk(os.fsencode(root), unlisted) for each in listed
            ]
            if not files and unlisted:
                raise PermissionError
            return Source(root, spools, "folder", tuple(files), len(unlisted))
        with open(root, "rb") as file:
            kind = kind_of(file.read(START))
    except OSError as error:
        raise _cannot_be_read(error) from None
    if not kind:
        raise SourceError(
            "The source is neither a folder nor an archive.",
            "name a folder; a single file goes into a folder of its own",
        )
    return Source(root, spools, kind, most=most)


def _cannot_be_read(error: OSError) -> SourceError:
    return SourceError(
        f"The source cannot be read ({type(error).__name__}).",
        "name a folder, a zip or a tar that is there and that this user may read",
    )
