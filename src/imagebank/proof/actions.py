"""Scores what became of each element, under the names of the MIDI-B benchmark, and more than it asks for.

The original, the output and the answers of a pretend hospital come in; passed and failed checks go out. Nothing here
uses the policy: what should happen is said by the answers and by the meaning of an attribute. The names are those of
the Medical Image De-Identification Benchmark (MIDI-B, 2024); `docs/deidentification.md` explains them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations

from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset
from pydicom.tag import Tag

ACTIONS = {
    "tag_retained": "an attribute that every analysis of MRI needs is still there",
    "text_notnull": "an attribute that must have a value has one",
    "text_retained": "a value that identifies nobody and is needed is what it was",
    "text_removed": "an identifying value is gone from its place",
    "date_shifted": "a date is moved by the patient's offset, in whole days",
    "date_blanked": "a date before there was MRI, which would tell the offset, is blanked: its intervals are lost",
    "uid_changed": "a UID of the hospital is replaced",
    "uid_consistent": "one UID is replaced by the same UID everywhere, and two never by one",
    "patid_consistent": "one patient has one pseudonym, and two never share one",
    "pixels_retained": "the pixels of an image that stays are what they were, bit for bit",
    "pixels_hidden": "an image that shows text is left out, or its text is covered",
    "intervals_exact": "the days between any two dates of a patient are what they were, across studies",
    "references_resolve": "a reference to an instance that stays leads to its output",
    "nested_coverage": "an identifying value inside a sequence is gone at every depth",
    "stable_over_runs": "a second run gives the same bytes",
    "stable_over_workers": "another number of workers gives the same bytes",
}
"""Every action that is scored, with its meaning; date_blanked and the last five are not in the benchmark."""

_UNCHANGED = """
SOPClassUID Modality MagneticFieldStrength EchoTime RepetitionTime FlipAngle SliceThickness ImagePositionPatient
ImageOrientationPatient PixelSpacing Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel
PhotometricInterpretation SeriesNumber InstanceNumber PatientSex ScanningSequence SequenceVariant
"""
_NEEDED = """
SOPInstanceUID StudyInstanceUID SeriesInstanceUID Manufacturer PixelData StudyDate SeriesDescription ProtocolName
ImageType
"""
_NOT_EMPTY = "PatientID PatientName StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID StudyDate"
_DATES = "StudyDate SeriesDate AcquisitionDate ContentDate AcquisitionDateTime"
UNCHANGED, NOT_EMPTY, DATES = (tuple(words.split()) for words in (_UNCHANGED, _NOT_EMPTY, _DATES))
NEEDED = UNCHANGED + tuple(_NEEDED.split())
FIRST_SCAN = date(1977, 7, 3)  # an earlier day is of no scan: of a clock that was never set
_PLACE = re.compile(r"\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: which action, where, and whether it held. Never a value."""

    action: str
    place: str
    held: bool


@dataclass(frozen=True)
class Pair:
    """An original and its output, with the true patient and what the answers say of it."""

    patient: str = field(repr=False)
    original: Dataset = field(repr=False)
    output: Dataset = field(repr=False)
    offset_days: int = field(repr=False)
    identifiers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # (value, place) of that patient


def check_elements(pair: Pair) -> Iterator[Check]:
    """What can be said of one instance alone."""
    original, output = pair.original, pair.output
    for keyword in NEEDED:
        if _has(original, keyword):
            yield Check("tag_retained", keyword, keyword in output)
    for keyword in NOT_EMPTY:
        if (day_of(original, keyword) or FIRST_SCAN) >= FIRST_SCAN or keyword not in DATES:
            yield Check("text_notnull", keyword, _has(output, keyword))
    for keyword in UNCHANGED:
        if _has(original, keyword):
            yield Check("text_retained", keyword, str(original[keyword].value) == str(output.get(keyword)))
    yield Check("pixels_retained", "PixelData", original.get("PixelData") == output.get("PixelData"))
    yield from _check_uids(original, output)
    yield from _check_removed(pair)
    yield from _check_dates(pair)


def _has(dataset: Dataset, keyword: str) -> bool:
    value = dataset.get(keyword)
    return value is not None and str(value) != "" and value != []


def _check_uids(original: Dataset, output: Dataset) -> Iterator[Check]:
    for place, uid, new in uid_pairs(original, output):
        if uid not in UID_dictionary:
            yield Check("uid_changed", place, new != uid)


def uid_pairs(original: Dataset, output: Dataset, above: str = "") -> Iterator[tuple[str, str, str]]:
    """Place, old and new UID of every UID that stayed, at every depth."""
    for element in output:
        place = f"{above}{element.keyword or element.tag}"
        before = original.get(element.tag)
        if before is None:
            continue
        if element.VR == "SQ" and before.VR == "SQ":
            for old, new in zip(before.value, element.value, strict=False):
                yield from uid_pairs(old, new, f"{place}/")
        elif element.VR == "UI" and element.VM == 1 and before.VM == 1:
            yield place, str(before.value), str(element.value)


def _check_removed(pair: Pair) -> Iterator[Check]:
    """Whether each identifying value is gone from the element it stood in; places without a tag are for the search."""
    for value, place in pair.identifiers:
        tags = [Tag(int(group, 16), int(element, 16)) for group, element in _PLACE.findall(place)]
        if not tags or not any(value in text for text in texts_at(pair.original, tags)):
            continue
        gone = not any(value in text for text in texts_at(pair.output, tags))
        yield Check("text_removed", place, gone)
        if len(tags) > 1:
            yield Check("nested_coverage", place, gone)


def texts_at(dataset: Dataset, tags: list[Tag]) -> list[str]:  # type: ignore[valid-type]
    """The texts of an element by its path of tags, of all items."""
    element = dataset.get(tags[0])
    if element is None:
        return []
    if len(tags) > 1:
        return [text for item in element.value for text in texts_at(item, tags[1:])] if element.VR == "SQ" else []
    value = element.value
    if isinstance(value, bytes):
        return [value.decode("latin-1")]
    return ["\\".join(map(str, value)) if element.VM > 1 else str(value)]


def _check_dates(pair: Pair) -> Iterator[Check]:
    for keyword in DATES:
        before, after = day_of(pair.original, keyword), day_of(pair.output, keyword)
        if before is not None and before < FIRST_SCAN:
            yield Check("date_blanked", keyword, after is None)
        elif before is not None:
            moved = before + timedelta(pair.offset_days)
            yield Check("date_shifted", keyword, after == moved and pair.offset_days != 0)


def day_of(dataset: Dataset, keyword: str) -> date | None:
    """The day of a DA or DT attribute; None where there is none."""
    text = str(dataset.get(keyword) or "")[:8]
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def check_ids(pairs: list[Pair]) -> Iterator[Check]:
    """What only many instances together show: that ids are consistent, and that references lead to outputs."""
    patients = {(pair.patient, str(pair.output.PatientID)) for pair in pairs}
    yield from _one_to_one("patid_consistent", patients)
    uids: set[tuple[str, str]] = set()
    held = {str(pair.original.SOPInstanceUID): str(pair.output.SOPInstanceUID) for pair in pairs}
    for pair in pairs:
        for place, old, new in uid_pairs(pair.original, pair.output):
            uids.add((old, new))
            if place.endswith("ReferencedSOPInstanceUID") and old in held:
                yield Check("references_resolve", place, new == held[old])
    yield from _one_to_one("uid_consistent", uids)


def _one_to_one(action: str, told: set[tuple[str, str]]) -> Iterator[Check]:
    """One check for each original id: it has one new id, which no other has."""
    forward: dict[str, set[str]] = {}
    backward: dict[str, set[str]] = {}
    for old, new in told:
        forward.setdefault(old, set()).add(new)
        backward.setdefault(new, set()).add(old)
    for news in forward.values():
        yield Check(action, "", len(news) == 1 and all(len(backward[new]) == 1 for new in news))


def check_intervals(pairs: list[Pair]) -> Iterator[Check]:
    """The days between any two dates of a patient, of all studies and kinds of dates."""
    days: dict[str, set[tuple[date, date | None]]] = {}
    for pair in pairs:
        for keyword in DATES:
            before = day_of(pair.original, keyword)
            if before is not None and before >= FIRST_SCAN:
                days.setdefault(pair.patient, set()).add((before, day_of(pair.output, keyword)))
    for told in days.values():
        for (a, new_a), (b, new_b) in combinations(sorted(told, key=str), 2):
            held = new_a is not None and new_b is not None and new_b - new_a == b - a
            yield Check("intervals_exact", "", held)


def check_equal(action: str, one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Check]:
    """Whether two runs wrote the same files with the same SHA-256."""
    for path in sorted(one.keys() | other.keys()):
        yield Check(action, "", one.get(path) == other.get(path))
