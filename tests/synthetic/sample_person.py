"""One pretend person written by hand, with something of everything, for tests of what is made from people."""

from __future__ import annotations

from datetime import date

from imagebank.synthetic.events import (
    Assessment,
    BloodResult,
    Course,
    Death,
    Diagnosis,
    Episode,
    Medication,
    Referral,
    Symptom,
)
from imagebank.synthetic.model import Home, Name, OptOut, Person, Recorded, Relative
from imagebank.synthetic.visits import Anatomy, Ordered, Told, Visit

FLAT = Home(date(1990, 1, 1), "Flat 4, 12", "Old Tannery Walk", "Bermondsey", "SE16 4CK", "E01999001", 2)
HOUSE = Home(date(2016, 5, 20), "31", "Halfpenny Hatch Road", "Croydon", "CR0 9MV", "E01999017", 5)
NAME = Name("Siobhán", "O'Shaughnessy", middle="Maeve", birth_family="Fitzmaurice", known_as="Shiv", title="Mrs")
TYPED = Name("Siobhan", "OShaughnesy", birth_family="Fitzmaurice", title="Mrs")
STAFF = (
    ("referrer", "Dr Quentin Abernethy"),
    ("radiologist", "Dr Imelda Fothergill"),
    ("operator", "Jessamine Ironbridge"),
    ("practitioner", "Dr Ottoline Marchbanks"),
)


def sample_visit(key: str, day: date, scanner: str, *kinds: str, trap: str = "") -> Visit:
    """An examination with one series of each kind."""
    uid = f"1.2.826.0.1.3680043.8.498.7.{key.replace('-', '.')}"
    told = Told("K1234567", "O'SHAUGHNESSY^SIOBHAN", "19440229", "F", (("9990000018", "NHS"),))
    age = (day - date(1944, 2, 29)).days / 365.25
    anatomy = Anatomy(44, "female", age, 1390.0, 1050.0 - 5 * (age - 70), 45.0, 2.9, 2.8, 6.5)
    ordered = tuple(Ordered(f"{uid}.{k}", k, kind) for k, kind in enumerate(kinds, start=1))
    return Visit(
        key, key.split("-")[0], uid, f"RJX{key.replace('-', '')}00", f"E{key.replace('-', '')}", day, 36_000, scanner,
        told, STAFF, anatomy, (3.0, -1.0, 2.0), ordered, reason="memory loss, ?vascular", trap=trap,
    )  # fmt: skip


def sample_person(key: str = "7") -> Person:
    """A woman with Alzheimer's disease: first called depressed, moved house, two scans, dead."""
    course = Course(
        condition="alzheimers",
        subtype="amnestic",
        onset=date(2013, 6, 1),
        first_contact=date(2014, 9, 3),
        last_contact=date(2019, 11, 2),
        dementia_day=date(2015, 2, 10),
        referrals=(Referral(date(2014, 8, 12), "GP", "two year history of memory problems", True),),
        episodes=(
            Episode(date(2014, 9, 3), date(2015, 7, 1), "outpatient", "Southwark Memory Service", "Maudsley Annexe"),
            Episode(date(2019, 10, 1), date(2019, 11, 2), "inpatient", "Aubrey Ward", "South Thames Pretend Hospital"),
        ),
        diagnoses=(
            Diagnosis(date(2014, 9, 3), "F32.1", "primary", "revised"),
            Diagnosis(date(2015, 2, 10), "F00.1", "primary"),
            Diagnosis(date(2015, 2, 10), "G30.1", "secondary"),
            Diagnosis(date(2016, 1, 5), "F20.0", "primary", "wrong"),
        ),
        assessments=(
            Assessment(date(2014, 9, 3), "MMSE", 24, 30, true_score=23.6),
            Assessment(date(2016, 3, 1), "MMSE", 17, 29, true_score=18.1),
            Assessment(date(2015, 1, 7), "ACE-III", 71, 100, true_score=70.2),
            Assessment(
                date(2019, 10, 2), "HoNOS65+", 17, 48, "HoNOS65+ v3",
                (("1", 1), ("2", 0), ("3", 0), ("4", 4), ("5", 2), ("6", 1), ("7", 2), ("8", 9), ("9", 1), ("10", 3),
                 ("11", 1), ("12", 2)),
            ),
        ),
        symptoms=(
            Symptom(date(2014, 9, 3), "memory loss", "present"),
            Symptom(date(2014, 9, 3), "hallucinations", "absent"),
            Symptom(date(2019, 10, 2), "agitation", "present"),
        ),
        medications=(
            Medication(date(2014, 10, 1), date(2015, 2, 1), "sertraline", 50, "mg", "oral", "OD"),
            Medication(date(2015, 2, 20), None, "donepezil", 10, "mg", "oral", "nocte"),
        ),
        bloods=(BloodResult(date(2014, 8, 20), "vitamin B12", 188, "ng/L", 197, 771),),
        death=Death(date(2019, 11, 20), "South Thames Pretend Hospital", ("J18.9", "F00.1")),
    )  # fmt: skip
    born = date(1944, 2, 29)
    recorded = (
        Recorded("K1234567", "9990000018", NAME, born, "female", HOUSE, "020 7946 0123"),
        Recorded("K7654321", "", TYPED, date(1944, 2, 28), "female", FLAT, "", "K1234567", ("name typo", "duplicate")),
    )
    return Person(
        key=key,
        hospital_number="K1234567",
        nhs_number="9990000018",
        name=NAME,
        birth_date=born,
        sex="female",
        ethnic_category="B",
        homes=(FLAT, HOUSE),
        phone="020 7946 0123",
        relatives=(Relative("daughter", "Aoife O'Shaughnessy", "07700 900456"), Relative("husband", "Declan", "")),
        general_practitioner="Dr Folarin Bamgbose",
        course=course,
        recorded=recorded,
        visits=(
            sample_visit(f"{key}-1", date(2014, 11, 5), "siemens-15", "localizer", "T1w-3D", "T2w-2D", "FLAIR-2D"),
            sample_visit(f"{key}-2", date(2018, 3, 14), "ge-30", "T1w-3D", "FLAIR-2D", "DWI", "ADC"),
        ),
        opt_outs=(OptOut("gp-type-1", date(2021, 6, 1)),),
    )
