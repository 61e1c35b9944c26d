"""A DICOMDIR: which files it lists, and which of them are not there. On a disk, or in an archive."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydicom

from imagebank.core.archives import Member
from imagebank.core.private import Private
from imagebank.dicom.headers import DIRECTORY_CLASS

DIRECTORY = "DICOMDIR"
MOST_BYTES = 32 << 20  # of a DICOMDIR, which is read as a whole; that of a full DVD has a few MB


class UnreadDirectory(Exception):
    """A DICOMDIR that cannot be read."""


class Listing:
    """The members of an archive by their names, and what its DICOMDIR lists."""

    def __init__(self) -> None:
        self.listed: list[tuple[str, ...]] = []
        self._there: set[str] = set()

    def add(self, name: Private) -> None:
        """A member is there."""
        self._there.add(_key(_parts(name)))

    def read(self, member: Member) -> None:
        """A member is a DICOMDIR. Raises UnreadDirectory, Broken."""
        content = bytearray()
        for piece in member.pieces:
            content += piece
            if len(content) > MOST_BYTES:
                raise UnreadDirectory
        folder = _parts(member.name)[:-1]
        self.listed += ((*folder, *each) for each in _listed(bytes(content)))

    def missing(self) -> int:
        """How many listed files are not in the archive."""
        return sum(_key(each) not in self._there for each in self.listed)

    def missing_below(self, folder: Path) -> int:
        """How many listed files are not below a folder; one that leads out of it is not looked for."""
        paths = (_below(folder, each) for each in self.listed)
        return sum(path is not None and not path.is_file() for path in paths)


def is_directory(name: Private) -> bool:
    """Whether a file is named as a DICOMDIR is."""
    parts = _parts(name)
    return bool(parts) and _as_listed(parts[-1]) == DIRECTORY


def _listed(content: bytes) -> Iterator[tuple[str, ...]]:
    """The parts of the path of each listed file. Raises UnreadDirectory."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            records = pydicom.dcmread(io.BytesIO(content))
            if records.file_meta.MediaStorageSOPClassUID != DIRECTORY_CLASS:
                raise UnreadDirectory
            named = [record.get("ReferencedFileID") for record in records.DirectoryRecordSequence]
            found = [(each,) if isinstance(each, str) else tuple(str(part) for part in each) for each in named if each]
    except Exception:  # pydicom raises many kinds; whichever it is, nobody knows what is listed
        raise UnreadDirectory from None
    return (each for each in found if not {"", ".", ".."} & set(each))


def _parts(name: Private) -> list[str]:
    text = name.reveal("tell where a file lies on a medium").replace("\\", "/")
    return [part for part in text.split("/") if part not in ("", ".")]


def _key(parts: Iterable[str]) -> str:
    return "/".join(_as_listed(part) for part in parts)


def _below(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """A listed file below a folder, however the medium was mounted: in small letters, or with versions (`IM1.;1`)."""
    path = folder
    for part in parts:
        there = path / part
        if not there.exists() and path.is_dir():
            names = {_as_listed(each.name): each for each in path.iterdir()}
            there = names.get(_as_listed(part), there)
        path = there
    return path if path.resolve().is_relative_to(folder.resolve()) else None


def _as_listed(name: str) -> str:
    return name.partition(";")[0].rstrip(".").upper()
