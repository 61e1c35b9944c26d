"""Names in every script are found and removed from descriptions; what is written is valid in its declared set."""

from __future__ import annotations

import io

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from imagebank.dicom import words
from imagebank.dicom.charsets import spellings, words_in
from imagebank.dicom.deidentify import deidentify, to_bytes
from imagebank.dicom.names import name_words
from imagebank.dicom.policy import load_policy
from imagebank.dicom.rewriting import charset_of
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys
from instances import image

SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
POLICY = load_policy()

# character set, the name as the file's bytes say it, and words that must be found in it
NAMES = [
    ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), {"müller", "muller", "mueller", "jörg", "jorg", "joerg"}),
    ("ISO_IR 101", "Wałęsa^Łukasz".encode("iso8859_2"), {"wałęsa", "walesa", "lukasz"}),
    ("ISO_IR 192", "Müller^Jörg".encode(), {"mueller", "jorg"}),
    ("ISO_IR 126", "Λονγκ^Άννα".encode("iso8859_7"), {"λονγκ", "long", "anna"}),
    ("ISO_IR 144", "Лонг^Анна".encode("iso8859_5"), {"лонг", "long", "anna"}),
    ("ISO_IR 144", "Щукин^Юрий".encode("iso8859_5"), {"shchukin", "schukin", "yuriy", "iurii"}),
    ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ".encode("shift_jis"), {"yamada", "tarou"}),
    (
        r"\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        {"yamada", "tarou", "山田", "太郎", "やまだ"},
    ),
    (
        r"ISO 2022 IR 13\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        {"yamada", "tarou", "山田", "太郎"},
    ),
    (r"\ISO 2022 IR 159", b"Suzuki=\x1b$(D\x30\x21\x1b(B", {"suzuki", "丂"}),
    (
        r"\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        {"hong", "gildong", "洪", "吉洞", "길동", "kiltong"},
    ),
    ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), {"wang", "xiaodong", "王", "小东"}),
    ("GBK", "Wang=王".encode("gbk"), {"wang", "王"}),
    ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), {"wang", "王", "小東"}),
    ("ISO_IR 100", "Müller^Jörg".encode(), {"müller", "mueller"}),  # declares one set and writes another
    ("NONSENSE", b"Long^Ann", {"long", "ann"}),
    ("", b"LONG^ANN MARIE^B^^Dr", {"long", "ann", "marie", "dr"}),
]


def named(charset: str, content: bytes, keyword: str = "PatientName") -> Dataset:
    dataset = Dataset()
    if charset:
        dataset.SpecificCharacterSet = charset.split("\\")
    tag = Tag(keyword)
    dataset[tag] = RawDataElement(tag, "PN", len(content), content, 0, False, True, True)
    return dataset


@pytest.mark.parametrize(
    ("charset", "content", "found"), NAMES, ids=lambda each: str(sorted(each) if isinstance(each, set) else each)[:30]
)
def test_a_name_is_found_in_its_script_and_in_latin_letters(charset: str, content: bytes, found: set[str]) -> None:
    told = name_words(named(charset, content))
    assert {word for word in found if len(word) > 1} <= told
    assert all(len(word) > 1 for word in told)


@pytest.mark.parametrize("keyword", ["PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName"])
def test_every_name_of_the_patient_counts(keyword: str) -> None:
    assert "long" in name_words(named("ISO_IR 144", "Лонг".encode("iso8859_5"), keyword))


def test_names_in_items_are_read_in_the_character_set_of_the_item_or_of_what_holds_it() -> None:
    outer = named("ISO_IR 126", "Σαγ".encode("iso8859_7"))
    own, inherits = named("ISO_IR 144", "Лонг".encode("iso8859_5")), named("", "Τρα".encode("iso8859_7"))
    outer[Tag(0x0400, 0x0561)] = pydicom.DataElement(Tag(0x0400, 0x0561), "SQ", Sequence([own, inherits]))
    assert {"sag", "long", "tra"} <= name_words(outer)


def test_names_that_were_read_or_set_already_are_found_as_well() -> None:
    dataset = named("ISO_IR 144", "Лонг^Анна".encode("iso8859_5"))
    assert str(dataset.PatientName) == "Лонг^Анна"  # decodes it
    assert "long" in name_words(dataset)
    dataset.PatientName = "Λονγκ"
    assert "long" in name_words(dataset)


@given(st.binary(max_size=40), st.sampled_from(sorted({charset for charset, _, _ in NAMES})))
def test_no_bytes_of_a_name_make_it_fail(content: bytes, charset: str) -> None:
    assert all(
        word == word.casefold() or not word.isascii() for word in words_in(content, charset_of(charset.encode()))
    )


@given(st.text(alphabet="abcdezABCDEZäöüßøłéñçÄÖÜÉØŁΑαλμАлмщ", min_size=2, max_size=8))
def test_case_and_accents_make_no_difference(word: str) -> None:
    assert word.casefold() in spellings(word)
    assert spellings(word.upper()) == spellings(word.lower().replace("ß", "ss"))
    assert any(each.isascii() for each in spellings(word))


DESCRIPTIONS = [
    ("ISO_IR 144", "Лонг^Анна".encode("iso8859_5"), "T1 Лонг long SAG".encode("iso8859_5")),
    ("ISO_IR 126", "Λονγκ^Άννα".encode("iso8859_7"), "T1 Λονγκ long SAG".encode("iso8859_7")),
    ("ISO_IR 100", "Löng^Ann".encode("latin-1"), "T1 Löng LONG SAG".encode("latin-1")),
    (r"\ISO 2022 IR 87", b"Long=\x1b$B;3ED\x1b(B", b"T1 \x1b$B;3ED\x1b(B long SAG"),
    (r"\ISO 2022 IR 149", b"Long=\x1b$)C\xfb\xf3", b"T1 \x1b$)C\xfb\xf3 long SAG"),
    ("GB18030", "Long=王".encode("gb18030"), "T1 王 long SAG".encode("gb18030")),
    ("ISO_IR 192", "Long=王".encode(), "T1 王 long SAG".encode()),
]


@pytest.mark.parametrize(("charset", "name", "description"), DESCRIPTIONS, ids=lambda each: str(each)[:20])
def test_the_output_has_no_name_and_is_valid_in_its_declared_set(
    charset: str, name: bytes, description: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = image()
    for tag, element in named(charset, name).items():
        dataset[tag] = element
    dataset[0x0008103E] = RawDataElement(Tag(0x0008103E), "LO", len(description), description, 0, False, True, True)
    item = named(charset, name)
    item[0x00181030] = RawDataElement(Tag(0x00181030), "LO", len(description), description, 0, False, True, True)
    block = dataset.private_block(0x2005, "Philips MR Imaging DD 005", create=True)
    block.add_new(0x0F, "SQ", Sequence([item]))
    content = to_bytes(deidentify(dataset, SUBJECT, POLICY)[0])
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.RAISE)
    again = pydicom.dcmread(io.BytesIO(content))
    assert "SpecificCharacterSet" not in again  # the default repertoire, ISO_IR 6
    assert again.SeriesDescription == "T1_SAG"
    inner = again[0x2005100F].value[0]
    assert inner.ProtocolName == "T1_SAG"
    assert "SpecificCharacterSet" not in inner
    for element in again.iterall():
        if element.VR in ("CS", "LO", "SH", "LT", "ST", "UT", "PN", "UI", "DA", "TM", "DT", "AS", "DS", "IS"):
            assert str(element.value).isascii(), element.tag
    assert name not in content


def test_a_site_cannot_make_a_description_keep_a_letter_that_is_not_ascii() -> None:
    assert words.vocabulary("größe").accepts("größe") is False
