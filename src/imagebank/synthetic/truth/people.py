"""The answers that follow from a person alone: identity, registrations, studies, heads, survival, documents, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from imagebank.synthetic.documents import Note
from imagebank.synthetic.model import Person, Recorded
from imagebank.synthetic.register import main_diagnosis
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
SECOND_REGISTRATION = ("merged", "duplicate")  # errors that a second registration is
LogHazard = Callable[[Person], float | None]
STRUCTURES = ("intracranial", "brain", "ventricles", "hippocampus_left", "hippocampus_right", "lesion")


def yes_no(truth: bool) -> str:
    """As the answers write it."""
    return "yes" if truth else "no"


def answers_of_person(person: Person, log_hazard: LogHazard | None = None) -> Iterator[Answer]:
    """Everything that needs neither a file nor a document; volumes of images come from who paints them.

    `log_hazard` tells the logarithm of the true hazard ratio of a person at the first scan, None for who is not at risk
    of dementia; without it everybody who was followed without dementia is.
    """
    yield person_answer(person)
    yield from (_registration(person, each) for each in person.recorded)
    yield SubtypeAnswer(person.key, person.course.condition, person.course.subtype)
    yield from (link_answer(person, visit) for visit in person.visits)
    predictor = log_hazard(person) if log_hazard else None
    if predictor is not None or log_hazard is None:
        yield from survival_answers(person, predictor)
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
        main_diagnosis=main_diagnosis(person.course.diagnoses) or None,
        opt_outs=BETWEEN.join(each.kind for each in person.opt_outs) or None,
        studies=len(person.visits),
    )


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
        age_years=visit.anatomy.age_years,
        deprivation_decile=person.home_on(visit.day).decile,
        scanner=visit.scanner,
        in_records=yes_no(visit.in_records),
        linkable=yes_no(visit.linkable),
        trap=visit.trap or ("opted-out" if person.opt_outs else None),
    )


def volume_answers(visit: Visit, person_key: str, painted_ml: dict[str, float] | None = None) -> Iterator[VolumeAnswer]:
    """Each structure of the head: as specified, and as painted where images were made."""
    for structure in STRUCTURES:
        painted = (painted_ml or {}).get(f"{structure}_ml")
        yield VolumeAnswer(visit.uid, person_key, structure, specified_ml(visit.anatomy, structure), painted)


def specified_ml(anatomy: Anatomy, structure: str) -> float:
    """The volume of a structure in ml."""
    return float(getattr(anatomy, f"{structure}_ml"))


def survival_answers(person: Person, linear_predictor: float | None = None) -> Iterator[SurvivalAnswer]:
    """The true time from the first study to dementia, else to the last contact; nothing where either came first."""
    if not person.visits:
        return
    first = min(person.visits, key=lambda each: (each.day, each.uid))
    end, dementia = person.course.last_contact, person.course.dementia_day
    if first.day >= end or (dementia and dementia <= first.day):
        return
    has_event = dementia is not None and dementia <= end
    last = dementia if dementia and has_event else end
    yield SurvivalAnswer(
        person_key=person.key,
        study_uid=first.uid,
        index_date=first.day,
        age_years=first.anatomy.age_years,
        brain_ml=first.anatomy.brain_ml,
        intracranial_ml=first.anatomy.intracranial_ml,
        time_days=(last - first.day).days,
        event=yes_no(has_event),
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
    if person.recorded:
        for kind in dict.fromkeys(_wrong_with(person)):
            yield PlantedAnswer(kind, "person", person.key)
    for visit in person.visits:
        for kind in dict.fromkeys((*visit.told.errors, *[visit.trap] * bool(visit.trap))):
            yield PlantedAnswer(kind, "study", visit.uid)
        yield from (PlantedAnswer(each.fault, "series", each.uid) for each in visit.series if each.fault)


def _wrong_with(person: Person) -> Iterator[str]:
    """What is wrong with somebody in the records; slips in an older registration are told apart."""
    for known in person.recorded:
        for error in known.errors:
            is_own = known.hospital_number == person.hospital_number or error in SECOND_REGISTRATION
            yield error if is_own else f"{error} in another registration"
    yield from (f"opt-out {wish.kind}" for wish in person.opt_outs)
    for status in ("withdrawn", "wrong"):
        if any(each.status == status for each in person.course.diagnoses):
            yield f"{status} diagnosis"
