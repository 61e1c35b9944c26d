"""The header of an instance as it came, each element decoded when somebody asks for it, and not before.

It answers `get`, `keys` and `in` as pydicom's Dataset does, at a fraction of its cost: most elements are never asked
for, and most of the others are the same in all instances of a series. Only sequences become Datasets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imagebank.dicom.elements import PIXEL_GROUP, Element, Layout, read_layout
from imagebank.dicom.rewriting import DEFAULT_CHARSET, Charset, own_charset

LONGEST_REMEMBERED = 1024  # bytes of a value whose decoded form is kept for the next instance


def read_original(content: bytes) -> Original:
    """The header of a file as far as its pixels, of which nothing need be there. Raises Odd."""
    layout = read_layout(content, stop=PIXEL_GROUP)
    return Original(content, own_charset(content, layout.elements, DEFAULT_CHARSET), layout)


class Original:
    """The elements of one file by their tags. Holds identifying values; lives no longer than its file is at work."""

    def __init__(self, content: bytes, charset: Charset, layout: Layout | None = None) -> None:
        self._content, self._charset = content, charset
        if layout is not None:
            self._layout = layout

    @cached_property
    def _layout(self) -> Layout:
        return read_layout(self._content, stop=PIXEL_GROUP)

    @cached_property
    def _found(self) -> dict[int, Element]:
        return {element[0]: element for element in self._layout.elements}

    def __contains__(self, keyword: str) -> bool:
        return tag_for_keyword(keyword) in self._found

    def keys(self) -> Iterable[int]:
        """The tags of all elements."""
        return self._found.keys()

    def get(self, key: str | int, default: Any = None) -> Any:
        """The value of a keyword, or the element of a tag. Raises what pydicom raises for a value it cannot decode."""
        if not isinstance(key, str):
            return self._element(int(key), default)
        element = self._element(tag_for_keyword(key), None)
        return default if element is None else element.value

    @property
    def file_meta(self) -> Original:
        """The meta header."""
        layout = self._layout
        return Original(self._content, self._charset, replace(layout, elements=layout.meta))

    def _element(self, tag: int | None, default: Any) -> Any:
        element = self._found.get(tag or 0)
        if element is None or tag is None:
            return default
        _, vr, start, value, end, _ = element
        implicit = self._layout.implicit and tag >> 16 != 2
        creator = self._creator(tag) if tag >> 16 & 1 else b""
        decode = _decoded if end - start <= LONGEST_REMEMBERED else _decoded.__wrapped__
        return decode(tag, vr, self._content[value:end], self._charset, creator, implicit)

    def _creator(self, tag: int) -> bytes:
        element = self._found.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF)
        return b"" if element is None else self._content[element[3] : element[4]]


@lru_cache(maxsize=4096)
def _decoded(tag: int, vr: bytes, value: bytes, charset: Charset, creator: bytes, implicit: bool) -> DataElement:
    """One element, decoded by pydicom. The creator of its block says what VR a private one has."""
    around = Dataset()
    if creator:
        owner = Tag(tag >> 16, tag >> 8 & 0xFF)
        around[owner] = RawDataElement(owner, "LO", len(creator), creator, 0, False, True)
    raw = RawDataElement(Tag(tag), vr.decode("ascii") or None, len(value), value, 0, implicit, True)
    return convert_raw_data_element(raw, encoding=list(charset), ds=around)
