"""Headers that lose one attribute, at whatever depth it stood: in the root or in any functional group."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom import dataset_places
from imagebank.dicom.acquisition import read_acquisition

GROUPS = (0x52009229, 0x52009230)  # shared and per-frame functional groups


def read_tags(datasets: list[Dataset], patch: pytest.MonkeyPatch) -> set[int]:
    """The tags that the resolver asks these headers for, and that they have."""
    asked: set[int] = set()
    plain = dataset_places._get

    def listen(place: Dataset, key: object) -> object:
        asked.add(int(tag_for_keyword(key) or 0) if isinstance(key, str) else int(Tag(key)))
        return plain(place, key)

    with patch.context() as patched:
        patched.setattr(dataset_places, "_get", listen)
        for dataset in datasets:
            read_acquisition(dataset)
    return {tag for dataset in datasets for tag in tags_of(dataset) if tag in asked or tag in GROUPS}


def tags_of(dataset: Dataset) -> Iterator[int]:
    """The tags of the root, of the functional groups and of their macros."""
    yield from map(int, dataset.keys())
    for group in GROUPS:
        for item in list(dataset[group].value)[:2] if group in dataset else ():
            for element in item:
                yield int(element.tag)
                if element.VR == "SQ" and element.value:
                    yield from map(int, element.value[0].keys())


def without(dataset: Dataset, tag: int) -> Dataset:
    """The header without one attribute; the given one stays as it is."""
    changed = _dropped(dataset, tag)
    for group in GROUPS:
        if group in changed:
            items = [_without_in_macros(item, tag) for item in changed[group].value]
            changed[group] = DataElement(group, "SQ", Sequence(items))
    return changed


def _without_in_macros(item: Dataset, tag: int) -> Dataset:
    changed = _dropped(item, tag)
    for element in list(changed):
        if element.VR == "SQ" and element.value and tag in element.value[0]:
            macro = Sequence([_dropped(element.value[0], tag)])
            changed[element.tag] = DataElement(element.tag, "SQ", macro)
    return changed


def _dropped(dataset: Dataset, tag: int) -> Dataset:
    copy = Dataset()
    copy._dict = {key: element for key, element in dataset._dict.items() if int(key) != tag}
    return copy


def name_of(tag: int) -> str:
    """The keyword of a tag, or its number."""
    return keyword_for_tag(tag) or f"{tag:08X}"
