"""People with unusual names for the tests of the notes, and a searcher for identifiers that nobody marked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date

from hypothesis import strategies as st
from sample_person import sample_person

from imagebank.synthetic.documents import Note
from imagebank.synthetic.model import Name, Person, Relative
from imagebank.synthetic.text.dates import DAY_FORMS, SPOKEN_FORMS
from imagebank.synthetic.text.language import text_grammar
from imagebank.synthetic.text.samples import MEANINGS
from imagebank.synthetic.text.vocabulary import rows

ODD_NAMES = (
    Name("Nguyễn", "O", title="Mr"),
    Name("J", "X", known_as="Jay"),
    Name("Anne-Marie", "Smith-Jones", middle="St. John", title="Dr"),
    Name("Jan", "van der Berg", birth_family="de la Cruz", title="Mx"),
    Name("Xiaodong", "Wang", native="王^小東", phonetic="", charset="ISO_IR 192"),
    Name("İpek", "Weiß", birth_family="D'Angelo"),
    Name("", "Suharto"),
    Name("Þórbjörg", "MacGillivray-Ó Súilleabháin", known_as="Thora"),
    Name("ANNA", "lowercase"),
    Name("Ἀλέξανδρος", "Παπαδόπουλος", native="Παπαδόπουλος^Ἀλέξανδρος", charset="ISO_IR 126"),
)

letters = st.text(st.characters(categories=("Lu", "Ll"), max_codepoint=0x17F), min_size=1, max_size=12)
written = st.builds(Name, given=letters.map(str.title), family=letters.map(str.title), known_as=st.just(""))
names = st.one_of(st.sampled_from(ODD_NAMES), written)


@st.composite
def people(draw: st.DrawFn) -> Person:
    """The sample person under another name, of another age or sex, with or without what may be missing."""
    name = draw(names)
    relative = draw(st.sampled_from(("daughter", "husband", "neighbour", "support worker")))
    kin = Relative(relative, f"Zebedee {name.family}", draw(st.sampled_from(("", "07700900123", "+44 20 7946 0000"))))
    return replace(
        sample_person(draw(st.sampled_from(("7", "x-1", "12345")))),
        name=name,
        sex=draw(st.sampled_from(("female", "male", "unknown"))),
        birth_date=draw(st.dates(date(1916, 1, 1), date(2008, 12, 31))),
        nhs_number=draw(st.sampled_from(("", "9990000018"))),
        phone=draw(st.sampled_from(("", "020 7946 0123", "07700 900321", "ex-directory"))),
        relatives=draw(
            st.sampled_from(((), (kin,), (kin, Relative("son", "Kit", "")))),
        ),
        general_practitioner=draw(st.sampled_from(("", "Dr Folarin Bamgbose"))),
        recorded=draw(st.sampled_from(((), sample_person().recorded))),
    )


def folded(text: str) -> str:
    """Without case and diacritics."""
    split = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _vocabulary() -> frozenset[str]:
    cells = [
        cell
        for table in ("symptoms", "diagnoses", "drugs", "findings", "slips")
        for row in rows(table)
        for cell in row.values()
    ]
    texts = [*text_grammar().literals, *cells]
    return frozenset(re.findall(r"\w+", folded(" ".join(texts))))


VOCABULARY = _vocabulary()
"""Words that notes use of anybody: a person of such a name cannot be told from them by spelling alone."""


def bare(note: Note) -> str:
    """The text without the identifiers that are marked."""
    shown, at = [], 0
    for span in sorted(note.spans, key=lambda span: span.start):
        if span.kind not in MEANINGS:
            shown += [note.text[at : span.start], " ¦ "]
            at = span.end
    return "".join([*shown, note.text[at:]])


def unmarked(note: Note, person: Person) -> list[str]:
    """Every known spelling of an identifier of the person or their relatives that stands in no mark."""
    text = folded(bare(note))
    words = set(re.findall(r"\w+", text))
    name = person.name
    given = [name.given, name.family, name.middle, name.birth_family, name.known_as, *name.native.split("^")]
    given += [relative.name for relative in person.relatives] + [person.general_practitioner.removeprefix("Dr ")]
    parts = {word for each in given for word in re.findall(r"\w+", folded(each)) if len(word) > 2}
    found = sorted((parts - VOCABULARY) & words)
    found += [home.street for home in person.homes if folded(home.street) in text]
    close = re.sub(r"[\s().+-]", "", text)
    numbers = [person.nhs_number, person.hospital_number, *(each.hospital_number for each in person.recorded)]
    numbers += [re.sub(r"\D", "", each) for each in (person.phone, *(kin.phone for kin in person.relatives))]
    numbers += [home.postcode.replace(" ", "") for home in person.homes]
    found += [number for number in numbers if number and folded(number) in close]
    days = [form(person.birth_date) for form in (*DAY_FORMS, *SPOKEN_FORMS)]
    return found + [day for day in days if re.search(rf"(?<!\d){re.escape(folded(day))}(?!\d)", text)]
