"""What is remembered of a series saves reading, and changes no answer: each instance is cleaned as if it were alone."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_files import EXPLICIT, POLICY, element, files, values, whole
from test_twins import SUBJECT, answer_of, example, quickly, slowly

from imagebank.dicom import csa
from imagebank.dicom.elements import Element, Odd, read_layout
from imagebank.dicom.instance import Cleaner
from imagebank.dicom.own_numbers import NO_NUMBERS
from imagebank.dicom.template import Habits

RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def retold(content: bytes, one: Element, value: bytes, *, implicit: bool) -> bytes:
    """The file with another value in one element; nothing in a sequence."""
    tag, vr, start, _, end, _ = one
    name = vr.decode() or "LO"
    told = b"" if name in ("SQ", "UN") else element(tag, name, value, implicit=implicit)
    return content[:start] + told + content[end:]


@st.composite
def series(draw: st.DrawFn) -> list[bytes]:
    """Instances of which each differs from the first in a few elements: of another value, or gone."""
    first = draw(files())
    contents = [first]
    with suppress(Odd):
        layout = read_layout(first)
        some = draw(st.lists(st.sampled_from(layout.elements), min_size=1, max_size=3, unique_by=lambda one: one[0]))
        for _ in range(draw(st.integers(2, 4))):
            content = first
            for one in sorted(some, reverse=True):  # from the end, so that places before it stay
                match draw(st.integers(0, 7)):
                    case 0:
                        content = content[: one[2]] + content[one[4] :]
                    case 1:
                        pass
                    case _:
                        value = draw(values(one[1].decode() or "LO"))
                        content = retold(content, one, value, implicit=layout.implicit)
            contents.append(content)
    return contents


@given(series())
@settings(max_examples=120, suppress_health_check=RELAXED, deadline=None)
def test_each_instance_of_a_series_is_cleaned_as_the_twin_does_it(contents: list[bytes]) -> None:
    cleaner = Cleaner(SUBJECT, POLICY)
    for content in [*contents, *contents]:
        assert quickly(cleaner, content)[0] == slowly(content)


def instance(number: int, **other: bytes) -> bytes:
    told = {
        "x00080018": element(0x00080018, "UI", b"1.2.3.%d" % number + b"\0" * (number > 9), implicit=False),
        "x00200013": element(0x00200013, "IS", b"%2d" % number, implicit=False),
        "x00100010": element(0x00100010, "PN", b"Doe^Jo", implicit=False),
        "x0008103E": element(0x0008103E, "LO", b"t1 Doe mprage ", implicit=False),
        "x00190000": element(0x00190010, "LO", b"SIEMENS MR HEADER ", implicit=False)
        + element(0x0019100C, "IS", b"1000", implicit=False),
    }
    return whole(EXPLICIT, example(**(told | other)))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The instances that were read from their beginning."""
    told: list[bytes] = []
    plain: Callable[[Cleaner, bytes], object] = Cleaner._read
    monkeypatch.setattr(Cleaner, "_read", lambda self, content: told.append(content) or plain(self, content))
    return told


def test_of_a_series_only_the_first_instance_is_read_from_its_beginning(read: list[bytes]) -> None:
    cleaner = Cleaner(SUBJECT, POLICY)
    for number in range(1, 30):
        assert answer_of(cleaner.clean(instance(number))) == slowly(instance(number))
    assert read == [instance(1)]


def test_what_varies_where_it_seldom_does_is_learned_once(read: list[bytes]) -> None:
    def one(number: int) -> bytes:
        return instance(number, x00180081=element(0x00180081, "DS", b"%4d" % number, implicit=False))

    cleaner = Cleaner(SUBJECT, POLICY)
    for number in range(1, 10):
        assert answer_of(cleaner.clean(one(number))) == slowly(one(number))
    assert read == [one(1), one(2)]


CREATOR = element(0x00190010, "LO", b"SIEMENS MR HEADER ", implicit=False)
DECISIVE = {
    "a name": {"x00100010": element(0x00100010, "PN", b"Mprage", implicit=False)},
    "a character set": {"x00080005": element(0x00080005, "CS", b"ISO_IR 192", implicit=False)},
    "a class": {"x00080016": element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.7\0", implicit=False)},
    "the size": {"x00280010": element(0x00280010, "US", b"\1\0", implicit=False)},
    "a creator": {"x00190000": element(0x00190010, "LO", b"SOMEBODY", implicit=False)},
    "a private value": {"x00190000": CREATOR + element(0x0019100C, "IS", b"oops", implicit=False)},
    "an overlay": {"x60000100": element(0x60000100, "US", b"\x10\0", implicit=False)},
    "an element more": {"x00180081": element(0x00180081, "DS", b"12", implicit=False)},
    "something at the end": {"xFFFCFFFC": element(0xFFFCFFFC, "OB", bytes(8), implicit=False)},
}


@pytest.mark.parametrize("what", DECISIVE)
def test_an_instance_that_differs_in_what_decides_is_cleaned_as_the_twin_does_it(what: str) -> None:
    cleaner, odd = Cleaner(SUBJECT, POLICY), instance(5, **DECISIVE[what])
    for content in (instance(1), instance(2), odd, instance(3), odd, odd, instance(4)):
        assert quickly(cleaner, content)[0] == slowly(content)


def test_whatever_varies_that_which_decides_on_others_is_read_anew() -> None:
    habits, decisive = Habits(), (0x00080005, 0x00080016, 0x00100010, 0x00190010, 0x00280010, 0x00280101, 0x60000102)
    tags = [*decisive, 0x00280106, 0x7FE00010]
    for content in (b"1" * 90, b"2" * 90):
        elements = [(tag, b"UN", at, at, at + 9, None) for at, tag in enumerate(tags)]
        habits.learn(content, elements)
    varying = {each[0] for varies, run in habits.runs(elements) for each in run if varies}
    assert varying == {0x00280106, 0x7FE00010}


FIELDS = ("SliceNormalVector", "B_value", "MosaicRefAcqTimes", "PatientName", "Field7", "ProtocolSliceNumber")


@st.composite
def headers(draw: st.DrawFn) -> list[bytes]:
    """CSA headers of one series, now and then with a field more, and some of them damaged."""
    names = draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=6))
    texts = st.sampled_from(["", "1.0", "17", "0.25", "HFS", "Doe"])
    contents = []
    for _ in range(draw(st.integers(2, 5))):
        more = names + ["Field8"] * draw(st.sampled_from([0, 0, 0, 1]))
        told = [csa.CsaField(name, 1, b"FD\0\0", 4, tuple(draw(st.lists(texts, max_size=3)))) for name in more]
        content = csa.build_csa(told)
        contents.append(content if draw(st.integers(0, 4)) else content[: draw(st.integers(8, len(content)))])
    return contents


def plainly(content: bytes) -> bytes | None:
    """A CSA2 header, each field parsed."""
    try:
        kept = [field for each in csa.parse_csa(content) if (field := csa._cleaned(each, NO_NUMBERS))]
    except (struct.error, ValueError):
        return None
    return csa.build_csa(kept) if kept else None


@given(headers())
def test_csa_headers_of_a_series_are_cleaned_as_if_each_were_alone(contents: list[bytes]) -> None:
    csa._habit.cache_clear()
    for content in [*contents, *contents]:
        csa.clean_csa.cache_clear()
        assert csa.clean_csa(content, NO_NUMBERS) == plainly(content)
