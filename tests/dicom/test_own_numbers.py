"""A number by which the header knows its patient goes wherever else it stands, and no other number goes with it."""

from __future__ import annotations

import gzip
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.tag import Tag

from imagebank.dicom.csa import CsaField, build_csa, clean_csa, clean_protocol
from imagebank.dicom.deidentify import to_bytes
from imagebank.dicom.ge import clean_protocol as clean_ge_protocol
from imagebank.dicom.instance import Cleaner, clean_slowly
from imagebank.dicom.own_numbers import NO_NUMBERS, OwnNumbers, numbers_of, own_numbers
from imagebank.dicom.policy import load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys
from instances import image

SUBJECT = Subject("pretend23abcd", -100, "scannerxyz23", Keys(b"k" * 32, "bank").uid_map)
NUMBER, NHS = "7712345", "9434765919"
OWN = own_numbers(numbers_of(f"{NUMBER}\\{NHS}"))
HIDDEN = [
    (0x00200011, "IS", b"7712345 "),
    (0x00200013, "IS", b"07712345"),
    (0x00180080, "DS", b"7712345.5 "),
    (0x00180080, "DS", b"7.712345e6"),
    (0x00180081, "DS", b".943476591900"),
    (0x00189073, "FD", struct.pack("<d", 7712345)),
    (0x00189073, "FD", struct.pack("<d", 0.9434765919)),
    (0x00209057, "UL", struct.pack("<I", 7712345)),
    (0x00200032, "DS", b"943\\476\\5919"),  # a position has three numbers
]


def put(dataset: Dataset, tag: int, vr: str, value: bytes) -> None:
    dataset[Tag(tag)] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True, True)


def both(dataset: FileDataset, cleaner: Cleaner | None = None) -> bytes:
    """The file as both ways clean it, which is the same."""
    content = to_bytes(dataset)
    quick = (cleaner or Cleaner(SUBJECT, load_policy())).clean(content)
    assert quick.quick
    assert quick.content == clean_slowly(content, SUBJECT, load_policy()).content
    return quick.content


@pytest.mark.parametrize(("tag", "vr", "value"), HIDDEN)
def test_a_number_of_the_patient_goes_from_wherever_it_stands(tag: int, vr: str, value: bytes) -> None:
    dataset = image()
    put(dataset, tag, vr, value)
    assert value.strip() in both(dataset), "nothing says that it is one"
    dataset.PatientID, dataset.OtherPatientIDs = f"X-{NUMBER}/A", [NHS, "943 476 5919"]
    assert value.strip() not in both(dataset)


def test_numbers_of_requests_and_of_earlier_headers_count_as_well() -> None:
    for keyword, inner in (
        ("RequestAttributesSequence", "RequestedProcedureID"),
        ("OtherPatientIDsSequence", "PatientID"),
    ):
        dataset, item = image(), Dataset()
        dataset.SeriesNumber = NUMBER
        setattr(item, inner, f"R{NUMBER}")
        setattr(dataset, keyword, [item])
        assert NUMBER.encode() not in both(dataset)


def test_a_series_whose_accession_changes_keeps_and_drops_as_each_instance_says() -> None:
    cleaner, found = Cleaner(SUBJECT, load_policy()), []
    for accession in ("1", NUMBER, NUMBER, "2"):
        dataset = image()
        dataset.AccessionNumber, dataset.AcquisitionNumber = accession, NUMBER
        found.append(NUMBER.encode() in both(dataset, cleaner))
    assert found == [True, False, False, True]


def test_short_numbers_and_others_stay() -> None:
    dataset = image()
    dataset.PatientID, dataset.SeriesNumber, dataset.RepetitionTime = "1001", 1001, 77123.25
    dataset.AccessionNumber = NUMBER
    written = both(dataset)
    assert b"1001" in written
    assert b"77123.25" in written


def test_vendor_blocks_hold_none() -> None:
    fields = [
        CsaField(name, 1, b"IS\0\0", 6, (value,)) for name, value in (("B_value", NUMBER), ("EchoLinePosition", "7"))
    ]
    assert (clean_csa(build_csa(fields), NO_NUMBERS) or b"").count(NUMBER.encode()) == 1
    assert NUMBER.encode() not in (clean_csa(build_csa(fields), OWN) or b"")
    spelled = [CsaField("MosaicRefAcqTimes", 3, b"FD\0\0", 4, ("943", "476", "5919"))]
    assert clean_csa(build_csa(spelled), NO_NUMBERS) is not None
    assert clean_csa(build_csa(spelled), OWN) is None
    lines = f"### ASCCONV BEGIN ###\nalTE[0] = {NUMBER}\nlContrasts = 1\n### ASCCONV END ###"
    assert NUMBER in clean_protocol(lines, NO_NUMBERS)
    assert "lContrasts" in clean_protocol(lines, OWN)
    assert NUMBER not in clean_protocol(lines, OWN)
    packed = gzip.compress(f'NOSLC "{NUMBER}"\nMBACCEL "2"\n'.encode())
    block = struct.pack("<I", len(packed)) + packed
    assert NUMBER.encode() in (clean_ge_protocol(block, NO_NUMBERS) or b"")
    assert NUMBER.encode() not in (clean_ge_protocol(block, OWN) or b"")


def test_ids_are_numbers_by_their_runs_and_as_a_whole() -> None:
    assert numbers_of("MR-0012345/67\\x1234\\943 476 5919") == {"12345", "1234567", NHS}
    assert numbers_of("no number 1234") == frozenset()


@given(st.integers(0, 10**12), st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_repeated_by_what_has_it_as_its_whole_part_and_by_nothing_else(own: int, number: float) -> None:
    one = OwnNumbers(frozenset({own}))
    assert one.are_repeated_by(number) == (int(abs(number)) == own)
    assert one.are_repeated_in(str(own))
    assert not NO_NUMBERS.are_repeated_in(str(own))
