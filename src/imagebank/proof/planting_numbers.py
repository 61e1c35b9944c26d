"""Hides canaries in numbers that stay: long numbers, dates and the patient's own, and letters as binary numbers."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imagebank.dicom.policy import Action, Policy
from imagebank.proof.canaries import Canaries, Plant

SIZES = {"FD": 8, "FL": 4, "SL": 4, "UL": 4, "SS": 2, "US": 2}
LEAST_LETTERS = 8  # of fewer no bound can say whether they are a number
MOST_LETTERS = 24
OWN_DIGITS = 7  # as many as a number of a scan may have
OF_PIXELS = 0x0028  # what describes the pixels must stay true, or nothing is written
Place = tuple[int, str, int]
"""Tag, VR, and how many values there may be."""


def plant_long_numbers(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Numbers of ten digits, as the NHS gives them, and dates, in every decimal element that stays."""
    for index, (tag, vr, _) in enumerate(_numbers(dataset, policy)):
        if vr in ("DS", "IS"):
            long = f"4{canaries.digits(9)}" if index % 2 else f"{canaries.day():%Y%m%d}"
            dataset[Tag(tag)] = _raw(tag, vr, long.encode())
            yield Plant("long number where another should be", f"({tag >> 16:04X},{tag & 0xFFFF:04X})", 0, long)


def plant_own_numbers(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Short numbers, by which the header also knows the patient, in every decimal element that stays."""
    told: list[str] = []
    for tag, vr, _ in _numbers(dataset, policy):
        if vr in ("DS", "IS"):
            told.append(canaries.digits(OWN_DIGITS))
            dataset[Tag(tag)] = _raw(tag, vr, told[-1].encode())
            yield Plant("number of the patient as another", f"({tag >> 16:04X},{tag & 0xFFFF:04X})", 0, told[-1])
    dataset.OtherPatientIDs = told


def plant_letters(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Words in the place of binary numbers, exactly as long as the numbers would be."""
    for tag, vr, count in _numbers(dataset, policy):
        size = SIZES.get(vr, 0)
        length = min(size * count, MOST_LETTERS)
        if size and length >= LEAST_LETTERS:
            word = canaries.word(length)
            dataset[Tag(tag)] = _raw(tag, vr, word.encode())
            yield Plant("letters as a binary number", f"({tag >> 16:04X},{tag & 0xFFFF:04X})", 0, word)


def _numbers(dataset: Dataset, policy: Policy) -> Iterator[Place]:
    """The numbers that the policy keeps; room is made in the dataset for those of makers."""
    for tag, rule in sorted(policy.rules.items()):
        if rule.action is Action.NUMBER and tag >> 16 != OF_PIXELS:
            told = dictionary_VM(tag)
            yield tag, dictionary_VR(tag), int(told) if told.isdigit() else MOST_LETTERS
    blocks: dict[tuple[int, str], int] = {}
    for (group, creator, element), rule in sorted(policy.private.items()):
        if rule.action is Action.NUMBER:
            block = blocks.setdefault((group, creator), 0x40 + len(blocks))
            dataset.add_new((group, block), "LO", creator)
            yield group << 16 | block << 8 | element, rule.vr, int(rule.bounds.count)


def _raw(tag: int, vr: str, content: bytes) -> RawDataElement:
    content += b" " * (len(content) % 2)
    return RawDataElement(Tag(tag), vr, len(content), content, 0, False, True, True)
