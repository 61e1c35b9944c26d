"""A pretend hospital as the linkage sees it, made in memory: registrations, claims of studies, and whose they are.

Nothing is written and no image is made, so that a hospital of full size takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from imagebank.core.private import Private
from imagebank.identities.model import Claim, Entrant, Person
from imagebank.synthetic.model import Recorded
from imagebank.synthetic.register import Rates, numbers_of, traps
from imagebank.synthetic.register.courses import frame_of
from imagebank.synthetic.register.examinations import Examined, visits
from imagebank.synthetic.register.identities import identity
from imagebank.synthetic.register.registrations import registrations
from imagebank.synthetic.register.slots import IMAGED
from imagebank.synthetic.visits import Visit

SOURCE = "records"
UNDETECTABLE = ("filed-under-another", "twin-swapped")


@dataclass(frozen=True)
class Study:
    """One study: what its header claims, who lay in the scanner, whether the records know them, and what is odd."""

    claim: Claim
    person: str
    in_records: bool
    trap: str
    linkable: bool


@dataclass(frozen=True)
class Claimed:
    """Registrations, studies by UID, and the true person of each registration."""

    entrants: tuple[Entrant, ...]
    studies: dict[str, tuple[Study, ...]]
    person_of: dict[str, str]


def claimed_hospital(patients: int, rates: Rates, *, seed: int = 1) -> Claimed:
    """The hospital of so many imaged patients, with everybody on its register and its odd examinations."""
    entrants: list[Entrant] = []
    studies: dict[str, list[Study]] = {}
    owners: dict[str, str] = {}

    def add(key: str, recorded: tuple[Recorded, ...], seen: tuple[Visit, ...], death: date | None) -> None:
        for each in recorded:
            entrant = _entrant(each, recorded, death)
            entrants.append(entrant)
            owners[entrant.person.person] = key
        for visit in seen:
            study = Study(claim_of(visit), key, bool(recorded), visit.trap, visit.linkable)
            studies.setdefault(visit.uid, []).append(study)

    for number in numbers_of(patients):
        who = identity(seed, number, rates)
        recorded = registrations(seed, who, rates)
        seen = visits(Examined(seed, who, recorded, frame_of(seed, who), rates)) if number < IMAGED else ()
        add(str(number), recorded, seen, who.slot.death)
    for person in traps(seed, patients, rates=rates):
        add(person.key, person.recorded, person.visits, person.course.death.day if person.course.death else None)
    return Claimed(tuple(entrants), {uid: tuple(told) for uid, told in studies.items()}, owners)


def _entrant(known: Recorded, every: tuple[Recorded, ...], death: date | None) -> Entrant:
    """A registration as an extract brings it: with birth name, what they are called, and numbers merged into it."""
    name = known.name
    others = [(name.given, name.birth_family), (name.known_as, name.family)]
    person = Person(
        f"{SOURCE}:{known.hospital_number}",
        *map(Private, (known.hospital_number, known.nhs_number, name.given, name.family)),
        birth_date=known.birth_date,
        death_date=None if known.merged_into else death,
        sex=known.sex,
    )
    return Entrant(
        person,
        SOURCE,
        Private(known.home.postcode),
        Private(known.home.address),
        other_names=tuple((Private(given), Private(family)) for given, family in others if given and family),
        former_numbers=tuple(
            Private(each.hospital_number) for each in every if each.merged_into == known.hospital_number
        ),
    )


def claim_of(visit: Visit) -> Claim:
    """What the header of an examination claims."""
    told, born = visit.told, visit.told.birth_date
    return Claim(
        patient_id=Private(told.patient_id),
        other_ids=tuple(sorted(Private(number) for number, _ in told.other_ids)),
        name=Private(told.name),
        birth_date=date(int(born[:4]), int(born[4:6]), int(born[6:])) if born else None,
        sex=told.sex,
        accession=Private(visit.accession),
        study_date=visit.day,
    )
