"""What happened to people, as rows of the event tables of OMOP CDM 5.4."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from imagebank.synthetic.extracts.omop_rows import SOURCE_LENGTH, OmopRows
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.extracts.tables import BloodRow, DeathRow, EpisodeRow, MedicationRow, NoteRow, ReportRow

VALUE_LENGTH = 60


def add_events(to: OmopRows, records: Records) -> None:
    """Add every event of one person, and the time in which each of their registrations was observed."""
    _periods(to, records)
    _visits(to, records)
    _conditions(to, records)
    _drugs(to, records)
    _scores(to, records)
    for each in records.bloods:
        _blood(to, each)
    _observations(to, records)
    for death in records.deaths:
        _death(to, death)
    _notes(to, records)


def _days(records: Records) -> Iterator[tuple[str, date]]:
    """The hospital number and day of all that happened."""
    yield from ((each.hospital_number, each.date) for each in records.diagnoses)
    yield from ((each.hospital_number, each.date) for each in records.assessments)
    yield from ((each.hospital_number, each.date) for each in records.bloods)
    yield from ((each.hospital_number, each.date) for each in records.symptoms)
    yield from ((each.hospital_number, each.date) for each in records.referrals)
    yield from ((each.hospital_number, each.date) for each in documents(records))
    yield from ((each.hospital_number, each.date) for each in records.deaths)
    for spell in spells(records):
        yield spell.hospital_number, spell.start_date
        yield spell.hospital_number, spell.end_date or spell.start_date


def documents(records: Records) -> list[NoteRow | ReportRow]:
    """Notes and reports."""
    return [*records.notes, *records.reports]


def spells(records: Records) -> list[EpisodeRow | MedicationRow]:
    """What has a start and may have an end."""
    return [*records.episodes, *records.medications]


def _periods(to: OmopRows, records: Records) -> None:
    """First and last day of each registration under which anything happened."""
    spans: dict[str, tuple[date, date]] = {}
    for number, day in _days(records):
        first, last = spans.get(number, (day, day))
        spans[number] = (min(first, day), max(last, day))
    record = to.concepts.of("type", "record")
    for number in to.persons:
        if number in spans:
            first, last = spans[number]
            to.add_numbered(
                "observation_period",
                number,
                observation_period_start_date=first,
                observation_period_end_date=last,
                period_type_concept_id=record,
            )


def _visits(to: OmopRows, records: Records) -> None:
    for each in records.episodes:
        to.add_numbered(
            "visit_occurrence",
            each.hospital_number,
            visit_concept_id=to.concepts.of("visit", each.kind),
            visit_start_date=each.start_date,
            visit_end_date=each.end_date or _open_end(to, records, each.start_date),
            visit_type_concept_id=to.concepts.of("type", "record"),
            care_site_id=to.care_site(each.team, each.site),
            visit_source_value=each.kind,
        )


def _open_end(to: OmopRows, records: Records, start: date) -> date:
    """What stands for an end that is not there: the day of the release or of the death, but never before the start."""
    return max(start, min([to.released, *(each.date for each in records.deaths)]))


def _conditions(to: OmopRows, records: Records) -> None:
    for each in records.diagnoses:
        to.add_numbered(
            "condition_occurrence",
            each.hospital_number,
            condition_concept_id=to.concepts.of_code(each.code) if each.code_system == "ICD-10" else 0,
            condition_start_date=each.date,
            condition_end_date=each.end_date,
            condition_type_concept_id=to.concepts.of("type", "record"),
            condition_status_concept_id=to.concepts.of("role", each.role),
            condition_source_value=each.code,
            condition_source_concept_id=0,
            condition_status_source_value=each.role,
        )


def _drugs(to: OmopRows, records: Records) -> None:
    for each in records.medications:
        to.add_numbered(
            "drug_exposure",
            each.hospital_number,
            drug_concept_id=to.concepts.of("drug", each.drug.lower()),
            drug_exposure_start_date=each.start_date,
            drug_exposure_end_date=each.end_date or _open_end(to, records, each.start_date),
            verbatim_end_date=each.end_date,
            drug_type_concept_id=to.concepts.of("type", "prescription"),
            sig=f"{each.dose:g} {each.unit} {each.route} {each.frequency}",
            drug_source_value=each.drug[:SOURCE_LENGTH],
            drug_source_concept_id=0,
            route_source_value=each.route[:SOURCE_LENGTH],
            dose_unit_source_value=each.unit[:SOURCE_LENGTH],
        )


def _scores(to: OmopRows, records: Records) -> None:
    """Scores and their items; an item names its score in `measurement_event_id`."""
    whole: dict[str, int] = {}
    for each in records.assessments:
        told = {"value_as_number": each.score, "range_high": each.out_of, "range_low": 0.0}
        number = _measurement(to, each.hospital_number, each.date, each.name, **told)
        whole[each.assessment_id] = number
    for item in records.assessment_items:
        _measurement(
            to,
            item.hospital_number,
            item.date,
            f"{item.name} item {item.item}",
            value_as_number=float(item.score),
            measurement_event_id=whole[item.assessment_id],
            meas_event_field_concept_id=0,
        )


def _blood(to: OmopRows, each: BloodRow) -> None:
    _measurement(
        to,
        each.hospital_number,
        each.date,
        each.name,
        value_as_number=each.value,
        range_low=each.low,
        range_high=each.high,
        unit_concept_id=to.concepts.of("unit", each.unit),
        unit_source_value=each.unit,
    )


def _measurement(to: OmopRows, number: str, day: date, name: str, **values: Any) -> int:
    return to.add_numbered(
        "measurement",
        number,
        measurement_concept_id=0,
        measurement_date=day,
        measurement_type_concept_id=to.concepts.of("type", "record"),
        measurement_source_value=name[:SOURCE_LENGTH],
        measurement_source_concept_id=0,
        **values,
    )


def _observations(to: OmopRows, records: Records) -> None:
    for seen in records.symptoms:
        _observation(to, seen.hospital_number, seen.date, f"symptom: {seen.name}", value_as_string=seen.state)
    for asked in records.referrals:
        accepted = "accepted" if asked.accepted else "not accepted"
        told = {"value_as_string": asked.reason[:VALUE_LENGTH], "qualifier_source_value": accepted}
        _observation(to, asked.hospital_number, asked.date, f"referral: {asked.source}", **told)
    for wish in records.opt_outs:
        _observation(to, wish.hospital_number, wish.list_date, "opt-out", value_as_string=wish.kind)
    for each in records.merged_numbers:
        _observation(to, each.hospital_number, to.released, "merged into", value_as_string=each.merged_into)
    for patient in records.patients:
        if patient.deprivation_decile is not None:
            name = f"deprivation decile {patient.deprivation_release}"
            decile = float(patient.deprivation_decile)
            _observation(to, patient.hospital_number, to.released, name, value_as_number=decile)


def _observation(to: OmopRows, number: str, day: date, name: str, **values: Any) -> None:
    to.add_numbered(
        "observation",
        number,
        observation_concept_id=0,
        observation_date=day,
        observation_type_concept_id=to.concepts.of("type", "record"),
        observation_source_value=name[:SOURCE_LENGTH],
        observation_source_concept_id=0,
        **values,
    )


def _death(to: OmopRows, each: DeathRow) -> None:
    """The model holds one cause: the direct one."""
    if each.position == 1:
        to.add(
            "death",
            person_id=to.persons[each.hospital_number],
            death_date=each.date,
            death_type_concept_id=to.concepts.of("type", "record"),
            cause_concept_id=to.concepts.of_code(each.cause or ""),
            cause_source_value=each.cause,
            cause_source_concept_id=0,
        )


def _notes(to: OmopRows, records: Records) -> None:
    for each in documents(records):
        to.add_numbered(
            "note",
            each.hospital_number,
            note_date=each.date,
            note_type_concept_id=to.concepts.of("type", "record"),
            note_class_concept_id=0,
            note_title=each.kind,
            note_text=each.text,
            encoding_concept_id=0,
            language_concept_id=to.concepts.of("language", "English"),
            provider_id=to.provider(each.author),
            note_source_value=each.note_id[:SOURCE_LENGTH],
        )
