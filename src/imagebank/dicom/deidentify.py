"""De-identification of one instance, on pydicom: slow and obvious, element by element, at every depth.

This is the definition. `instance` does the same by splicing bytes, and asks here whenever a file is odd; tests hold the
two to the same bytes. What becomes of one value is decided in `rewriting`, for both.

Laws: what the policy does not keep is not copied; a kept element whose value cannot be read is dropped; the result is
built anew, so that nothing of the original (preamble, file meta, group lengths, trailing padding) can slip through.
"""

from __future__ import annotations

import io
import warnings
from contextlib import nullcontext
from dataclasses import dataclass, field

import pydicom
import pydicom.filewriter
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imagebank.dicom.comments import NotUnderstood, Packed
from imagebank.dicom.decisions import Decision, Refused, decided, label
from imagebank.dicom.elements import MOST_DEPTH
from imagebank.dicom.method import IMPLEMENTATION_NAME, IMPLEMENTATION_UID, describe_method
from imagebank.dicom.names import name_words
from imagebank.dicom.pixel_sizes import FLOAT_BITS, PIXELS, Promised, native_bytes
from imagebank.dicom.policy import DENY_PRIVATE, Action, Policy, Rule
from imagebank.dicom.raw import UNDEFINED, charset_in, item, items_in, peek, told
from imagebank.dicom.rewriting import (
    DEFAULT_CHARSET,
    PIXEL_VRS,
    Charset,
    Context,
    class_of,
    creator_of,
    resolve_vr,
    rewrite,
)
from imagebank.dicom.values import Subject

VERSION = "7"
DEEPEST = 2 * MOST_DEPTH  # sequences within sequences; else how much stays would depend on the room on the stack

# pydicom puts the trace of each level into the message of the one above: what lies in a dozen nested sequences and
# cannot be written would fill the memory, and nobody is ever shown such a message.
pydicom.filewriter.tag_in_exception = lambda _: nullcontext()  # type: ignore[assignment, attr-defined, return-value]


Elements = dict[BaseTag, DataElement | RawDataElement]


@dataclass(frozen=True)
class _Walk:
    """One instance under way: the rules, the patient, how the file is encoded, and the decisions so far."""

    policy: Policy
    subject: Subject
    syntax: UID
    forbidden: frozenset[str]
    pixels: Promised
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
        pixels = check_pixels(dataset)
        syntax = transfer_syntax(dataset)
        sop_class = told(item(dataset, "SOPClassUID"))[1] if "SOPClassUID" in dataset else None
        walk = _Walk(policy.for_class(class_of(sop_class)), subject, syntax, name_words(dataset), pixels)
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
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax:
        return UID(syntax)
    implicit, _ = dataset.original_encoding
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def check_pixels(dataset: FileDataset) -> Promised:
    """What the header promises of its pixels. Raises Refused unless as many are there."""
    name = next((name for name in PIXELS if name in dataset), None)
    if name is None:
        raise Refused("no-pixel-data")
    rows, columns, bits = (peek(dataset, name) for name in ("Rows", "Columns", "BitsAllocated"))
    if not (rows and columns and bits):
        raise Refused("no-pixel-geometry")
    try:
        frames, samples = (int(peek(dataset, name) or 1) for name in ("NumberOfFrames", "SamplesPerPixel"))
    except (TypeError, ValueError):
        raise Refused("no-pixel-geometry") from None
    if frames < 1 or samples < 1:
        raise Refused("no-pixel-geometry")
    vr, pixels = told(item(dataset, name))
    if vr and vr not in PIXEL_VRS | {"UN"}:
        raise Refused("no-pixel-data")
    bits = FLOAT_BITS.get(name, bits)
    syntax = transfer_syntax(dataset)
    size = native_bytes(rows=rows, columns=columns, bits=bits, samples=samples, frames=frames)
    if pixels is None or len(pixels) < (1 if syntax.is_encapsulated else size):
        raise Refused("truncated-pixels")
    return Promised(int(Tag(name)), Packed(syntax, frames, rows * columns) if syntax.is_encapsulated else size)


def _walk(source: Dataset, walk: _Walk, place: str, around: Charset) -> Dataset:
    target: Elements = {}
    charset = charset_in(source, around)
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
            if creator:
                _reserve(target, tag, creator)
            target[kept.tag] = kept
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
    return creator_of(told(item(source, tag))[1] or b"", charset)


def _keep(
    source: Dataset, tag: int, rule: Rule, walk: _Walk, place: str, charset: Charset
) -> DataElement | RawDataElement | None:
    """The element as it may stay, or None."""
    if rule.action is Action.REMOVE:
        return None
    if rule.action is Action.SEQUENCE:
        return _keep_sequence(source, tag, rule, walk, place, charset)
    element = item(source, tag)
    vr, content = told(element, charset)
    vr = resolve_vr(tag, vr, rule)
    if rule.action is Action.PIXELS:
        whole = content is not None and not place and vr in PIXEL_VRS
        new = _keep_pixels(tag, content, walk) if content is not None and whole else None
    else:
        new = rewrite(rule, tag, vr, content, walk.context(charset), implicit=walk.syntax.is_implicit_VR)
    return None if new is None else _raw(tag, vr, new, walk.syntax, length=getattr(element, "length", 0))


def _keep_pixels(tag: int, content: bytes, walk: _Walk) -> bytes | None:
    try:
        return walk.pixels.kept(tag, content)
    except NotUnderstood:
        raise Refused("pixels-not-readable") from None


def _raw(tag: int, vr: str, content: bytes, syntax: UID, *, length: int = 0) -> RawDataElement:
    size = UNDEFINED if length == UNDEFINED else len(content)
    return RawDataElement(Tag(tag), vr, size, content, 0, syntax.is_implicit_VR, syntax.is_little_endian)


def _keep_sequence(
    source: Dataset, tag: int, rule: Rule, walk: _Walk, place: str, charset: Charset
) -> DataElement | None:
    items = items_in(source, tag, charset, rule)
    if items is None or place.count("/") >= DEEPEST:
        return None
    inner = f"{place}{label(tag)}/"
    try:
        return DataElement(tag, "SQ", Sequence([_walk(each, walk, inner, charset) for each in items]))
    except (Refused, MemoryError):
        raise
    except Exception:  # pydicom raises many kinds for items that are none
        return None


def _reserve(target: Elements, tag: int, creator: str) -> None:
    """Reserve a block as the source did: its number says nothing, and elsewhere two makers' blocks may collide."""
    owner = Tag(tag >> 16, tag >> 8 & 0xFF)
    target[owner] = DataElement(owner, "LO", creator)


def _file_meta(body: Dataset, syntax: UID) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = body.SOPClassUID
    meta.MediaStorageSOPInstanceUID = body.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    return meta
