"""What happens to the health of a pretend person, as events with their day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Diagnosis:
    """A coded diagnosis as typed on a day.

    `role` is primary or secondary; `status` is current, revised (a later one replaced it), withdrawn or wrong.
    """

    day: date
    code: str
    role: str
    status: str = "current"
    code_system: str = "ICD-10"


@dataclass(frozen=True)
class Assessment:
    """A score as recorded. `items` are (item, score) of a scale with parts; `true_score` has no measurement noise."""

    day: date
    name: str
    score: float | None
    out_of: float | None
    version: str = ""
    items: tuple[tuple[str, int], ...] = ()
    true_score: float | None = None


@dataclass(frozen=True)
class Symptom:
    """A symptom on a day: its name, and whether it is present, absent or past."""

    day: date
    name: str
    state: str


@dataclass(frozen=True)
class Medication:
    """A drug from a day until a day (None: continuing), with dose, unit, route and how often."""

    start: date
    end: date | None
    drug: str
    dose: float
    unit: str
    route: str
    frequency: str


@dataclass(frozen=True)
class BloodResult:
    """A laboratory value with its unit and reference range."""

    day: date
    name: str
    value: float
    unit: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Episode:
    """A spell of care: inpatient, outpatient or community, with team and site; `end` None is open."""

    start: date
    end: date | None
    kind: str
    team: str
    site: str


@dataclass(frozen=True)
class Referral:
    """Who asked for help on a day, why, and whether the service accepted."""

    day: date
    source: str
    reason: str
    accepted: bool


@dataclass(frozen=True)
class Death:
    """The day, place and ICD-10 causes of a death."""

    day: date
    place: str
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """What really happened to a person's health, and what clinicians wrote down of it.

    `condition` names a row of the clinical pictures; `subtype` is the true symptom cluster within it. `dementia_day` is
    when dementia truly began, None when it had not by the end of follow-up (`last_contact` or death).
    """

    condition: str
    subtype: str
    onset: date
    first_contact: date
    last_contact: date
    dementia_day: date | None = None
    referrals: tuple[Referral, ...] = ()
    episodes: tuple[Episode, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    medications: tuple[Medication, ...] = ()
    bloods: tuple[BloodResult, ...] = ()
    death: Death | None = None
