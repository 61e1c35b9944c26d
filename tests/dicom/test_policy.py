"""What may stay of a DICOM element: the floor of the standard, words that name nobody, default deny at any depth."""

from __future__ import annotations

import json
import string
from importlib.resources import files

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, keyword_dict
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from imagebank.dicom import words
from imagebank.dicom.csa import ALLOWED, CsaField, build_csa, clean_csa, parse_csa
from imagebank.dicom.deidentify import Refused, deidentify, to_bytes
from imagebank.dicom.policy import DENY, REPLACING, Action, load_policy
from imagebank.dicom.values import (
    Subject,
    age_in_years,
    is_plain_number,
    numbers,
    shift_date,
    shift_datetime,
)
from imagebank.identities.pseudonyms import Keys

POLICY = load_policy()
SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
SECRET = "Featherstonehaugh"


def test_no_attribute_that_the_standard_removes_is_kept_but_under_an_option_that_the_policy_names() -> None:
    """Read straight from the table of the standard, not through the policy's own check."""
    rows = json.loads((files("imagebank.dicom") / "data" / "ps3_15_table_e1-1_2024b.json").read_text())
    table = {row["id"].upper(): row for row in rows}
    option_of = {
        Action.DATE: "rtnLongModifDatesOpt",
        Action.TIME: "rtnLongModifDatesOpt",
        Action.WORDS: "cleanDescOpt",
        Action.DEVICE: "rtnDevIdOpt",
        Action.AGE: "rtnPatCharsOpt",
        Action.SEX: "rtnPatCharsOpt",
    }
    for tag, rule in POLICY.rules.items():
        row = table.get(f"{tag:08X}")
        if row is None or rule.action in REPLACING:
            continue
        if rule.action in (Action.UID, Action.SEQUENCE):
            assert "U" in row["basicProfile"], row["name"]
        else:
            assert row.get(option_of[rule.action]), row["name"]


def test_a_policy_that_keeps_what_the_standard_removes_does_not_load() -> None:
    from imagebank.core.errors import ConfigError
    from imagebank.dicom.policy import Policy, Rule, _check_floor

    tag = keyword_dict["PatientAddress"]
    bad = Policy("x", "1", (), "", {tag: Rule(Action.WORDS, "keep.words")}, {}, POLICY.floor)
    with pytest.raises(ConfigError, match="does not allow"):
        _check_floor(bad)


def test_what_has_no_rule_is_denied() -> None:
    assert POLICY.rule(keyword_dict["PatientAddress"]).action is Action.REMOVE
    assert POLICY.rule(0x00091002) is DENY
    assert POLICY.private_rule(0x00291020, "SIEMENS CSA HEADER").action is Action.REMOVE
    assert POLICY.private_rule(0x0019100C, "SOMEBODY ELSE").action is Action.REMOVE
    assert POLICY.private_rule(0x0019100C, "SIEMENS MR HEADER").action is Action.NUMBER


WORDS = """
written                                | stays
*tfl3d1_16ns                           | tfl3d1_16ns
ep_b1000#4                             | ep_b1000
MRI Head SMITH JOHN                    | MRI_Head
T1_MPRAGE_SAG_1234567                  | T1_MPRAGE_SAG
t2_tse 12.03.1965                      | t2_tse
b1965 b1000 dir1965                    | b1000
J S R12                                |
Patel^Asha 943 476 5919 axial FLAIR    | axial_FLAIR
DWI_dir80_PA_ADC                       | DWI_dir80_PA_ADC
T1 Dr O'Neill's patient                | T1
Łukasz t2 Ö b0                         | t2_b0
"""


@pytest.mark.parametrize("line", WORDS.strip().splitlines()[1:])
def test_descriptions_keep_protocol_words_only(line: str) -> None:
    written, stays = (part.strip() for part in line.split("|"))
    assert words.clean_description(written, frozenset()) == stays


def test_a_protocol_word_that_is_the_patients_name_goes_too() -> None:
    assert words.clean_description("T1 Long sag", frozenset({"long"})) == "T1_sag"


@given(st.text(max_size=60))
def test_cleaning_a_description_twice_changes_nothing(text: str) -> None:
    once = words.clean_description(text, frozenset())
    assert words.clean_description(once, frozenset()) == once


@given(st.text(alphabet=string.ascii_letters + string.digits + " _^-", max_size=60))
def test_what_stays_of_a_description_holds_no_long_number_and_no_unknown_word(text: str) -> None:
    vocabulary = words.protocol_words()
    for piece in filter(None, words.clean_description(text, frozenset()).split("_")):
        assert vocabulary.accepts(piece)
        assert not [run for run in "".join(c if c.isdigit() else " " for c in piece).split() if len(run) > 4]


@pytest.mark.parametrize("code", ["ORIGINAL", "FAST_GEMS", "MONOCHROME2", "IEC_NORMAL", "1H", "", "T2_STAR", "NO"])
def test_defined_terms_stay(code: str) -> None:
    assert words.clean_code(code) == code


@pytest.mark.parametrize("code", ["SMITH", "SE_SMITH", "A1234567", "19650312", "ØRSTED"])
def test_other_codes_become_other(code: str) -> None:
    assert words.clean_code(code) == "OTHER"


@pytest.mark.parametrize(
    ("told", "shown"),
    [("MAGNETOM Prisma Fit", "MAGNETOM Prisma Fit"), ("uMR 770", "uMR 770"), ("Smiths Scanner 12345678", "")],
)
def test_models_are_shown_by_known_words(told: str, shown: str) -> None:
    assert words.clean_model(told) == shown


DATES = """
told              | offset | moved
20240229          | -366   | 20230228
20200101          | -1     | 20191231
2020.01.02        | -1     | 20200101
19000101          | -5     |
19700101          | -5     |
20200230          | -5     |
2020              | -5     |
SMITH             | -5     |
"""


@pytest.mark.parametrize("line", DATES.strip().splitlines()[1:])
def test_dates_move_by_whole_days_or_go(line: str) -> None:
    told, offset, moved = (part.strip() for part in line.split("|"))
    assert shift_date(told, int(offset)) == moved


@given(st.dates(min_value=pydicom.valuerep.datetime.date(1990, 1, 2)), st.dates(), st.integers(-365, -1))
def test_intervals_between_dates_are_exact(first: object, second: object, offset: int) -> None:
    from datetime import date, datetime

    assert isinstance(first, date)
    assert isinstance(second, date)
    if second.year < 1990 or {f"{first:%m%d}", f"{second:%m%d}"} & {"0101"}:
        return
    moved = [datetime.strptime(shift_date(f"{day:%Y%m%d}", offset), "%Y%m%d") for day in (first, second)]
    assert (moved[0] - moved[1]).days == (first - second).days


@pytest.mark.parametrize(
    ("told", "moved"),
    [
        ("20200102101112.123456+0100", "20200101101112.123456+0100"),
        ("20200102", "20200101"),
        ("202001", ""),
        ("20200102101112&0100", ""),
    ],
)
def test_the_date_of_a_datetime_moves_and_its_time_stays(told: str, moved: str) -> None:
    assert shift_datetime(told, -1) == moved


@pytest.mark.parametrize(
    ("told", "shown"), [("045Y", "045Y"), ("103Y", "090Y"), ("018M", "001Y"), ("006W", "000Y"), ("45", ""), ("", "")]
)
def test_ages_are_years_and_ninety_at_most(told: str, shown: str) -> None:
    assert age_in_years(told) == shown


@given(st.binary(max_size=24))
def test_bytes_that_pass_for_plain_numbers_decode_to_numbers_only(content: bytes) -> None:
    """The quick way never keeps what the slow way would not."""
    if is_plain_number("DS", content):
        text = content.decode("ascii")
        assert set(text) <= set("0123456789+-.eE \\")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.text(max_size=3), max_size=4))
def test_numbers_that_are_none_are_not_kept(values: list[object]) -> None:
    kept = numbers(values)
    if any(isinstance(value, str) for value in values):
        assert kept is None


CSA_NAMES = st.sampled_from([*ALLOWED, "PatientName", "ProtocolName", "UsedPatientWeight", "Anything"])
CSA_FIELDS = st.builds(
    CsaField,
    name=CSA_NAMES,
    multiplicity=st.integers(0, 6),
    vr=st.sampled_from([b"IS\0\0", b"FD\0\0", b"LO\0\0"]),
    syngo_type=st.integers(0, 30),
    values=st.lists(st.sampled_from(["1.5", "-3", "0.25e-3", SECRET, "", "NONE"]), max_size=4).map(tuple),
)


@given(st.lists(CSA_FIELDS, max_size=6))
def test_a_csa_header_keeps_allowed_numbers_and_nothing_else(fields: list[CsaField]) -> None:
    cleaned = clean_csa(build_csa(fields))
    kept = list(parse_csa(cleaned)) if cleaned else []
    assert SECRET.encode() not in (cleaned or b"")
    wanted = [f for f in fields if f.name in ALLOWED and any(f.values) and _fits(f)]
    assert [(f.name, f.values) for f in kept] == [(f.name, f.values) for f in wanted]


def _fits(field: CsaField) -> bool:
    return all(ALLOWED[field.name].fullmatch(value) for value in field.values if value)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_csa_header_are_dropped(content: bytes) -> None:
    assert clean_csa(content) is None
    clean_csa(b"SV10\x04\x03\x02\x01" + content)  # never raises


TEXT_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "AS", "DA", "DT", "TM", "UI", "UR", "DS", "IS"}
KEYWORDS = sorted(
    entry[4]
    for tag, entry in DicomDictionary.items()
    if entry[0] in TEXT_VRS
    and entry[4]
    and tag >> 16 not in (0x0000, 0x0002, 0x0004, 0x0006)
    and entry[3] != "Retired?"
)
SEQUENCES = sorted(entry[4] for entry in DicomDictionary.values() if entry[0] == "SQ" and entry[4])


def image() -> FileDataset:
    """The smallest MR image that may be banked."""
    dataset = FileDataset("", {}, preamble=SECRET.encode().ljust(128, b"\0"), file_meta=FileMetaDataset())
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.4", "1.2.5"
    dataset.Rows = dataset.Columns = 2
    dataset.BitsAllocated, dataset.PixelData = 16, bytes(8)
    dataset["PixelData"].VR = "OW"
    return dataset


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
    for element in again.iterall():
        known = POLICY.rule(element.tag).action is not Action.REMOVE or element.tag.is_private
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
