"""De-identification of one instance, on pydicom: slow and obvious, element by element, at every depth.

Laws: what the policy does not keep is not copied; a kept element whose value cannot be read is dropped; the result is
built anew, so that nothing of the original (preamble, file meta, group lengths, trailing padding) can slip through.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imagebank.dicom.charsets import name_words
from imagebank.dicom.policy import DENY_PRIVATE, Action, Policy, Rule
from imagebank.dicom.values import Subject, clean, clean_private, is_plain_number

VERSION = "2"
IMPLEMENTATION_UID = "2.25.172407346923480572950326571362490735283"
METHOD_CODES_TAG = Tag("DeidentificationMethodCodeSequence")


class Refused(Exception):
    """An instance that must not be banked; the message is a reason code, never a value."""


@dataclass(frozen=True, order=True)
class Decision:
    """What happened to an element, by its place: (0040,0275)/(0010,0010). Holds no value and no private creator."""

    place: str
    action: str
    rule: str


@dataclass
class _Walk:
    """One instance under way: the rules, the patient, and the decisions so far."""

    policy: Policy
    subject: Subject
    syntax: UID
    forbidden: frozenset[str]
    noted: set[tuple[str, int, Action, str]] = field(default_factory=set)

    def note(self, place: str, tag: int, rule: Rule, done: Action) -> None:
        """Remember what happened to an element."""
        self.noted.add((place, tag, done, rule.rule if done == rule.action else f"{rule.rule}:unreadable"))

    def decisions(self) -> frozenset[Decision]:
        """Everything noted; two private elements that differ in their block only are one decision."""
        return frozenset(Decision(place + label(tag), done.value, why) for place, tag, done, why in self.noted)


def label(tag: int) -> str:
    """A tag as decisions name it: (0018,0080); of a private one the block is left open: (0019,xx0C)."""
    group, element = tag >> 16, tag & 0xFFFF
    return f"({group:04X},xx{element & 0xFF:02X})" if group & 1 else f"({group:04X},{element:04X})"


def deidentify(dataset: FileDataset, subject: Subject, policy: Policy) -> tuple[FileDataset, frozenset[Decision]]:
    """The instance as the bank may keep it, and what was decided on each element. Raises Refused without pixels."""
    check_pixels(dataset)
    syntax = transfer_syntax(dataset)
    policy = policy.for_class(str(dataset.get("SOPClassUID", "")))
    walk = _Walk(policy, subject, syntax, name_words(dataset))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        body = _walk(dataset, walk, "")
    _describe_method(body, policy)
    result = FileDataset(io.BytesIO(), body, preamble=b"\0" * 128, file_meta=_file_meta(body, syntax))
    _say_encoded(result, syntax)
    return result, walk.decisions()


def to_bytes(instance: FileDataset) -> bytes:
    """The instance as a DICOM file."""
    buffer = io.BytesIO()
    instance.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def transfer_syntax(dataset: FileDataset) -> UID:
    """How the file is encoded, also where its meta header does not say."""
    told = dataset.file_meta.get("TransferSyntaxUID")
    if told:
        return UID(told)
    implicit, _ = dataset.original_encoding
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def check_pixels(dataset: FileDataset) -> None:
    """Raise Refused unless there are as many pixels as the header promises."""
    element = next((name for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if name in dataset), None)
    if element is None:
        raise Refused("no-pixel-data")
    rows, columns, bits = (dataset.get(name) for name in ("Rows", "Columns", "BitsAllocated"))
    if not (rows and columns and bits):
        raise Refused("no-pixel-geometry")
    if transfer_syntax(dataset).is_encapsulated:
        if not dataset.get(element):
            raise Refused("truncated-pixels")
        return
    frames = int(dataset.get("NumberOfFrames") or 1)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if len(dataset[element].value) * 8 < rows * columns * samples * frames * bits:
        raise Refused("truncated-pixels")


def _walk(source: Dataset, walk: _Walk, place: str) -> Dataset:
    target = Dataset()
    tags = sorted(map(int, source.keys()))
    creators = {tag >> 16 << 8 | tag & 0xFF: _creator(source, tag) for tag in tags if _is_creator(tag)}
    for tag in tags:
        if tag >> 16 & 1:
            if not _is_creator(tag):  # creators are written anew, with the first element that stays in their block
                _walk_private(source, target, tag, creators.get(tag >> 8, ""), walk, place)
            continue
        rule = walk.policy.rule(tag)
        kept = _keep(source, tag, rule, walk, place)
        walk.note(place, tag, rule, Action.REMOVE if kept is None else rule.action)
        if kept is not None:
            target[kept.tag] = kept
    _say_encoded(target, walk.syntax)
    return target


def _say_encoded(dataset: Dataset, syntax: UID) -> None:
    """Tell pydicom that raw elements are encoded as the file will be, so that it writes their bytes as they are."""
    if not syntax.is_implicit_VR:
        dataset.set_original_encoding(False, syntax.is_little_endian, "iso8859")


def _is_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _creator(source: Dataset, tag: int) -> str:
    try:
        return str(source[Tag(tag)].value).strip()
    except Exception:  # a creator that cannot be read owns no safe element
        return ""


def _keep(source: Dataset, tag: int, rule: Rule, walk: _Walk, place: str) -> DataElement | RawDataElement | None:
    """The element as it may stay, or None."""
    if rule.action is Action.REMOVE:
        return None
    try:
        raw = source.get_item(tag)
        if rule.action is Action.NUMBER and isinstance(raw, RawDataElement) and is_plain_number(raw.VR, raw.value):
            return raw  # neither decoded nor encoded again
        element = source[Tag(tag)]
        if rule.action is Action.PIXELS:
            return element if not place else None
        if rule.action is Action.SEQUENCE:
            return _keep_sequence(element, walk, place)
        value = clean(rule, element.keyword, element.value, element.VR, walk.subject, walk.forbidden)
        return None if value is None else DataElement(element.tag, element.VR, value)
    except Exception:  # pydicom raises many kinds for a malformed value: whichever it is, the value is not understood
        return None


def _keep_sequence(element: DataElement, walk: _Walk, place: str) -> DataElement | None:
    if element.VR != "SQ":
        return None
    inner = f"{place}{label(element.tag)}/"
    return DataElement(element.tag, "SQ", Sequence([_walk(item, walk, inner) for item in element.value]))


def _walk_private(source: Dataset, target: Dataset, tag: int, creator: str, walk: _Walk, place: str) -> None:
    rule = walk.policy.private_rule(tag, creator) if creator else DENY_PRIVATE
    kept = _keep_private(source, Tag(tag), rule, walk, place)
    walk.note(place, tag, rule, Action.REMOVE if kept is None else rule.action)
    if kept is not None:
        _reserve(target, tag >> 16, tag >> 8 & 0xFF, creator)
        target.add_new(Tag(tag), *kept)


def _reserve(target: Dataset, group: int, block: int, creator: str) -> None:
    """Reserve a block as the source did: its number says nothing, and elsewhere two makers' blocks may collide."""
    if (group, block) not in target:
        target.add_new(Tag(group, block), "LO", creator)


def _keep_private(source: Dataset, tag: BaseTag, rule: Rule, walk: _Walk, place: str) -> tuple[str, Any] | None:
    """VR and value of a safe private element that has the form it should have."""
    if rule.action is Action.REMOVE:
        return None
    try:
        if rule.action is Action.SEQUENCE:
            kept = _keep_sequence(source[tag], walk, place)
            return None if kept is None else ("SQ", kept.value)
        vr, value = _declared(source, tag, rule.vr)
        value = clean_private(rule, vr, value, walk.subject)
        return None if value is None else (vr, value)
    except Exception:  # as for standard elements: not understood, not kept
        return None


def _declared(source: Dataset, tag: BaseTag, declared: str) -> tuple[str, Any]:
    """VR and value, decoded by the safe list's VR where the file does not say one, or says UN."""
    raw = source.get_item(tag)
    if isinstance(raw, RawDataElement) and raw.VR in (None, "UN"):
        return declared, convert_raw_data_element(raw._replace(VR=declared)).value
    element = source[tag]
    if element.VR != "UN":
        return element.VR, element.value
    unknown = RawDataElement(Tag(tag), declared, len(element.value), element.value, 0, False, True, True)
    return declared, convert_raw_data_element(unknown).value


def _describe_method(body: Dataset, policy: Policy) -> None:
    body.PatientIdentityRemoved = "YES"
    body.LongitudinalTemporalInformationModified = policy.longitudinal
    body.DeidentificationMethod = f"imagebank policy {policy.name} {policy.version} {policy.digest}"
    body[METHOD_CODES_TAG] = _method_codes(policy.codes)


@cache
def _method_codes(codes: tuple[tuple[str, str], ...]) -> DataElement:
    items = [_code(value, meaning) for value, meaning in codes]
    return DataElement(METHOD_CODES_TAG, "SQ", Sequence(items))


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _file_meta(body: Dataset, syntax: UID) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = body.SOPClassUID
    meta.MediaStorageSOPInstanceUID = body.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = "IMAGEBANK"
    return meta
