"""What the record system holds of each person, as rows of the extracts: hearsay, with the habits of those who typed it.

Each registration is one row of the patients, with its own errors. What happened hangs on the current number, except on
some days, on which it was filed under another number of the same person. Somebody who was never registered has no rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from zlib import crc32

from imagebank.synthetic.documents import Note
from imagebank.synthetic.events import Diagnosis
from imagebank.synthetic.extracts.codes_as_typed import ASTRAY, Habits, as_typed, styles_of
from imagebank.synthetic.extracts.tables import (
    DEPRIVATION_RELEASE,
    AddressRow,
    AssessmentItemRow,
    AssessmentRow,
    BloodRow,
    DeathRow,
    DiagnosisRow,
    EpisodeRow,
    MedicationRow,
    MergedNumberRow,
    NoteRow,
    OptOutRow,
    PatientRow,
    ReferralRow,
    RelativeRow,
    ReportRow,
    SymptomRow,
    WithdrawnDiagnosisRow,
)
from imagebank.synthetic.model import Home, Person, Recorded
from imagebank.synthetic.streams import stream

BY_DAY = attrgetter("day")
BY_START = attrgetter("start")
Documented = tuple[Person, Sequence[Note]]


@dataclass
class Records:
    """The rows of some people, by extract.

    `planted` counts what typists did to codes and numbers, `possible` to how many they could have done it.
    """

    patients: list[PatientRow] = field(default_factory=list)
    diagnoses: list[DiagnosisRow] = field(default_factory=list)
    assessments: list[AssessmentRow] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    opt_outs: list[OptOutRow] = field(default_factory=list)
    merged_numbers: list[MergedNumberRow] = field(default_factory=list)
    addresses: list[AddressRow] = field(default_factory=list)
    relatives: list[RelativeRow] = field(default_factory=list)
    referrals: list[ReferralRow] = field(default_factory=list)
    episodes: list[EpisodeRow] = field(default_factory=list)
    withdrawn_diagnoses: list[WithdrawnDiagnosisRow] = field(default_factory=list)
    assessment_items: list[AssessmentItemRow] = field(default_factory=list)
    symptoms: list[SymptomRow] = field(default_factory=list)
    medications: list[MedicationRow] = field(default_factory=list)
    bloods: list[BloodRow] = field(default_factory=list)
    reports: list[ReportRow] = field(default_factory=list)
    deaths: list[DeathRow] = field(default_factory=list)
    planted: Counter[str] = field(default_factory=Counter)
    possible: Counter[str] = field(default_factory=Counter)


def records_of(people: Iterable[Documented], *, seed: int, habits: Habits) -> Records:
    """The rows of these people, in their order, each person's by day.

    Raises ValueError for a note that is filed under a number that its person does not have.
    """
    records = Records()
    for person, notes in people:
        if person.recorded:
            _add_person(records, person, notes, _Filing(person, seed, habits))
    return records


class _Filing:
    """Under which number of a person a row is filed."""

    def __init__(self, person: Person, seed: int, habits: Habits) -> None:
        self.seed, self.habits, self.key = seed, habits, person.key
        self.main = main_registration(person).hospital_number
        self.others = [each.hospital_number for each in person.recorded if each.hospital_number != self.main]

    def number(self, day: date) -> str:
        """The current number or, on some days, another one."""
        if not self.others:
            return self.main
        chance = crc32(f"{self.seed}/{self.key}/{day}".encode())
        astray = chance % 10_000 < self.habits.under_other_number * 10_000
        return self.others[chance // 10_000 % len(self.others)] if astray else self.main


def main_registration(person: Person) -> Recorded:
    """The registration in use: the one with the person's current number, else the first that was not merged away."""
    current = [each for each in person.recorded if each.hospital_number == person.hospital_number]
    open_ones = [each for each in person.recorded if not each.merged_into]
    return (current or open_ones or list(person.recorded))[0]


def _add_person(records: Records, person: Person, notes: Sequence[Note], filing: _Filing) -> None:
    for each in person.recorded:
        is_in_use = each.hospital_number == filing.main
        records.patients.append(_patient(person, each, is_in_use))
        records.addresses += _addresses(person, each, is_in_use)
        if each.merged_into:
            records.merged_numbers.append(MergedNumberRow(each.hospital_number, each.merged_into))
    records.opt_outs += [OptOutRow(filing.main, each.kind, each.list_date) for each in person.opt_outs]
    records.relatives += [RelativeRow(filing.main, e.relation, e.name, e.phone or None) for e in person.relatives]
    _add_diagnoses(records, person, filing)
    _add_assessments(records, person, filing)
    _add_care(records, person, filing)
    _add_findings(records, person, filing)
    _add_documents(records, person, notes)


def _patient(person: Person, known: Recorded, is_in_use: bool) -> PatientRow:
    name, home, death = known.name, known.home, person.course.death
    return PatientRow(
        known.hospital_number,
        known.nhs_number or None,
        name.given or None,
        name.family or None,
        known.birth_date,
        known.sex or None,
        home.postcode or None,
        home.address,
        known.phone or None,
        person.ethnic_category or None,
        home.decile,
        DEPRIVATION_RELEASE if home.decile else None,
        death.day if death and is_in_use else None,
        name.title or None,
        name.middle or None,
        name.known_as or None,
        name.birth_family or None,
        person.general_practitioner or None,
    )


def _addresses(person: Person, known: Recorded, is_in_use: bool) -> Iterator[AddressRow]:
    """The homes up to the last one that the registration was told of; one that is not in use holds that alone."""
    homes: Sequence[Home] = (known.home,)
    if known.home in person.homes and is_in_use:
        homes = person.homes[: person.homes.index(known.home) + 1]
    for home in homes:
        yield AddressRow(known.hospital_number, home.since, home.address, home.postcode, home.lsoa, home.decile)


def _add_diagnoses(records: Records, person: Person, filing: _Filing) -> None:
    chance = stream(filing.seed, "codes as typed", person.key)
    ordered = sorted(person.course.diagnoses, key=BY_DAY)
    for position, each in enumerate(ordered):
        typed, habit = as_typed(chance, each.code, filing.habits)
        number = filing.number(each.day)
        _count_habits(records, each.code, habit, filing, number)
        shared = (number, each.day, typed, each.role, each.code_system)
        if each.status == "withdrawn":
            records.withdrawn_diagnoses.append(WithdrawnDiagnosisRow(*shared))
        else:
            end = _replaced_on(each, ordered[position + 1 :]) if each.status == "revised" else None
            records.diagnoses.append(DiagnosisRow(*shared, end))


def _count_habits(records: Records, code: str, habit: str, filing: _Filing, number: str) -> None:
    records.planted[habit] += 1
    records.possible.update(styles_of(code))
    if filing.others:
        records.possible[ASTRAY] += 1
        records.planted[ASTRAY] += number != filing.main


def _replaced_on(revised: Diagnosis, later: Sequence[Diagnosis]) -> date | None:
    """The day of the next diagnosis of the same role that stayed."""
    return next((each.day for each in later if each.role == revised.role and each.status == "current"), None)


def _add_assessments(records: Records, person: Person, filing: _Filing) -> None:
    for position, each in enumerate(sorted(person.course.assessments, key=BY_DAY), start=1):
        told = f"{person.key}/{position}"
        number = filing.number(each.day)
        row = AssessmentRow(number, each.day, each.name, each.score, each.out_of, each.version or None, told)
        records.assessments.append(row)
        for item, score in each.items:
            records.assessment_items.append(AssessmentItemRow(number, each.day, each.name, told, item, score))


def _add_care(records: Records, person: Person, filing: _Filing) -> None:
    course, number = person.course, filing.number
    for asked in sorted(course.referrals, key=BY_DAY):
        records.referrals.append(ReferralRow(number(asked.day), asked.day, asked.source, asked.reason, asked.accepted))
    for spell in sorted(course.episodes, key=BY_START):
        row = EpisodeRow(number(spell.start), spell.start, spell.end, spell.kind, spell.team, spell.site)
        records.episodes.append(row)
    if course.death:
        place, day = course.death.place, course.death.day
        for position, cause in enumerate(course.death.causes or (None,), start=1):
            records.deaths.append(DeathRow(filing.main, day, place, position, cause))


def _add_findings(records: Records, person: Person, filing: _Filing) -> None:
    course, number = person.course, filing.number
    for seen in sorted(course.symptoms, key=BY_DAY):
        records.symptoms.append(SymptomRow(number(seen.day), seen.day, seen.name, seen.state))
    for e in sorted(course.medications, key=BY_START):
        row = MedicationRow(number(e.start), e.start, e.end, e.drug, e.dose, e.unit, e.route, e.frequency)
        records.medications.append(row)
    for blood in sorted(course.bloods, key=BY_DAY):
        records.bloods.append(
            BloodRow(number(blood.day), blood.day, blood.name, blood.value, blood.unit, blood.low, blood.high)
        )


def _add_documents(records: Records, person: Person, notes: Sequence[Note]) -> None:
    numbers = {each.hospital_number for each in person.recorded}
    accessions = {visit.uid: visit.accession for visit in person.visits}
    for note in sorted(notes, key=BY_DAY):
        if note.hospital_number not in numbers:
            raise ValueError(f"note {note.key} is filed under a number that its person does not have")
        shared = (note.hospital_number, note.day, note.kind, note.text, note.key, note.author or None)
        if note.study_uid:
            records.reports.append(ReportRow(*shared, accessions.get(note.study_uid)))
        else:
            records.notes.append(NoteRow(*shared))
