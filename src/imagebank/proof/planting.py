"""Hides canaries in the elements of a header: every VR, public and private, at depths 0 to 4.

Elements are chosen from the DICOM dictionary among those that the policy removes, so that a canary which is found
afterwards is a leak whatever it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom.policy import Action, Policy
from imagebank.proof.canaries import Canaries, Plant

DEPTHS = 5
PER_VR = 3
PRIVATE_GROUP, ORPHAN_GROUP = 0x0099, 0x009B
STRUCTURAL_GROUPS = {0x0000, 0x0002, 0xFFFC, 0xFFFE, 0x7FE0}
VRS = (
    *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW"),
    *("PN", "SH", "SL", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV"),
)
RETIRED = (0x00080010, 0x00082120, 0x00281080, 0x00284000, 0x40000010, 0x40004000, 0x41000040)
DIRECTORY = (0x00041130, 0x00041141, 0x00041500)  # group 0004 belongs to directories; it must not pass through an image


def plant_elements(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Plant in public, private and ownerless elements of every VR, at every depth; in retired ones at the top."""
    place, target = "", dataset
    removed = removed_tags(policy)
    for depth in range(DEPTHS):
        yield from _plant_level(target, canaries, removed, place, depth)
        tag = kept_sequences(policy)[depth % len(kept_sequences(policy))]
        place, target = f"{place}{_name(tag)}/", _item(target, tag)
    yield from _plant_tags(dataset, canaries, RETIRED, "retired element")
    yield from _plant_tags(dataset, canaries, DIRECTORY, "group 0004")
    yield from _plant_unknown_sequences(dataset, canaries, policy)


def removed_tags(policy: Policy) -> dict[str, tuple[int, ...]]:
    """Public elements that the policy removes, by VR; some of each, far apart."""
    found: dict[str, list[int]] = defaultdict(list)
    for tag, (vr, *_) in sorted(DicomDictionary.items()):
        if (
            vr in VRS
            and tag not in RETIRED
            and tag >> 16 not in STRUCTURAL_GROUPS | {0x0004}
            and policy.rule(tag).action is Action.REMOVE
        ):
            found[vr].append(tag)
    return {vr: tuple(tags[:: max(1, len(tags) // (PER_VR * DEPTHS))]) for vr, tags in found.items()}


def kept_sequences(policy: Policy) -> tuple[int, ...]:
    """Sequences that the policy walks: what is planted in them is not gone with the sequence."""
    walked = sorted(tag for tag, rule in policy.rules.items() if rule.action is Action.SEQUENCE)
    return tuple(tag for tag in walked if tag >> 16 != 0x5200) or (0x00081140,)


def _item(dataset: Dataset, tag: int) -> Dataset:
    """A new item of a sequence, beside those that are there."""
    item = Dataset()
    here = dataset.get(Tag(tag))
    items = list(here.value) if here is not None and here.VR == "SQ" else []
    dataset[Tag(tag)] = DataElement(Tag(tag), "SQ", Sequence([*items, item]))
    return item


def _plant_level(
    target: Dataset, canaries: Canaries, removed: dict[str, tuple[int, ...]], place: str, depth: int
) -> Iterator[Plant]:
    for vr, tags in removed.items():
        for tag in tags[depth * PER_VR : depth * PER_VR + PER_VR] or tags[:1]:
            yield _plant(target, canaries, tag, vr, f"{vr} element", place, depth)
    creator = canaries.word(12)
    target.add_new((PRIVATE_GROUP, 0x0010), "LO", creator)
    yield Plant("private creator", f"{place}({PRIVATE_GROUP:04X},0010)", depth, creator)
    for index, vr in enumerate(VRS):
        owned, orphan = PRIVATE_GROUP << 16 | 0x1001 + index, ORPHAN_GROUP << 16 | 0x1101 + index
        yield _plant(target, canaries, owned, vr, "private element", place, depth)
        yield _plant(target, canaries, orphan, vr, "private element without creator", place, depth)
    text = canaries.word(16)
    target.add_new(PRIVATE_GROUP << 16 | 0x1080, "UN", text.encode())
    yield Plant("text encoded as UN", f"{place}({PRIVATE_GROUP:04X},1080)", depth, text)


def _plant(target: Dataset, canaries: Canaries, tag: int, vr: str, kind: str, place: str, depth: int) -> Plant:
    value, wanted = canaries.of_vr(vr)
    target.add_new(Tag(tag), vr, value)
    return Plant(kind, f"{place}{_name(tag)} {vr}", depth, wanted)


def _plant_tags(dataset: Dataset, canaries: Canaries, tags: tuple[int, ...], kind: str) -> Iterator[Plant]:
    for tag in tags:
        text = canaries.word(12)
        dataset.add_new(Tag(tag), "LO", text)
        yield Plant(kind, _name(tag), 0, text)


def _plant_unknown_sequences(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Sequences that the policy does not know, of public, private and ownerless tags, with the deepest inside."""
    for tag in (0x00400275, 0x0040A730, PRIVATE_GROUP << 16 | 0x1090, ORPHAN_GROUP << 16 | 0x1190):
        place, target = f"{_name(tag)}/", _item(dataset, tag)
        for depth in range(1, DEPTHS):
            text = canaries.word(12)
            target.PatientComments = text
            yield Plant("sequence that no rule knows", f"{place}(0010,4000)", depth, text)
            inner = kept_sequences(policy)[0]
            place, target = f"{place}{_name(inner)}/", _item(target, inner)


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
