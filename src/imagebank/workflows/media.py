"""Archives and media as a source: zip and tar files, DICOMDIR media and plain folders, copied into the landing zone.

What a DICOMDIR lists and what is not there is missing. An archive that was read to its end is not read again while it
is unchanged.
"""

from __future__ import annotations

import os
import tarfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pydicom

from imagebank.core.config import Bank
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.progress import Progress
from imagebank.dicom.headers import DIRECTORY_CLASS
from imagebank.dicom.pacs.landing import Kept, Landing, TooLarge
from imagebank.dicom.pacs.model import PacsError, Stopped
from imagebank.dicom.pacs.part10 import Unnamed
from imagebank.workflows.indexing import walk
from imagebank.workflows.standalone.offered import UNREADABLE_MEMBERS, Offered, open_source

DIRECTORY = b"DICOMDIR"
CHUNK = 1 << 20
NOT_LANDED = {
    "missing-on-medium": "The DICOMDIR lists a file that is not on the medium.",
    "not-an-instance": "A file of an archive or medium that is no DICOM instance with its UIDs.",
    "unreadable": "The file cannot be read: rights, or a damaged medium.",
    "set-aside": "Another content under the UID of an instance: kept beside it, and the bank quarantines both.",
    **UNREADABLE_MEMBERS,
    "too-large": "The file is larger than [landing] largest_mb.",
}
"""Why a file of a medium did not land, or not alone."""


def read_media(
    bank: Bank, source: PacsSource, landing: Landing, progress: Progress, stop: Callable[[], bool]
) -> Counter[str]:
    """Land every instance below the folder of a source; gives how many files were no instance, by why."""
    root = (bank.layout.root / source.path).resolve()
    if not root.is_dir():
        raise PacsError("not-there")  # other sources are asked all the same
    counted: Counter[str] = Counter()
    folders = list(walk(os.fsencode(root), []))
    total = sum(len(files) for _, files in folders)
    with progress.stage("read", total, "files") as stage:
        for folder, files in folders:
            for each in files:
                if stop():
                    raise Stopped
                name = os.path.relpath(folder + b"/" + each.name, os.fsencode(root))
                state = f"{each.size}:{each.modified}"
                if landing.book.archive(source.name, name) != state:
                    path = Path(os.fsdecode(folder + b"/" + each.name))
                    found, whole = _read_file(path, landing, stop)
                    counted += found
                    if whole:
                        landing.book.keep_archive(source.name, name, state)
                stage.advance()
    return counted


def _read_file(path: Path, landing: Landing, stop: Callable[[], bool]) -> tuple[Counter[str], bool]:
    """One file: a directory of a medium, an archive, or an instance. Also says whether it need not be read again."""
    if path.name.upper().encode(errors="replace") == DIRECTORY:
        missing = sum(not each.is_file() for each in listed_files(path))
        return Counter({"missing-on-medium": missing} if missing else {}), not missing
    try:
        if _is_archive(path):
            return _read_archive(path, landing, stop), True
        return Counter(_land_file(path, landing)), True
    except OSError:
        return Counter({"unreadable": 1}), False


def _is_archive(path: Path) -> bool:
    with open(path, "rb") as file:
        start = file.read(132)
    if start[128:132] == b"DICM":
        return False
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def _read_archive(path: Path, landing: Landing, stop: Callable[[], bool]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for member in open_source(path, most=landing.largest):
        if stop():
            raise Stopped
        counted.update(_land_member(member, landing))
    return counted


def _land_member(member: Offered, landing: Landing) -> list[str]:
    if member.reason:
        return [member.reason]
    name = Path(member.name.reveal("tell the directory of a medium from its images")).name
    return [] if name.upper().encode(errors="replace") == DIRECTORY else _land((member.content,), landing)


def _land_file(path: Path, landing: Landing) -> list[str]:
    with open(path, "rb") as file:
        return _land(iter(lambda: file.read(CHUNK), b""), landing)


def _land(chunks: Iterator[bytes] | tuple[bytes, ...], landing: Landing) -> list[str]:
    """Land one instance; gives why it is none."""
    with landing.begin() as arrival:
        try:
            for chunk in chunks:
                arrival.write(chunk)
            return ["set-aside"] if arrival.finish() is Kept.ASIDE else []
        except Unnamed:
            return ["not-an-instance"]
        except TooLarge:
            return ["too-large"]


def listed_files(directory: Path) -> Iterator[Path]:
    """The files that a DICOMDIR lists, below its own folder; a path that leads out of it is left out."""
    with suppress(Exception), warnings.catch_warnings():  # a directory that cannot be read lists nothing
        warnings.simplefilter("ignore")
        records = pydicom.dcmread(directory)
        if records.file_meta.MediaStorageSOPClassUID != DIRECTORY_CLASS:
            return
        for record in records.get("DirectoryRecordSequence", ()):
            named = record.get("ReferencedFileID")
            path = _below(directory.parent, [named] if isinstance(named, str) else list(named or ()))
            if path:
                yield path


def _below(folder: Path, parts: list[str]) -> Path | None:
    """A listed file below a folder, however the medium was mounted: in small letters, or with versions (`IM1.;1`)."""
    path = folder
    for part in parts:
        there = path / part
        if not there.exists() and path.is_dir():
            names = {_as_listed(each.name): each for each in path.iterdir()}
            there = names.get(_as_listed(part), there)
        path = there
    return path if parts and path.resolve().is_relative_to(folder.resolve()) else None


def _as_listed(name: str) -> str:
    return name.partition(";")[0].rstrip(".").upper()
