"""The places of a header as pydicom reads it: the slow and obvious way, which says what the quick one must say.

Functional groups become Datasets here, one for each macro of each frame, which costs a millisecond a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom.fields import Texts, texts_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from imagebank.dicom.original import Original


class DatasetPlaces:
    """The root, the macros of the shared groups, and those of the first frame."""

    def __init__(self, dataset: Dataset | Original) -> None:
        self._shared_groups = _items(dataset, "SharedFunctionalGroupsSequence")[:1]
        self._frame_groups = _items(dataset, "PerFrameFunctionalGroupsSequence")
        self.frames = len(self._frame_groups)
        groups = (*self._shared_groups, *self._frame_groups[:1])
        self._places: list[Dataset | Original] = [dataset, *_macros(groups)]
        self._blocks = [private_blocks(place) for place in self._places]

    def told(self, keyword: str) -> Iterator[Texts]:
        """What each place says."""
        return (texts_of(_get(place, keyword)) for place in self._places)

    def has(self, keyword: str) -> bool:
        """Whether any place has the element, even empty."""
        return any(keyword in place for place in self._places)

    def private(self, group: int, creator: str, element: int) -> Texts:
        """The texts of a private element, wherever its creator reserved the block."""
        for place, blocks in zip(self._places, self._blocks, strict=True):
            block = blocks.get((group, creator))
            texts = texts_of(_private_value(place, group << 16 | block << 8 | element)) if block else ()
            if any(texts):
                return texts
        return ()

    def rows(self, macros: Mapping[str, str]) -> Iterator[tuple[Texts, ...]]:
        """One row for each frame."""
        columns = [self._per_frame(keyword, macro) for keyword, macro in macros.items()]
        return zip(*columns, strict=True)

    def _per_frame(self, keyword: str, macro: str) -> list[Texts]:
        shared: Texts | None = None
        found = []
        for group in self._frame_groups:
            items = _items(group, macro)
            own = texts_of(_get(items[0], keyword)) if items else ()
            if not any(own):
                shared = self._shared(keyword, macro) if shared is None else shared
                own = shared
            found.append(own)
        return found

    def _shared(self, keyword: str, macro: str) -> Texts:
        """The value in the shared groups or the root; a frame that says nothing does not borrow from another one."""
        items = [item for group in self._shared_groups for item in _items(group, macro)[:1]]
        found = (texts_of(_get(place, keyword)) for place in (*items, self._places[0]))
        return next((texts for texts in found if any(texts)), ())


def _get(place: Dataset | Original, key: Any) -> Any:
    try:
        return place.get(key)
    except Exception:  # a damaged element raises whatever its decoder chose; here it only means "not said"
        return None


def _items(place: Dataset | Original, keyword: str) -> list[Dataset]:
    found = _get(place, keyword)
    return list(found) if isinstance(found, Sequence) else []


def _macros(groups: Iterable[Dataset]) -> Iterator[Dataset]:
    """The first item of each functional group macro; private ones, which repeat classic elements, come last."""
    for group in groups:
        for tag in sorted(group.keys(), key=lambda tag: (tag.is_private, tag)):
            element = _get(group, tag)
            if element is not None and element.VR == "SQ" and element.value:
                yield element.value[0]


def private_blocks(place: Dataset | Original) -> dict[tuple[int, str], int]:
    """The block that each private creator reserved, by group and creator; of two the first."""
    found: dict[tuple[int, str], int] = {}
    for tag in sorted(map(int, place.keys())):
        group, element = tag >> 16, tag & 0xFFFF
        if group & 1 and 0x10 <= element <= 0xFF:
            creator = " ".join(texts_of(_private_value(place, tag)))
            found.setdefault((group, creator), element)
    return found


def _private_value(place: Dataset | Original, tag: int) -> Any:
    element = _get(place, Tag(tag))
    return None if element is None else element.value
