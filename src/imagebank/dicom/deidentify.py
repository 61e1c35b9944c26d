"""De-identification of one instance, on pydicom: slow and obvious, element by element, at every depth.

This is the definition. `instance` does the same by splicing bytes, and asks here whenever a file is odd; tests hold the
two to the same bytes. What becomes of one value is decided in `rewriting`, for both.

Laws: what the policy does not keep is not copied; a kept element whose value cannot be read is dropped; the result is
built anew, so that nothing of the original (preamble, file meta, group lengths, trailing padding) can slip through.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import Any

import pydicom
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imagebank.dicom.decisions import Decision, Refused, decided, label
from imagebank.dicom.method import IMPLEMENTATION_NAME, IMPLEMENTATION_UID, describe_method
from imagebank.dicom.policy import DENY_PRIVATE, Action, Policy, Rule
from imagebank.dicom.rewriting import (
    DEFAULT_CHARSET,
    NAMES,
    PIXEL_VRS,
    Charset,
    Context,
    charset_of,
    creator_of,
    enough_pixels,
    resolve_vr,
    rewrite,
    words_of,
)
from imagebank.dicom.values import Subject

VERSION = "2"
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
UNDEFINED = 0xFFFFFFFF


Elements = dict[BaseTag, DataElement | RawDataElement]


@dataclass(frozen=True)
class _Walk:
    """One instance under way: the rules, the patient, how the file is encoded, and the decisions so far."""

    policy: Policy
    subject: Subject
    syntax: UID
    forbidden: frozenset[str]
    noted: set[Decision] = field(default_factory=set)

    def context(self, charset: Charset) -> Context:
        return Context(self.subject, self.forbidden, charset, little=self.syntax.is_little_endian)


def read_instance(content: bytes) -> FileDataset:
    """A file as pydicom reads it, its warnings, which quote values, silenced. Raises Refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(io.BytesIO(content), force=content[128:132] != b"DICM")
    except MemoryError:
        raise
    except Exception:  # pydicom raises many kinds
        raise Refused("unreadable") from None


def deidentify(dataset: FileDataset, subject: Subject, policy: Policy) -> tuple[FileDataset, frozenset[Decision]]:
    """The instance as the bank may keep it, and what was decided on each element. Raises Refused without pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        check_pixels(dataset)
        syntax = transfer_syntax(dataset)
        walk = _Walk(policy, subject, syntax, forbidden_words(dataset))
        body = _walk(dataset, walk, "", DEFAULT_CHARSET)
    describe_method(body, policy)
    result = FileDataset(io.BytesIO(), body, preamble=b"\0" * 128, file_meta=_file_meta(body, syntax))
    _say_encoded(result, syntax)
    return result, frozenset(walk.noted)


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
    name = next((name for name in PIXELS if name in dataset), None)
    if name is None:
        raise Refused("no-pixel-data")
    rows, columns, bits = (_peek(dataset, name) for name in ("Rows", "Columns", "BitsAllocated"))
    if not (rows and columns and bits):
        raise Refused("no-pixel-geometry")
    frames, samples = (int(_peek(dataset, name) or 1) for name in ("NumberOfFrames", "SamplesPerPixel"))
    vr, pixels = _told(_item(dataset, name))
    if vr and vr not in PIXEL_VRS | {"UN"}:
        raise Refused("no-pixel-data")
    if pixels is None or (transfer_syntax(dataset).is_encapsulated and not pixels):
        raise Refused("truncated-pixels")
    if not transfer_syntax(dataset).is_encapsulated and not enough_pixels(
        len(pixels), rows=rows, columns=columns, bits=bits, samples=samples, frames=frames
    ):
        raise Refused("truncated-pixels")


def _item(dataset: Dataset, key: str | int) -> Any:
    """An element as it was read: pydicom would decode an empty one if it were not told to leave it."""
    return dataset.get_item(Tag(key), keep_deferred=True)


def _peek(dataset: Dataset, name: str) -> Any:
    """A value, decoded without changing the dataset: what is decoded in place may be written differently."""
    element = _item(dataset, name) if name in dataset else None
    return (
        convert_raw_data_element(element).value
        if isinstance(element, RawDataElement)
        else getattr(element, "value", None)
    )


def forbidden_words(dataset: Dataset) -> frozenset[str]:
    """The words of the patient's own names, which no description may keep even if they are protocol words."""
    names = tuple(_told(_item(dataset, tag))[1] or b"" for tag in NAMES if tag in dataset)
    return words_of(names, _charset(dataset, DEFAULT_CHARSET))


def _told(element: Any) -> tuple[str, bytes | None]:
    """The VR that a file tells, and the bytes; None where fewer are there than it says. Sequences have no bytes."""
    if isinstance(element, RawDataElement):
        content = element.value or b""
        whole = element.length in (len(content), UNDEFINED)
        return element.VR or "", content if whole else None
    if element.VR == "SQ":
        return "SQ", None
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_data_element(buffer, element)
    return element.VR, bytes(buffer.getvalue()[8:])


def _charset(dataset: Dataset, inherited: Charset) -> Charset:
    told = _told(_item(dataset, "SpecificCharacterSet"))[1] if "SpecificCharacterSet" in dataset else None
    return inherited if told is None else charset_of(told, inherited)


def _walk(source: Dataset, walk: _Walk, place: str, around: Charset) -> Dataset:
    target: Elements = {}
    charset = _charset(source, around)
    tags = sorted(map(int, source.keys()))
    creators = {tag >> 16 << 8 | tag & 0xFF: _creator(source, tag, charset) for tag in tags if _is_creator(tag)}
    for tag in tags:
        if _is_creator(tag):
            continue  # written anew, with the first element that stays in its block
        creator = creators.get(tag >> 8, "") if tag >> 16 & 1 else ""
        rule = _rule(walk.policy, tag, creator)
        kept = _keep(source, tag, rule, walk, place, charset)
        walk.noted.add(decided(place, tag, rule, kept=kept is not None))
        if kept is not None:
            _put(target, kept, creator)
    result = Dataset(target)  # entered one by one, private elements would be decoded
    _say_encoded(result, walk.syntax)
    return result


def _rule(policy: Policy, tag: int, creator: str) -> Rule:
    if tag >> 16 & 1:
        return policy.private_rule(tag, creator) if creator else DENY_PRIVATE
    return policy.rule(tag)


def _say_encoded(dataset: Dataset, syntax: UID) -> None:
    """Tell pydicom that raw elements are encoded as the file will be, so that it writes their bytes as they are."""
    dataset.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian, "iso8859")


def _is_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def _creator(source: Dataset, tag: int, charset: Charset) -> str:
    return creator_of(_told(_item(source, tag))[1] or b"", charset)


def _keep(
    source: Dataset, tag: int, rule: Rule, walk: _Walk, place: str, charset: Charset
) -> DataElement | RawDataElement | None:
    """The element as it may stay, or None."""
    if rule.action is Action.REMOVE:
        return None
    element = _item(source, tag)
    told, content = _told(element)
    vr = resolve_vr(tag, told, rule)
    if rule.action is Action.SEQUENCE:
        return _keep_sequence(element, vr, walk, place, charset)
    if content is None:
        return None
    if rule.action is Action.PIXELS:
        new = None if place or vr not in PIXEL_VRS else content + b"\0" * (len(content) % 2)
    else:
        new = rewrite(rule, tag, vr, content, walk.context(charset), implicit=walk.syntax.is_implicit_VR)
    return None if new is None else _raw(tag, vr, new, walk.syntax, length=getattr(element, "length", 0))


def _raw(tag: int, vr: str, content: bytes, syntax: UID, *, length: int = 0) -> RawDataElement:
    size = UNDEFINED if length == UNDEFINED else len(content)
    return RawDataElement(Tag(tag), vr, size, content, 0, syntax.is_implicit_VR, syntax.is_little_endian)


def _keep_sequence(
    element: DataElement | RawDataElement, vr: str, walk: _Walk, place: str, charset: Charset
) -> DataElement | None:
    if vr != "SQ":
        return None
    inner = f"{place}{label(element.tag)}/"
    try:
        if isinstance(element, RawDataElement):
            element = convert_raw_data_element(element._replace(VR="SQ"), encoding=list(charset))
        items = [_walk(item, walk, inner, charset) for item in element.value or ()]
    except Refused:
        raise
    except Exception:  # pydicom raises many kinds for items that are none
        return None
    return DataElement(element.tag, "SQ", Sequence(items))


def _put(target: Elements, element: DataElement | RawDataElement, creator: str) -> None:
    """Enter an element; a private one into the block that its creator has in the new dataset."""
    if creator:
        group, number = element.tag.group, element.tag.element
        tag = Tag(group, _block(target, group, creator) << 8 | number & 0xFF)
        if isinstance(element, RawDataElement):
            element = element._replace(tag=tag)
        else:
            element = DataElement(tag, "SQ", element.value)
    target[element.tag] = element


def _block(target: Elements, group: int, creator: str) -> int:
    """The block of a creator in the new dataset, reserved when it is first asked for."""
    for block in range(0x10, 0x100):
        owner = target.setdefault(Tag(group, block), DataElement(Tag(group, block), "LO", creator))
        if owner.value == creator:
            return block
    raise Refused("unreadable")  # more creators than a group has blocks


def _file_meta(body: Dataset, syntax: UID) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = body.SOPClassUID
    meta.MediaStorageSOPInstanceUID = body.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    return meta
