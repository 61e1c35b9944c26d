"""Marks of the notes: they stand where they say, mean what they cover, and leave no identifier outside."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_person import sample_person
from text_people import ODD_NAMES, VOCABULARY, bare, folded, people, unmarked

from imagebank.synthetic.documents import Note, Span
from imagebank.synthetic.model import Person
from imagebank.synthetic.text import notes_of, report_of
from imagebank.synthetic.text.dates import DAY_FORMS, LOOSE_FORMS, MONTH_FORMS, SPOKEN_FORMS
from imagebank.synthetic.text.samples import MEANINGS, sample_people
from imagebank.synthetic.text.vocabulary import rows

IDENTIFIERS = {
    *("given name", "family name", "nhs number", "hospital number", "address", "postcode", "telephone", "email"),
    *("relative", "staff", "institution", "date", "age over 89", "vehicle"),
}
OWNERS = {"patient", "relative", "staff", "nobody"}
STATUSES = {"affirmed", "negated", "historical", "family", "uncertain", "planned"}


def written(person: Person, seed: int) -> list[Note]:
    return [*notes_of(person, seed=seed), *(report_of(person, visit, seed=seed) for visit in person.visits)]


def everybody() -> list[tuple[Note, Person]]:
    people = [sample_person(), *sample_people(), *(replace(sample_person(), name=name) for name in ODD_NAMES)]
    return [(note, person) for person in people for seed in range(12) for note in written(person, seed)]


@pytest.fixture(scope="module")
def notes() -> list[tuple[Note, Person]]:
    return everybody()


def covered(note: Note, span: Span) -> str:
    return note.text[span.start : span.end]


def test_marks_lie_inside_the_text_cover_something_and_never_overlap(notes: list[tuple[Note, Person]]) -> None:
    for note, _ in notes:
        ordered = sorted(note.spans, key=lambda span: span.start)
        assert all(0 <= span.start < span.end <= len(note.text) for span in ordered)
        assert all(covered(note, span).strip() for span in ordered)
        assert all(a.end <= b.start for a, b in pairwise(ordered))


def test_marks_use_the_documented_kinds_owners_and_statuses(notes: list[tuple[Note, Person]]) -> None:
    spans = [span for note, _ in notes for span in note.spans]
    assert {span.kind for span in spans} == IDENTIFIERS | MEANINGS
    assert {span.owner for span in spans} == OWNERS
    assert {span.status for span in spans} == STATUSES
    assert {span.status for span in spans if span.kind in IDENTIFIERS} == {"affirmed"}
    assert all(span.value for span in spans)


@given(person=people(), seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_no_identifier_stands_outside_a_mark_whatever_the_name(person: Person, seed: int) -> None:
    for note in written(person, seed):
        assert unmarked(note, person) == []
        assert all(covered(note, span).strip() for span in note.spans)


def test_no_identifier_of_the_sample_people_stands_outside_a_mark(notes: list[tuple[Note, Person]]) -> None:
    assert [found for note, person in notes for found in unmarked(note, person)] == []


def test_the_search_for_identifiers_finds_one_that_is_not_marked() -> None:
    person = sample_person()
    for text in ("saw SIOBHAN", "ring 0207 946 0123", "nhs 999 000 0018", "at se164ck", "b. 29/02/1944", "k765-4321"):
        note = Note("k", "7", "K1234567", person.birth_date, "progress note", "", text, ())
        assert unmarked(note, person), text


def test_no_mail_telephone_number_or_full_day_stands_outside_a_mark(notes: list[tuple[Note, Person]]) -> None:
    shapes = re.compile(
        r"\S+@\S+|0\d{3,4}[ -]?\d{3}[ -]?\d{3,4}|\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{3} \d{3} \d{4}\b"
    )
    assert [found[0] for note, _ in notes if (found := shapes.search(bare(note)))] == []


def digits(text: str) -> str:
    found = re.sub(r"\D", "", text.replace("(0)", ""))
    return f"0{found[2:]}" if text.startswith("+44") else found


@pytest.mark.parametrize("kind", ["nhs number", "hospital number", "postcode", "telephone", "vehicle", "email"])
def test_a_number_or_code_is_its_value_but_for_spacing_and_case(kind: str, notes: list[tuple[Note, Person]]) -> None:
    read = digits if kind == "telephone" else lambda text: re.sub(r"[\s.-]", "", text).casefold()
    spans = [(covered(note, span), span.value) for note, _ in notes for span in note.spans if span.kind == kind]
    assert len(spans) > 5
    for text, value in spans:
        assert read(text) == (digits(value) if kind == "telephone" else read(value)), (text, value)


def test_a_day_is_written_in_a_known_form_of_its_value(notes: list[tuple[Note, Person]]) -> None:
    for note, _ in notes:
        for span in note.spans:
            if span.kind == "date":
                whole = len(span.value) == 10
                day = date.fromisoformat(span.value if whole else f"{span.value}-01")
                forms = (*DAY_FORMS, *SPOKEN_FORMS, *LOOSE_FORMS) if whole else MONTH_FORMS
                text = " ".join(covered(note, span).split())
                assert text.casefold() in {form(day).casefold() for form in forms}


def test_an_address_is_part_of_its_value_line_ends_and_case_apart(notes: list[tuple[Note, Person]]) -> None:
    for note, _ in notes:
        for span in note.spans:
            if span.kind == "address":
                text = re.sub(r"[\s,]+", " ", covered(note, span)).casefold()
                assert text in re.sub(r"[\s,]+", " ", span.value).casefold()


def test_a_name_resembles_its_value(notes: list[tuple[Note, Person]]) -> None:
    for note, person in notes:
        known = {folded(person.name.known_as), *(folded(part) for part in person.name.native.split("^"))}
        for span in note.spans:
            if span.kind in ("given name", "family name", "relative", "staff"):
                text, value = folded(covered(note, span)), folded(span.value)
                initials = re.sub(r"[^\w]", "", text)
                like = difflib.SequenceMatcher(None, text, value).ratio()
                letters = initials[:1] in {word[0] for word in value.split()} and len(initials) < 8
                assert text in value or like > 0.55 or text in known or letters, (text, value)


def test_notes_lie_within_the_persons_course_and_have_keys_of_their_own(notes: list[tuple[Note, Person]]) -> None:
    for person in [sample_person(), *sample_people()]:
        found = written(person, 3)
        numbers = {person.hospital_number, *(each.hospital_number for each in person.recorded)}
        assert len({note.key for note in found}) == len(found)
        assert 3 <= len(notes_of(person, seed=3)) <= 8
        assert all(note.person == person.key and note.hospital_number in numbers for note in found)
        assert all(person.birth_date <= note.day <= person.course.last_contact for note in found)


def test_no_name_of_staff_and_no_institution_stands_outside_a_mark(notes: list[tuple[Note, Person]]) -> None:
    staff = {word for row in rows("staff") for word in re.findall(r"\w+", folded(row["name"])) if len(word) > 2}
    places = {folded(row["name"].removeprefix("the ")) for row in rows("institutions")}
    for note, _ in notes:
        text = folded(bare(note))
        assert (staff - VOCABULARY) & set(re.findall(r"\w+", text)) == set()
        assert [place for place in places if place in text] == []
