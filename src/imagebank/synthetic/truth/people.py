"""The answers that follow from a person alone: identity, registrations, studies, heads, survival, documents, errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from imagebank.synthetic.documents import Note
from imagebank.synthetic.model import Person, Recorded
from imagebank.synthetic.truth.tables import (
    Answer,
    LinkAnswer,
    PersonAnswer,
    PlantedAnswer,
    RegistrationAnswer,
    SpanAnswer,
    SubtypeAnswer,
    SurvivalAnswer,
    VolumeAnswer,
)
from imagebank.synthetic.visits import Anatomy, Visit

BETWEEN = "|"
DAYS_A_YEAR = 365.25
STRUCTURES = ("intracranial", "brain", "ventricles", "hippocampus_left", "hippocampus_right", "lesion")


def yes_no(truth: bool) -> str:
    """As the answers write it."""
    return "yes" if truth else "no"


def answers_of_person(person: Person) -> Iterator[Answer]:
    """Everything that needs neither a file nor a document; volumes of images come from who paints them."""
    yield person_answer(person)
    yield from (_registration(person, each) for each in person.recorded)
    yield SubtypeAnswer(person.key, person.course.condition, person.course.subtype)
    for visit in person.visits:
        yield link_answer(person, visit)
        yield from survival_answers(person, visit)
    yield from planted_in(person)


def person_answer(person: Person) -> PersonAnswer:
    """Who somebody truly is."""
    course = person.course
    return PersonAnswer(
        person_key=person.key,
        hospital_number=person.hospital_number,
        in_records=yes_no(bool(person.recorded)),
        nhs_number=person.nhs_number,
        given_name=person.name.given,
        family_name=person.name.family,
        birth_date=person.birth_date,
        sex=person.sex,
        ethnic_category=person.ethnic_category,
        deprivation_decile=person.homes[-1].decile,
        condition=course.condition,
        subtype=course.subtype,
        onset=course.onset,
        first_contact=course.first_contact,
        last_contact=course.last_contact,
        dementia_day=course.dementia_day,
        death_date=course.death.day if course.death else None,
        main_diagnosis=main_diagnosis(person),
        opt_outs=BETWEEN.join(each.kind for each in person.opt_outs) or None,
        studies=len(person.visits),
    )


def main_diagnosis(person: Person) -> str | None:
    """The last primary diagnosis that stayed; of several on one day the one that was written down last."""
    stayed = [each for each in person.course.diagnoses if (each.role, each.status) == ("primary", "current")]
    return sorted(stayed, key=lambda each: each.day)[-1].code if stayed else None


def _registration(person: Person, known: Recorded) -> RegistrationAnswer:
    return RegistrationAnswer(
        person_key=person.key,
        hospital_number=known.hospital_number,
        nhs_number=known.nhs_number or None,
        given_name=known.name.given or None,
        family_name=known.name.family or None,
        birth_date=known.birth_date,
        sex=known.sex or None,
        postcode=known.home.postcode or None,
        merged_into=known.merged_into or None,
        errors=BETWEEN.join(known.errors) or None,
    )


def link_answer(person: Person, visit: Visit) -> LinkAnswer:
    """Whose study it is. The trap of somebody who opted out says so, unless something worse stands there."""
    return LinkAnswer(
        study_uid=visit.uid,
        person_key=person.key,
        hospital_number=person.hospital_number if visit.in_records else None,
        told_patient_id=visit.told.patient_id or None,
        accession=visit.accession or None,
        date=visit.day,
        scanner=visit.scanner,
        in_records=yes_no(visit.in_records),
        linkable=yes_no(visit.linkable),
        trap=visit.trap or ("opted-out" if person.opt_outs else None),
    )


def volume_answers(visit: Visit, person_key: str, painted_ml: dict[str, float] | None = None) -> Iterator[VolumeAnswer]:
    """Each structure of the head: as specified, and as painted where images were made."""
    for structure in STRUCTURES:
        painted = (painted_ml or {}).get(structure)
        yield VolumeAnswer(visit.uid, person_key, structure, specified_ml(visit.anatomy, structure), painted)


def specified_ml(anatomy: Anatomy, structure: str) -> float:
    """The volume of a structure in ml."""
    return float(getattr(anatomy, f"{structure}_ml"))


def end_of_follow_up(person: Person) -> date:
    """The day of death, else the last contact."""
    return person.course.death.day if person.course.death else person.course.last_contact


def survival_answers(person: Person, visit: Visit, linear_predictor: float | None = None) -> Iterator[SurvivalAnswer]:
    """The true time from a study to dementia; nothing where dementia or the end of follow-up came first."""
    end, dementia = end_of_follow_up(person), person.course.dementia_day
    if visit.day >= end or (dementia and dementia <= visit.day):
        return
    event = dementia is not None and dementia <= end
    last = dementia if event and dementia else end
    yield SurvivalAnswer(
        person_key=person.key,
        study_uid=visit.uid,
        index_date=visit.day,
        age_years=(visit.day - person.birth_date).days / DAYS_A_YEAR,
        brain_ml=visit.anatomy.brain_ml,
        time_days=(last - visit.day).days,
        event=yes_no(event),
        linear_predictor=linear_predictor,
    )


def span_answers(notes: Iterable[Note]) -> Iterator[SpanAnswer]:
    """Every marked piece of some documents."""
    for note in notes:
        for span in note.spans:
            yield SpanAnswer(
                note.key,
                note.person,
                note.hospital_number,
                span.start,
                span.end,
                span.kind,
                span.value,
                span.owner,
                span.status,
            )


def planted_in(person: Person) -> Iterator[PlantedAnswer]:
    """Everything wrong on purpose with a person: registrations, opt-outs, diagnoses, studies, series."""
    for known in person.recorded:
        yield from (PlantedAnswer(error, "registration", known.hospital_number) for error in known.errors)
    for wish in person.opt_outs:
        yield PlantedAnswer(f"opt-out {wish.kind}", "person", person.key)
    for status in ("withdrawn", "wrong"):
        if any(each.status == status for each in person.course.diagnoses):
            yield PlantedAnswer(f"{status} diagnosis", "person", person.key)
    for visit in person.visits:
        yield from (PlantedAnswer(error, "study", visit.uid) for error in visit.told.errors)
        if visit.trap:
            yield PlantedAnswer(visit.trap, "study", visit.uid)
        yield from (PlantedAnswer(each.fault, "series", each.uid) for each in visit.series if each.fault)
