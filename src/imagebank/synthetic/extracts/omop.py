"""Records in the OMOP Common Data Model 5.4, where it has a place for them.

Each registration is one person, as the record system knows no better; an observation says which were merged. A birth
date that is not known has the year 1900 and neither month nor day. Where the model wants an end and there is none,
the day of the release or of the death stands, and the verbatim end stays empty. Names, telephone numbers and
relatives have no place here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from imagebank.synthetic.declared import Row
from imagebank.synthetic.extracts.omop_events import add_events
from imagebank.synthetic.extracts.omop_rows import SOURCE_LENGTH, OmopRows
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.extracts.tables import PatientRow

UNKNOWN_YEAR = 1900
PRETEND = "A pretend hospital: everybody in it is invented."


class OmopTranslator:
    """Turns the records of one person after another into rows of the model."""

    def __init__(self, released: date) -> None:
        self._to = OmopRows(released)
        self._told = False

    def __call__(self, records: Records) -> Mapping[str, Sequence[Row]]:
        """The rows of one person, by table."""
        self._to.begin(each.hospital_number for each in records.patients)
        if not self._told:
            _tell_source(self._to)
            self._told = True
        for each in records.patients:
            _add_person(self._to, each)
        add_events(self._to, records)
        return self._to.rows()


def _add_person(to: OmopRows, each: PatientRow) -> None:
    number, born = to.persons[each.hospital_number], each.birth_date
    to.add(
        "person",
        person_id=number,
        gender_concept_id=to.concepts.of("sex", each.sex),
        year_of_birth=born.year if born else UNKNOWN_YEAR,
        month_of_birth=born.month if born else None,
        day_of_birth=born.day if born else None,
        race_concept_id=to.concepts.of("ethnic category", each.ethnic_category),
        ethnicity_concept_id=0,
        location_id=number,
        provider_id=to.provider(each.general_practitioner),
        person_source_value=each.hospital_number,
        gender_source_value=each.sex,
        race_source_value=each.ethnic_category,
    )
    _add_location(to, each, number)


def _add_location(to: OmopRows, each: PatientRow, number: int) -> None:
    street, district, city = _address_parts(each.address or "")
    to.add(
        "location",
        location_id=number,
        address_1=street[:SOURCE_LENGTH] or None,
        address_2=district[:SOURCE_LENGTH] or None,
        city=city or None,
        zip=each.postcode,
        location_source_value=each.hospital_number,
    )


def _tell_source(to: OmopRows) -> None:
    to.add(
        "cdm_source",
        cdm_source_name="imagebank pretend hospital",
        cdm_source_abbreviation="pretend",
        cdm_holder="nobody",
        source_description=PRETEND,
        source_release_date=to.released,
        cdm_release_date=to.released,
        cdm_version="5.4",
        cdm_version_concept_id=to.concepts.of("version", "5.4"),
        vocabulary_version="used concepts only",
    )


def _address_parts(address: str) -> tuple[str, str, str]:
    """Street, district and city of an address in one line that ends with both."""
    parts = address.rsplit(", ", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (address, "", "")
