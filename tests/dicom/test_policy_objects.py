"""Conditional actions of Table E.1-1 end as the type of the attribute in its object definition says."""

from __future__ import annotations

import pytest
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imagebank.dicom.deidentify import deidentify
from imagebank.dicom.iods import attribute_types, object_names
from imagebank.dicom.policy import DENY, Action, load_policy
from imagebank.dicom.table_e1_1 import RESOLVED, resolve, row_of, table
from imagebank.dicom.values import DUMMIES, Subject, clean
from imagebank.identities.pseudonyms import Keys
from instances import SECRET, image

POLICY = load_policy()
SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
CLASSES = {name: sop_class for sop_class, name in object_names().items()}

# attribute, object, its type there, action of the table, and what is left
CASES = """
attribute                    | object            | type | table | becomes
AccessionNumber              | mr-image          | 2    | Z     | empty
AccessionNumber              | enhanced-mr-image | 2    | Z     | empty
AccessionNumber              | unknown           |      | Z     | remove
PatientBirthDate             | mr-image          | 2    | Z     | empty
ReferringPhysicianName       | mr-spectroscopy   | 2    | Z     | empty
StudyID                      | raw-data          | 2    | Z     | empty
InstitutionName              | mr-image          | 3    | X/Z/D | remove
OperatorsName                | mr-image          | 3    | X/Z/D | remove
AcquisitionContextSequence   | enhanced-mr-image | 2    | X/Z   | empty
AcquisitionContextSequence   | mr-image          |      | X/Z   | remove
ResponsiblePerson            | mr-image          | 2C   | X     | remove
PatientAddress               | mr-image          |      | X     | remove
ContainerIdentifier          | mr-image          |      | D     | remove
PositionReferenceIndicator   | mr-image          | 2    |       | empty
PatientOrientation           | mr-image          | 2C   |       | empty
PatientSpeciesDescription    | mr-image          | 1C   |       | remove
EthnicGroupCodeSequence      | mr-image          | 3    | X     | remove
UnformattedTextValue         | mr-image          |      | X     | remove
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines()[1:])
def test_what_no_rule_keeps_ends_as_its_type_says(line: str) -> None:
    attribute, name, kind, basic, becomes = (cell.strip() for cell in line.split("|"))
    tag, sop_class = keyword_dict[attribute], CLASSES.get(name, "1.2.3.4")
    row = row_of(tag)
    assert attribute_types(sop_class).get(tag, "") == kind
    assert (row.basic if row else "") == basic
    assert POLICY.for_class(sop_class).rule(tag).action.value == becomes


@pytest.mark.parametrize("basic", sorted({row.basic for row in table().values()}))
def test_every_action_of_the_table_ends_in_something_and_removes_where_the_type_is_unknown(basic: str) -> None:
    assert resolve(basic, "") == resolve(basic, "3") == "remove"
    assert {resolve(basic, kind) for kind in ("1", "1C", "2", "2C")} <= {each.value for each in Action}
    assert resolve(basic, "1C") == resolve(basic, "1")


def test_only_actions_that_leave_nothing_of_the_value_come_from_the_table() -> None:
    """Emptied, a dummy, a mapped UID, or a sequence whose items are walked."""
    assert set(RESOLVED.values()) == {"empty", "dummy", "uid", "sequence"}
    for sop_class in (*CLASSES.values(), ""):
        for tag, rule in POLICY.for_class(sop_class).resolved.items():
            assert rule.action in (Action.EMPTY, Action.DUMMY, Action.UID, Action.SEQUENCE, Action.REMOVE), hex(tag)


@pytest.mark.parametrize("vr", sorted({*DUMMIES} - {"SQ"}))
def test_a_dummy_is_the_same_for_everybody(vr: str) -> None:
    rule = next(r for r in (POLICY.for_class(c).rule(t) for c in CLASSES.values() for t in POLICY.resolved)
                if r.action is Action.DUMMY)  # fmt: skip
    told = {str(clean(rule, "", value, vr, SUBJECT, frozenset())) for value in ("one", "two", SECRET)}
    assert told == {str(DUMMIES[vr])}


def test_a_type_1_attribute_whose_option_is_off_gets_a_dummy(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "site.toml"
    path.write_text('extends = "default"\nname = "ours"\n[options]\nmodified_dates = false\ndevice_identity = false\n')
    dataset = image(CLASSES["enhanced-mr-image"])
    dataset.ContentDate, dataset.ContentTime, dataset.DeviceSerialNumber = "20200504", "101112", "12345"
    dataset.StudyDate, dataset.SeriesDate = "20200504", "20200504"
    result, _ = deidentify(dataset, SUBJECT, load_policy(path))
    assert (result.ContentDate, result.ContentTime, result.DeviceSerialNumber) == ("19000101", "000000", "REMOVED")
    assert result.StudyDate == ""
    assert "SeriesDate" not in result


def nested(**values: str) -> Dataset:
    """An enhanced image with these values in a coil, and a part of the body."""
    dataset, coil, coils, region = image(CLASSES["enhanced-mr-image"]), Dataset(), Dataset(), Dataset()
    for keyword, value in values.items():
        setattr(coil, keyword, value)
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "T-A0100", "SRT", "Brain"
    private = Dataset()
    private.CodeValue, private.CodingSchemeDesignator, private.CodeMeaning = SECRET[:16], "99" + SECRET[:10], SECRET
    anatomy = Dataset()
    anatomy.AnatomicRegionSequence = Sequence([region, private])
    coils.MRTransmitCoilSequence, coils.FrameAnatomySequence = Sequence([coil]), Sequence([anatomy])
    dataset.SharedFunctionalGroupsSequence = Sequence([coils])
    return dataset


def test_a_text_that_must_say_something_says_that_it_was_removed_and_an_empty_one_stays_empty() -> None:
    told = []
    for name in ("Body coil", SECRET, ""):
        shared = deidentify(nested(TransmitCoilName=name), SUBJECT, POLICY)[0].SharedFunctionalGroupsSequence[0]
        told.append(shared.MRTransmitCoilSequence[0].TransmitCoilName)
    assert told == ["Body_coil", "REMOVED", ""]


def test_what_an_item_must_have_is_emptied_in_its_place() -> None:
    dataset = nested(TransmitCoilName="Body", TransmitCoilManufacturerName=SECRET)
    coil = deidentify(dataset, SUBJECT, POLICY)[0].SharedFunctionalGroupsSequence[0].MRTransmitCoilSequence[0]
    assert coil.TransmitCoilManufacturerName == ""


def test_codes_of_the_standard_stay_and_others_are_only_said_to_be_others() -> None:
    shared = deidentify(nested(), SUBJECT, POLICY)[0].SharedFunctionalGroupsSequence[0]
    codes = shared.FrameAnatomySequence[0].AnatomicRegionSequence
    told = [(code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) for code in codes]
    assert told == [("T-A0100", "SRT", "Brain"), ("OTHER", "OTHER", "OTHER")]


def test_a_number_that_is_none_is_emptied_where_the_object_must_have_it() -> None:
    dataset = image()
    dataset[keyword_dict["EchoTrainLength"]] = DataElement(keyword_dict["EchoTrainLength"], "IS", "")
    assert "EchoTrainLength" in deidentify(dataset, SUBJECT, POLICY)[0]


def test_an_emptied_sequence_has_no_items() -> None:
    dataset, item = image(CLASSES["enhanced-mr-image"]), Dataset()
    item.PatientName = SECRET
    dataset.AcquisitionContextSequence = Sequence([item])
    result, _ = deidentify(dataset, SUBJECT, POLICY)
    assert len(result.AcquisitionContextSequence) == 0


@pytest.mark.parametrize("tag", [0x60003000, 0x60024000, 0x50002000, 0x501E3000])
def test_overlays_and_curves_of_every_group_are_removed_by_the_table(tag: int) -> None:
    assert POLICY.rule(tag).action is Action.REMOVE
    assert POLICY.rule(tag).rule == "ps3.15-e.1-1"


def test_what_neither_the_table_nor_a_rule_names_is_denied() -> None:
    assert POLICY.rule(0x00091002) is DENY
    assert POLICY.rule(0x60003001) == DENY
    assert POLICY.rule(0x7FE00000) is DENY


def test_types_are_known_for_every_mr_object_and_name_attributes_of_the_standard() -> None:
    for sop_class in CLASSES.values():
        types = attribute_types(sop_class)
        assert types[keyword_dict["PatientName"]] == "2"
        assert all(dictionary_VR(tag) for tag in types)
