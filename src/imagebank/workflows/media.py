"""Archives and media as a source: zip and tar files, DICOMDIR media and plain folders, copied into the landing zone.

Laws: each file of the medium, and each member of an archive, ends in one told state; what was read to its end is not
read again while it is unchanged; a run that was killed goes on behind the last member that it wrote down; memory does
not grow with a member. Images of the opted-out do not land, and are read again should they opt in.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from imagebank.core.archives import ENDS, UNREADABLE
from imagebank.core.config import Bank
from imagebank.core.files import atomic_file
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.progress import Progress
from imagebank.dicom.pacs import filters
from imagebank.dicom.pacs.book import Book, MediumRow
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import PacsError
from imagebank.workflows.indexing import walk
from imagebank.workflows.media_reading import MB, NOT_READ, READ, TAKEN, LeftOut, MediumFile, Meter, Reader, state_of

NOT_LANDED = {
    "missing-on-medium": "The DICOMDIR lists a file that is not on the medium, or not in its archive.",
    "unread-directory": "The DICOMDIR cannot be read, so that nobody knows whether the medium is whole.",
    "not-an-instance": "A file of an archive or medium that is no DICOM instance with its UIDs.",
    "unreadable": "The file cannot be read: rights, or a damaged medium. The next run tries again.",
    "changed-while-read": "The file changed while it was read. The next run reads it again.",
    "set-aside": "Another content under the UID of an instance: kept beside it, and the bank quarantines both.",
    "too-large": "The file is larger than [landing] largest_mb.",
    "gone": "It was not read to its end, or is needed again, and is no longer there: put it back.",
    "again": "It is read again by the next run of acquire, because deleted files of it are needed.",
    "unlisted-folder": "A folder of the medium may not be listed. The next run tries again.",
    NOT_READ: "The run ended before it was read to its end. The next run goes on.",
    **UNREADABLE,
    **ENDS,
}
"""Why a file of a medium did not land, or not alone; or why a file was not read to its end."""
__all__ = ["FINAL", "NOT_LANDED", "TAKEN", "meaning", "read_media", "write_list"]

FINAL = frozenset((READ, *ENDS))
"""How the reading of a file may end so that it is not read again while it is unchanged."""


def meaning(reason: str) -> str:
    """What a reason means for which something was left, of a PACS or of a medium."""
    return {**filters.LEFT, **NOT_LANDED}.get(reason, "")


def read_media(
    bank: Bank,
    source: PacsSource,
    landing: Landing,
    left_out: LeftOut,
    progress: Progress,
    stop: Callable[[], bool],
) -> Counter[str]:
    """Land every instance below the folder of a source; gives how many files and members did not land, by why."""
    root = (bank.layout.root / source.path).resolve()
    if not root.is_dir():
        raise PacsError("not-there")  # other sources are asked all the same
    book = landing.book
    _read_again_who_opted_in(book, source.name, left_out)
    unlisted: list[bytes] = []
    found = list(_files(root, unlisted))
    known = book.media.files(source.name)
    there = {each.name for each in found}
    book.media.miss(source.name, [name for name, row in known.items() if name not in there and row.end not in FINAL])
    new = [each for each in found if not _is_read(known.get(each.name), each)]
    left = Counter({"unlisted-folder": len(unlisted)})
    try:
        with progress.stage("read", sum(each.size for each in new) // MB + 1, "MB") as stage:
            reader = Reader(source.name, landing, left_out, stop, Meter(stage))
            for each in new:
                left += reader.read(each, known.get(each.name))
    finally:
        write_list(bank, book)
    return +left


def _files(root: Path, unlisted: list[bytes]) -> Iterator[MediumFile]:
    for folder, files in walk(os.fsencode(root), unlisted):
        for each in files:
            whole = folder + b"/" + each.name
            name = os.path.relpath(whole, os.fsencode(root))
            yield MediumFile(Path(os.fsdecode(whole)), name, each.size, state_of(each.size, each.modified))


def _is_read(row: MediumRow | None, file: MediumFile) -> bool:
    return row is not None and row.state == file.state and row.end in FINAL


def _read_again_who_opted_in(book: Book, source: str, left_out: LeftOut) -> None:
    """What holds images of somebody who had opted out, and has not any more, is read once more."""
    out = left_out.labels()
    back = [row.study for row in book.studies(source) if row.reason == "opted-out" and row.patient not in out]
    if back:
        book.media.read_again(source, "opted-out")
        book.forget_studies(source, back)


def write_list(bank: Bank, book: Book) -> None:
    """List every file of a medium that was not read to its end, or of which something did not land. Identifiable."""
    media = [each.name for each in bank.config.pacs if each.kind == "media"]
    with atomic_file(bank.layout.landing_media) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("source", "file", "end", "reason", "count"))
        for source in media:
            for name, row in sorted(book.media.files(source).items()):
                left = sorted((why, count) for why, count in row.counts.items() if why in NOT_LANDED)
                for why, count in left or ([] if row.end == READ else [("", 0)]):
                    writer.writerow((source, os.fsdecode(name), row.end, why, count))
        text.detach()
