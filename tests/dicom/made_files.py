"""Random DICOM files as bytes, made by hand so that every way to write one is told: nesting, VRs, lengths, padding."""

from __future__ import annotations

import struct

from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, keyword_dict

from imagebank.dicom.names import HOLDING_NAMES, NAMES
from imagebank.dicom.policy import load_policy
from imagebank.dicom.rule import Action

POLICY = load_policy()
SECRET = b"Featherstonehaugh"
LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
SIZES = {"SS": 2, "US": 2, "SL": 4, "UL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8, "AT": 4}
MR_IMAGE, ENHANCED = b"1.2.840.10008.5.1.4.1.1.4\0", b"1.2.840.10008.5.1.4.1.1.4.1\0"
IMPLICIT, EXPLICIT = b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0"
BIG, DEFLATED = b"1.2.840.10008.1.2.2\0", b"1.2.840.10008.1.2.1.99"
CHARSETS = [
    b"",
    b"ISO_IR 100",
    b"ISO_IR 192",
    b"ISO_IR 126",
    b"ISO_IR 144",
    b"\\ISO 2022 IR 87",
    b"GB18030",
    b"nonsense",
]
TEXTS = st.sampled_from(
    [
        *(
            b"",
            b" ",
            b"t1_mprage_sag",
            b"T1 MPRAGE " + SECRET,
            b"20190314",
            b"20190314\\20190315",
            b"19000101",
            b"2019",
        ),
        *(b"20190314101500.25+0100", b"101500.25", b"1015", b"1.2.3.4\\1.2.840.10008.1.2", b"1.2.3", b"045Y", b"101Y"),
        *(
            b"M",
            b"ORIGINAL\\PRIMARY\\M",
            b"SIEMENS",
            b"p2",
            b"+LPH",
            b"1.5",
            b"1.5\\-2e3 ",
            b"12",
            b"1.5\0",
            b"NaN",
            b"x",
        ),
        *(
            b"\xe9l\xe8ve T1",
            b"\xc3\xa9 FLAIR",
            b"\x1b$B;3ED\x1b(B^t2",
            b"odd",
            b"a\\\\b",
            b"\0\0\0",
            SECRET,
            b"^" * 70,
        ),
    ]
)
CREATORS = [b"SIEMENS MR HEADER ", b"SIEMENS CSA HEADER", b"Philips Imaging DD 001", b"Philips MR Imaging DD 005 "]
CREATORS += [b"SIEMENS MR SDS 01 ", b"SIEMENS MR SDI 02 ", b"GEMS_ACQU_01", b"GEMS_SERS_01"]
CREATORS += [b"GEMS_PARM_01", b"Image Private Header", b"SOMEBODY", b"", SECRET]
KEPT = sorted(POLICY.rules)
OBJECTS = [MR_IMAGE, ENHANCED, b"1.2.840.10008.5.1.4.1.1.7\0", b"1.2.3.\0"]
DEMANDED = sorted(
    {
        tag
        for each in OBJECTS
        for tag, rule in POLICY.for_class(each.rstrip(b"\0").decode()).resolved.items()
        if rule.action is not Action.REMOVE
    }
)
ALL_TAGS = sorted(tag for tag in DicomDictionary if 8 <= tag >> 16 < 0x7FE0)
SEQUENCES = [tag for tag in KEPT if DicomDictionary.get(tag, ("",))[0] == "SQ"]
SEQUENCES += [
    keyword_dict[name] for name in ("OtherPatientIDsSequence", "RequestAttributesSequence", "IconImageSequence")
]
SEQUENCES += [*HOLDING_NAMES, *(tag for tag in DEMANDED if DicomDictionary[tag][0] == "SQ")]
ALL_VRS = sorted(
    LONG | set(SIZES) | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI"}
)


def header(tag: int, vr: str, length: int, *, implicit: bool) -> bytes:
    group, element = tag >> 16, tag & 0xFFFF
    if implicit:
        return struct.pack("<HHI", group, element, length)
    if vr in LONG:
        return struct.pack("<HH2s2xI", group, element, vr.encode(), length)
    return struct.pack("<HH2sH", group, element, vr.encode(), length)


def element(tag: int, vr: str, value: bytes, *, implicit: bool) -> bytes:
    value = value if vr in LONG or implicit else value[:0xFFFE]
    return header(tag, vr, len(value), implicit=implicit) + value


@st.composite
def values(draw: st.DrawFn, vr: str) -> bytes:
    """Bytes for a VR: mostly of its form, sometimes not."""
    if vr in SIZES and draw(st.integers(0, 9)):
        return draw(st.binary(min_size=1, max_size=4)).ljust(SIZES[vr], b"\1")[: SIZES[vr]] * draw(st.integers(0, 3))
    if vr.startswith("O") or vr == "UN":
        return draw(st.binary(max_size=12) | TEXTS)
    value = draw(TEXTS)
    return value + b" " * (len(value) % 2) if draw(st.integers(0, 9)) else value


@st.composite
def sequence(draw: st.DrawFn, tag: int, depth: int, *, implicit: bool) -> bytes:
    """A sequence whose lengths, and those of its items, are told or left open."""
    vr = "SQ" if draw(st.integers(0, 4)) else "UN"
    inner = implicit or vr == "UN"
    items = []
    for _ in range(draw(st.integers(0, 2))):
        body = draw(data_sets(depth + 1, implicit=inner))
        told = draw(st.booleans())
        items.append(struct.pack("<HHI", 0xFFFE, 0xE000, len(body) if told else 0xFFFFFFFF) + body)
        items[-1] += b"" if told else struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    content = b"".join(items)
    if draw(st.booleans()):
        return header(tag, vr, len(content), implicit=implicit) + content
    return header(tag, vr, 0xFFFFFFFF, implicit=implicit) + content + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


@st.composite
def private_group(draw: st.DrawFn, group: int, depth: int, *, implicit: bool) -> bytes:
    """A private group: blocks with and without a creator, elements that are on the safe list and others."""
    blocks = draw(st.lists(st.sampled_from([0x10, 0x11, 0x20, 0xE1]), min_size=1, max_size=3, unique=True))
    content = b""
    for block in sorted(blocks):
        if draw(st.integers(0, 5)):
            content += element(group << 16 | block, "LO", draw(st.sampled_from(CREATORS)), implicit=implicit)
    for block in sorted(blocks):
        safe = [0x03, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x13, 0x1B, 0x20, 0x2A, 0x39, 0x51, 0x5A]
        safe += [0x9C, 0xA2, 0xFE, 0xFF]
        for number in sorted(draw(st.lists(st.sampled_from(safe), max_size=4, unique=True))):
            tag = group << 16 | block << 8 | number
            if number in (0x0F, 0x51, 0xFE) and depth < 3 and draw(st.booleans()):
                content += draw(sequence(tag, depth, implicit=implicit))
                continue
            vr = draw(st.sampled_from(["UN", "DS", "IS", "FD", "US", "LO", "CS", "SH", "OB", "FL", "SL"]))
            content += element(tag, vr, draw(values(vr)), implicit=implicit)
    return content


@st.composite
def data_sets(draw: st.DrawFn, depth: int = 0, *, implicit: bool, given: dict[int, bytes] | None = None) -> bytes:
    """The elements of a data set in order, group lengths among them; those `given` are there for sure."""
    parts: dict[int, bytes] = {}
    if draw(st.integers(0, 3)) == 0:
        parts[0x00080005] = element(0x00080005, "CS", draw(st.sampled_from(CHARSETS)), implicit=implicit)
    some = st.sampled_from(KEPT) | st.sampled_from(DEMANDED) | st.sampled_from(ALL_TAGS) | st.sampled_from(NAMES)
    for tag in draw(st.lists(some, max_size=6)):
        told = DicomDictionary[tag][0].split()[0]
        vr = told if draw(st.integers(0, 7)) else draw(st.sampled_from(ALL_VRS))
        if vr == "SQ" or tag == 0x7FE00010:
            continue
        parts[tag] = element(tag, vr, draw(values(vr)), implicit=implicit)
    for group in draw(
        st.lists(st.sampled_from([0x19, 0x21, 0x25, 0x29, 0x43, 0x65, 0x2001, 0x2005]), max_size=2, unique=True)
    ):
        parts[group << 16] = draw(private_group(group, depth, implicit=implicit))
    if depth < 4:
        for tag in draw(st.lists(st.sampled_from(SEQUENCES), max_size=2)):
            parts[tag] = draw(sequence(tag, depth, implicit=implicit))
    for group in draw(st.lists(st.sampled_from([8, 0x10, 0x18, 0x20]), max_size=1)):
        parts[group << 16] = element(group << 16, "UL", struct.pack("<I", 99), implicit=implicit)
    return b"".join(part for _, part in sorted((parts | (given or {})).items()))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A whole file, mostly of an MR image that may be banked."""
    implicit = draw(st.booleans())

    def told(tag: int, vr: str, value: bytes) -> tuple[int, bytes]:
        return tag, element(tag, vr, value, implicit=implicit)

    name = draw(st.sampled_from([SECRET + b"^Jo", b"Sag^Long ", b"M\xfcller ", b""]))
    given = dict(
        [
            told(0x00080016, "UI", draw(st.sampled_from(OBJECTS))),
            told(0x00080018, "UI", b"1.2.3."),
            told(0x0008103E, "LO", draw(TEXTS)),
            told(0x00100010, "PN", name),
            told(0x00280010, "US", b"\2\0"),
            told(0x00280011, "US", b"\2\0"),
            told(0x00280100, "US", b"\x10\0"),
            told(0x7FE00010, "OW", bytes(8)),
        ]
    )
    if draw(st.integers(0, 7)) == 0:
        given |= [told(0x60000102, "US", bytes((draw(st.integers(0, 12)), 0)))]
    body = draw(data_sets(implicit=implicit, given=given))
    if draw(st.integers(0, 3)) == 0:
        body += element(0xFFFCFFFC, "OB", bytes(6), implicit=implicit)
    return whole(IMPLICIT if implicit else EXPLICIT, body)


def whole(syntax: bytes, body: bytes, *, preamble: bytes = SECRET) -> bytes:
    """A file of these elements, with a secret in its preamble and its meta header."""
    meta = element(0x00020002, "UI", MR_IMAGE, implicit=False) + element(0x00020010, "UI", syntax, implicit=False)
    meta += element(0x00020016, "AE", SECRET[:16], implicit=False)
    start = preamble.ljust(128, b"\0") + b"DICM"
    return start + element(0x00020000, "UL", struct.pack("<I", len(meta)), implicit=False) + meta + body
