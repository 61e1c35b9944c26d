"""What lies in the landing zone, read again: its digest, and whether it is whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from imagebank.dicom.elements import PIXEL_GROUP, Odd, read_layout
from imagebank.dicom.pacs.part10 import ids_of
from imagebank.engine.model import DIGEST_BYTES

HEAD_BYTES = 1 << 20  # of a file; holds the header of nearly every one


def is_whole(path: Path) -> bool:
    """Whether a file can be read to its end, with its pixels: a crash may have left only the beginning."""
    try:
        layout = read_layout(path.read_bytes())
    except Odd:
        return False
    return any(element[0] >> 16 == PIXEL_GROUP >> 16 for element in layout.elements)


def digest_of_file(path: Path) -> bytes:
    """The digest of the content of a landed file: of its transfer syntax and its data set, not of its meta header."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
        ids = ids_of(head)
        digest.update(ids.syntax.encode())
        digest.update(memoryview(head)[ids.start :])
        while chunk := file.read(HEAD_BYTES):
            digest.update(chunk)
    return digest.digest()
