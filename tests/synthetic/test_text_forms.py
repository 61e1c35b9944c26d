"""Forms of the notes: every way to write an identifier, a score or a status occurs in a few hundred notes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sample_person import sample_person

from imagebank.synthetic.documents import Note
from imagebank.synthetic.text import notes_of, report_of

NAMES = """
given name    | Siobhán                       | first name
given name    | Shiv                          | nickname
given name    | Maeve                         | middle name
given name    | Siobhan                       | without diacritics
given name    | SIOBHÁN                       | in capitals
given name    | siobhán                       | in small letters
given name    | S\\.O\\.                      | initials with stops
given name    | SO                            | initials
given name    | S\\.O'S\\.|S O'S|SO'S         | initials that keep the prefix
given name    | (?!Siobh)S\\w{4,7}            | misspelt first name
family name   | O'Shaughnessy                 | last name
family name   | O'SHAUGHNESSY                 | last name in capitals
family name   | OShaughnessy                  | apostrophe lost
family name   | O Shaughnessy                 | apostrophe as a space
family name   | O’Shaughnessy                 | another apostrophe
family name   | (?!O'Shaughnessy$)O'\\w{9,12} | misspelt last name
family name   | Fitzmaurice                   | birth name
relative      | Aoife O'Shaughnessy           | relative in full
relative      | Aoife                         | relative by first name
staff         | Dr \\w+[-\\w]*                | doctor by last name
staff         | Dr [\\w-]+ [\\w-]+            | doctor in full
staff         | [A-Z]{2}                      | initials of staff
"""
NUMBERS = """
telephone       | 020 7946 0123         | usual spacing
telephone       | 02079460123           | without spaces
telephone       | 020 79460123          | two groups
telephone       | \\+44 \\(0\\)20 7946 0123 | from abroad
telephone       | 0207 946 0123         | old area code
telephone       | \\(020\\) 7946 0123   | area in brackets
telephone       | 07700 900 456         | mobile in three groups
telephone       | 07700 900456          | mobile in two groups
telephone       | \\d{4}                | bleep
nhs number      | 999 000 0018          | usual spacing
nhs number      | 999-000-0018          | with hyphens
nhs number      | 9990000018            | without spaces
hospital number | K1234567              | as issued
hospital number | k1234567              | in small letters
hospital number | K 1234567             | with a space
hospital number | K7654321              | of the merged registration
email           | siobhan\\.oshaughnessy@\\S+ | first and last name
email           | \\S+nhs\\.example     | of staff
postcode        | SE16 4CK              | usual
postcode        | SE164CK               | without its space
postcode        | se16 4ck              | in small letters
address         | Flat 4, 12 Old Tannery Walk, Bermondsey, London | on one line
address         | [^\\n]+\\n[^\\n]+     | over two lines
address         | [^\\n]+\\n[^\\n]+\\n[^\\n]+(\\n[^\\n]+)* | over more lines
address         | Old Tannery Walk      | street alone
address         | Bermondsey            | district alone
age over 89     | 9\\d                  | great age
vehicle         | [A-Z]{2}\\d\\d ?[A-Z]{3} | registration of a car
"""
DAYS = """
date | 03/09/2014               | slashes
date | 03/09/14                 | short year
date | 3/9/14                   | no zeros
date | 3\\.9\\.14               | stops
date | 03\\.09\\.2014           | stops in full
date | 2014-09-03               | year first
date | 3 September 2014         | month in full
date | 3rd September 2014       | ordinal
date | the 3rd of September 2014 | spoken
date | 3 Sept 2014              | short month
date | 03-Sep-2014              | hyphens and month
date | 03SEP2014                | run together
date | September 3rd, 2014      | month first
date | Sept 14                  | month and year
date | September 2014           | month and year in full
date | 29/02/1944               | birth
date | 29 February 1944         | birth in full
date | \\d+(st|nd|rd|th) \\w{3,4} | without its year
"""
SCORES = """
score | \\S+ 24/30                | slash
score | .* = (24/30|71/100|17/29)  | equals
score | .*: (24/30|71/100|17/29)    | colon
score | scored 24 out of 30 on .* | words
score | [Mm]ini [Mm]ental 24      | name in words, no maximum
score | 24/30 on .*               | score first
score | a .* of 24/30             | article
score | .*71 ?/ ?100|.*71 out of 100 | Addenbrooke's
score | .*17.*\\(1:1 2:0.*|.*17.*\\(1 1.*|.*17.*\\(1=1.* | parts
score | Fazekas.*                 | white matter score
score | (right|R|rt|Right|RIGHT)\\W*\\d | one side of a pair
"""


def split(line: str) -> tuple[str, str, str]:
    kind, rest = line.split("|", 1)
    pattern, name = rest.rsplit(" | ", 1)
    return kind.strip(), pattern.strip(), name.strip()


@pytest.fixture(scope="module")
def notes() -> list[Note]:
    person = sample_person()
    old = replace(person, birth_date=person.birth_date.replace(year=1924))
    found = [note for seed in range(260) for note in notes_of(person, seed=seed)]
    found += [note for seed in range(20) for note in notes_of(old, seed=seed)]
    return found + [report_of(person, person.visits[0], seed=seed) for seed in range(40)]


@pytest.fixture(scope="module")
def spans(notes: list[Note]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for note in notes:
        for span in note.spans:
            found.setdefault(span.kind, set()).add(note.text[span.start : span.end].replace("\r", ""))
    return found


CASES = [split(line) for text in (NAMES, NUMBERS, DAYS, SCORES) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("kind", "pattern", "name"), CASES, ids=[f"{kind} {name}" for kind, _, name in CASES])
def test_a_form_occurs(kind: str, pattern: str, name: str, spans: dict[str, set[str]]) -> None:
    assert any(re.fullmatch(pattern, text) for text in spans[kind]), name


LOOKS = {
    "CRLF line ends": lambda note: "\r\n" in note.text,
    "LF line ends": lambda note: "\n" in note.text and "\r" not in note.text,
    "all in capitals": lambda note: note.text == note.text.upper() and len(note.text) > 200,
    "all in small letters": lambda note: note.text == note.text.lower() and len(note.text) > 200,
    "wrapped lines": lambda note: len(note.text) > 400 and max(map(len, note.text.splitlines())) <= 78,
    "a possessive": lambda note: re.search(r"(Siobhán|Shaughnessy)'s", note.text),
    "a numbered list": lambda note: re.search(r"1\. .*\n2\. ", note.text),
    "a bulleted list": lambda note: note.text.count("\n- ") > 2,
    "née": lambda note: re.search(r"\bn[ée]e Fitz", note.text),
    "DOB": lambda note: "DOB" in note.text,
    "d.o.b.": lambda note: "d.o.b." in note.text,
    "born": lambda note: "born " in note.text,
    "shorthand for complains of": lambda note: "c/o" in note.text,
    "shorthand for weeks": lambda note: "6/52" in note.text,
    "a post-negation": lambda note: re.search(r"(was denied|: nil|not present)", note.text),
    "a pseudo-negation": lambda note: "No change in" in note.text or "Not only" in note.text,
    "a confusable fraction": lambda note: re.search(r"\b(3/5|130/80|6/9|4/7)\b", note.text),
    "a typing slip": lambda note: re.search(r"assesment|hopsital|pateint|arange|reveiw|meds\b", note.text),
    "an addendum": lambda note: "addendum" in note.text.lower(),
}


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_look_occurs(look: str, notes: list[Note]) -> None:
    assert any(LOOKS[look](note) for note in notes)


def test_every_kind_of_document_occurs(notes: list[Note]) -> None:
    assert {note.kind for note in notes} == {
        *("referral letter", "first assessment", "progress note", "ward round", "MDT", "telephone contact"),
        *("home visit", "carer call", "discharge summary", "imaging request", "correspondence", "radiology report"),
    }
