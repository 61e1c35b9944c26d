"""Examinations that must not be linked silently, and people who opted out: one small series each.

These people come on top of the ordinary patients and have numbers of their own, so that the odd examinations are the
same in a hospital of any size. Nothing else goes wrong with them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from imagebank.synthetic.model import OptOut, Person, Recorded
from imagebank.synthetic.register.courses import frame_of
from imagebank.synthetic.register.examinations import Examined, bare_visit, judged, site_of, standing
from imagebank.synthetic.register.identities import Identity, as_twin, identity
from imagebank.synthetic.register.inventing import person_of
from imagebank.synthetic.register.numbers import dummy_nhs_number
from imagebank.synthetic.register.orders import pick_machine
from imagebank.synthetic.register.rates import DEFAULT_RATES, Rates
from imagebank.synthetic.register.registered import TWIN, Kin
from imagebank.synthetic.register.registrations import UNKNOWN_CENTURY, registrations
from imagebank.synthetic.register.slots import FIRST_TRAP
from imagebank.synthetic.register.telling import tell
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import Ordered, Told, Visit, compact

FIRST_STRANGER = FIRST_TRAP + 100
PLAIN_NUMBER = 30
PLAIN_MACHINE = "ge-15"
SLICES = (1, 2, 3)
DAYS_AFTER_ENTRY = 40
OPT_OUT_LIST = date(2023, 6, 1)
PLAIN = ("hospital", "as-typed")
CLEAN = Rates.none()


def traps(seed: int, patients: int, *, rates: Rates = DEFAULT_RATES) -> tuple[Person, ...]:
    """The people of the odd examinations of a hospital with so many patients; `rates` says how many strangers come."""
    strangers = 1 + int(patients * rates.strangers)
    at = FIRST_TRAP
    return (
        *(_stranger(_case(seed, FIRST_STRANGER + k)) for k in range(strangers)),
        _told_otherwise(_case(seed, at), birth_date=""),
        *_contradiction(_case(seed, at + 1), _case(seed, at + 2)),
        _other_birth_date(_case(seed, at + 3)),
        _other_sex(_case(seed, at + 4)),
        *_two_patients_in_series(_case(seed, at + 5), _case(seed, at + 6)),
        *_two_ids_in_study(_case(seed, at + 9), _case(seed, at + 10)),
        _before_birth(_case(seed, at + 11)),
        _after_death(seed, at + 12),
        *_shared_accession(_case(seed, at + 14), _case(seed, at + 15)),
        *(_opted_out(_case(seed, at + 16 + k), kind) for k, kind in enumerate(("national", "local", "gp-type-1"))),
        *_filed_under_another(_case(seed, at + 20), _case(seed, at + 21), "filed-under-another"),
        *_twins(seed, at + 22),
        _placeholder(_case(seed, at + 24)),
        *_test_number(_case(seed, at + 25), _case(seed, at + 26)),
    )


def plain_patient(seed: int) -> Person:
    """Somebody with one small examination with which nothing is wrong: host of files that are broken on purpose.

    The machine writes one image a file, so that one of them can be broken.
    """
    cases = (_case(seed, FIRST_TRAP + number) for number in range(PLAIN_NUMBER, FIRST_STRANGER))
    scans = ((case, _scan(case)) for case in cases)
    case, visit = next((case, visit) for case, visit in scans if visit.scanner == PLAIN_MACHINE)
    return _person(case, visit)


def _case(seed: int, number: int) -> Examined:
    return _examined(seed, identity(seed, number, CLEAN))


def _examined(seed: int, who: Identity) -> Examined:
    return Examined(seed, who, registrations(seed, who, CLEAN), frame_of(seed, who), CLEAN)


def _scan(case: Examined, slices: tuple[int, ...] = SLICES) -> Visit:
    """One T2w series of a few slices, some days after first contact, told by hospital number."""
    chance = stream(case.seed, "visit", case.draw(0))
    day = case.person.slot.entry + timedelta(DAYS_AFTER_ENTRY)
    machine, _ = pick_machine(chance, list(standing(day)), site_of("ge-15"))
    bare = bare_visit(case, 0, day, machine, chance)
    told = tell(case.seed, case.person, case.recorded, CLEAN, case.draw(0), manner=PLAIN)
    series = (Ordered(f"{bare.uid}.1", 1, "T2w-2D", slices=slices),)
    return judged(case, replace(bare, told=told, series=series))


def _person(case: Examined, *visits: Visit, wishes: tuple[OptOut, ...] = ()) -> Person:
    return person_of(case.seed, case.person, CLEAN, case.recorded, visits, wishes)


def _trap(visit: Visit, name: str) -> Visit:
    return replace(visit, linkable=False, trap=name)


def _stranger(case: Examined, trap: str = "not-in-records", told: Told | None = None) -> Person:
    """Somebody whom the record system does not know."""
    visit = _scan(case)
    visit = replace(_trap(visit, trap), told=told or visit.told, in_records=False)
    return replace(_person(case, visit), recorded=())


def _told_otherwise(case: Examined, **changes: str) -> Person:
    """Something in the header differs from the records; the ordinary rule says what."""
    visit = _scan(case)
    return _person(case, judged(case, replace(visit, told=replace(visit.told, **changes))))  # type: ignore[arg-type]


def _contradiction(victim: Examined, other: Examined) -> tuple[Person, Person]:
    """The NHS number is one person's, name and birth date are another's."""
    told = replace(_scan(other).told, patient_id=victim.person.nhs_number)
    return _person(victim), _stranger(other, "contradiction", told)


def _other_birth_date(case: Examined) -> Person:
    return _told_otherwise(case, birth_date=compact(case.person.birth_date + timedelta(1147)))


def _other_sex(case: Examined) -> Person:
    return _told_otherwise(case, sex={"female": "M", "male": "F"}[case.person.slot.sex])


def _in_study_of(first: Visit, second: Visit, number: int, slices: tuple[int, ...]) -> Visit:
    """The second person's scan as part of the first person's study."""
    shared = replace(first, key=second.key, person=second.person, told=second.told, anatomy=second.anatomy)
    return replace(shared, series=(Ordered(f"{first.uid}.{number}", number, "T2w-2D", slices=slices),))


def _two_patients_in_series(one: Examined, other: Examined) -> tuple[Person, Person]:
    """The technician went on to the next patient without closing the first: one series UID, two people."""
    first = _scan(one, SLICES[:2])
    mixed = _in_study_of(first, _scan(other), 1, SLICES[2:])
    name = "two-patients-in-series"
    return _person(one, _trap(first, name)), _person(other, _trap(mixed, name))


def _two_ids_in_study(one: Examined, other: Examined) -> tuple[Person, Person]:
    """Two series of one study carry different PatientIDs."""
    first = _scan(one)
    mixed = _in_study_of(first, _scan(other), 2, SLICES)
    return _person(one, _trap(first, "two-ids-in-study")), _person(other, _trap(mixed, "two-ids-in-study"))


def _before_birth(case: Examined) -> Person:
    """The console's clock was wrong by decades; the head is that of the true day."""
    visit = replace(_scan(case), day=case.person.birth_date - timedelta(400))
    return _person(case, judged(case, visit))


def _after_death(seed: int, number: int) -> Person:
    who = identity(seed, number, CLEAN)
    died = who.slot.entry + timedelta(DAYS_AFTER_ENTRY - 10)
    dead = _examined(seed, replace(who, slot=replace(who.slot, death=died, last_contact=died)))
    return _person(dead, _scan(dead))


def _shared_accession(one: Examined, other: Examined) -> tuple[Person, Person]:
    """One accession number on the studies of two people."""
    first, second = _scan(one), _scan(other)
    second = replace(second, accession=first.accession)
    return _person(one, _trap(first, "shared-accession")), _person(other, _trap(second, "shared-accession"))


def _opted_out(case: Examined, kind: str) -> Person:
    return _person(case, replace(_scan(case), trap="opted-out"), wishes=(OptOut(kind, OPT_OUT_LIST),))


def _filed_under_another(victim: Examined, other: Examined, name: str) -> tuple[Person, Person]:
    """Everything told is another registered person's: no header gives it away."""
    told = tell(victim.seed, victim.person, victim.recorded, CLEAN, other.draw(0), manner=PLAIN)
    return _person(victim), _person(other, replace(_trap(_scan(other), name), told=told))


def _twins(seed: int, number: int) -> tuple[Person, Person]:
    """One twin was scanned under the identity of the other."""
    one = replace(identity(seed, number, CLEAN), kin=Kin(TWIN, number + 1))
    other = _examined(seed, as_twin(identity(seed, number + 1, CLEAN), one))
    return _filed_under_another(_examined(seed, one), other, "twin-swapped")


def _with_current(case: Examined, **changes: object) -> Examined:
    """The case with something wrong in the record system."""
    current: Recorded = replace(case.recorded[0], **changes)  # type: ignore[arg-type]
    return replace(case, recorded=(current, *case.recorded[1:]))


def _placeholder(case: Examined) -> Person:
    case = _with_current(case, birth_date=UNKNOWN_CENTURY, errors=("placeholder birth date",))
    return _person(case, _trap(_scan(case), "placeholder-birth-date"))


def _test_number(one: Examined, other: Examined) -> tuple[Person, Person]:
    """Two people are registered under the dummy number, and it alone was told of one of them."""
    one, other = (_with_current(case, nhs_number=dummy_nhs_number(), errors=("test number",)) for case in (one, other))
    visit = _scan(one)
    told = replace(visit.told, patient_id=dummy_nhs_number())
    return _person(one, replace(_trap(visit, "test-number"), told=told)), _person(other)
