"""What a folder, a zip or a tar offers: every file once, in an order that does not change.

An archive is read from front to back, so that nothing of it lies unpacked on a disk. A member that cannot be read is
offered all the same, with its reason.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.core.private import NOBODY, Private
from imagebank.workflows.indexing import walk

MOST_MEMBER_BYTES = 4 << 30
DAMAGE = (tarfile.TarError, EOFError, zlib.error)
UNREADABLE_MEMBERS = {
    "encrypted-member": "The member of the archive is protected by a password.",
    "damaged-member": "The member of the archive cannot be unpacked.",
    "damaged-archive": "The archive ends early, or is damaged: what would follow is not known.",
    "too-large": "The member of the archive is larger than 4 GiB.",
}
"""Why a member of an archive may not be read."""


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
    """A folder, zip or tar. `unlisted` counts the folders that could not be listed.

    A member of an archive that is larger than `most` bytes is not unpacked.
    """

    root: Path
    kind: str
    count: int  # of files, for the progress; an archive that is damaged may give fewer
    files: tuple[bytes, ...] = field(default=(), repr=False)
    unlisted: int = 0
    most: int = MOST_MEMBER_BYTES

    def __iter__(self) -> Iterator[Offered]:
        """Every file; may be asked for again and again."""
        if self.kind == "folder":
            return self._of_folder()
        return (_of_zip if self.kind == "zip" else _of_tar)(self.root, self.most)

    def _of_folder(self) -> Iterator[Offered]:
        root = os.fsencode(self.root)
        for position, whole in enumerate(self.files):
            name = os.fsdecode(os.path.relpath(whole, root))
            yield Offered(position, Private(name), Private(os.fsdecode(whole)))


def open_source(root: Path, *, most: int = MOST_MEMBER_BYTES) -> Source:
    """See what a path is, and list it. Raises SourceError where it is nothing that can be read."""
    try:
        if root.is_dir():
            unlisted: list[bytes] = []
            files = [
                folder + b"/" + each.name for folder, listed in walk(os.fsencode(root), unlisted) for each in listed
            ]
            if not files and unlisted:
                raise PermissionError
            return Source(root, "folder", len(files), tuple(files), len(unlisted))
        kind = _kind_of_archive(root)
        return Source(root, kind, _members(root, kind), most=most)
    except OSError as error:
        raise SourceError(
            f"The source cannot be read ({type(error).__name__}).",
            "name a folder, a zip or a tar that is there and that this user may read",
        ) from None


def _kind_of_archive(root: Path) -> str:
    with open(root, "rb") as file:
        start = file.read(4)
    if start[:2] == b"PK" and zipfile.is_zipfile(root):
        return "zip"
    if tarfile.is_tarfile(root):
        return "tar"
    raise SourceError(
        "The source is neither a folder nor a zip or tar.", "name a folder; a single file goes into a folder of its own"
    )


def _members(root: Path, kind: str) -> int:
    if kind == "zip":
        with zipfile.ZipFile(root) as archive:
            return sum(not each.is_dir() for each in archive.infolist())
    count = 0
    try:
        with tarfile.open(root, "r:*") as tar:
            for member in tar:
                count += not member.isdir()
    except DAMAGE:
        count += 1  # what is left is offered as one
    return count


def _of_zip(root: Path, most: int) -> Iterator[Offered]:
    with zipfile.ZipFile(root) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        for position, member in enumerate(members):
            content, reason = _zip_member(archive, member, most)
            yield Offered(position, Private(member.filename), content=content, reason=reason)


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> tuple[bytes, str]:
    if member.flag_bits & 1:
        return b"", "encrypted-member"
    if member.file_size > most:
        return b"", "too-large"
    try:
        return archive.read(member), ""
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError):
        return b"", "damaged-member"


def _of_tar(root: Path, most: int) -> Iterator[Offered]:
    position = 0
    try:
        with tarfile.open(root, "r:*") as archive:
            for member in archive:
                if member.isdir():
                    continue
                content, reason = _tar_member(archive, member, most)
                yield Offered(position, Private(member.name), content=content, reason=reason)
                position += 1
    except DAMAGE:
        yield Offered(position, Private("(the rest of the archive)"), reason="damaged-archive")


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> tuple[bytes, str]:
    if member.size > most:
        return b"", "too-large"
    try:
        file = archive.extractfile(member) if member.isfile() or member.islnk() else None
    except KeyError:  # a link whose file is not in the archive
        file = None
    if file is None:
        return b"", "damaged-member"
    with file:
        return file.read(), ""
