"""Where identifying texts stand: every place of a header, a path or a record in which one is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from imagebank.synthetic.answers import Identifier
from imagebank.synthetic.examination import SeriesFiles
from imagebank.synthetic.people import Person
from imagebank.synthetic.records import COLUMNS, Row
from imagebank.synthetic.studies import StudyPlan, compact, plain_letters

Known = dict[str, str]  # text -> kind
PLACES_OF_META = {"source_title": "(0002,0016)", "private_information": "(0002,0102)", "preamble": "preamble"}


def texts_of_person(person: Person) -> Known:
    """Every spelling of what identifies a person, with its kind."""
    nhs, born = person.nhs_number, person.birth_date
    found = {
        person.hospital_number: "hospital number",
        nhs: "nhs number",
        f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}" if nhs else "": "nhs number",
        person.address: "address",
        person.street: "address",
        person.postcode: "postcode",
        person.phone: "telephone",
        person.relative_name: "relative",
        person.mother_name: "relative",
        compact(born): "date",
        born.isoformat(): "date",
        born.strftime("%d/%m/%Y"): "date",
    }
    for kind, name in (
        ("given name", person.given_name),
        ("family name", person.family_name),
        ("birth name", person.birth_name),
    ):
        found |= dict.fromkeys((plain_letters(name).upper(), name.upper(), name), kind)
    return {text: kind for text, kind in found.items() if text}


def texts_of_study(study: StudyPlan) -> Known:
    """What identifies an examination: its numbers, its staff, its machine, its dates."""
    scanner, told = study.scanner, study.identity
    found = {
        study.accession: "accession number",
        study.study_id: "study id",
        scanner.station: "station",
        scanner.station.replace("-", ""): "station",
        scanner.serial: "serial number",
        scanner.institution: "institution",
        scanner.institution_address: "institution",
        scanner.department: "institution",
        compact(study.day): "date",
        study.day.isoformat(): "date",
        told.birth_date: "date",
        told.patient_id: "patient id",
        **dict.fromkeys(study.staff.values(), "staff"),
        **dict.fromkeys(told.name.split("^"), "name in header"),
    }
    return {text: kind for text, kind in found.items() if text}


def identifiers_of_series(written: SeriesFiles) -> Iterator[Identifier]:
    """Every identifying text that the files of a series show, and where."""
    study = written.study
    known = {**texts_of_study(study), **texts_of_person(study.person)}
    owner = study.person.hospital_number if study.in_records else ""
    for place, text in _places(written):
        for value, kind in known.items():
            if value in text:
                yield Identifier(value, kind, owner, place)


def identifiers_of_records(people: Iterable[Person], rows: Mapping[str, list[Row]]) -> Iterator[Identifier]:
    """Every identifying text of a person that the record files show, and in which column."""
    known = {person.hospital_number: texts_of_person(person) for person in people}
    for table, each in rows.items():
        for row in each:
            for column, text in zip(COLUMNS[table], row, strict=True):
                for value, kind in known[row[0]].items():
                    if value in text:
                        yield Identifier(value, kind, row[0], f"records/{table}.csv:{column}")


def _places(written: SeriesFiles) -> Iterator[tuple[str, str]]:
    yield from header_places(written.header, implicit=written.envelope.syntax == "implicit")
    for name, place in PLACES_OF_META.items():
        content = getattr(written.envelope, name)
        yield place, content if isinstance(content, str) else content.decode()
    yield "path", written.paths[0].as_posix() if written.paths else ""


def header_places(dataset: Dataset, above: str = "", *, implicit: bool = False) -> Iterator[tuple[str, str]]:
    """Each place of a header with its text, at every depth.

    Where the file does not write VRs (`implicit`), a private sequence is one opaque value to its reader.
    """
    for element in dataset:
        place = f"{above}({element.tag.group:04x},{element.tag.element:04x})"
        private = " private" if element.tag.is_private else ""
        if element.VR != "SQ":
            yield place + private, _text(element)
        elif private and implicit:
            yield place + private, " ".join(text for item in element.value for _, text in header_places(item))
        else:
            for item in element.value:
                yield from header_places(item, f"{place}/", implicit=implicit)


def _text(element: DataElement) -> str:
    value = element.value
    if not isinstance(value, bytes):
        return "\\".join(map(str, value)) if element.VM > 1 else str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
