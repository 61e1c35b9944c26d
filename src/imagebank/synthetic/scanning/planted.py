"""Every identifying text of a series, and where it stands: place, path and how it is written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning.elements import Header
from imagebank.synthetic.scanning.lettering import Burned
from imagebank.synthetic.scanning.letters import plain_letters
from imagebank.synthetic.scanning.machines import Machine
from imagebank.synthetic.scanning.part10 import Envelope
from imagebank.synthetic.visits import Visit, compact

Known = dict[str, str]  # text -> kind
SHORTEST = 5  # a text of fewer characters is found by chance, and says little


@dataclass(frozen=True)
class Planted:
    """One identifying text in the files of a series.

    `place` is an element such as `(0010,0010)`, nested `(0040,0275)/(0040,1001)`, `(0029,1020) private`, `preamble`,
    `path`, or `(7fe0,0010) pixels`. `path` is the first file of the series; the others carry it too. `encoding` is
    ascii, the character set of the header, utf-8 (bytes), or bitmap. `box` is of burned-in text: first row, first
    column, last row, last column, in every slice (of a mosaic: in its first tile).
    """

    value: str
    kind: str
    owner: str
    place: str
    path: str
    encoding: str
    box: tuple[int, int, int, int] | None = None


def texts_of_person(person: Person) -> Known:
    """Every spelling of what identifies a person, with its kind."""
    nhs, born = person.nhs_number, person.birth_date
    found: Known = {}
    for recorded in person.recorded:
        found[recorded.hospital_number] = "hospital number"
    found[person.hospital_number] = "hospital number"
    found[nhs] = "nhs number"
    found[f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}"] = "nhs number"
    for home in person.homes:
        found |= {home.address: "address", home.street: "address", home.postcode: "postcode"}
    found[person.phone] = "telephone"
    found[person.general_practitioner] = "staff"
    for relative in person.relatives:
        found |= {relative.name: "relative", relative.phone: "telephone"}
    found |= dict.fromkeys((compact(born), born.isoformat(), born.strftime("%d/%m/%Y")), "date")
    found |= _names(person)
    return {text: kind for text, kind in found.items() if len(text) >= SHORTEST or not text.isascii()}


def _names(person: Person) -> Known:
    name = person.name
    found: Known = {}
    for kind, each in (("given name", name.given), ("family name", name.family), ("birth name", name.birth_family)):
        found |= dict.fromkeys((plain_letters(each).upper(), each.upper(), each), kind)
    for group in (name.native, name.phonetic):
        found |= dict.fromkeys(group.split("^"), "name in own script")
    return {text: kind for text, kind in found.items() if text}


def texts_of_visit(visit: Visit, machine: Machine) -> Known:
    """What identifies an examination: its numbers, its staff, its machine, its dates."""
    told = visit.told
    found = {
        visit.accession: "accession number",
        visit.study_id: "study id",
        machine.station: "station",
        machine.station.replace("-", ""): "station",
        machine.serial: "serial number",
        machine.site: "institution",
        machine.address: "institution",
        machine.department: "institution",
        compact(visit.day): "date",
        visit.day.isoformat(): "date",
        visit.day.strftime("%d/%m/%Y"): "date",
        told.birth_date: "date",
        told.patient_id: "patient id",
        **dict.fromkeys((name for _, name in visit.staff), "staff"),
        **dict.fromkeys(told.name.replace("=", "^").split("^"), "name in header"),
    }
    return {text: kind for text, kind in found.items() if len(text) >= SHORTEST}


def planted_in(
    places: Iterator[tuple[str, str, str]], known: Known, owner: str, path: str, burned: dict[str, tuple[Burned, ...]]
) -> tuple[Planted, ...]:
    """Every known text that stands in a place (place, text, encoding), and what is burned in, by place."""
    found = [
        Planted(value, kind, owner, place, path, "ascii" if value.isascii() else encoding)
        for place, text, encoding in places
        for value, kind in known.items()
        if value in text
    ]
    for place, lines in burned.items():
        for each in lines:
            kind = next((kind for value, kind in known.items() if value.startswith(each.text)), "name in header")
            found.append(Planted(each.text, kind, owner, place, path, "bitmap", each.box))
    return tuple(found)


def places_of(header: Header, envelope: Envelope, path: str, charset: str) -> Iterator[tuple[str, str, str]]:
    """Each place of a file with its text: header, file meta information, preamble, path."""
    for place, text, encoding in header_places(header, implicit=envelope.syntax == "implicit"):
        yield place, text, encoding or charset
    yield "(0002,0016)", envelope.source_title, "ascii"
    yield "(0002,0102)", envelope.private_information.decode(), "utf-8"
    yield "preamble", envelope.preamble.decode("utf-8", errors="ignore"), "utf-8"
    yield "path", path, "utf-8"


def header_places(header: Header, above: str = "", *, implicit: bool = False) -> Iterator[tuple[str, str, str]]:
    """Each place of a header with its text, at every depth; the encoding is empty where the header's own holds.

    Where the file does not write VRs (`implicit`), a private sequence is one opaque value to its reader.
    """
    for tag, (vr, value) in header.items():
        private = " private" if (tag >> 16) % 2 else ""
        place = f"{above}({tag >> 16:04x},{tag & 0xFFFF:04x})"
        if isinstance(value, str):
            yield place + private, value, ""
        elif isinstance(value, bytes) and vr in ("UN", "OB"):
            yield place + private, value.decode("utf-8", errors="replace"), "utf-8"
        elif isinstance(value, list) and private and implicit:
            yield place + private, " ".join(text for item in value for _, text, _ in header_places(item)), ""
        elif isinstance(value, list):
            for item in value:
                yield from header_places(item, f"{place}/", implicit=implicit)
