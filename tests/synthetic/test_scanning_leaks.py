"""Identifiers in the scanners' files: every planted one is known, and stands where the answers say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from sample_person import sample_person
from scanned import Written, named, one_series, visit_of, write_all

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning import SeriesFiles, write_visit
from imagebank.synthetic.scanning.elements import Coding, can_spell, encode_each, header_of
from imagebank.synthetic.scanning.lettering import WIDTH, burn
from imagebank.synthetic.scanning.part10 import Envelope, file_bytes
from imagebank.synthetic.scanning.planted import SHORTEST

PLACES = [
    "(0010,0010)",
    "(0010,0020)",
    "(0010,0030)",
    "(0010,1000)",
    "(0010,1005)",
    "(0010,1040)",
    "(0010,1060)",
    "(0010,2154)",
    "(0010,4000)",
    "(0008,0050)",
    "(0008,0080)",
    "(0008,0090)",
    "(0008,1030)",
    "(0008,103e)",
    "(0018,1000)",
    "(0018,1030)",
    "(0020,4000)",
    "(0032,1060)",
    "(0040,0275)/(0008,0050)",
    "(0040,0275)/(0040,0008)/(0008,0104)",
    "(0008,1120)/(0010,0010)",
    "(0029,1020) private",
    "(0011,1011) private",
    "(2001,105f)/(0010,0010)",
    "(2001,105f)/(2001,10c8) private",
    "(2001,10c8) private",
    "(5200,9229)/(0021,10fe)/(0021,1019) private",
    "(5200,9230)/(2005,140f)/(0010,0010)",
    "(0099,1001) private",
    "(0099,1003) private",
    "(0099,1004)/(0010,1005)",
    "(0099,1004)/(0099,1002) private",
    "(0099,1004)/(0099,1006) private",
    "(0099,1005) private",
    "(6000,0022)",
    "(6000,4000)",
    "(5000,0022)",
    "(0070,0001)/(0070,0008)/(0070,0006)",
    "(0400,0561)/(0400,0550)/(0010,0020)",
    "(0400,0561)/(0400,0550)/(0010,0010)",
    "(0088,0200)/(7fe0,0010) pixels",
    "(6000,3000) pixels",
    "(0002,0016)",
    "(0002,0102)",
    "preamble",
    "path",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Written]:
    return write_all(tmp_path_factory.mktemp("scans"))


def texts_in(dataset: Dataset, above: str = "") -> Iterator[tuple[str, str]]:
    """Every place of a header with its text, by pydicom."""
    for element in dataset:
        place = f"{above}({element.tag.group:04x},{element.tag.element:04x})"
        if element.VR == "SQ":
            for item in element.value:
                yield from texts_in(item, f"{place}/")
        elif isinstance(element.value, bytes):
            yield place + " private" * element.tag.is_private, read_bytes(element.value)
        else:
            text = "\\".join(map(str, element.value)) if element.VM > 1 else str(element.value)
            yield place + " private" * element.tag.is_private, text


def read_bytes(content: bytes) -> str:
    """As UTF-8, or as Latin 1 where it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def found_in(images: Path, path: Path) -> dict[str, str]:
    """The texts of a file by place."""
    raw = (images / path).read_bytes()
    dataset = pydicom.dcmread(images / path, stop_before_pixels=True)
    found: dict[str, str] = {}
    for place, text in texts_in(dataset):
        found[place] = found.get(place, "") + "\n" + text
    found["preamble"] = raw[:128].decode("utf-8", errors="ignore")
    found["(0002,0016)"] = str(dataset.file_meta.get("SourceApplicationEntityTitle", ""))
    found["(0002,0102)"] = dataset.file_meta.get("PrivateInformation", b"").decode("utf-8", errors="ignore")
    found["path"] = path.as_posix()
    return found


def missing_from(images: Path, series: SeriesFiles) -> list[tuple[str, str]]:
    texts = found_in(images, series.paths[0])
    return [
        (each.place, each.value)
        for each in series.planted
        if each.box is None and each.value not in texts.get(each.place, "")
    ]


def test_planted_identifiers_stand_where_the_answers_say(written: list[Written]) -> None:
    for each in written:
        for series in each.files.series:
            assert series.planted
            assert {one.path for one in series.planted} == {series.paths[0].as_posix()}
            assert missing_from(each.images, series) == []


def test_no_identifying_text_stands_in_a_place_that_the_answers_do_not_name(written: list[Written]) -> None:
    """The judge's own walk finds nothing more; dates aside, which stand everywhere."""
    for each in written[::3]:
        for series in each.files.series[::4]:
            told = {(one.place, one.value) for one in series.planted}
            values = {one.value for one in series.planted if not one.box and one.kind not in ("date", "name in header")}
            texts = found_in(each.images, series.paths[0])
            surprise = {(place, value) for place, text in texts.items() for value in values if value in text} - told
            assert {place for place, _ in surprise} == set()


@pytest.mark.parametrize("place", PLACES)
def test_every_kind_of_leak_is_planted_somewhere(place: str, written: list[Written]) -> None:
    assert place in {one.place for each in written for series in each.files.series for one in series.planted}


def test_no_identifier_is_too_short_to_be_searched_for(written: list[Written]) -> None:
    values = {one.value for each in written for series in each.files.series for one in series.planted}
    assert min(map(len, values)) >= SHORTEST


@pytest.mark.parametrize(
    ("native", "phonetic", "charset"),
    [
        ("Παπαδάκη^Ελένη", "", "ISO_IR 126"),
        ("Иванова^Елена", "", "ISO_IR 144"),
        ("山田^花子", "やまだ^はなこ", "\\ISO 2022 IR 87"),
        ("김^희중", "", "\\ISO 2022 IR 149"),
        ("محمود^ليلى", "", "ISO_IR 192"),
    ],
)
def test_names_in_other_scripts_are_spelt_in_their_own_character_set(
    native: str, phonetic: str, charset: str, tmp_path: Path
) -> None:
    person = named(native, phonetic, charset)
    visit = visit_of("ge-30", date(2016, 1, 1), 3, "T2w-2D", "FLAIR-2D", "T1w-3D")
    files = write_visit(tmp_path, person, visit, seed=1, size="tiny")
    seen = set()
    for series in files.series:
        header = pydicom.dcmread(tmp_path / series.paths[0], stop_before_pixels=True)
        read = header.PatientName
        assert (read.ideographic, read.phonetic) == (native, phonetic)
        spelt = header["SpecificCharacterSet"].value
        seen.add(spelt if isinstance(spelt, str) else "\\".join(spelt))
        assert [one for one in series.planted if one.kind == "name in own script" and one.place == "(0010,0010)"]
        assert missing_from(tmp_path, series) == []
    assert charset in seen


def test_a_header_about_somebody_else_does_not_show_the_own_script(tmp_path: Path) -> None:
    person = named("Иванова^Елена", "", "ISO_IR 144")
    visit = visit_of("ge-30", date(2016, 1, 1), 3, "T2w-2D")
    other = replace(visit, told=replace(visit.told, patient_id="K0000001"))
    files = write_visit(tmp_path, person, other, seed=1, size="tiny")
    header = pydicom.dcmread(tmp_path / files.series[0].paths[0], stop_before_pixels=True)
    assert header.PatientName.ideographic == ""


@pytest.mark.parametrize("machine", ["siemens-15", "ge-15", "philips-15", "siemens-30"])
def test_burned_in_text_is_in_the_pixels_where_the_answers_say(machine: str, tmp_path: Path) -> None:
    day = {"siemens-30": date(2019, 1, 1)}.get(machine, date(2016, 1, 1))
    done = one_series(tmp_path, machine, day, "T2w-2D", burned_in=True)
    series = done.series("T2w-2D")
    burned = [one for one in series.planted if one.place == "(7fe0,0010) pixels"]
    image = pydicom.dcmread(tmp_path / series.paths[0]).pixel_array
    first = image if image.ndim == 2 else image[0]
    assert [one.value for one in burned][:1] == ["O'SHAUG"]
    for one in burned:
        top, left, bottom, right = one.box or (0, 0, 0, 0)
        white = first[top : bottom + 1, left : right + 1] == first.max()
        assert 0.2 < white.mean() < 0.9
        assert white[:, 0].any()
        assert white.shape[1] == len(one.value) * (WIDTH + 1) - 1


def test_letters_are_told_apart_and_what_does_not_fit_is_cut_off() -> None:
    pictures = set()
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789":
        picture = np.zeros((16, 16), dtype="u2")
        burn(picture, (letter,), 1)
        pictures.add(picture.tobytes())
    assert len(pictures) >= 33  # O and 0, I and 1 may look alike
    long = burn(np.zeros((2, 32, 32), dtype="u2"), ("A" * 40, *"BCDEFGHIJK"), 1)
    assert len(long[0].text) == 7
    assert len(long) < 11
    assert all(each.box[2] < 32 and each.box[3] < 32 for each in long)


def test_people_of_no_record_own_no_identifier(tmp_path: Path) -> None:
    visit = replace(visit_of("ge-30", date(2016, 1, 1), 3, "T2w-2D"), in_records=False)
    files = write_visit(tmp_path, sample_person(), visit, seed=1, size="tiny")
    assert {one.owner for one in files.series[0].planted} == {""}


def test_a_person_without_relatives_or_other_names_is_written_too(tmp_path: Path) -> None:
    person: Person = replace(sample_person(), relatives=(), nhs_number="", phone="")
    visit = visit_of("siemens-15", date(2012, 1, 1), 3, "T2w-2D", "T1w-3D", "DWI")
    files = write_visit(tmp_path, person, visit, seed=1, size="tiny")
    assert all(missing_from(tmp_path, series) == [] for series in files.series)


def test_references_point_to_instances_that_exist(written: list[Written]) -> None:
    for each in written[::2]:
        headers = [
            pydicom.dcmread(each.images / path, stop_before_pixels=True)
            for series in each.files.series
            for path in series.paths
        ]
        known = {header.SOPInstanceUID for header in headers}
        targets = {
            header.ReferencedImageSequence[0].ReferencedSOPInstanceUID
            for header in headers
            if "ReferencedImageSequence" in header
        }
        assert targets
        assert targets <= known


def test_dates_stand_with_several_values_with_a_zone_and_in_private_elements(written: list[Written]) -> None:
    headers = [
        pydicom.dcmread(each.images / series.paths[0], stop_before_pixels=True)
        for each in written
        for series in each.files.series
    ]
    assert {header["DateOfLastCalibration"].VM for header in headers if "DateOfLastCalibration" in header} == {2}
    zoned = [header.PerformedProcedureStepEndDateTime for header in headers if "DateOfLastCalibration" in header]
    assert zoned
    assert all(str(each).endswith("+0100") for each in zoned)
    assert any((0x0099, 0x1005) in header for header in headers)


LETTERS = st.characters(
    min_codepoint=0x20, max_codepoint=0xFFEF, exclude_categories=("C", "Z"), exclude_characters="\\^="
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=2, max_size=2))
@pytest.mark.parametrize("charset", ["ISO_IR 126", "ISO_IR 144", "\\ISO 2022 IR 87", "\\ISO 2022 IR 149"])
def test_whatever_a_character_set_can_spell_is_read_back_and_the_rest_is_utf_8(charset: str, words: list[str]) -> None:
    name = "SMITH^ANN=" + "^".join(words)
    chosen = next(each for each in (charset, "ISO_IR 192") if can_spell(each, [name]))
    header = header_of(SpecificCharacterSet=chosen, PatientName=name)
    content = file_bytes(encode_each(header, Coding(charset=chosen)), Envelope(), "1.2.3", "1.2.3.4")
    read = pydicom.dcmread(io.BytesIO(content), force=True).PatientName
    assert str(read) == name
