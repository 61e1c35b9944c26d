"""What becomes of the bytes of one element: the rule, the tag, the VR and the bytes in; new bytes out, or nothing.

The fast path and its twin both ask here and nowhere else, so that a new action need only be known to `values.clean`.
Laws: a value that is not understood is dropped; what comes out is plain ASCII or numbers, of even length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_keyword, dictionary_VM, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import Tag
from pydicom.values import convert_string

from imagebank.dicom.elements import SPECIFIC_CHARACTER_SET, Element
from imagebank.dicom.number_bounds import Bounds, are_plausible
from imagebank.dicom.own_numbers import OwnNumbers, own_numbers
from imagebank.dicom.rule import Action, Rule
from imagebank.dicom.values import (
    EMPTIABLE_VRS,
    NUMERIC_VRS,
    Subject,
    clean,
    clean_private,
    is_plain_number,
    numbers,
    texts,
)

Charset = tuple[str, ...]
"""Python's names of the character sets of a data set, as pydicom gives them."""

DEFAULT_CHARSET: Charset = ("iso8859",)
TEXT_VRS = frozenset(["AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"])
SPACED_VRS = TEXT_VRS - {"UI"} | {"DS", "IS"}  # filled up with a space, the others with a zero
ONE_TEXT_VRS = frozenset(["LT", "ST", "UR", "UT"])  # a backslash does not part values here
LONG_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
PIXEL_VRS = frozenset(["OB", "OD", "OF", "OV", "OW"])  # what is told to be a text is not taken for pixels
MOST_BYTES = 0xFFFE  # of an element whose length is told in two bytes
REPLACING = (Action.EMPTY, Action.DUMMY, Action.PSEUDONYM, Action.STATION)  # whatever the value was
ESCAPE = b"\x1b"
LONGEST_NAME = 512  # bytes of a creator or of character sets that are looked at: all may be remembered


@dataclass(frozen=True)
class Context:
    """What rewriting needs beside the element: the patient, what may not stay, and how texts are encoded.

    `forbidden` are words and numbers of the patient.
    """

    subject: Subject
    forbidden: frozenset[str]
    charset: Charset
    little: bool = True

    @cached_property
    def own(self) -> OwnNumbers:
        """The numbers among what may not stay."""
        return own_numbers(self.forbidden)


def resolve_vr(tag: int, told: str, rule: Rule) -> str:
    """The VR of an element; where none is told, or UN, by the dictionary or the list of safe private elements."""
    if told and told != "UN":
        return told
    if tag >> 16 & 1:
        return rule.vr or "UN"
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return "UN"
    return "OW" if vr == "OB or OW" else vr


def rewrite(rule: Rule, tag: int, vr: str, content: bytes | None, context: Context, *, implicit: bool) -> bytes | None:
    """The new value of an element, or None where it must go. `implicit` says that the VR will not be written.

    `content` is None where it is a sequence, or not all of it is there. What the object must have is emptied instead.
    """
    try:
        value = _rewritten(rule, tag, vr, content, context)
    except MemoryError:
        raise
    except Exception:  # pydicom raises many kinds for a malformed value: whichever it is, it is not understood
        value = None
    if value is None and rule.kind == "2" and vr in EMPTIABLE_VRS:
        value = b""
    if value is None or (not implicit and (len(vr) != 2 or (len(value) > MOST_BYTES and vr not in LONG_VRS))):
        return None
    if len(value) % 2:
        return value + (b" " if vr in SPACED_VRS else b"\0")
    return value


def _rewritten(rule: Rule, tag: int, vr: str, content: bytes | None, context: Context) -> bytes | None:
    if rule.action in REPLACING:
        kept = clean(rule, _keyword(tag), None, vr, context.subject, context.forbidden)
        return _encode(tag, vr, kept, little=context.little)
    if content is None or rule.action in (Action.REMOVE, Action.SEQUENCE, Action.PIXELS):
        return None  # of these nothing is a value
    if tag >> 16 & 1 and not content:
        return None
    if rule.action is Action.NUMBER:
        return _number(rule, tag, vr, content, context)
    value = decode(tag, vr, content, context.charset, little=context.little)
    if tag >> 16 & 1:
        return _encode(tag, vr, clean_private(rule, vr, value, context.subject, context.own), little=context.little)
    kept = clean(rule, _keyword(tag), value, vr, context.subject, context.forbidden)
    return _encode(tag, vr, kept, little=context.little)


def _number(rule: Rule, tag: int, vr: str, content: bytes, context: Context) -> bytes | None:
    """Numbers that are plainly that are neither decoded nor encoded again; none stays that is not plausible."""
    plain = "US" if vr == "US or SS" else vr
    told: bytes | None = content
    if not is_plain_number(plain, content):
        value = numbers(decode(tag, vr, content, context.charset, little=context.little))
        told = _encode(tag, vr, value, little=context.little) if vr in NUMERIC_VRS else None
    bounds = _private_bounds(rule.bounds, plain) if tag >> 16 & 1 else _bounds(rule.bounds, tag)
    fits = told is not None and are_plausible(plain, told, bounds, little=context.little, own=context.own)
    return told if fits else None


@lru_cache(maxsize=4096)
def _bounds(bounds: Bounds, tag: int) -> Bounds:
    """Bounds with as many values as an attribute may have; without end where the dictionary does not say."""
    try:
        return replace(bounds, count=float(dictionary_VM(tag)))
    except (KeyError, ValueError):  # unknown, or a range as 1-n
        return replace(bounds, count=float("inf"))


@lru_cache(maxsize=256)
def _private_bounds(bounds: Bounds, vr: str) -> Bounds:
    """The declared bounds; how many numbers a text holds, makers do not tell."""
    return replace(bounds, count=float("inf")) if vr in ("DS", "IS") else bounds


@lru_cache(maxsize=4096)
def _keyword(tag: int) -> str:
    return dictionary_keyword(tag)


def decode(tag: int, vr: str, content: bytes, charset: Charset, *, little: bool = True) -> Any:
    """The value of an element as pydicom gives it; plain texts, the most common, without its help."""
    if vr in TEXT_VRS and content.isascii() and ESCAPE not in content:
        text = content.decode("ascii")
        parts = [text] if vr in ONE_TEXT_VRS else text.split("\\")
        parts = [part.rstrip("\0 ") for part in parts]
        return parts[0] if len(parts) == 1 else parts
    if vr in ("OB", "UN"):
        return content
    raw = RawDataElement(Tag(tag), vr, len(content), content, 0, False, little, True)
    return convert_raw_data_element(raw, encoding=list(charset)).value


def _encode(tag: int, vr: str, value: Any | None, *, little: bool) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if value in ("", []):
        return b""
    if vr in TEXT_VRS:
        return ("\\".join(texts(value))).encode("ascii")
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = little, True
    write_data_element(buffer, DataElement(Tag(tag), vr, value))
    return bytes(buffer.getvalue()[8:])


def charset_of(told: bytes, inherited: Charset = DEFAULT_CHARSET) -> Charset:
    """The character sets that SpecificCharacterSet names; those of the data set around it where it cannot be read."""
    return _charset_of(told, inherited) if len(told) <= LONGEST_NAME else inherited


@lru_cache(maxsize=256)
def _charset_of(told: bytes, inherited: Charset) -> Charset:
    try:
        return tuple(convert_encodings(convert_string(told, True)))
    except Exception:  # pydicom raises several kinds for names that it does not know
        return inherited


def own_charset(content: bytes, elements: Sequence[Element], inherited: Charset) -> Charset:
    """The character sets of a data set: those it names, else those of the data set around it."""
    for tag, _, _, value, end, _ in elements:
        if tag >= SPECIFIC_CHARACTER_SET:
            return charset_of(content[value:end], inherited) if tag == SPECIFIC_CHARACTER_SET else inherited
    return inherited


def creator_of(content: bytes, charset: Charset) -> str:
    """The name in a private creator element; empty when it cannot be read, so that it owns no safe element."""
    return _creator_of(content, charset) if len(content) <= LONGEST_NAME else ""


@lru_cache(maxsize=1024)
def _creator_of(content: bytes, charset: Charset) -> str:
    try:
        name = decode(0x00090010, "LO", content, charset)
    except Exception:
        return ""
    return name.strip() if isinstance(name, str) else ""


def class_of(content: bytes | None) -> str:
    """The SOP class that an element names; empty where there is none."""
    return (content or b"").decode("ascii", "replace").strip("\0 ")
