"""The header of an instance as it came, each element decoded when somebody asks for it, and not before.

It answers `get`, `keys` and `in` as pydicom's Dataset does, at a fraction of its cost: most elements are never asked
for, and most of the others are the same in all instances of a series. Only sequences become Datasets. Whoever needs
many values of nested data sets reads them from the bytes: see `byte_places`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imagebank.dicom.elements import PIXEL_GROUP, Element, Layout, Odd, read_layout
from imagebank.dicom.rewriting import DEFAULT_CHARSET, Charset, own_charset

LONGEST_REMEMBERED = 1024  # bytes of a value whose decoded form is kept for the next instance


def read_original(content: bytes, *, cut: bool = False) -> Original:
    """The header of a file as far as its pixels, of which nothing need be there. Raises Odd.

    Of a file that goes on behind `content` (`cut`), the header must be seen to end.
    """
    layout = read_layout(content, stop=PIXEL_GROUP)
    if cut and layout.elements[-1][4] == len(content):
        raise Odd
    return Original(content, own_charset(content, layout.elements, DEFAULT_CHARSET), layout)


def header_of(content: bytes) -> Original | Dataset:
    """The header of a whole file in memory; pydicom reads it where its bytes are odd, and raises what it raises."""
    try:
        return read_original(content)
    except Odd:
        return pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)


class Original:
    """The elements of one file by their tags. Holds identifying values; lives no longer than its file is at work."""

    def __init__(self, content: bytes, charset: Charset, layout: Layout | None = None) -> None:
        self.content, self.charset = content, charset
        if layout is not None:
            self.layout = layout

    @cached_property
    def layout(self) -> Layout:
        """Where its elements lie."""
        return read_layout(self.content, stop=PIXEL_GROUP)

    @cached_property
    def found(self) -> dict[int, Element]:
        """Its elements by tag."""
        return {element[0]: element for element in self.layout.elements}

    def __contains__(self, keyword: str) -> bool:
        return tag_for_keyword(keyword) in self.found

    def keys(self) -> Iterable[int]:
        """The tags of all elements."""
        return self.found.keys()

    def get(self, key: str | int, default: Any = None) -> Any:
        """The value of a keyword, or the element of a tag. Raises what pydicom raises for a value it cannot decode."""
        if not isinstance(key, str):
            return self._element(int(key), default)
        element = self._element(tag_for_keyword(key), None)
        return default if element is None else element.value

    @property
    def file_meta(self) -> Original:
        """The meta header."""
        return Original(self.content, self.charset, replace(self.layout, elements=self.layout.meta))

    def _element(self, tag: int | None, default: Any) -> Any:
        element = self.found.get(tag or 0)
        if element is None or tag is None:
            return default
        _, vr, start, value, end, _ = element
        implicit = self.layout.implicit and tag >> 16 != 2
        creator = self._creator(tag) if tag >> 16 & 1 else b""
        decode = decoded if end - start <= LONGEST_REMEMBERED else decoded.__wrapped__
        return decode(tag, vr, self.content[value:end], self.charset, creator, implicit)

    def _creator(self, tag: int) -> bytes:
        element = self.found.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF)
        return b"" if element is None else self.content[element[3] : element[4]]


@lru_cache(maxsize=4096)
def decoded(tag: int, vr: bytes, value: bytes, charset: Charset, creator: bytes, implicit: bool) -> DataElement:
    """One element, decoded by pydicom. The creator of its block says what VR a private one has."""
    around = Dataset()
    if creator:
        owner = Tag(tag >> 16, tag >> 8 & 0xFF)
        around[owner] = RawDataElement(owner, "LO", len(creator), creator, 0, False, True)
    raw = RawDataElement(Tag(tag), vr.decode("ascii") or None, len(value), value, 0, implicit, True)
    return convert_raw_data_element(raw, encoding=list(charset), ds=around)
