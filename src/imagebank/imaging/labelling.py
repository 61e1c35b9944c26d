"""What BIDS wants to know of labelled-blood series (ASL): the kind of each volume, and the facts of the labelling.

A series has a BIDS name only when the header tells the kind of every volume (ASL Context, 0018,9257) and everything
that BIDS requires; nothing is guessed. The kinds are read from the instances, because the converter does not tell them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CONTEXTS = {
    "CONTROL": "control",
    "LABEL": "label",
    "M_ZERO_SCAN": "m0scan",
    "SUBTRACTION": "deltam",
    "PERFUSION": "cbf",
}
"""ASL Context of PS3.3 C.8.13.5.14, and the volume type of BIDS."""

REQUIRED = (
    "ArterialSpinLabelingType",
    "BackgroundSuppression",
    "EchoTime",
    "MRAcquisitionType",
    "MagneticFieldStrength",
    "PostLabelingDelay",
    "RepetitionTimePreparation",
)
"""What every labelled-blood image must tell in BIDS; the rest follows from the kinds of its volumes."""

LABELLING = {"PCASL": "LabelingDuration", "CASL": "LabelingDuration", "PASL": "BolusCutOffFlag"}
"""What an image must tell besides, by its ArterialSpinLabelingType: BIDS knows no other types."""


def facts_missing(volume_types: Sequence[str], volumes: int, labelling: str, known: Iterable[str]) -> tuple[str, ...]:
    """What is not known of a series of a type of labelling that BIDS requires; empty when it can be named."""
    known = set(known)
    missing = [name for name in REQUIRED if name not in known]
    if len(volume_types) != volumes:
        missing.append("aslcontext")
    if labelling not in LABELLING and "ArterialSpinLabelingType" not in missing:
        missing.append("ArterialSpinLabelingType")
    if labelling in LABELLING and LABELLING[labelling] not in known:
        missing.append(LABELLING[labelling])
    if "m0scan" not in volume_types and "M0Type" not in known:
        missing.append("M0Type")  # a calibration image may lie in another series
    return tuple(missing)


def derived_facts(volume_types: Sequence[str]) -> dict[str, object]:
    """What the kinds of the volumes tell: the number of pairs, and that a calibration volume is among them."""
    counts = Counter(volume_types)
    pairs = counts["deltam"] or min(counts["control"], counts["label"])
    return {"TotalAcquiredPairs": pairs, **({"M0Type": "Included"} if counts["m0scan"] else {})}


def context_table(volume_types: Sequence[str]) -> str:
    """The text of `aslcontext.tsv`."""
    return "".join(f"{each}\n" for each in ("volume_type", *volume_types))


def read_volume_types(instances: Iterable[Path]) -> tuple[str, ...]:
    """The kind of each volume, in the order of the instances' numbers; empty unless each instance is one volume.

    The converter orders volumes by instance number where each instance holds one; of other layouts nothing is claimed.
    """
    import pydicom

    found: dict[int, str] = {}
    for path in instances:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        kinds = {_context(group) for group in dataset.get("PerFrameFunctionalGroupsSequence", ())}
        number = dataset.get("InstanceNumber")
        if len(kinds) != 1 or number is None or int(number) in found:
            return ()
        found[int(number)] = kinds.pop()
    return tuple(found[number] for number in sorted(found)) if all(found.values()) else ()


def _context(group: Dataset) -> str:
    items: Sequence[Mapping[str, object]] = group.get("MRArterialSpinLabelingSequence", ())
    return CONTEXTS.get(str(items[0].get("ASLContext", "")), "") if items else ""
