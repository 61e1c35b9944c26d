"""Policies as files: what a site may change, what the floor refuses, and what every refusal teaches."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from pydicom.datadict import keyword_dict

from imagebank.core.errors import ConfigError
from imagebank.dicom.deidentify import deidentify
from imagebank.dicom.options import options
from imagebank.dicom.policy import Action, Policy, load_policy, pin
from imagebank.dicom.policy_file import CANARIES
from imagebank.dicom.policy_rules import REPLACING
from imagebank.dicom.values import Subject
from imagebank.dicom.vendor_fields import allowed
from imagebank.dicom.words import devices, protocol_words
from imagebank.identities.pseudonyms import Keys
from instances import image

SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
POLICY = load_policy()
TABLE = {
    row["id"].upper(): row
    for row in json.loads((files("imagebank.dicom") / "data" / "ps3_15_table_e1-1_2024b.json").read_text())
}


def site(folder: Path, text: str, **beside: str) -> Path:
    """A site's policy with these lines, and files beside it."""
    for name, content in beside.items():
        (folder / name.replace("_", ".")).write_text(content)
    path = folder / "site.toml"
    path.write_text(f'extends = "default"\nname = "our-site"\n{text}\n')
    return path


def test_a_policy_that_a_windows_editor_saved_is_read(tmp_path: Path) -> None:
    path = site(tmp_path, 'words = ["our.txt"]', our_txt="sunrise")
    for each in (path, tmp_path / "our.txt"):
        each.write_text(each.read_text("utf-8"), "utf-8-sig")
    assert load_policy(path).name == "our-site"


def loaded(folder: Path, text: str, **beside: str) -> Policy:
    return load_policy(site(folder, text, **beside))


def action(policy: Policy, keyword: str, sop_class: str = "1.2.840.10008.5.1.4.1.1.4") -> str:
    return policy.for_class(sop_class).rule(keyword_dict[keyword]).action.value


def test_no_attribute_that_the_standard_removes_is_kept_but_under_an_option_in_force() -> None:
    """Read straight from the table of the standard, not through the policy's own check."""
    option_of = {
        Action.DATE: "rtnLongModifDatesOpt",
        Action.TIME: "rtnLongModifDatesOpt",
        Action.WORDS: "cleanDescOpt",
        Action.DEVICE: "rtnDevIdOpt",
        Action.AGE: "rtnPatCharsOpt",
        Action.SEX: "rtnPatCharsOpt",
    }
    for tag, rule in POLICY.rules.items():
        row = TABLE.get(f"{tag:08X}")
        if row is None or rule.action in REPLACING:
            continue
        if rule.action in (Action.UID, Action.SEQUENCE):
            assert "U" in row["basicProfile"], row["name"]
        else:
            assert row.get(option_of[rule.action]), row["name"]


def test_every_column_of_the_table_belongs_to_an_option_or_is_left_alone_on_purpose() -> None:
    unused = {"rtnUIDsOpt", "rtnInstIdOpt", "rtnLongFullDatesOpt", "cleanStructContOpt"}
    columns = {key for row in TABLE.values() for key in row if key.endswith("Opt")} | {"basicProfile"}
    assert {column for option in options().values() for column in option.columns} == columns - unused


# option, an attribute or "private", and what becomes of it with the option on and off
OPTIONS = """
option                  | attribute            | on      | off
clean_descriptors       | SeriesDescription    | words   | remove
clean_descriptors       | StudyDescription     | words   | remove
clean_descriptors       | ContrastBolusAgent   | words   | empty
clean_descriptors       | SequenceName         | words   | remove
modified_dates          | StudyDate            | date    | empty
modified_dates          | SeriesDate           | date    | remove
modified_dates          | StudyTime            | time    | empty
modified_dates          | AcquisitionDateTime  | date    | remove
patient_characteristics | PatientSex           | sex     | empty
patient_characteristics | PatientAge           | age     | remove
patient_weight          | PatientWeight        | number  | remove
patient_size            | PatientSize          | number  | remove
device_identity         | Manufacturer         | device  | empty
device_identity         | ManufacturerModelName| device  | remove
device_identity         | StationName          | station | remove
device_identity         | DeviceSerialNumber   | station | remove
"""


@pytest.mark.parametrize("line", OPTIONS.strip().splitlines()[1:])
def test_an_option_that_is_off_means_the_stricter_action(line: str, tmp_path: Path) -> None:
    option, attribute, on, off = (cell.strip() for cell in line.split("|"))
    assert action(loaded(tmp_path, f"[options]\n{option} = true"), attribute) == on
    assert action(loaded(tmp_path, f"[options]\n{option} = false"), attribute) == off


def test_without_the_safe_private_option_every_private_element_goes(tmp_path: Path) -> None:
    policy = loaded(tmp_path, "[options]\nsafe_private = false")
    assert policy.private == {}
    assert policy.private_rule(0x0019100C, "SIEMENS MR HEADER").action is Action.REMOVE


def test_an_option_that_needs_another_is_off_without_it(tmp_path: Path) -> None:
    policy = loaded(tmp_path, "[options]\npatient_weight = true\npatient_characteristics = false")
    assert action(policy, "PatientWeight") == "remove"


@pytest.mark.parametrize("name", [each.name for each in options().values() if each.name != "basic"])
def test_the_instance_lists_exactly_the_options_in_force(name: str, tmp_path: Path) -> None:
    for switch in (True, False):
        policy = loaded(tmp_path, f"[options]\n{name} = {str(switch).lower()}")
        clean, _ = deidentify(image(), SUBJECT, policy)
        told = {item.CodeValue: item.CodeMeaning for item in clean.DeidentificationMethodCodeSequence}
        wanted = {each.code: each.meaning for each in options().values() if each.name in policy.options and each.code}
        assert told == wanted
        assert (options()[name].code in told) == (switch and bool(options()[name].code))
        dates = "MODIFIED" if "modified_dates" in policy.options else "REMOVED"
        assert clean.LongitudinalTemporalInformationModified == dates


@pytest.mark.parametrize(("times", "becomes"), [("keep", "101112.5"), ("hour", "100000"), ("remove", "")])
def test_times_are_kept_coarsened_or_removed(times: str, becomes: str, tmp_path: Path) -> None:
    dataset = image()
    dataset.StudyTime, dataset.AcquisitionDateTime = "101112.5", "20200504101112.5"
    clean, _ = deidentify(dataset, SUBJECT, loaded(tmp_path, f'[settings]\ntimes = "{times}"'))
    assert clean.StudyTime == becomes
    assert clean.AcquisitionDateTime == {
        "keep": "20200102101112.5", "hour": "2020010210", "remove": "20200102"
    }[times]  # fmt: skip


def test_a_site_may_add_words_private_elements_and_attributes_and_take_attributes_away(tmp_path: Path) -> None:
    element = '{ element = "01", vr = "DS", meaning = "a number" }'
    policy = loaded(
        tmp_path,
        'words = ["words.txt"]\nprivate = ["private.toml"]\n'
        '[keep.words]\nkeywords = "DerivationDescription"\n[remove]\nkeywords = "SAR PatientAge"',
        words_txt="kneesag\n~ q[0-9]{1,2}\n",
        private_toml=f'[[creator]]\nname = "M"\ngroup = "0019"\nsource = "theirs"\nelements = [{element}]\n',
    )
    dataset = image()
    dataset.SeriesDescription, dataset.DerivationDescription = "kneesag q12 Smith", "mean Smith"
    dataset.SAR, dataset.PatientAge = "1", "040Y"
    dataset.private_block(0x0019, "M", create=True).add_new(0x01, "DS", "1.5")
    clean, _ = deidentify(dataset, SUBJECT, policy)
    assert (clean.SeriesDescription, clean.DerivationDescription) == ("kneesag_q12", "mean")
    assert "SAR" not in clean
    assert "PatientAge" not in clean
    assert clean[0x00191001].value == 1.5
    assert clean.DeidentificationMethod == f"imagebank policy our-site 1 {policy.digest}"
    assert "kneesag" not in str(deidentify(dataset, SUBJECT, POLICY)[0].SeriesDescription)


def test_the_hash_changes_with_every_file_that_a_policy_is_made_of(tmp_path: Path) -> None:
    text = 'words = ["words.txt"]\nprivate = ["private.toml"]'
    digests = {
        loaded(tmp_path, text, words_txt="one", private_toml="").digest,
        loaded(tmp_path, text, words_txt="two", private_toml="").digest,
        loaded(tmp_path, text, words_txt="two", private_toml="# more").digest,
        loaded(tmp_path, text + '\nversion = "2"', words_txt="two", private_toml="# more").digest,
        POLICY.digest,
    }
    assert len(digests) == 5
    assert loaded(tmp_path, "").digest == loaded(tmp_path, "").digest


def test_a_pinned_policy_loads_only_while_it_is_the_same(tmp_path: Path) -> None:
    path = site(tmp_path, "")
    pinned = pin(path, load_policy(path).digest)
    assert load_policy(pinned).digest == load_policy(path).digest
    assert load_policy(pin("default", POLICY.digest)).name == "default"
    site(tmp_path, "[options]\npatient_weight = true")
    with pytest.raises(ConfigError, match="was changed"):
        load_policy(pinned)


REFUSED = [
    ("opions = 1", "`opions` is not known", "`options`"),
    ("[options]\nbasic = false", "floor", "take that line out"),
    ('[settings]\nburned_in = "blur"', "burned_in", "`mask`"),
    ("[options]\nclean_descriptor = true", "not known", "clean_descriptors"),
    ("[options]\nsafe_private = 1", "neither true nor false", "true"),
    ('[settings]\ntimes = "sometimes"', "times", "`hour`"),
    ('[settings]\ntime = "hour"', "not known", "`times`"),
    ('[keep.words]\nkeywords = "PatientAddress"', "does not allow", "no option allows"),
    (
        '[options]\npatient_characteristics = false\n[keep.number]\nkeywords = "PregnancyStatus"',
        "does not allow",
        "switch on the option `patient_characteristics`",
    ),
    ('[keep.date]\nkeywords = "PatientBirthDate"', "does not allow", "no option allows"),
    ('[keep.words]\nkeywords = "PatientBirthDateInAlternativeCalendar"', "does not allow", "no option allows"),
    ('[keep.number]\nkeywords = "PatientComments"', "kind of value", "words"),
    ('[keep.tag]\nkeywords = "PatientComments"', "kind of value", "words"),
    ('[keep.pixels]\nkeywords = "EncapsulatedDocument"', "kind of value", "none"),
    ('[keep.wordz]\nkeywords = "ImageComments"', "no action", "`words`"),
    ('[keep.csa]\nkeywords = "ImageComments"', "no action", "use one of"),
    ('[keep.words]\nkeywords = "ImageComment"', "no DICOM keyword", "ImageComments"),
    ('[keep.words]\nkeywords = "StudyDescription"', "twice", "[remove]"),
    ("[keep.words]", "names no keywords", "keywords ="),
    ('[keep.words]\noption = "dates"\nkeywords = "ImageComments"', "not known", "modified_dates"),
    ('words = ["absent.txt"]', "cannot be read", "start at the policy"),
    ("name = 1", "not valid TOML", "correct that line"),
]


@pytest.mark.parametrize(("text", "what", "advice"), REFUSED)
def test_a_policy_that_cannot_stand_is_refused_and_told_why(text: str, what: str, advice: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert what in caught.value.what
    assert advice in caught.value.advice


@pytest.mark.parametrize(
    ("words", "private"),
    [
        ("Smith-Jones", ""),
        ("~ .*", ""),
        ("~ [a-z]+", ""),
        ("~ [0-9]+", ""),
        ("~ (", ""),
        ("", 'element = "01", vr = "LO", meaning = "x", pattern = ".*"'),
        ("", 'element = "01", vr = "LO", meaning = "x", pattern = "[0-9]{1,12}"'),
        ("", 'element = "01", vr = "LO", meaning = "x", action = "words"'),
        ("", 'element = "01", vr = "LO", meaning = "x", action = "pixels"'),
    ],
)
def test_words_and_patterns_that_let_names_through_are_refused(words: str, private: str, tmp_path: Path) -> None:
    creator = f'[[creator]]\nname = "M"\ngroup = "0019"\nsource = "s"\nelements = [{{ {private} }}]' if private else ""
    with pytest.raises(ConfigError):
        loaded(tmp_path, 'words = ["w.txt"]\nprivate = ["p.toml"]', w_txt=words, p_toml=creator)


def test_a_private_element_without_a_source_is_refused(tmp_path: Path) -> None:
    element = '{ element = "01", vr = "DS", meaning = "x" }'
    with pytest.raises(ConfigError, match="lacks a source"):
        loaded(
            tmp_path,
            'private = ["p.toml"]',
            p_toml=f'[[creator]]\nname = "M"\ngroup = "0019"\nelements = [{element}]\n',
        )


@pytest.mark.parametrize("name", ["nothing", "nothing.toml", "default.toml"])
def test_a_policy_that_is_not_there_is_said_to_be(name: str) -> None:
    with pytest.raises(ConfigError):
        load_policy(name)


def test_a_file_that_extends_nothing_or_something_unknown_is_refused(tmp_path: Path) -> None:
    for text in ('name = "x"\n', 'extends = "strict"\nname = "x"\n', 'extends = "default"\n'):
        (tmp_path / "site.toml").write_text(text)
        with pytest.raises(ConfigError):
            load_policy(tmp_path / "site.toml")


def test_no_pattern_of_our_own_accepts_a_name_a_date_or_a_long_number() -> None:
    forms = [each.pattern for each in POLICY.private.values() if each.pattern]
    blocks = [form for block in ("image", "protocol", "ge") for form in allowed(block).values()]
    ours = [*protocol_words().patterns, *blocks]
    for form in [*map(re.compile, forms), *ours]:
        numeric = form.fullmatch("123456") is not None  # a plain number may be long; that is all it may be
        bad = [text for text in CANARIES if form.fullmatch(text) and not (numeric and text.isdigit())]
        assert not bad, form.pattern
    software = [pattern for pattern in devices().software if any(map(pattern.search, CANARIES))]
    assert not software


def test_every_safe_private_element_says_what_it_is_and_where_that_is_known_from() -> None:
    for rule in POLICY.private.values():
        meaning, _, source = rule.why.partition(" (")
        assert meaning
        assert source
