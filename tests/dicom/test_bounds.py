"""What is bounded of what is kept: how large a number may be, and how many bytes pixels have."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from imagebank.dicom.deidentify import to_bytes
from imagebank.dicom.instance import clean_instance, clean_slowly
from imagebank.dicom.number_bounds import MOST, Bounds, are_plausible
from imagebank.dicom.own_numbers import NO_NUMBERS
from imagebank.dicom.pixel_sizes import Promised, native_bytes
from imagebank.dicom.policy import load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys
from instances import image

SUBJECT = Subject("pretend23abcd", -100, "scannerxyz23", Keys(b"k" * 32, "bank").uid_map)
KEEPS = [
    ("IS", b"12 ", Bounds()),
    ("DS", b"1.5\\-2e3\\ ", Bounds(2)),
    ("IS", b"1000000050\\8", Bounds(2, bases=(1_000_000_000,))),
    ("FD", struct.pack("<3d", 0, 0, 0), Bounds(3)),
    ("US", struct.pack("<H", 256), Bounds()),
    ("US", struct.pack("<4H", 0, 112, 112, 0), Bounds(4)),
]
DROPS = [
    ("IS", b"9434765919", Bounds()),
    ("DS", b"19650312", Bounds()),
    ("IS", b"1943476591", Bounds(bases=(1_000_000_000,))),
    ("DS", b"1234567890123456789", Bounds()),
    ("FD", struct.pack("<d", 9434765919), Bounds()),
    ("FD", b"SMITHSON", Bounds()),
    ("DS", b"12\\3\\1965", Bounds()),
    ("IS", b"943\\476\\5919 ", Bounds(2)),
    ("FD", b"Smith\0\0\0", Bounds()),
    ("FD", struct.pack("<2d", 1.5, 2), Bounds()),
    ("FL", struct.pack("<f", float("nan")), Bounds()),
    ("UL", b"JANE", Bounds()),
    ("US", b"FEATHERS", Bounds(100)),
    ("US", "Jane".encode("utf-16-le"), Bounds(4)),
    ("US", "Jane".encode("utf-16-be"), Bounds(100)),
]


@pytest.mark.parametrize(("vr", "content", "bounds"), KEEPS)
def test_facts_of_a_scan_are_plausible(vr: str, content: bytes, bounds: Bounds) -> None:
    assert are_plausible(vr, content, bounds, little=True, own=NO_NUMBERS)


@pytest.mark.parametrize(("vr", "content", "bounds"), DROPS)
def test_ids_dates_and_texts_are_no_plausible_numbers(vr: str, content: bytes, bounds: Bounds) -> None:
    assert not are_plausible(vr, content, bounds, little=True, own=NO_NUMBERS)


@given(st.integers(-(10**12), 10**12))
def test_a_number_stays_exactly_while_it_has_seven_digits(number: int) -> None:
    for vr, content in (("IS", str(number).encode()), ("FD", struct.pack("<d", number))):
        assert are_plausible(vr, content, Bounds(), little=True, own=NO_NUMBERS) == (abs(number) <= MOST)


def test_a_long_number_goes_from_an_instance_on_both_ways() -> None:
    dataset = image()
    dataset[0x00200012] = RawDataElement(Tag(0x00200012), "IS", 10, b"9434765919", 0, False, True, True)
    for clean in (clean_instance, clean_slowly):
        assert b"9434765919" not in clean(to_bytes(dataset), SUBJECT, load_policy()).content


@pytest.mark.parametrize("behind", [b"\0\0", b"Featherstone", b"\0" * 7 + b"x"])
def test_bytes_behind_the_last_pixel_are_cut_and_the_pixels_stay(behind: bytes) -> None:
    dataset = image()
    pixels = bytes(dataset.PixelData)
    dataset.PixelData = pixels + behind
    for clean in (clean_instance, clean_slowly):
        written = clean(to_bytes(dataset), SUBJECT, load_policy()).content
        assert pydicom.dcmread(io.BytesIO(written)).PixelData == pixels


def test_the_padding_of_an_odd_number_of_pixels_is_zero_and_other_pixels_go() -> None:
    size = native_bytes(rows=3, columns=3, bits=8, samples=1, frames=1)
    assert Promised(0x7FE00010, size).kept(0x7FE00010, b"123456789x") == b"123456789\0"
    assert Promised(0x7FE00010, size).kept(0x7FE00008, b"123456789x") is None
    assert native_bytes(rows=3, columns=3, bits=1, samples=1, frames=1) == 2
