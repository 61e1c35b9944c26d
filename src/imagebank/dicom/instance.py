"""One instance, bytes to bytes, as the bank may keep it: the one door to de-identification for everybody.

The quick way (`elements`, `plan`, `splice`) does what is plain, the twin on pydicom (`deidentify`) does the rest, and
what neither understands is refused. Whichever did it, the bytes and the decisions are the same.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import Tag

from imagebank.dicom.comments import NotUnderstood, Packed, without_comments
from imagebank.dicom.decisions import Decision, Refused
from imagebank.dicom.deidentify import deidentify, read_instance, to_bytes
from imagebank.dicom.elements import Element, Odd, read_layout, read_start
from imagebank.dicom.file_head import file_head
from imagebank.dicom.method import describe_method
from imagebank.dicom.names import names_at, words_of
from imagebank.dicom.original import Original
from imagebank.dicom.pixel_cleaning import clean_pixels
from imagebank.dicom.pixel_ranges import DELIMITER_BYTES, check_overlays, check_text, read_stored, view_pixels
from imagebank.dicom.pixels import PixelLayout
from imagebank.dicom.plan import Plan, Plans
from imagebank.dicom.policy import Policy
from imagebank.dicom.rewriting import DEFAULT_CHARSET, class_of, own_charset
from imagebank.dicom.splice import Splice
from imagebank.dicom.template import SOP_CLASS, SOP_INSTANCE, Addition, Habits, Template, splice_all
from imagebank.dicom.values import Subject

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

_ADDITIONS: dict[tuple[str, bool], list[Addition]] = {}
MOST_CLASSES = 8  # of one series, remembered with the policy that holds for them


@dataclass(frozen=True)
class Cleaned:
    """A de-identified instance: the parts of its file, what was decided, its new UID; and the header it came from."""

    parts: tuple[bytes | memoryview, ...] = field(repr=False)
    decisions: frozenset[Decision] = field(repr=False)
    instance_uid: str
    original: Original | FileDataset = field(repr=False)
    quick: bool

    @property
    def content(self) -> bytes:
        """The whole file, in one piece."""
        return b"".join(self.parts)

    @property
    def header(self) -> bytes:
        """The file as far as its pixels, or all of it where the parts do not tell them apart."""
        return b"".join(takewhile(lambda part: isinstance(part, bytes), self.parts))

    @property
    def size(self) -> int:
        """The length of the file in bytes."""
        return sum(len(part) for part in self.parts)


def clean_instance(content: bytes, subject: Subject, policy: Policy) -> Cleaned:
    """De-identify one file. For the files of a series a `Cleaner` is quicker. Raises Refused."""
    return Cleaner(subject, policy).clean(content)


def clean_slowly(content: bytes, subject: Subject, policy: Policy) -> Cleaned:
    """De-identify one file by the twin. Raises Refused."""
    source = read_instance(content)
    try:
        clean, decisions = deidentify(source, subject, policy)
        decisions |= clean_pixels(clean, source, policy)
        uid = str(clean.SOPInstanceUID)
    except (Refused, MemoryError):
        raise
    except Exception:  # whatever a malformed instance makes pydicom raise: it cannot be understood to its end
        raise Refused("unreadable") from None
    return Cleaned((_written(clean),), decisions, uid, source, quick=False)


def _written(clean: FileDataset) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return to_bytes(clean)
    except MemoryError:
        raise
    except Exception:  # pydicom refuses what would be invalid
        raise Refused("not-writable") from None


@dataclass(frozen=True)
class _Known:
    """What the last instance that was read from its beginning says of the next one, where it follows the template."""

    template: Template
    syntax: str
    sop_class: str
    pixel_tag: int
    stored: PixelLayout


class Cleaner:
    """De-identifies the instances of one patient, and remembers from one to the next what became of each value."""

    def __init__(self, subject: Subject, policy: Policy) -> None:
        self._subject, self._policy = subject, policy
        self._plans: Plans | None = None
        self._policies: dict[bytes, Policy] = {}
        self._habits = Habits()
        self._known: _Known | None = None

    def clean(self, content: bytes) -> Cleaned:
        """De-identify one file. Raises Refused."""
        return self._clean_quickly(content) or clean_slowly(content, self._subject, self._policy)

    def _clean_quickly(self, content: bytes) -> Cleaned | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings quote values
                return self._follow(content) or self._read(content)
        except Odd:
            return None
        except MemoryError:
            raise
        except Exception:  # a file that our own walker trips over is for the patient one to judge
            return None

    def _follow(self, content: bytes) -> Cleaned | None:
        """An instance that follows the template of its series; None where it does not. Raises Odd."""
        known = self._known
        if known is None or known.template.plan.plans.full:
            return None
        start = read_start(content)
        followed = known.template.follow(content, start.end) if start.syntax == known.syntax else None
        return None if followed is None else self._cleaned(content, known, *followed)

    def _read(self, content: bytes) -> Cleaned:
        """An instance read from its beginning to its end. Raises Odd."""
        layout = read_layout(content)
        elements = layout.elements
        found = {element[0]: element for element in elements}
        pixel_tag, stored = read_stored(content, found, layout)
        charset = own_charset(content, elements, DEFAULT_CHARSET)
        names = tuple(names_at(content, found, charset))
        plans = self._plans_for(self._policy_for(content, found), words_of(names), implicit=layout.implicit)
        check_overlays(content, found)
        self._habits.learn(content, elements)
        additions = _additions(self._policy, layout.implicit)
        splice, template = splice_all(content, elements, plans.at("", charset), additions, self._habits)
        sop_class = _uid(content, found, template.plan, SOP_CLASS)
        self._known = _Known(template, layout.syntax, sop_class, pixel_tag, stored)
        return self._cleaned(content, self._known, splice, found)

    def _cleaned(self, content: bytes, known: _Known, splice: Splice, found: dict[int, Element]) -> Cleaned:
        """The new file, when its pixels may stay as they are. Raises Odd."""
        plan = known.template.plan
        uid = _uid(content, found, plan, SOP_INSTANCE)
        pixels = view_pixels(content, found[known.pixel_tag], known.stored)
        if self._policy.burned_in:
            check_text(known.stored, pixels)
        parts = _joined(splice.parts)
        if known.stored.encapsulated:
            parts = _uncommented(parts, pixels, known.stored)
        head = file_head(known.sop_class, uid, known.syntax)
        original = Original(content, plan.charset)
        decisions = known.template.decisions(splice.noted)
        return Cleaned((head, *parts), decisions, uid, original, quick=True)

    def _policy_for(self, content: bytes, found: dict[int, Element]) -> Policy:
        """The policy for the class of an instance, worked out once a class."""
        told = content[found[SOP_CLASS][3] : found[SOP_CLASS][4]] if SOP_CLASS in found else b""
        policy = self._policies.get(told)
        if policy is None:
            if len(self._policies) >= MOST_CLASSES:
                self._policies.clear()
            policy = self._policies[told] = self._policy.for_class(class_of(told))
        return policy

    def _plans_for(self, policy: Policy, forbidden: frozenset[str], *, implicit: bool) -> Plans:
        """The plans of the series so far; new ones where they are for another object or words, or have grown large."""
        plans = self._plans
        if plans is None or plans.full or plans.policy is not policy:
            plans = None
        if plans is None or (plans.forbidden, plans.implicit) != (forbidden, implicit):
            plans = self._plans = Plans(policy, self._subject, forbidden, implicit=implicit)
        return plans


def _additions(policy: Policy, implicit: bool) -> list[Addition]:
    """The elements that say how an instance was de-identified: the same for all under one policy."""
    added = _ADDITIONS.get((policy.digest, implicit))
    if added is None:
        body = Dataset()
        describe_method(body, policy)
        added = [(int(tag), _encoded(body, tag, implicit)) for tag in sorted(body.keys())]
        _ADDITIONS[policy.digest, implicit] = added
    return added


def _encoded(body: Dataset, tag: int, implicit: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    write_data_element(buffer, body[Tag(tag)])
    return bytes(buffer.getvalue())


def _uid(content: bytes, found: dict[int, Element], plan: Plan, tag: int) -> str:
    """A UID of the new instance. Raises Odd where there is none."""
    if tag not in found:
        raise Odd
    _, vr, start, _, end, _ = found[tag]
    piece, _ = plan.entries[(tag, vr)].answers.get(content[start:end], (b"", None))
    uid = piece[8:].rstrip(b"\0").decode("ascii")
    if not uid or vr not in (b"UI", b"") or "\\" in uid:
        raise Odd
    return uid


def _uncommented(parts: list[bytes | memoryview], pixels: memoryview, stored: PixelLayout) -> list[bytes | memoryview]:
    """The same parts, without the comments in compressed pixels. Raises Odd."""
    old = bytes(pixels)
    try:
        new = without_comments(old, Packed(stored.syntax, stored.frames, stored.rows * stored.columns))
    except NotUnderstood:
        raise Odd from None
    if new is old:
        return parts
    if len(new) != len(old):
        raise Odd

    def changed(part: bytes | memoryview) -> bytes | memoryview:
        if not isinstance(part, memoryview):
            return part
        start = len(part) - len(old) - DELIMITER_BYTES
        return memoryview(b"".join((part[:start], new, part[-DELIMITER_BYTES:])))

    return [changed(part) for part in parts]


def _joined(parts: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """The same parts, the small ones in one piece, so that pixels are the only ones not copied together."""
    joined: list[bytes | memoryview] = []
    small: list[bytes] = []
    for part in parts:
        if isinstance(part, memoryview):
            joined += [b"".join(small), part]
            small = []
        else:
            small.append(part)
    return [*joined, b"".join(small)] if small else joined
