"""Which values of a header identify somebody, and so must be found nowhere in what is written. Pure.

They are the texts of every attribute that Table E.1-1 of PS3.15 removes or replaces and the policy does not rebuild
from known words, at every depth, and the parts of every person name. Values that the policy's own words could make are
left out: a patient called Prisma would be found on every Siemens scanner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from imagebank.dicom.decisions import label
from imagebank.dicom.policy import Action, Policy
from imagebank.dicom.table_e1_1 import row_of
from imagebank.dicom.words import code_words, devices, protocol_words
from imagebank.identities.pseudonyms import is_well_known
from imagebank.proof.search import Needle

TEXT_VRS = frozenset(("AE", "DA", "LO", "LT", "PN", "SH", "ST", "UC", "UI", "UR", "UT"))
GONE = frozenset((Action.REMOVE, Action.EMPTY, Action.PSEUDONYM, Action.STATION, Action.DATE, Action.UID))
LEAST_LETTERS = 4
LEAST_DIGITS = 6
_WORD = re.compile(r"[^\W\d_]+")


def identifying_values(dataset: Dataset, policy: Policy, above: str = "") -> Iterator[Needle]:
    """The values of a dataset, with the place where each stood. What cannot be decoded is passed by."""
    for tag in dataset.keys():  # noqa: SIM118 - iterating a dataset decodes elements, and may raise
        element = _decoded(dataset, tag)
        if element is None:
            continue
        place = above + label(int(tag))
        if element.VR == "SQ":
            for item in element.value:
                yield from identifying_values(item, policy, f"{place}/")
        elif element.VR == "PN":
            yield from (Needle("name", place, each) for each in _name_parts(element) if is_searched(each))
        elif element.VR in TEXT_VRS and _must_go(int(tag), policy):
            yield from (Needle(element.VR, place, each) for each in _texts(element) if is_searched(each))


def _decoded(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    try:
        return dataset[tag]
    except Exception:  # pydicom raises many kinds for a malformed element, which the cleaning drops
        return None


def _must_go(tag: int, policy: Policy) -> bool:
    return row_of(tag) is not None and policy.rule(tag).action in GONE


def _texts(element: DataElement) -> list[str]:
    many = element.value if element.VM > 1 else [element.value]
    return [str(each).strip(" \0") for each in many if each is not None]


def _name_parts(element: DataElement) -> list[str]:
    return [part.strip() for text in _texts(element) for part in re.split(r"[\^=]", text)]


def is_searched(value: str) -> bool:
    """Whether finding a value would mean something: it is long enough, and no text of known words alone."""
    if is_well_known(value):
        return False
    digits = re.sub(r"\D", "", value)
    words = _WORD.findall(value)
    if not words:
        return len(digits) >= LEAST_DIGITS
    long_enough = any(len(word) >= LEAST_LETTERS or not word.isascii() for word in words) or len(digits) >= LEAST_DIGITS
    return long_enough and not (all(_is_known(word) for word in words) and len(digits) < LEAST_DIGITS)


def _is_known(word: str) -> bool:
    small = word.lower()
    makers = {part.lower() for name in devices().spellings.values() for part in _WORD.findall(name)}
    known = (protocol_words().words, code_words(), devices().models.words, makers)
    return len(small) == 1 or any(small in each for each in known)
