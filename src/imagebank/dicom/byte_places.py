"""The places of a header in the bytes of its file: the quick way, held by tests to what `dataset_places` says.

Of the functional groups only the macros of the shared groups and of the first frame are looked into, and of the other
frames the few values that vary, which lie at the same place in every frame of the same layout. Whatever is odd raises
`Odd`, and the slow way is asked instead. Lives no longer than its file is at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from pydicom.datadict import tag_for_keyword

from imagebank.dicom.elements import FRAME_GROUPS, SHARED_GROUPS, Element, Item, Odd
from imagebank.dicom.fields import Texts, texts_of
from imagebank.dicom.frame_groups import Place, Row, Wanted, creators_of, find, group_at, items_in, rows_at, vr_in
from imagebank.dicom.original import LONGEST_REMEMBERED, Original, decoded
from imagebank.dicom.plain import plain_texts

At = tuple[Element, Place, int]
"""An element, the data set that it belongs to, and the byte from which its places are counted."""

Blocks = list[tuple[Place, int, dict[str, int]]]
"""Each data set with private elements of a group, where it is counted from, and the block of each creator."""


class BytePlaces:
    """The root, the macros of the shared groups, and those of the first frame. Raises Odd."""

    def __init__(self, original: Original) -> None:
        self._content, self._elements, self._charset = original.content, original.found, original.charset
        self._root = Place(original.layout.elements, original.layout.implicit)
        self._shared = self._items(SHARED_GROUPS)[:1]
        self._frames = self._items(FRAME_GROUPS)
        self.frames = len(self._frames)
        self._groups = [(group_at(self._content, item), item.start) for item in (*self._shared, *self._frames[:1])]
        self._told: dict[str, list[Texts]] = {}
        self._met: dict[tuple[int, bytes, bytes], Texts] = {}
        self._blocks: dict[int, Blocks] = {}

    def told(self, keyword: str) -> list[Texts]:
        """What each place that has the element says."""
        known = self._told.get(keyword)
        if known is None:
            known = self._told[keyword] = [self._texts(*each) for each in self._having(_tag(keyword))]
        return known

    def has(self, keyword: str) -> bool:
        """Whether any place has the element, even empty."""
        return bool(self._having(_tag(keyword)))

    def private(self, group: int, creator: str, element: int) -> Texts:
        """The texts of a private element, wherever its creator reserved the block."""
        for place, start, blocks in self._blocks_of(group):
            block = blocks.get(creator)
            found = find(place.elements, group << 16 | block << 8 | element) if block else None
            texts = self._texts(found, place, start) if found else ()
            if any(texts):
                return texts
        return ()

    def rows(self, macros: Mapping[str, str]) -> Iterator[tuple[Texts, ...]]:
        """One row for each frame; those that differ in their first value alone share all others."""
        wanted = tuple((_tag(macro), _tag(keyword)) for keyword, macro in macros.items())
        shared = self._shared_row(wanted)
        known: dict[tuple[int, tuple[bytes, ...]], list[Texts]] = {}
        for layout, raw in rows_at(self._content, self._frames, wanted):
            leads = layout.leads
            key = id(layout), raw[leads:]
            row = known.get(key)
            if row is None:
                row = known[key] = self._row(wanted, layout, raw, shared)
            elif leads:
                row = row.copy()
                row[0] = self._own(wanted[0][1], layout.values[0][1], raw[0]) or shared[0]
            yield tuple(row)

    def _row(self, wanted: Wanted, layout: Row, raw: Sequence[bytes], shared: Sequence[Texts]) -> list[Texts]:
        row = list(shared)
        for (column, vr, _, _), value in zip(layout.values, raw, strict=True):
            row[column] = self._own(wanted[column][1], vr, value) or shared[column]
        return row

    def _own(self, tag: int, vr: bytes, value: bytes) -> Texts:
        """What a group itself says; nothing where all of it is empty."""
        key = tag, vr, value
        texts = self._met.get(key)
        if texts is None:
            told = self._decode(tag, vr, value)
            texts = self._met[key] = told if any(told) else ()
        return texts

    def _shared_row(self, wanted: Wanted) -> list[Texts]:
        """The values in the shared groups or the root; a frame that says nothing does not borrow from another one."""
        found = (self._elements.get(tag) for _, tag in wanted)
        row: list[Texts] = [self._texts(each, self._root, 0) if each else () for each in found]
        for layout, raw in rows_at(self._content, self._shared, wanted):
            row = self._row(wanted, layout, raw, row)
        return row

    def _items(self, tag: int) -> tuple[Item, ...]:
        element = self._elements.get(tag)
        return items_in(self._content, element, self._root.implicit) if element else ()

    def _having(self, tag: int) -> Sequence[At]:
        element = self._elements.get(tag)
        found = [] if element is None else [(element, self._root, 0)]
        for group, start in self._groups:
            for each, place in group.by_tag.get(tag, ()):
                found.append((each, place, start))
        return found

    def _blocks_of(self, group: int) -> Blocks:
        known = self._blocks.get(group)
        if known is None:
            known = self._blocks[group] = []
            nested = ((place, start) for groups, start in self._groups for place in groups.macros)
            for place, start in ((self._root, 0), *nested):
                blocks: dict[str, int] = {}
                for creator in creators_of(place.elements, group):
                    blocks.setdefault(" ".join(self._texts(creator, place, start)), creator[0] & 0xFF)
                if blocks:
                    known.append((place, start, blocks))
        return known

    def _texts(self, element: Element, place: Place, start: int) -> Texts:
        tag, vr, _, value, end, items = element
        if items is not None:
            raise Odd  # a sequence where a value should stand
        content = self._content[start + value : start + end]
        plain = plain_texts(vr_in(element, place.implicit), content)
        if plain is not None:
            return plain
        owner = find(place.elements, tag & 0xFFFF0000 | tag >> 8 & 0xFF) if tag >> 16 & 1 else None
        creator = self._content[start + owner[3] : start + owner[4]] if owner else b""
        return self._decode(tag, vr, content, creator, implicit=place.implicit)

    def _decode(self, tag: int, vr: bytes, value: bytes, creator: bytes = b"", *, implicit: bool = False) -> Texts:
        """The texts of a value; those that are not plain are left to pydicom, and what it cannot read is not said."""
        plain = plain_texts(vr, value)
        if plain is not None:
            return plain
        decode = decoded if len(value) <= LONGEST_REMEMBERED else decoded.__wrapped__
        try:
            element = decode(tag, vr, value, self._charset, creator, implicit)
        except Exception:  # pydicom raises many kinds
            return ()
        if element.VR == "SQ":
            raise Odd
        return texts_of(element.value)


@cache
def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag
