"""Everything in which a file may tell something: its bytes, its decoded texts, the bits above its pixels, its name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

import pydicom

from imagebank.proof.planting_pixels import high_bits
from imagebank.proof.search import Needle, Searcher, pixel_span


def found_in(searcher: Searcher, content: bytes, name: str) -> frozenset[Needle]:
    """The needles that a file or its name holds in any view."""
    found = searcher.search(content, pixels=pixel_span(content)) | searcher.search(name.encode())
    return found.union(*(searcher.search(view) for view in _decoded(content)))


def _decoded(content: bytes) -> list[bytes]:
    """What pydicom makes of a file: texts in UTF-8, whatever they were encoded in, and bits above the pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(content), force=True)
            return ["\n".join(_texts(dataset)).encode("utf-8", "surrogateescape"), high_bits(dataset)]
        except Exception:  # what pydicom cannot decode was searched as bytes all the same
            return []


def _texts(dataset: pydicom.Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.VR not in ("SQ", "OB", "OW", "UN"):
            many = element.value if element.VM > 1 else [element.value]
            yield from map(str, many)
