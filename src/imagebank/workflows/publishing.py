"""publish: everything banked and every record of those patients becomes one new snapshot of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from imagebank import __version__
from imagebank.catalogue import snapshots
from imagebank.catalogue.tables import Patient, Scanner, Series, Study
from imagebank.dicom.curation import read_curation
from imagebank.dicom.policy import load_policy
from imagebank.dicom.rules import rules_hash
from imagebank.dicom.values import shift_day
from imagebank.engine import Entry
from imagebank.identities.linkage import VERSION as LINKAGE_VERSION
from imagebank.identities.whereabouts import Header
from imagebank.imaging import Participant, write_dataset_files
from imagebank.records.codes import ethnic_group
from imagebank.records.settling import contacts
from imagebank.workflows.converting import CONVERT, BankedStudy, converted_sessions
from imagebank.workflows.importing import Records, settled
from imagebank.workflows.linking import Linked
from imagebank.workflows.opening import Work
from imagebank.workflows.publishing_events import event_streams, offset_of, registrations
from imagebank.workflows.quality import quality_rows
from imagebank.workflows.refusing import write_refused_rows


def publish_tables(work: Work, linked: Linked, studies: Sequence[BankedStudy], records: Records) -> str:
    """Write the snapshot and the files of the BIDS dataset; returns the version that is now current."""
    patients = {study.patient for study in studies}
    people = {linked.pseudonyms[person]: person for person in linked.people if linked.pseudonyms[person] in patients}
    with settled(work.bank, records) as database:
        rows = _patients(
            work, linked, people, records, _last_contacts(registrations(linked, people), contacts(database))
        )
        tables: dict[str, Any] = {
            "patients": rows,
            "scanners": _scanners(linked, studies),
            "studies": [_study(study) for study in studies],
            "series": _series(work, studies),
            "quality": quality_rows(work, studies),
            **event_streams(work, linked, database, people, studies),
        }
        version = snapshots.publish(work.bank.layout, tables, _provenance(work))
        write_refused_rows(work, records, database)
    verdicts = {row.image: row.verdict for row in tables["quality"]}
    _write_dataset(work, rows, studies, verdicts)
    return version


def _provenance(work: Work) -> dict[str, str]:
    return {
        "imagebank": __version__,
        "policy": load_policy(work.bank.policy()).digest,
        "classification": rules_hash(),
        "curation": read_curation(work.bank.layout.root).digest,
        "linkage": LINKAGE_VERSION,
    }


def _patients(
    work: Work, linked: Linked, people: Mapping[str, str], records: Records, last: Mapping[str, date]
) -> list[Patient]:
    told = _characteristics(linked, records)
    grouping = work.bank.config.reading.ethnic_grouping
    rows = []
    for pseudonym, person in sorted(people.items()):
        known, (facts, source) = linked.people[person], told[person]
        offset = offset_of(work, person)
        birth = shift_day(known.birth_date, offset)
        rows.append(
            Patient(
                patient=pseudonym,
                sex=known.sex,
                birth_year=birth.year if birth else None,
                ethnic_category=facts.ethnic_category,
                ethnic_group=ethnic_group(facts.ethnic_category, grouping),
                ethnic_grouping=grouping,
                deprivation_decile=facts.deprivation_decile,
                deprivation_release=facts.deprivation_release,
                death_date=shift_day(known.death_date, offset),
                last_contact_date=shift_day(last.get(pseudonym), offset),
                source=source,
            )
        )
    return rows


def _last_contacts(names: Mapping[str, str], last: Mapping[str, date]) -> dict[str, date]:
    """The last recorded event of each patient, over all registrations, which are given with their pseudonyms."""
    found: dict[str, date] = {}
    for name, patient in names.items():
        if name in last:
            found[patient] = max(last[name], found.get(patient, last[name]))
    return found


def _characteristics(linked: Linked, records: Records) -> dict[str, tuple[Any, str]]:
    """What is told of each person: by the registration that names the person, else by the first other one."""
    told: dict[str, tuple[Any, str]] = {}
    for source, all_of in records.characteristics().items():
        for each in sorted(all_of, key=lambda one: one.person):
            person = linked.person_of.get(each.person, each.person)
            if each.person == person or person not in told:
                told[person] = (each, source)
    return told


def _scanners(linked: Linked, studies: Iterable[BankedStudy]) -> list[Scanner]:
    headers = {header for study in studies for entry in study.series for header in linked.headers[entry.item]}
    found: dict[str, Header] = {}
    for header in sorted(headers, key=lambda each: (each.scanner, each.field_strength_t or 0.0)):
        found[header.scanner] = header  # the highest field strength that the scanner ever named
    return [Scanner(h.scanner, h.manufacturer, h.model, h.field_strength_t) for h in found.values()]


def _study(study: BankedStudy) -> Study:
    first = min(study.series, key=lambda entry: (entry.facts["series_number"] or 0, entry.item))
    return Study(
        study=study.study,
        patient=study.patient,
        session=study.session,
        study_date=study.study_date,
        age_years=study.age_years,
        scanner=first.facts["scanner"],
        source=first.facts["source"],
        series_count=len(study.series),
        link_rule=study.link_rule,
    )


_FACTS = """
study patient scanner sequence sequence_rule sequence_confidence plane acquisition variant component dimension
contrast_agent fat_suppressed inverted body_part coverage phantom signature repetition_time_ms echo_time_ms
inversion_time_ms flip_angle_deg row_spacing_mm column_spacing_mm slice_thickness_mm rows columns instances frames bytes
policy
"""


def _series(work: Work, studies: Iterable[BankedStudy]) -> list[Series]:
    converted = {entry.item: entry for entry in work.ledger.entries(CONVERT.name)}
    return [_one_series(entry, converted.get(study.study)) for study in studies for entry in study.series]


def _one_series(entry: Entry, converted: Entry | None) -> Series:
    conversion, _, paths = _conversion(entry.item, converted)
    facts = {name: entry.facts[name] for name in _FACTS.split()}
    facts |= {name: tuple(entry.facts[name]) for name in ("evidence", "runners_up")}
    path = entry.files[0][0]
    images, defaced = tuple(paths), False if paths else None
    return Series(
        series=entry.item, dicom_path=path, conversion=conversion, nifti_paths=images, defaced=defaced, **facts
    )


def _conversion(series: str, converted: Entry | None) -> tuple[str, str, list[str]]:
    if converted is None:
        return "pending", "", []
    told: Any = converted.facts["series"].get(series, ["failed", converted.reason, []])
    return told[0], told[1], told[2]


def _write_dataset(
    work: Work, patients: Sequence[Any], studies: Sequence[BankedStudy], verdicts: Mapping[str, str]
) -> None:
    ages: dict[str, float] = {}
    for study in studies:
        if study.age_years is not None:
            ages[study.patient] = min(study.age_years, ages.get(study.patient, study.age_years))
    people = [Participant(each.patient, each.sex, ages.get(each.patient)) for each in patients]
    sessions = converted_sessions(work, studies)
    write_dataset_files(work.bank.layout, people, sessions, name=work.bank.config.bank.name, quality=verdicts)
