"""Where a file holds names and numbers of its patient: what no description, and no number, may repeat.

They stand in a few elements, and in the items of sequences that repeat them. `name_words` looks for them in a pydicom
dataset, `names_at` among ranges of bytes; both find the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from imagebank.dicom.charsets import spelt, words_in
from imagebank.dicom.elements import Element, Odd, elements_of, items_of
from imagebank.dicom.own_numbers import numbers_of
from imagebank.dicom.raw import charset_in, item, items_in, told
from imagebank.dicom.rewriting import DEFAULT_CHARSET, Charset, own_charset, resolve_vr
from imagebank.dicom.rule import DENY

NAMES = (0x00100010, 0x00101001, 0x00101005, 0x00101060, 0x00102297)  # and others, at birth, of the mother, responsible
IDS = (
    0x00080050,  # accession
    0x00100020, 0x00100030, 0x00101000, 0x00101090, 0x00102154,  # patient, birth, others, medical record, telephone
    0x00200010,  # study
    0x00380010, 0x00380060,  # admission, episode
    0x00400009, 0x00400253, 0x00401001, 0x00402006, 0x00402007, 0x00402016, 0x00402017,  # steps, requests, orders
)  # fmt: skip
HOLDING_NAMES = (0x00081120, 0x00100011, 0x00101002, 0x00400275, 0x0040A370, 0x04000550, 0x04000561)
"""Sequences with names and ids in their items: of patients, of requests, and of what a file said before."""
DEEPEST = 4

Name = tuple[bytes, Charset | None]
"""A name as its file tells it, and the character sets in which it is written; None for an id."""


@lru_cache(maxsize=16)
def words_of(names: tuple[Name, ...]) -> frozenset[str]:
    """The words of names, in every spelling, and the numbers of ids. All instances of a series have the same."""
    return frozenset().union(*(_words(content, charset) for content, charset in names))


def _words(content: bytes, charset: Charset | None) -> frozenset[str]:
    return numbers_of(content.decode("latin-1")) if charset is None else words_in(content, charset)


def name_words(dataset: Dataset, around: Charset = DEFAULT_CHARSET, depth: int = 0) -> frozenset[str]:
    """The words and numbers of all names and ids in a dataset and in the items that repeat them, in every spelling."""
    charset = charset_in(dataset, around)
    found = [_words_in(item(dataset, tag), charset) for tag in NAMES if tag in dataset]
    found += [_words(told(item(dataset, tag), charset)[1] or b"", None) for tag in IDS if tag in dataset]
    for tag in HOLDING_NAMES if depth < DEEPEST else ():
        inner = items_in(dataset, tag, charset) if tag in dataset else None
        found += [name_words(each, charset, depth + 1) for each in inner or ()]
    return frozenset().union(*found)


def _words_in(element: object, charset: Charset) -> frozenset[str]:
    if isinstance(element, RawDataElement):
        return words_in(told(element)[1] or b"", charset)
    value = getattr(element, "value", None) or ""
    original = getattr(value, "original_string", b"")  # of a name that was decoded before
    return spelt(str(value)) | (words_in(original, charset) if isinstance(original, bytes) else frozenset())


def names_at(content: bytes, found: Mapping[int, Element], charset: Charset, depth: int = 0) -> Iterator[Name]:
    """The names and ids among elements by their tags, and among the items that repeat them. Raises Odd."""
    for tag in (*NAMES, *IDS):
        if tag in found:
            _, _, _, value, end, items = found[tag]
            if items is not None:
                raise Odd
            yield content[value:end], charset if tag in NAMES else None
    for tag in HOLDING_NAMES if depth < DEEPEST else ():
        if tag in found:
            yield from _names_in_items(content, found[tag], charset, depth)


def _names_in_items(content: bytes, element: Element, around: Charset, depth: int) -> Iterator[Name]:
    tag, vr = element[:2]
    if resolve_vr(tag, vr.decode("ascii"), DENY) != "SQ":
        return
    for each in items_of(content, element, vr in (b"", b"UN"), depth):
        elements = elements_of(content, each, depth + 1)
        inner = {one[0]: one for one in elements}
        yield from names_at(content, inner, own_charset(content, elements, around), depth + 1)
