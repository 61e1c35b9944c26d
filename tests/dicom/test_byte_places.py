"""The facts read from the bytes of a header are those that pydicom reads, or the bytes are found odd."""

from __future__ import annotations

import io
import random
import struct
import warnings
from contextlib import suppress
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_files import ENHANCED, EXPLICIT, IMPLICIT, SECRET, element, files, header, whole
from pydicom.datadict import keyword_dict
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.tag import Tag

from imagebank.dicom import acquisition, elements
from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.byte_places import BytePlaces
from imagebank.dicom.elements import Odd, elements_of, items_of, read_layout
from imagebank.dicom.fields import Fields, texts_of
from imagebank.dicom.original import read_original
from imagebank.dicom.plain import NUMBERS, TEXT_VRS, plain_texts
from imagebank.dicom.repeats import Template, Templates

DATA = Path(__file__).parents[2].parent / "shared" / "data"
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
LARGEST = 4_000_000
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real files of several vendors are not here")


def quickly(content: bytes) -> Acquisition | None:
    """The facts from the bytes alone; None where these are odd."""
    try:
        return acquisition._read(Fields(BytePlaces(read_original(content))))
    except Odd:
        return None


def slowly(content: bytes) -> Acquisition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_acquisition(pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True))


def real_files() -> list[bytes]:
    paths = sorted(path for path in DATA.rglob("*") if path.is_file() and path.stat().st_size < LARGEST)
    contents = (path.read_bytes() for path in paths)
    return [content for content in contents if content[128:132] == b"DICM"]


@needs_data
def test_the_quick_way_and_its_twin_agree_on_every_real_file() -> None:
    odd = enhanced = 0
    contents = real_files()
    for content in contents:
        facts = quickly(content)
        odd += facts is None
        if facts is not None:
            enhanced += facts.frames > 1
            assert facts == slowly(content)
    assert odd < 0.05 * len(contents)
    assert enhanced > 25


@needs_data
def test_they_agree_on_real_headers_with_damaged_bytes() -> None:
    """Bytes of groups and values are changed at random, always the same ones."""
    dice = random.Random(7)
    enhanced = [content for content in real_files() if b"\x00\x52\x30\x92" in content and len(content) < 700_000]
    compared = 0
    for content in dice.sample(enhanced, min(12, len(enhanced))):
        last = read_layout(content, stop=elements.PIXEL_GROUP).elements[-1][4]
        for _ in range(4):
            damaged = bytearray(content)
            for _ in range(dice.randrange(1, 4)):
                damaged[dice.randrange(400, last)] = dice.choice(b"\0\1 \\0129AZ\xff")
            compared += agree(bytes(damaged))
    assert compared > 10


def agree(content: bytes) -> bool:
    """Whether the quick way had an answer; it must be that of the twin."""
    facts = quickly(content)
    if facts is None:
        return False
    assert facts == slowly(content)
    return True


FRAME_TAGS = {
    "PlanePositionSequence": [("ImagePositionPatient", "DS")],
    "PlaneOrientationSequence": [("ImageOrientationPatient", "DS")],
    "MREchoSequence": [("EffectiveEchoTime", "FD")],
    "MRDiffusionSequence": [("DiffusionBValue", "FD")],
    "MRImageFrameTypeSequence": [("FrameType", "CS"), ("ComplexImageComponent", "CS")],
    "FrameContentSequence": [("TemporalPositionIndex", "UL"), ("FrameComments", "LT")],
    "MRTimingAndRelatedParametersSequence": [("RepetitionTime", "DS"), ("FlipAngle", "DS")],
}
VALUES = {
    "DS": [b"1\\2\\3.5 ", b"-10.25\\0\\1e1", b"1\\0\\0\\0\\1\\0 ", b"12", b"x ", b"", b"\\\\", b" 7 ", b"0\\0\\0\0"],
    "FD": [struct.pack("<d", 30.0), struct.pack("<dd", 1.0, 1e5), b"abc", b"", struct.pack("<d", float("nan"))],
    "CS": [b"ORIGINAL\\PRIMARY", b"MAGNITUDE ", b"phase\0", b"", b"\xe9l\xe9 "],
    "UL": [struct.pack("<L", 3), struct.pack("<LL", 0, 2), b"", b"12"],
    "LT": [b"Featherstonehaugh ", b"", b"a\\b "],
}


@st.composite
def macro(draw: st.DrawFn, name: str, *, implicit: bool) -> bytes:
    """A functional group macro, its lengths told or left open, mostly with one item."""
    items = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2]))):
        told = sorted((keyword_dict[keyword], vr) for keyword, vr in FRAME_TAGS[name])
        kept = [each for each in told if draw(st.integers(0, 5))]
        body = b"".join(element(tag, vr, draw(st.sampled_from(VALUES[vr])), implicit=implicit) for tag, vr in kept)
        items.append(item(body, told=draw(st.booleans())))
    return sequence(keyword_dict[name], b"".join(items), implicit=implicit, told=draw(st.booleans()))


def item(body: bytes, *, told: bool) -> bytes:
    start = struct.pack("<HHI", 0xFFFE, 0xE000, len(body) if told else 0xFFFFFFFF)
    return start + body + (b"" if told else struct.pack("<HHI", 0xFFFE, 0xE00D, 0))


def sequence(tag: int, items: bytes, *, implicit: bool, told: bool = False, vr: str = "SQ") -> bytes:
    if told:
        return header(tag, vr, len(items), implicit=implicit) + items
    return header(tag, vr, 0xFFFFFFFF, implicit=implicit) + items + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


@st.composite
def group(draw: st.DrawFn, *, implicit: bool) -> bytes:
    names = sorted(draw(st.sets(st.sampled_from(sorted(FRAME_TAGS)))), key=keyword_dict.__getitem__)
    body = b"".join(draw(macro(name, implicit=implicit)) for name in names)
    if draw(st.integers(0, 4)) == 0:
        creator = element(0x20010010, "LO", b"Philips Imaging DD 001", implicit=implicit)
        owned = element(0x20011003, "FL", struct.pack("<f", 800.0), implicit=implicit)
        body += sequence(0x20050014 if implicit else 0x2005140F, item(creator + owned, told=True), implicit=implicit)
    return body


@st.composite
def enhanced(draw: st.DrawFn) -> bytes:
    """An enhanced image with a few frames, several of them laid out alike."""
    implicit = draw(st.sampled_from([False, False, True]))
    told = draw(st.booleans())
    kinds = draw(st.lists(group(implicit=implicit), min_size=1, max_size=3))
    frames = [item(draw(st.sampled_from(kinds)), told=draw(st.booleans())) for _ in range(draw(st.integers(0, 6)))]
    shared = [item(draw(group(implicit=implicit)), told=draw(st.booleans())) for _ in range(draw(st.integers(0, 2)))]
    root = [(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\M "), (0x00080016, "UI", ENHANCED), (0x00080060, "CS", b"MR")]
    root += [(0x00180080, "DS", b"2000")] if draw(st.booleans()) else []
    body = b"".join(element(*each, implicit=implicit) for each in root)
    body += sequence(0x52009229, b"".join(shared), implicit=implicit, told=told)
    body += sequence(0x52009230, b"".join(frames), implicit=implicit, told=told)
    return whole(IMPLICIT if implicit else EXPLICIT, body)


@given(enhanced())
@settings(max_examples=150, suppress_health_check=RELAXED, deadline=None)
def test_they_agree_on_random_enhanced_headers(content: bytes) -> None:
    agree(content)


@given(files())
@settings(max_examples=80, suppress_health_check=RELAXED, deadline=None)
def test_they_agree_on_random_files(content: bytes) -> None:
    agree(content)


def test_most_random_headers_go_the_quick_way() -> None:
    """Else the twin would be compared with itself."""
    ways: list[bool] = []

    @given(enhanced())
    @settings(max_examples=60, suppress_health_check=RELAXED, deadline=None, database=None, derandomize=True)
    def try_one(content: bytes) -> None:
        ways.append(agree(content))

    try_one()
    assert sum(ways) > len(ways) / 2


def test_what_is_remembered_of_one_header_does_not_change_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    @given(st.lists(enhanced(), min_size=2, max_size=3))
    @settings(max_examples=40, suppress_health_check=RELAXED, deadline=None)
    def same(contents: list[bytes]) -> None:
        remembered = [quickly(content) for content in [*contents, *contents]][len(contents) :]
        for content, facts in zip(contents, remembered, strict=True):
            with monkeypatch.context() as patch:
                patch.setattr(elements, "_KNOWN", {})
                assert quickly(content) == facts

    same()


@given(enhanced())
@settings(max_examples=60, suppress_health_check=RELAXED, deadline=None)
def test_items_that_are_not_walked_hold_what_a_walk_finds(content: bytes) -> None:
    with suppress(Odd):
        layout = read_layout(content)
        known = elements._KNOWN.copy()
        elements._KNOWN.clear()
        try:
            walked = read_layout(content)
        finally:
            elements._KNOWN.update(known)
        for one, other in zip(layout.elements, walked.elements, strict=True):
            assert one[:5] == other[:5]
            for mine, theirs in zip(one[5] or (), other[5] or (), strict=True):
                assert mine[:3] == theirs[:3]
                assert elements_of(content, mine) == elements_of(content, theirs)


def test_frames_of_one_length_and_another_layout_are_told_apart() -> None:
    """Two values of two frames take as many bytes together; only where the one ends differs."""

    def frame(first: bytes, second: bytes) -> bytes:
        body = element(0x00180080, "DS", first, implicit=False) + element(0x00181314, "DS", second, implicit=False)
        return item(sequence(0x00189112, item(body, told=False), implicit=False), told=False)

    frames = [frame(b"20", b"1234"), frame(b"2000", b"12"), frame(b"30", b"1235")]
    root = element(0x00080060, "CS", b"MR", implicit=False)
    content = whole(EXPLICIT, root + sequence(0x52009230, b"".join(frames), implicit=False))
    groups = read_layout(content).elements[-1]
    found = []
    for each in items_of(content, groups, implicit=False):
        (timing,) = elements_of(content, each)
        inner = elements_of(content, (timing[5] or ())[0])
        found.append([content[value:end] for _, _, _, value, end, _ in inner])
    assert found == [[b"20", b"1234"], [b"2000", b"12"], [b"30", b"1235"]]


def test_what_is_remembered_holds_no_value() -> None:
    name = element(0x00204000, "LT", SECRET + b" ", implicit=False)
    frame = item(sequence(0x00209111, item(name, told=False), implicit=False), told=False)
    root = element(0x00080060, "CS", b"MR", implicit=False)
    content = whole(EXPLICIT, root + sequence(0x52009230, frame * 3, implicit=False))
    assert quickly(content) is not None
    kept = [template for known in elements._KNOWN.values() for template in known._known]
    assert kept
    for template in kept:
        assert SECRET not in template.layout.to_bytes(template.length, "little")


def test_no_more_layouts_are_remembered_than_are_quick_to_search() -> None:
    known = Templates()
    for number in range(1000):
        known.learn(Template(8, number, number, b"", False))
    assert len(known._known) <= 256


def test_a_sequence_where_a_value_should_stand_goes_the_slow_way() -> None:
    root = element(0x00080060, "CS", b"MR", implicit=False)
    content = whole(EXPLICIT, root + sequence(0x0008103E, item(b"", told=False), implicit=False))
    assert quickly(content) is None
    assert read_acquisition(read_original(content)) == slowly(content)


PLAIN_VRS = sorted(vr.decode() for vr in (*TEXT_VRS, *NUMBERS, b"DS", b"IS", b"UI"))
LETTERS = st.sampled_from([b"1", b"2.5", b"-", b"+", b"e", b"E", b".", b"\\", b" ", b"\0", b"A", b"x", b"\xe9", b"\n"])


@given(st.sampled_from(PLAIN_VRS), st.binary(max_size=24) | st.lists(LETTERS, max_size=10).map(b"".join))
@settings(max_examples=600, deadline=None)
def test_a_plain_value_has_the_texts_that_pydicom_gives(vr: str, value: bytes) -> None:
    plain = plain_texts(vr.encode(), value)
    if plain is None:
        return
    raw = RawDataElement(Tag(0x00181030), vr, len(value), value, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = texts_of(convert_raw_data_element(raw, encoding=["iso8859"]).value)
    assert plain == told or (not any(plain) and not any(told))


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("CS", b"ORIGINAL\\PRIMARY\\M ", ("ORIGINAL", "PRIMARY", "M")),
        ("DS", b"1.50\\-2e3 ", ("1.50", "-2e3")),
        ("IS", b" 12\0", ("12",)),
        ("US", b"\x00\x01", ("256",)),
        ("UI", b"1.2.840.10008\0", ("1.2.840.10008",)),
        ("FD", struct.pack("<d", 2.5), ("2.5",)),
        ("DS", b"1,5 ", None),
        ("IS", b"1.5 ", None),
        ("LO", b"\xe9t\xe9 ", None),
        ("LO", b"\x1b$B;3ED", None),
        ("US", b"\x00", None),
        ("PN", b"Doe^Jo", None),
    ],
)
def test_only_plain_values_are_read_without_pydicom(vr: str, value: bytes, expected: tuple[str, ...] | None) -> None:
    assert plain_texts(vr.encode(), value) == expected
