"""A landing zone is opened: first its book is brought to what lies on the disk, for the files are the truth.

A loss of power may keep files from the book that were acknowledged; a person may have deleted files that it knows.
What a crash left half-way is then settled or removed.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from imagebank.dicom.pacs.book import Book, InstanceRow, Place
from imagebank.dicom.pacs.landed_file import digest_of_file
from imagebank.dicom.pacs.landing import SUFFIX, Landing, Limits
from imagebank.identities.pseudonyms import UidMap


def open_landing(root: Path, source: str, uids: UidMap, book: Book, limits: Limits) -> Landing:
    """The landing zone of a source, as it should be. Another process may be receiving for it."""
    reconcile(root / source, source, book)
    landing = Landing(root, source, uids, book, limits)
    landing.recover()
    return landing


def reconcile(folder: Path, source: str, book: Book) -> None:
    """Write down the files that the book lacks, and forget those that are lost.

    What may go is let go of in the book before its file is deleted, and what comes is written down after it has its
    name. So a file that the book keeps and that a later look at the disk does not find is lost.
    """
    found, kept = _files(folder), book.kept(source)
    unknown: dict[str, list[tuple[str, InstanceRow]]] = defaultdict(list)
    for series, instance in sorted(found.keys() - kept):
        path = found[series, instance]
        if path.is_file():  # it may have been deleted meanwhile, because it is banked
            unknown[series].append((instance, InstanceRow(series, digest_of_file(path), path.stat().st_size)))
    for rows in unknown.values():
        book.add_instances(source, rows)
    if kept - found.keys():
        book.forget(source, sorted(kept - found.keys() - _files(folder).keys()))


def _files(folder: Path) -> dict[Place, Path]:
    """Every landed file by its series and instance; those set aside left out."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(SUFFIX) and "-" not in name:
                path = Path(place, name)
                found[path.parent.name, path.stem] = path
    return found
