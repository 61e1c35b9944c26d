"""What becomes of dates, times, ages, descriptions and device names: the tables of examples, and laws for any value."""

from __future__ import annotations

import struct
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom import words
from imagebank.dicom.dates import age_in_years, calendar, clean_time, shift_date, shift_datetime
from imagebank.dicom.deidentify import deidentify
from imagebank.dicom.names import name_words
from imagebank.dicom.own_numbers import NO_NUMBERS
from imagebank.dicom.policy import Action, Rule, load_policy
from imagebank.dicom.values import Subject, clean, clean_private, is_plain_number, numbers
from imagebank.identities.pseudonyms import Keys
from instances import image

SPECS = Path(__file__).parent / "specs"
SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
CALENDAR = calendar()


def spec(name: str) -> list[list[str]]:
    """The rows of a table of examples, as the documentation prints it."""
    lines = (SPECS / f"{name}.txt").read_text("utf-8").strip().splitlines()[3:]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def examples(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", spec(name), ids=lambda row: row[0][:40])


@examples("1_dates")
def test_dates_move_by_whole_days_or_go(row: list[str]) -> None:
    told, offset, becomes, _ = row
    assert shift_date(told, int(offset)) == becomes


@examples("2_datetimes")
def test_dates_with_times_move_and_their_times_follow_the_setting(row: list[str]) -> None:
    told, *becomes = row
    assert [shift_datetime(told, -1, times) for times in ("keep", "hour", "remove")] == becomes


@examples("3_times")
def test_times_follow_the_setting(row: list[str]) -> None:
    told, *becomes = row
    assert [clean_time(told, times) for times in ("keep", "hour", "remove")] == becomes


@examples("4_ages")
def test_ages_are_whole_years_and_ninety_at_most(row: list[str]) -> None:
    told, becomes = row
    assert age_in_years(told) == becomes


@examples("5_descriptions")
def test_descriptions_keep_protocol_words_but_not_the_patients_names(row: list[str]) -> None:
    written, name, stays = row
    dataset = Dataset()
    dataset.SpecificCharacterSet, dataset.PatientName = "ISO_IR 192", name
    assert words.clean_description(written, name_words(dataset)) == stays


@examples("6_vendor_text")
def test_devices_are_told_by_known_words(row: list[str]) -> None:
    attribute, told, shown = row
    parts: object = told.split("\\") if "\\" in told else told
    assert clean(Rule(Action.DEVICE, ""), attribute, parts, "LO", SUBJECT, frozenset()) == shown


DAYS = st.dates(min_value=date(1979, 1, 1), max_value=date(2097, 12, 31)).filter(
    lambda day: day not in CALENDAR.constants
)


@given(DAYS, DAYS, st.integers(-365, 365))
def test_intervals_between_any_two_dates_are_exact(first: date, second: date, offset: int) -> None:
    moved = [datetime.strptime(shift_date(f"{day:%Y%m%d}", offset), "%Y%m%d").date() for day in (first, second)]
    assert moved[1] - moved[0] == second - first


@given(st.dates(), st.integers(-4000, 4000))
def test_a_date_moves_exactly_or_goes(day: date, offset: int) -> None:
    becomes = shift_date(f"{day:%Y%m%d}", offset)
    assert not becomes or becomes == f"{day + timedelta(days=offset):%Y%m%d}"


@given(st.text(max_size=30))
def test_what_is_no_date_time_or_age_leaves_nothing_but_its_own_form(text: str) -> None:
    kept = (shift_date(text, -1), shift_datetime(text, -1), clean_time(text), age_in_years(text))
    assert all(set(each) <= set("0123456789.:+-Y") for each in kept)


@given(st.dates(), st.integers(0, 86_399), st.integers(-365, -1))
def test_the_date_of_a_datetime_moves_as_the_date_alone(day: date, second: int, offset: int) -> None:
    time = f"{datetime(2000, 1, 1) + timedelta(seconds=second):%H%M%S}"
    moved = shift_date(f"{day:%Y%m%d}", offset)
    assert shift_datetime(f"{day:%Y%m%d}{time}", offset) == (f"{moved}{time}" if moved else "")


WORDS = st.sampled_from(["t1", "sag", "long", "b1000", "head", "3d", "_"]) | st.sampled_from(
    ["Smith", "19650312", "O'Neill", "Ö", "9434765919"]
)


@given(st.lists(WORDS | st.text(max_size=8), max_size=8), st.frozensets(st.sampled_from(["long", "sag", "head"])))
def test_what_stays_of_a_description_is_known_words_alone(parts: list[str], forbidden: frozenset[str]) -> None:
    kept = words.clean_description(" ".join(parts), forbidden)
    pieces = [piece for piece in kept.split("_") if piece]
    assert kept.isascii()
    assert all(words.protocol_words().accepts(piece, forbidden) for piece in pieces)
    assert not forbidden & {run for piece in pieces for run in words._RUN.findall(piece.lower())}
    assert words.clean_description(kept, forbidden) == kept


@pytest.mark.parametrize("code", ["ORIGINAL", "FAST_GEMS", "MONOCHROME2", "IEC_NORMAL", "1H", "", "T2_STAR", "00"])
def test_defined_terms_stay(code: str) -> None:
    assert words.clean_code(code) == code


@pytest.mark.parametrize("code", ["SMITH", "SE_SMITH", "A1234567", "19650312", "943", "12", "ØRSTED"])
def test_other_codes_become_other(code: str) -> None:
    assert words.clean_code(code) == "OTHER"


@given(st.binary(max_size=24))
def test_bytes_that_pass_for_plain_numbers_decode_to_numbers_only(content: bytes) -> None:
    """The quick way never keeps what the slow way would not."""
    if is_plain_number("DS", content):
        assert set(content.decode("ascii")) <= set("0123456789+-.eE \\")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.text(max_size=3), max_size=4))
def test_numbers_that_are_none_are_not_kept(values: list[object]) -> None:
    if any(isinstance(value, str) for value in values):
        assert numbers(values) is None


def raw(tag: int, vr: str, content: bytes) -> RawDataElement:
    return RawDataElement(Tag(tag), vr, len(content), content, 0, False, True, True)


def cleaned(dataset: Dataset) -> Dataset:
    return deidentify(dataset, SUBJECT, load_policy())[0]


def test_a_date_that_the_file_calls_unknown_is_read_by_the_dictionary_and_moved() -> None:
    dataset = image()
    dataset[0x00080020] = raw(0x00080020, "UN", b"20200504")
    dataset[0x00080030] = raw(0x00080030, "UN", b"101112")
    clean_one = cleaned(dataset)
    assert clean_one.StudyDate == "20200102"
    assert clean_one.StudyTime == "101112"


def test_several_dates_move_together_and_one_that_is_wrong_is_blanked_in_its_place() -> None:
    rule = load_policy().rules[0x00080022]
    assert clean(rule, "", ["20200504", "oops", "20200505"], "DA", SUBJECT, frozenset()) == ["20200102", "", "20200103"]


def test_dates_in_items_move_as_those_of_the_image() -> None:
    dataset, item = image(), Dataset()
    item.FrameAcquisitionDateTime = "20200504101112.5"
    shared = Dataset()
    shared.FrameContentSequence = Sequence([item])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([shared])
    frame = cleaned(dataset).PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0]
    assert frame.FrameAcquisitionDateTime == "20200102101112.5"


PRIVATE = [
    (Action.DATE, "DA", "20200504", "20200102"),
    (Action.DATE, "DT", "20200504101112", "20200102101112"),
    (Action.DATE, "DA", "19000101", None),
    (Action.DATE, "LO", "20200504", None),
    (Action.TIME, "TM", "101112", "101112"),
    (Action.UID, "UI", "1.2.3", SUBJECT.uids.uid("1.2.3")),
    (Action.UID, "UI", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4"),
    (Action.CODE, "CS", ["GR", "SMITH"], ["GR", "OTHER"]),
    (Action.NUMBER, "LO", "12", None),
    (Action.PATTERN, "LO", "Smith", None),
    (Action.KEYED, "SL", "text", None),
]


@pytest.mark.parametrize(("action", "vr", "value", "becomes"), PRIVATE)
def test_private_elements_follow_the_same_rules(action: Action, vr: str, value: object, becomes: object) -> None:
    rule = Rule(action, "safe-private", vr, "[0-9]{1,3}" if action is Action.PATTERN else "")
    assert clean_private(rule, vr, value, SUBJECT, NO_NUMBERS) == becomes


@pytest.mark.parametrize("letters", [b"ABCD", b"NAME", b"1965", b"0312"])
def test_a_pointer_is_a_tag_and_no_text(letters: bytes) -> None:
    rule = load_policy().rules[0x00209165]
    text = struct.unpack("<HH", letters)
    known = [0x00209056, 0x20011008]
    assert clean(rule, "DimensionIndexPointer", known, "AT", SUBJECT, frozenset()) == known
    assert clean(rule, "DimensionIndexPointer", [*known, text[0] << 16 | text[1]], "AT", SUBJECT, frozenset()) is None


def test_a_private_date_in_an_unknown_element_is_read_by_the_safe_list(tmp_path: Path) -> None:
    policy = load_policy(site_with_private_date(tmp_path))
    dataset = image()
    dataset.private_block(0x0019, "OUR MAKER", create=True)
    dataset[0x00191001] = raw(0x00191001, "UN", b"20200504")
    clean_one, _ = deidentify(dataset, SUBJECT, policy)
    assert clean_one[0x00191001].value == "20200102"
    assert clean_one[0x00191001].VR == "DA"


def site_with_private_date(folder: Path) -> Path:
    element = '{ element = "01", vr = "DA", meaning = "day of the shim", action = "date" }'
    creator = f'[[creator]]\nname = "OUR MAKER"\ngroup = "0019"\nsource = "their statement"\nelements = [{element}]\n'
    (folder / "private.toml").write_text(creator)
    (folder / "site.toml").write_text('extends = "default"\nname = "ours"\nprivate = ["private.toml"]\n')
    return folder / "site.toml"


def test_keyed_numbers_are_equal_where_the_numbers_are_and_tell_nothing_of_them() -> None:
    rule = Rule(Action.KEYED, "safe-private", "SL")
    first, again, other = (clean_private(rule, "SL", value, SUBJECT, NO_NUMBERS) for value in (18944, 18944, 18945))
    assert first == again
    assert len({first, other, 18944}) == 3


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1", "1.2.840.10008.15.0.3.29"])
def test_uids_that_dicom_defines_stay(uid: str) -> None:
    rule = load_policy().rules[0x00081150]
    assert clean(rule, "", uid, "UI", SUBJECT, frozenset()) == uid
