"""Where a value stands in a DICOM header: one resolver for classic and enhanced (multi-frame) images.

It looks in the root of the dataset, then in the shared functional groups, then in the first frame's groups. Whatever is
empty or cannot be decoded counts as not said; nothing here raises for what a header contains.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydicom.tag import Tag

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from imagebank.dicom.original import Original


class Fields:
    """Finds a value in the root, then in the shared functional groups, then in the first frame's."""

    def __init__(self, dataset: Dataset | Original) -> None:
        shared = _items(dataset, "SharedFunctionalGroupsSequence")
        self._shared_groups = shared[:1]
        self.frame_groups = _items(dataset, "PerFrameFunctionalGroupsSequence")
        self.places: list[Dataset | Original] = [dataset, *_macros(shared[:1]), *_macros(self.frame_groups[:1])]
        self._blocks = [private_blocks(place) for place in self.places]

    def values(self, *keywords: str) -> tuple[str, ...]:
        """The texts of the first of the keywords that says anything anywhere; empty parts are kept in place."""
        found = (texts_of(_get(place, keyword)) for keyword in keywords for place in self.places)
        return next((texts for texts in found if any(texts)), ())

    def per_frame(self, keyword: str, macro: str) -> list[tuple[str, ...]]:
        """One value for each frame: its own from this functional group macro, else what all frames share."""
        shared: tuple[str, ...] | None = None
        found = []
        for group in self.frame_groups:
            items = _items(group, macro)
            own = texts_of(_get(items[0], keyword)) if items else ()
            if not any(own):
                shared = self._shared(keyword, macro) if shared is None else shared
                own = shared
            found.append(own)
        return found

    def _shared(self, keyword: str, macro: str) -> tuple[str, ...]:
        """The value in the shared groups or the root; a frame that says nothing does not borrow from another one."""
        items = [item for group in self._shared_groups for item in _items(group, macro)[:1]]
        found = (texts_of(_get(place, keyword)) for place in (*items, self.places[0]))
        return next((texts for texts in found if any(texts)), ())

    def private(self, group: int, creator: str, element: int) -> tuple[str, ...]:
        """The texts of a private element, wherever its creator reserved the block."""
        for place, blocks in zip(self.places, self._blocks, strict=True):
            block = blocks.get((group, creator))
            texts = texts_of(_private_value(place, group << 16 | block << 8 | element)) if block else ()
            if any(texts):
                return texts
        return ()

    def text(self, keyword: str) -> str:
        """All parts of a value as one text."""
        return " ".join(filter(None, self.values(keyword)))

    def words(self, *keywords: str) -> tuple[str, ...]:
        """The parts of a value in capitals, without the empty ones."""
        return tuple(word.upper() for word in self.values(*keywords) if word)

    def one_of(self, keyword: str, allowed: tuple[str, ...]) -> str | None:
        """A value if it is one of those allowed."""
        value = self.text(keyword).upper()
        return value if value in allowed else None

    def positive(self, *keywords: str) -> float | None:
        """The first number above zero that any of the keywords holds."""
        numbers = (
            number_of(text) for keyword in keywords for place in self.places for text in texts_of(_get(place, keyword))
        )
        return next((number for number in numbers if number is not None and number > 0), None)

    def count(self, *keywords: str) -> int | None:
        """`positive` as a whole number."""
        number = self.positive(*keywords)
        return None if number is None else int(number)


def _get(place: Dataset | Original, key: Any) -> Any:
    try:
        return place.get(key)
    except Exception:  # a damaged element raises whatever its decoder chose; here it only means "not said"
        return None


def _items(place: Dataset | Original, keyword: str) -> list[Dataset]:
    return list(_get(place, keyword) or [])


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


def texts_of(value: Any) -> tuple[str, ...]:
    """A value as trimmed texts, one for each of its parts."""
    if value is None:
        return ()
    if isinstance(value, bytes):
        value = value.decode("ascii", errors="replace").rstrip("\0 ").split("\\")
    parts = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return tuple(str(part).strip("\0 ") for part in parts)


def number_of(text: str) -> float | None:
    """A finite number, or None for any other text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
