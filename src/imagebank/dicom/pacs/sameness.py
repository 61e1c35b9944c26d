"""Whether two files hold the same instance, written in two ways.

A PACS may write the same data set differently for C-MOVE and for DICOMweb: lengths of sequences told or not, group
lengths or none, other padding. That is no other content.
"""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.dataset import Dataset


def same_content(first: Path, second: Path) -> bool:
    """Whether both files hold the same elements with the same values; False where one cannot be read."""
    try:
        one, other = (pydicom.dcmread(path) for path in (first, second))
        same_form = one.file_meta.TransferSyntaxUID.is_compressed == other.file_meta.TransferSyntaxUID.is_compressed
        return same_form and _plain(one) == _plain(other)
    except Exception:  # pydicom raises many kinds; what cannot be read is not the same
        return False


def _plain(instance: Dataset) -> Dataset:
    """The elements but for group lengths and the padding of the file, which say nothing."""
    kept = Dataset()
    for element in instance:
        if element.tag.element != 0 and element.tag != 0xFFFCFFFC:
            kept.add(element)
    return kept
