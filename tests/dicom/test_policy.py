"""Nothing that was planted stays, whatever the element, the depth or the private creator; decisions name no value."""

from __future__ import annotations

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, keyword_dict
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imagebank.dicom.deidentify import Refused, deidentify, to_bytes
from imagebank.dicom.policy import DENY, Action, load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys
from instances import SECRET, image

POLICY = load_policy()
SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)


def test_what_has_no_rule_is_denied() -> None:
    assert POLICY.rule(keyword_dict["PatientAddress"]).action is Action.REMOVE
    assert POLICY.rule(0x00091002) is DENY
    assert POLICY.private_rule(0x00291018, "SIEMENS CSA HEADER").action is Action.REMOVE
    assert POLICY.private_rule(0x0019100C, "SOMEBODY ELSE").action is Action.REMOVE
    assert POLICY.private_rule(0x0019100C, "SIEMENS MR HEADER").action is Action.NUMBER


TEXT_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "AS", "DA", "DT", "TM", "UI", "UR", "DS", "IS"}
KEYWORDS = sorted(
    entry[4]
    for tag, entry in DicomDictionary.items()
    if entry[0] in TEXT_VRS
    and entry[4] not in ("", "NumberOfFrames")  # a file whose frames cannot be counted is refused
    and tag >> 16 not in (0x0000, 0x0002, 0x0004, 0x0006)
    and entry[3] != "Retired?"
)
SEQUENCES = sorted(entry[4] for entry in DicomDictionary.values() if entry[0] == "SQ" and entry[4])


@st.composite
def planted(draw: st.DrawFn, depth: int = 0) -> Dataset:
    """A dataset with the secret in random text elements, private elements and sequences."""
    dataset = Dataset()
    for keyword in draw(st.lists(st.sampled_from(KEYWORDS), max_size=12)):
        tag = keyword_dict[keyword]
        raw = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(tag),
            DicomDictionary[tag][0][:2],
            len(SECRET) + 1,
            SECRET.encode() + b" ",
            0,
            False,
            True,
            True,
        )
        dataset[tag] = raw
    for group in draw(st.lists(st.sampled_from([0x0009, 0x0019, 0x0029, 0x2001, 0x2005]), max_size=2, unique=True)):
        creator = draw(st.sampled_from(["SIEMENS MR HEADER", "Philips Imaging DD 001", "UNKNOWN", SECRET]))
        block = dataset.private_block(group, creator, create=True)
        block.add_new(draw(st.integers(0, 255)), draw(st.sampled_from(["LO", "UN", "SH"])), _as(draw, SECRET))
    if depth < 3:
        for keyword in draw(st.lists(st.sampled_from(SEQUENCES), max_size=2, unique=True)):
            setattr(dataset, keyword, Sequence([draw(planted(depth=depth + 1))]))
    return dataset


def _as(draw: st.DrawFn, text: str) -> str | bytes:
    return text


@given(planted())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_a_text_planted_anywhere_at_any_depth_is_gone(extra: Dataset) -> None:
    dataset = image()
    for tag in extra.keys():  # noqa: SIM118 - iterating would decode
        if tag not in dataset:
            dataset[tag] = extra.get_item(tag)
    dataset.file_meta.SourceApplicationEntityTitle = SECRET[:16]
    clean, decisions = deidentify(dataset, SUBJECT, POLICY)
    content = to_bytes(clean)
    assert SECRET.encode() not in content
    assert SECRET[:16].encode() not in content
    assert SECRET not in repr(decisions)
    again = pydicom.dcmread(pydicom.filebase.DicomBytesIO(content))
    assert again.preamble == bytes(128)
    policy = POLICY.for_class(str(dataset.SOPClassUID))
    for element in again.iterall():
        known = policy.rule(element.tag).action is not Action.REMOVE or element.tag.is_private
        assert known or element.tag.group in (0x0008, 0x0012, 0x0028)


@pytest.mark.parametrize("missing", ["PixelData", "Rows", "BitsAllocated"])
def test_an_image_without_what_makes_it_one_is_refused(missing: str) -> None:
    dataset = image()
    delattr(dataset, missing)
    with pytest.raises(Refused):
        deidentify(dataset, SUBJECT, POLICY)


def test_references_between_instances_hold_after_mapping() -> None:
    dataset = image()
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.99"
    dataset.ReferencedImageSequence = Sequence([item])
    clean, _ = deidentify(dataset, SUBJECT, POLICY)
    assert clean.ReferencedImageSequence[0].ReferencedSOPInstanceUID == SUBJECT.uids.uid("1.2.99")
    assert clean.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.4"
    assert clean.SOPInstanceUID == clean.file_meta.MediaStorageSOPInstanceUID == SUBJECT.uids.uid("1.2.3")


def test_every_decision_names_a_rule_and_no_value() -> None:
    dataset = image()
    dataset.PatientName, dataset.PatientComments = f"{SECRET}^A", SECRET
    _, decisions = deidentify(dataset, SUBJECT, POLICY)
    told = {decision.place: (decision.action, decision.rule) for decision in decisions}
    assert told["(0010,0010)"] == ("pseudonym", "keep.pseudonym")
    assert told["(0010,4000)"] == ("remove", "ps3.15-e.1-1")
